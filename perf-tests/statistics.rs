#[path = "statistics/model.rs"]
mod model;
#[path = "statistics/verdicts.rs"]
mod verdicts;
use model::Model;
#[test]
fn explore() {
    let runs: u32 = std::env::var("RUNS").map_or(1000, |r| r.parse().unwrap());
    for (model, rate) in [
        (Model::Independent, 50.0),
        (Model::Independent, 200.0),
        (Model::Autoregressive(0.2), 50.0),
        (Model::Autoregressive(0.2), 200.0),
        (Model::Autoregressive(1.0), 50.0),
        (Model::Autoregressive(1.0), 200.0),
        (Model::Stalls(0.5, 1.0), 100.0),
        (Model::Stalls(0.5, 0.5), 100.0),
        (Model::Stalls(0.5, 0.2), 100.0),
    ] {
        for limit in [0.5, 0.05, 0.01_f64] {
            print!("{model:?} {rate} {limit}:");
            for odds in [1.0, 1.25, 0.8, 4.0, 0.25] {
                let o = odds * limit / (1.0 - limit);
                let start = std::time::Instant::now();
                let t = verdicts::verdicts(model, rate, limit, o / (1.0 + o), runs, 1);
                print!(
                    "  {odds}: {:.1}/{:.1}",
                    100.0 * t.pass_rate(),
                    100.0 * t.fail_rate()
                );
                if std::env::var("TIME").is_ok() {
                    print!(" {:?}", start.elapsed());
                }
            }
            println!();
        }
    }
}
