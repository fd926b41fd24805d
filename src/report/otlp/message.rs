//! The messages of OTLP 1.0 that a report needs, as `ProtoJSON` writes them: names in camel case, whole numbers of 64
//! bits as text, enumerations as numbers.

use serde::{Serialize, Serializer};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u8 = 2;

/// `ExportMetricsServiceRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) resource_metrics: [ResourceMetrics; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceMetrics {
    pub(super) resource: Resource,
    pub(super) scope_metrics: [ScopeMetrics; 1],
}

#[derive(Serialize)]
pub(super) struct Resource {
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Serialize)]
pub(super) struct ScopeMetrics {
    pub(super) scope: InstrumentationScope,
    pub(super) metrics: Vec<OtlpMetric>,
}

#[derive(Serialize)]
pub(super) struct InstrumentationScope {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Clone, Serialize)]
pub(super) struct Attribute {
    key: &'static str,
    value: AnyValue,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue {
    StringValue(String),
}

#[derive(Serialize)]
pub(super) struct OtlpMetric {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) unit: &'static str,
    #[serde(flatten)]
    pub(super) data: Data,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Data {
    #[serde(rename_all = "camelCase")]
    Gauge { data_points: Vec<Number> },
    #[serde(rename_all = "camelCase")]
    Sum {
        data_points: Vec<Number>,
        aggregation_temporality: u8,
        is_monotonic: bool,
    },
    #[serde(rename_all = "camelCase")]
    ExponentialHistogram {
        data_points: Vec<Exponential>,
        aggregation_temporality: u8,
    },
}

/// `NumberDataPoint`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Number {
    pub(super) attributes: Vec<Attribute>,
    #[serde(serialize_with = "text", skip_serializing_if = "is_unknown")]
    pub(super) start_time_unix_nano: u64,
    #[serde(serialize_with = "text")]
    pub(super) time_unix_nano: u64,
    #[serde(flatten)]
    pub(super) value: PointValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum PointValue {
    AsDouble(f64),
    AsInt(#[serde(serialize_with = "text")] u64),
}

/// `ExponentialHistogramDataPoint`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exponential {
    pub(super) attributes: Vec<Attribute>,
    #[serde(serialize_with = "text")]
    pub(super) start_time_unix_nano: u64,
    #[serde(serialize_with = "text")]
    pub(super) time_unix_nano: u64,
    #[serde(serialize_with = "text")]
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) scale: i32,
    #[serde(serialize_with = "text")]
    pub(super) zero_count: u64,
    pub(super) positive: Buckets,
    pub(super) min: f64,
    pub(super) max: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Buckets {
    pub(super) offset: i32,
    #[serde(serialize_with = "texts")]
    pub(super) bucket_counts: Vec<u64>,
}

impl Attribute {
    /// Of a key of ours and a value that is fit to print.
    pub(super) fn new(key: &'static str, value: impl Into<String>) -> Attribute {
        let value = AnyValue::StringValue(value.into());
        Attribute { key, value }
    }
}

impl Data {
    pub(super) fn gauge(data_points: Vec<Number>) -> Data {
        Data::Gauge { data_points }
    }

    /// Counts from a start on, which never fall.
    pub(super) fn sum(data_points: Vec<Number>) -> Data {
        Data::Sum {
            data_points,
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        }
    }

    pub(super) fn histogram(data_points: Vec<Exponential>) -> Data {
        Data::ExponentialHistogram {
            data_points,
            aggregation_temporality: CUMULATIVE,
        }
    }

    pub(super) fn points(&self) -> usize {
        match self {
            Data::Gauge { data_points } | Data::Sum { data_points, .. } => data_points.len(),
            Data::ExponentialHistogram { data_points, .. } => data_points.len(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it writes by reference"
)]
fn text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn texts<S: Serializer>(numbers: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(ToString::to_string))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it writes by reference"
)]
fn is_unknown(start: &u64) -> bool {
    *start == 0
}
