//! Where figures that no load generator can measure come from.

use serde::{Deserialize, Serialize};

use super::metric::{Metric, Source};

impl Source {
    /// Reads a source as a profile names it.
    pub fn parse(name: &str) -> Option<Source> {
        let mut all = Source::ALL.iter().copied();
        all.find(|source| source.name() == name)
    }
}

/// Which source is asked first for a figure, and which next when it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sources {
    orders: Vec<(String, Vec<Source>)>,
}

impl Sources {
    /// Has a figure taken from these sources, in this order.
    pub fn set(&mut self, metric: Metric, order: Vec<Source>) {
        let name = metric.to_string();
        self.orders.retain(|(known, _)| *known != name);
        self.orders.push((name, order));
    }

    /// The sources of a figure, the best first; empty for what the load itself measures.
    pub fn of(&self, metric: Metric) -> Vec<Source> {
        let name = metric.to_string();
        let own = self.orders.iter().find(|(known, _)| *known == name);
        own.map_or_else(|| metric.sources().to_vec(), |(_, order)| order.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_s_order_goes_before_the_usual_one() {
        let mut sources = Sources::default();
        let usual = sources.of(Metric::CacheHitRate);
        assert_eq!(usual[0], Source::Redis);
        sources.set(Metric::CacheHitRate, vec![Source::Target]);
        assert_eq!(sources.of(Metric::CacheHitRate), [Source::Target]);
        assert!(sources.of(Metric::ErrorRate).is_empty());
    }

    #[test]
    fn every_name_reads_back() {
        for &source in Source::ALL {
            assert_eq!(Source::parse(source.name()), Some(source));
        }
        assert_eq!(Source::parse("Redis"), None);
    }
}
