//! The text form of `OpenMetrics` 1.0: families of samples, and the end.

use std::fmt::Write as _;

/// What a family is.
#[derive(Debug, Clone, Copy)]
pub(super) enum FamilyKind {
    Counter,
    Gauge,
    Info,
    StateSet,
    Summary,
}

impl FamilyKind {
    fn name(self) -> &'static str {
        match self {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Info => "info",
            FamilyKind::StateSet => "stateset",
            FamilyKind::Summary => "summary",
        }
    }
}

/// Labels of a sample: names of ours, values of anybody's.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// All samples of one name, under their description.
pub(super) struct MetricFamily {
    name: &'static str,
    head: String,
    samples: String,
}

impl MetricFamily {
    /// A family; a unit that is not empty must be the last word of the name, as the specification has it.
    pub(super) fn new(
        kind: FamilyKind,
        name: &'static str,
        unit: &str,
        help: &str,
    ) -> MetricFamily {
        debug_assert!(unit.is_empty() || name.ends_with(&format!("_{unit}")));
        let mut head = format!("# TYPE {name} {}\n", kind.name());
        if !unit.is_empty() {
            let _ = writeln!(head, "# UNIT {name} {unit}");
        }
        let _ = writeln!(head, "# HELP {name} {}", escaped(help));
        MetricFamily {
            name,
            head,
            samples: String::new(),
        }
    }

    /// Adds a sample whose name has this suffix, `_total` of a counter for one. What is not a number is left out.
    pub(super) fn add(&mut self, suffix: &str, labels: &Labels<'_>, value: f64) {
        if !value.is_finite() {
            return;
        }
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = match labels.as_slice() {
            [] => String::new(),
            some => format!("{{{}}}", some.join(",")),
        };
        let _ = writeln!(self.samples, "{}{suffix}{labels} {value}", self.name);
    }

    /// The same, where there is a value.
    pub(super) fn add_some(&mut self, labels: &Labels<'_>, value: Option<f64>) {
        if let Some(value) = value {
            self.add("", labels, value);
        }
    }

    /// Writes the family, unless it has no sample.
    pub(super) fn write(self, out: &mut String) {
        if !self.samples.is_empty() {
            out.push_str(&self.head);
            out.push_str(&self.samples);
        }
    }
}

/// Backslashes, quotes and line ends, as the specification escapes them.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_are_escaped() {
        let mut family =
            MetricFamily::new(FamilyKind::Gauge, "a_seconds", "seconds", "How \"long\".");
        family.add("", &vec![("x", "a\\b\"c\nd")], 1.5);
        family.add("", &vec![("x", "nothing")], f64::NAN);
        let mut out = String::new();
        family.write(&mut out);
        assert_eq!(
            out,
            "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds How \\\"long\\\".\na_seconds{x=\"a\\\\b\\\"c\\nd\"} 1.5\n"
        );
    }
}
