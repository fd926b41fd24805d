//! The flags of sending a session's figures.

use crate::diagnostic::{Diagnostic, Spanned};
use crate::harness::options::flags::value::{Read as _, Text, secret};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::raw_args::Typed;
use crate::secret::Secret;

flags! {
    /// Where the session's figures are sent.
    OtlpFlags {
        address: Option<Spanned<String>> = Text("URL", str::to_owned),
            "otlp", [
                "PERF_OTLP",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
                "OTEL_EXPORTER_OTLP_ENDPOINT"
            ], Never, NoEffect,
            "Send the session's figures there when it is over, as OTLP over HTTP: http://localhost:4318, to which \
             /v1/metrics is added. OTEL_EXPORTER_OTLP_ENDPOINT sets it too, and `off` goes before that";
        headers: Option<Spanned<Secret>> = Text("A=B,C=D", secret),
            "otlp-headers", [
                "PERF_OTLP_HEADERS",
                "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
                "OTEL_EXPORTER_OTLP_HEADERS"
            ], Never, NoEffect,
            "Headers for that, percent-encoded: Authorization=Bearer%20TOKEN. OTEL_EXPORTER_OTLP_HEADERS sets them \
             too. In the process list everybody can read them: use a variable";
        timeout: Option<Spanned<String>> = Text("TIME", str::to_owned),
            "otlp-timeout", [
                "PERF_OTLP_TIMEOUT",
                "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
                "OTEL_EXPORTER_OTLP_TIMEOUT"
            ], Never, NoEffect,
            "How long that may take; 10s by default. OTEL_EXPORTER_OTLP_TIMEOUT sets it too, in milliseconds";
    }
}
