use super::*;

#[test]
fn every_name_reads_back_as_itself() {
    for name in Metric::names()
        .into_iter()
        .chain(["response_time_p99.9", "response_time_p50"])
    {
        let metric = Metric::parse(name).expect(name);
        assert_eq!(metric.to_string(), name);
    }
}

#[test]
fn percentiles_outside_their_range_are_no_metric() {
    for name in [
        "response_time_p0",
        "response_time_p100",
        "response_time_p",
        "response_time_p-5",
        "response_time_pNaN",
        "response_time_p1e1",
        "response_time",
        "p95",
        "",
    ] {
        assert_eq!(Metric::parse(name), None, "{name}");
    }
}
