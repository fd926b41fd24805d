//! Counters that a source does not have before they have counted something.

use super::polling::{PartialCounter, ReadFigures};

/// Enters partial counters into the looks they are of, each with the index of its look, and returns what is to be said
/// of those that stay out.
///
/// A counter with labels is created when it first counts: what is not there before that is 0. One that never comes is 0
/// where the profile declares it. What was there and is gone is not known.
pub(super) fn complete(
    looks: &mut [(u64, ReadFigures)],
    partial: &[(usize, PartialCounter)],
) -> Vec<String> {
    let mut problems = Vec::new();
    let mut figures: Vec<&str> = partial.iter().map(|(_, one)| one.figure.as_str()).collect();
    figures.sort_unstable();
    figures.dedup();
    for figure in figures {
        let of_figure = || partial.iter().filter(|(_, one)| one.figure == figure);
        let first = looks
            .iter()
            .position(|(_, figures)| figures.contains_key(figure));
        let is_declared = of_figure().all(|(_, one)| one.declaration.is_none());
        let until = first.unwrap_or(if is_declared { looks.len() } else { 0 });
        for (index, one) in of_figure().filter(|(index, _)| *index < until) {
            if let Some((_, figures)) = looks.get_mut(*index) {
                figures.insert(one.figure.clone(), one.counted);
            }
        }
        let missing = of_figure().filter(|(index, _)| first.is_none() || *index >= until);
        let missing: Vec<&PartialCounter> = missing.map(|(_, one)| one).collect();
        problems.extend(problem_text(&missing, looks.len(), first.is_none()));
    }
    problems
}

/// What is to be said of one figure at the looks that lack a part of it.
fn problem_text(missing: &[&PartialCounter], looks: usize, is_never_whole: bool) -> Option<String> {
    let last = missing.last()?;
    let lacks = last.lacks.join(" and ");
    Some(match &last.declaration {
        None if is_never_whole => format!("{lacks}, which counts as 0, as the profile declares"),
        Some(declaration) if is_never_whole => format!(
            "{lacks}; if it does not exist before it has counted something, declare in the profile: {declaration}"
        ),
        _ => format!("{lacks} any more at {} of {looks} looks", missing.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARATION: &str = "failed_queries = { counters = [\"errors\"], absent = 0 }";

    fn partial(figure: &str, counted: f64, is_declared: bool) -> PartialCounter {
        PartialCounter {
            figure: figure.to_owned(),
            counted,
            lacks: vec!["there is no counter `errors`".to_owned()],
            declaration: (!is_declared).then(|| DECLARATION.to_owned()),
        }
    }

    /// The values of a figure at each look, some of which have it whole (`Ok`), some in part (`Err`).
    fn completed(looks: &[Result<f64, f64>], is_declared: bool) -> (Vec<Option<f64>>, Vec<String>) {
        let mut log: Vec<(u64, ReadFigures)> = Vec::new();
        let mut parts = Vec::new();
        for (index, look) in looks.iter().enumerate() {
            let whole = look.ok().map(|value| ("f".to_owned(), value));
            log.push((index as u64, whole.into_iter().collect()));
            parts.extend(
                look.err()
                    .map(|counted| (index, partial("f", counted, is_declared))),
            );
        }
        let problems = complete(&mut log, &parts);
        let values = log.iter().map(|(_, figures)| figures.get("f").copied());
        (values.collect(), problems)
    }

    #[test]
    fn what_comes_late_was_0_before() {
        let (values, problems) = completed(&[Err(0.0), Err(5.0), Ok(8.0), Ok(9.0)], false);
        assert_eq!(values, [Some(0.0), Some(5.0), Some(8.0), Some(9.0)]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn what_never_comes_is_0_where_it_is_declared_and_else_unknown() {
        let (values, problems) = completed(&[Err(0.0), Err(2.0)], true);
        assert_eq!(values, [Some(0.0), Some(2.0)]);
        assert_eq!(
            problems,
            ["there is no counter `errors`, which counts as 0, as the profile declares"]
        );
        let (values, problems) = completed(&[Err(0.0), Err(2.0)], false);
        assert_eq!(values, [None, None]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].ends_with(DECLARATION), "{problems:?}");
    }

    #[test]
    fn what_was_there_and_is_gone_is_unknown() {
        for is_declared in [false, true] {
            let (values, problems) =
                completed(&[Err(0.0), Ok(3.0), Err(0.0), Ok(4.0)], is_declared);
            assert_eq!(values, [Some(0.0), Some(3.0), None, Some(4.0)]);
            assert_eq!(
                problems,
                ["there is no counter `errors` any more at 1 of 4 looks"]
            );
        }
    }

    #[test]
    fn each_figure_is_completed_by_itself() {
        let whole = |name: &str| (name.to_owned(), 1.0);
        let mut log = vec![
            (0, ReadFigures::new()),
            (1, [whole("a")].into_iter().collect()),
        ];
        let parts = [
            (0, partial("a", 0.0, false)),
            (0, partial("b", 0.0, false)),
            (1, partial("b", 0.0, false)),
        ];
        let problems = complete(&mut log, &parts);
        assert_eq!((log[0].1.get("a"), log[0].1.get("b")), (Some(&0.0), None));
        assert_eq!(problems.len(), 1);
    }
}
