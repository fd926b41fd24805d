use super::*;
use crate::profile::text::tree::parse;

fn read_text(text: &str) -> (EvidencePlan, Vec<String>) {
    let (table, mut problems) = parse("own.toml", text);
    let plan = read(&table, &mut problems);
    let told = problems.iter().map(ToString::to_string);
    (plan, told.collect())
}

#[test]
fn a_counter_may_be_declared_0_where_it_is_absent() {
    let (plan, problems) = read_text(
        "[prometheus.figures]\nqueries = [\"a_total\", \"b_total\"]\ncache_hits = \"c_total\"\n\
        failed_queries = { counters = [\"d_total\"], absent = 0 }\n\
        cache_misses = { counters = \"e_total\" }\n\
        [target]\npages = { own = \"/own\" }\n[target.figures]\n\
        failed_queries = { fields = [\"own:failed\"], absent = 0 }\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let figures = plan.prometheus.expect("counters").figures;
    let read: Vec<(&str, usize, bool)> = figures
        .iter()
        .map(|figure| (&*figure.name, figure.from.len(), figure.absent_is_zero))
        .collect();
    assert_eq!(
        read,
        [
            ("cache_hits", 1, false),
            ("cache_misses", 1, false),
            ("queries", 2, false),
            ("failed_queries", 1, true),
        ]
    );
    let of_target = plan.target.expect("pages").figures;
    assert!(of_target[0].absent_is_zero && of_target[0].from[0].field == "failed");
}

#[test]
fn what_cannot_stand_for_a_counter_is_refused() {
    let table = [
        (
            "failed_queries = { counters = [\"a\"], absent = 1 }",
            "is not what a counter begins with",
        ),
        (
            "failed_queries = { counters = [\"a\"], absent = \"none\" }",
            "is not what a counter begins with",
        ),
        ("failed_queries = { absent = 0 }", "counters"),
        (
            "failed_queries = { fields = [\"a\"], absent = 0 }",
            "unknown key",
        ),
        (
            "failed_queries = { counters = [\"a{b}\"], absent = 0 }",
            "is not the name of a counter",
        ),
    ];
    for (line, wanted) in table {
        let (_, problems) = read_text(&format!("[prometheus.figures]\n{line}\n"));
        let told = problems.join("\n");
        assert!(told.contains(wanted), "{line}: {told}");
    }
    let (_, problems) = read_text(
        "[target]\npages = { own = \"/own\" }\n[target.figures]\n\
        cpu_percent = { fields = [\"own:cpu\"], absent = 0 }\n",
    );
    assert!(
        problems
            .join("\n")
            .contains("`cpu_percent` is not a counter"),
        "{problems:?}"
    );
}

/// What refers to a page that is wrong itself is not a second mistake.
#[test]
fn a_wrong_page_is_the_only_problem() {
    let figures = "[target.figures]\ncpu_percent = \"own:cpu\"\nqueries = [\"own:a\", \"own:b\"]\n";
    let table = [
        ("pages = { own = \"own page\" }\nendpoints = \"own:all\"", 1),
        ("pages = { own = 7 }\nendpoints = \"own:all\"", 1),
        ("pages = \"/own\"\nendpoints = \"own:all\"", 1),
        ("every = \"2s\"\nendpoints = \"own:all\"", 1),
        ("pages = { own = \"/own\" }\nendpoints = \"own:all\"", 0),
        // Here each of them is.
        ("pages = { other = \"/own\" }\nendpoints = \"own:all\"", 4),
    ];
    for (lines, expected) in table {
        let (_, problems) = read_text(&format!("[target]\n{lines}\n{figures}"));
        assert_eq!(problems.len(), expected, "{lines}: {problems:?}");
    }
}
