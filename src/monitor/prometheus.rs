//! A page of counters in the text format of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use super::SourceEntry;
use super::collectors::{EvidenceSources, Gathered, PATIENCE, SELDOM};
use super::exposition::{counted, is_odd, is_page};
use super::polling::{
    CollectedReading, Collector, PartialCounter, ReadFigures, Rounds, enter, follow,
};
use crate::client::SideClient;
use crate::profile::{Destination, FigureSource, HttpVersion, Target, TargetRules, without_mark};
use crate::record::figure;
use crate::requirement::Source;

/// Profiles name the times of queries as such pages have them, in seconds.
const SECONDS: &str = "query_time_seconds";
const TIMEOUT: Duration = Duration::from_secs(2);

const PATH: &str = "/metrics";

pub(super) const ENTRY: SourceEntry = SourceEntry {
    gather: |watched, rounds| Box::pin(gather(watched, rounds)),
};

/// A page of counters, in the place of the profile's.
#[derive(Debug, Clone)]
pub struct MetricsPage(pub Target);

async fn gather(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let page = watched.plan.prometheus.as_ref();
    let named = watched.given.get::<MetricsPage>().map(|page| &page.0);
    let (destination, path) = match (named, page.and_then(|page| page.path.clone())) {
        // Another server is none of the token's business.
        (Some(named), _) => {
            let elsewhere = Destination {
                origin: named.origin.clone(),
                token: None,
                insecure: watched.destination.insecure,
                http: HttpVersion::default(),
                users: Arc::default(),
            };
            let path = if named.base_path.is_empty() {
                PATH.to_owned()
            } else {
                named.base_path.clone()
            };
            (elsewhere, path)
        }
        (None, Some(path)) => (watched.destination.clone(), path),
        (None, None) => return Gathered::default(),
    };
    let Some(page) = page.filter(|page| !page.figures.is_empty()) else {
        let what = "no counter of it is named in the profile's [evidence.prometheus.figures]";
        return Gathered::unasked(Source::Prometheus, what.to_owned());
    };
    let rules = match named {
        // Its headers are none of another server's business either.
        Some(_) => TargetRules::default(),
        None => watched.plan.rules.clone(),
    };
    let mut looker = match SideClient::new(&destination, PATIENCE) {
        Ok(client) => PrometheusLooker {
            client: client.with_rules(&rules),
            path,
            auth: page.auth && named.is_none(),
            figures: page.figures.clone(),
        },
        Err(error) => return Gathered::unasked(Source::Prometheus, error.to_string()),
    };
    let rounds = Rounds {
        every: SELDOM,
        ..rounds
    };
    Gathered::of(follow(&mut looker, rounds).await)
}

/// Looks at the page.
struct PrometheusLooker {
    client: SideClient,
    path: String,
    auth: bool,
    /// The counters of each figure.
    figures: Vec<FigureSource<String>>,
}

impl Collector for PrometheusLooker {
    const SOURCE: Source = Source::Prometheus;

    async fn look(&mut self) -> Result<CollectedReading, String> {
        let answer = self.client.fetch(&self.path, self.auth, TIMEOUT).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("status {}", answer.status));
        }
        let page = String::from_utf8_lossy(without_mark(&answer.body));
        if !is_page(&page) {
            return Err("this is not a page in the Prometheus text format".to_owned());
        }
        let (known, odd): (Vec<_>, Vec<_>) = self
            .figures
            .iter()
            .partition(|figure| !figure.from.iter().any(|name| is_odd(&page, name)));
        let (figures, partial) = read(&page, &known);
        let of_page = |partial: PartialCounter| (Source::Prometheus, partial);
        Ok(CollectedReading {
            figures: vec![(Source::Prometheus, figures)],
            partial: partial.into_iter().map(of_page).collect(),
            problems: odd.into_iter().map(without_number).collect(),
            ..CollectedReading::default()
        })
    }
}

/// What is said of a figure that has a series without a number: it is not known, however much the others counted.
fn without_number(figure: &FigureSource<String>) -> (Source, String) {
    let counters = figure.from.join("`, `");
    let what = format!("a series of `{counters}` is not a number (NaN or infinite)");
    (Source::Prometheus, what)
}

/// The figures of a page, and those of which it lacks counters.
fn read(page: &str, wanted: &[&FigureSource<String>]) -> (ReadFigures, Vec<PartialCounter>) {
    let (mut figures, mut partial) = (ReadFigures::new(), Vec::new());
    for figure in wanted {
        let counters = figure.from.iter().map(|name| (name, counted(page, name)));
        let (known, lacking): (Vec<_>, Vec<_>) = counters.partition(|(_, value)| value.is_some());
        let sum = known
            .iter()
            .filter_map(|(_, value)| *value)
            .fold(0.0, |sum, value| sum + value);
        let (name, value) = match figure.name.as_str() {
            SECONDS => (figure::QUERY_TIME, sum * 1e3),
            name => (name, sum),
        };
        if lacking.is_empty() {
            enter(&mut figures, name, Some(value));
            continue;
        }
        let lacks = lacking
            .iter()
            .map(|(counter, _)| format!("there is no counter `{counter}`"));
        partial.push(PartialCounter {
            figure: name.to_owned(),
            counted: value,
            lacks: lacks.collect(),
            declaration: (!figure.absent_is_zero).then(|| {
                format!(
                    "[evidence.prometheus.figures] {} = {{ counters = {:?}, absent = 0 }}",
                    figure.name, figure.from
                )
            }),
        });
    }
    (figures, partial)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, counters: &[&str], absent_is_zero: bool) -> FigureSource<String> {
        FigureSource {
            name: name.to_owned(),
            from: counters.iter().map(|name| (*name).to_owned()).collect(),
            absent_is_zero,
        }
    }

    #[test]
    fn a_figure_is_whole_with_all_its_counters() {
        let wanted = [
            figure("cache_hits", &["a", "b"], false),
            figure("cache_misses", &["a", "gone"], false),
            figure(SECONDS, &["c"], false),
            figure("failed_queries", &["absent", "none"], true),
            figure("queries", &["declared_total"], false),
        ];
        let page = "a 1\nb{x=\"y\"} 2\nc 0.5\n# TYPE declared_total counter\n";
        let (figures, partial) = read(page, &wanted.iter().collect::<Vec<_>>());
        let told: Vec<(&str, f64)> = figures.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(
            told,
            [
                ("cache_hits", 3.0),
                ("queries", 0.0),
                ("query_time_ms", 500.0)
            ]
        );
        assert_eq!(
            (&*partial[0].figure, partial[0].counted),
            ("cache_misses", 1.0)
        );
        assert_eq!(partial[0].lacks, ["there is no counter `gone`"]);
        assert_eq!(
            partial[0].declaration.as_deref(),
            Some(
                "[evidence.prometheus.figures] cache_misses = { counters = [\"a\", \"gone\"], absent = 0 }"
            )
        );
        assert_eq!(
            (partial[1].lacks.len(), &partial[1].declaration),
            (2, &None)
        );
        // The sum of nothing is shown as a number like any other.
        assert!(partial[1].counted.is_sign_positive());
    }
}
