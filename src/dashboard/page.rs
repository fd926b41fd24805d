//! The page: the report's parts, and above them what is on.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

use super::shared_view::CurrentLoad;
use super::view::View;
use crate::report::html::{ASSETS, parts};

/// What keeps the page up to date.
const SCRIPT: &str = include_str!("live.js");

/// A part of the page, by the name of its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PagePart {
    pub(super) id: String,
    pub(super) html: String,
}

/// Everything that the page shows, in order.
pub(super) fn all(view: &View) -> Vec<PagePart> {
    let (report, open) = view.so_far();
    let state = PagePart {
        id: "state".to_owned(),
        html: state(view).into_string(),
    };
    let parts = parts(&report, &open)
        .into_iter()
        .map(|(id, part)| PagePart {
            id,
            html: part.into_string(),
        });
    std::iter::once(state).chain(parts).collect()
}

/// Those of the parts that are not what was sent before.
pub(super) fn changed(before: &[PagePart], now: Vec<PagePart>) -> Vec<PagePart> {
    now.into_iter()
        .filter(|part| !before.contains(part))
        .collect()
}

/// What is sent to the page at once.
#[derive(Debug, Serialize)]
pub(super) struct PageEvent<'a> {
    /// Whose parts these are: a page of another session must start over.
    pub(super) session: &'a str,
    pub(super) parts: &'a [PagePart],
}

/// The whole page with its first parts; it is complete without JavaScript, and stands still then.
pub(super) fn whole(told: &PageEvent<'_>, nonce: &str) -> String {
    let [style, charts] = ASSETS;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "agentos-perf" }
                style { (PreEscaped(style)) (PreEscaped(include_str!("live.css"))) }
            }
            body {
                main data-session=(told.session) {
                    div id="connection" role="status" hidden {}
                    @for part in told.parts { div id=(part.id) { (PreEscaped(&part.html)) } }
                }
                script nonce=(nonce) { (PreEscaped(charts)) (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn state(view: &View) -> Markup {
    let told = match (&view.live, view.is_over) {
        (_, true) => html! { p class="state over" { "The session is over." } },
        (Some(live), false) => on(live),
        (None, false) => html! { p class="state" { "Between two loads." } },
    };
    html! { div data-over=[view.is_over.then_some("yes")] { (told) } }
}

fn on(live: &CurrentLoad) -> Markup {
    let (elapsed, end) = (live.elapsed.as_secs_f64(), live.end.as_secs_f64());
    let elapsed = elapsed.min(end);
    html! {
        p class="state running" {
            "Running " b { (crate::text::clean(&live.what)) } ": "
            (format!("{elapsed:.0} of {end:.0} s"))
        }
        progress max=(format!("{end:.1}")) value=(format!("{elapsed:.1}")) {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::fixture;
    use crate::requirement::{Sources, Verdict};

    fn view() -> View {
        let report = fixture::report();
        let requirements = report.judgements.iter().map(|one| one.requirement.clone());
        View {
            requirements: requirements.collect(),
            report,
            sources: Sources::default(),
            live: None,
            is_over: false,
        }
    }

    /// Nothing judged yet, and the first scenario on.
    fn begun() -> View {
        let mut begun = view();
        begun.report.judgements.clear();
        begun.report.runs.clear();
        begun.live = Some(CurrentLoad {
            what: "api".to_owned(),
            elapsed: Duration::from_secs(12),
            end: Duration::from_secs(20),
            run: Some(fixture::calm("api")),
        });
        begun
    }

    #[test]
    fn what_is_on_is_judged_so_far_and_the_rest_waits() {
        let (report, open) = begun().so_far();
        assert!(open.provisional.contains("response_time::p95"));
        assert!(open.waiting.iter().any(|one| one.name == "scenario::mixed"));
        assert_eq!(report.runs.len(), 1);
        let all = all(&begun());
        assert!(all[0].html.contains("12 of 20 s"), "{}", all[0].html);
        assert!(all[2].html.contains("so far") && all[2].html.contains("waiting"));
    }

    #[test]
    fn what_is_open_is_not_told_as_failed() {
        let mut young = begun();
        for run in young.live.iter_mut().filter_map(|live| live.run.as_mut()) {
            run.seconds.truncate(3);
            run.window.to = 3 * fixture::SECOND;
        }
        let (report, open) = young.so_far();
        let undecided = report
            .judgements
            .iter()
            .filter(|one| one.verdict == Verdict::Inconclusive)
            .count();
        assert!(undecided > 0 && !open.waiting.is_empty());
        let head = &all(&young)[1].html;
        assert!(
            !head.contains("failed") && !head.contains("headline bad"),
            "{head}"
        );
        let told = format!(
            "kept so far, {undecided} open, {} waiting",
            open.waiting.len()
        );
        assert!(head.contains(&told), "{told}: {head}");
    }

    #[test]
    fn only_what_changed_is_sent_again() {
        let before = all(&begun());
        assert_eq!(changed(&before, all(&begun())), []);
        let mut later = begun();
        later
            .live
            .iter_mut()
            .for_each(|live| live.elapsed = Duration::from_secs(13));
        let sent = changed(&before, all(&later));
        assert_eq!(
            sent.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(),
            ["state"]
        );
    }

    #[test]
    fn when_it_is_over_nothing_waits() {
        let mut over = begun();
        over.is_over = true;
        over.live = None;
        let (_, open) = over.so_far();
        assert!(open.waiting.is_empty() && open.provisional.is_empty());
        assert!(all(&over)[0].html.contains("data-over"));
    }

    #[test]
    fn a_stored_report_is_shown_as_it_is() {
        let (report, open) = View::stored(fixture::report()).so_far();
        assert_eq!(report, fixture::report());
        assert!(open.waiting.is_empty());
    }
}
