//! Targets that refuse connections, or end them.

use agentos_perf::record::Outcome;
use agentos_perf::record::Summary;

use super::bench::{Case, all, dues, figures, judge, ours, plan, run};
use super::simulation::{MS, Nanos, SECOND};
use crate::support::Server;

const WORK: Nanos = 20 * MS;
/// The reference server sleeps by a timer of whole milliseconds, which rounds up.
const GRAIN: f64 = 1.0;
const TIMEOUT: Nanos = 2 * SECOND;
const PROFILE: &str = "[target]\ntimeout = '2s'\n[scenario.case]\narrivals = 'constant'\nrate = '200/s'\n\
    duration = '5s'\n[[scenario.case.endpoint]]\npath = '/health'\n";

fn asked(server: &Server, figure: &str) -> usize {
    server.requests()[figure].as_u64().expect("a number") as usize
}

/// What was due while no server listened fails, and no more than what was under way when that began.
fn refusing() -> Case {
    let plan = plan(PROFILE);
    let server = Server::start(&["latency=20ms", "refuse=1s@2s"]);
    let run = run(&plan, &server.url);
    let (from, to) = (2 * SECOND, 3 * SECOND);
    let due = all(&dues(&plan));
    let is_lost = |due: Nanos| due + WORK > from && due < to;
    let charged = |due: &Nanos| if is_lost(*due) { TIMEOUT } else { WORK };
    let truth = due.iter().map(charged).collect();
    let mut case = Case::new("refuses for 1 s", &run, truth);
    case.grain = GRAIN;
    let summary = Summary::of(&run);
    let failed = summary.failed() as usize;
    let certain = due.iter().filter(|due| (from..to).contains(due)).count();
    let under_way = due.iter().filter(|due| is_lost(**due)).count() - certain;
    // One at either edge may fall on its other side.
    case.must(
        (certain - 1..=certain + under_way + 1).contains(&failed),
        || {
            format!(
                "{failed} failed, not {certain} and some of {under_way}: {:?}",
                summary.outcomes
            )
        },
    );
    let others = [Outcome::Ok, Outcome::Connect, Outcome::Reset];
    case.must(
        summary.outcomes.keys().all(|one| others.contains(one)),
        || format!("{:?}", summary.outcomes),
    );
    let (good, expected) = (ours(&summary.answered), figures(vec![WORK]));
    // Those alone: what failed is charged a hundred times as much.
    case.must((0.0..0.1).contains(&(good[0] / expected[0] - 1.0)), || {
        format!("those answered took {} ms at p50", good[0])
    });
    let seen = asked(&server, "total");
    let reached = case.asked - failed;
    case.must((reached..=reached + under_way + 1).contains(&seen), || {
        format!("{seen} seen, of which {reached} answered")
    });
    case.seen = case.asked;
    case
}

/// A kept connection that is cut costs a new one and nothing else.
fn cutting() -> Case {
    let plan = plan(PROFILE);
    let server = Server::start(&["latency=20ms", "close-every=100"]);
    let run = run(&plan, &server.url);
    let truth = vec![WORK; all(&dues(&plan)).len()];
    let mut case = Case::new("cuts after 100 requests", &run, truth);
    case.grain = GRAIN;
    case.seen = asked(&server, "total");
    let summary = Summary::of(&run);
    case.must(summary.failed() == 0, || format!("{:?}", summary.outcomes));
    let (made, met) = (
        run.generator.connections as usize,
        asked(&server, "connections"),
    );
    let cut = case.asked / 100;
    // Some of 20 ms each are under way at once, and those of them that are left have not been cut.
    case.must((cut..=cut + 16).contains(&made), || {
        format!("{made} connections, not {cut} and a few")
    });
    case.must(made.abs_diff(met) <= 1, || {
        format!("{made} connections made, {met} met")
    });
    case
}

#[test]
fn refused_and_cut_connections_are_counted_as_what_they_are() {
    judge(|| vec![Box::new(refusing), Box::new(cutting)]);
}
