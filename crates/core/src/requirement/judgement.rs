//! A requirement, what was measured of it, and the verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Better, Check, Compared, Requirement, Severity};

/// A measured value with its interval, in the unit of its metric (ms, %, /s or a count).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The interval's lower end; `None` when the figure came without counts.
    pub low: Option<f64>,
    /// The interval's upper end; `None` when the figure came without counts.
    pub high: Option<f64>,
    /// Observations behind it.
    pub samples: u64,
    /// What they are worth as independent ones.
    pub effective_samples: f64,
}

/// Whether a requirement is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Kept, at the stated confidence.
    Pass,
    /// The evidence does not settle it.
    Inconclusive,
    /// Missed, at the stated confidence.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
        })
    }
}

/// One check, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckJudgement {
    /// The check.
    pub check: Check,
    /// The endpoint that decided, when endpoints were judged one by one; or the users that were judged apart
    /// from the others.
    pub endpoint: Option<String>,
    /// What was measured; `None` when nothing was.
    pub estimate: Option<Estimate>,
    /// The verdict.
    pub verdict: Verdict,
    /// What the verdict rests on, in one sentence.
    pub reason: String,
    /// Whether requests were due and not one of them succeeded.
    #[serde(default)]
    pub is_unreached: bool,
}

impl CheckJudgement {
    /// Whether not one request succeeded, by the counters or by its figure.
    fn is_all_failure(&self) -> bool {
        if self.is_unreached {
            return true;
        }
        let value = self.estimate.map(|estimate| estimate.value);
        let metric = self.check.metric;
        let Some((value, worst)) = value.zip(metric.value_without_success()) else {
            return false;
        };
        match metric.better() {
            Better::Higher => value <= worst,
            Better::Lower => value >= worst,
        }
    }
}

/// One requirement, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The requirement.
    pub requirement: Requirement,
    /// One for each of its checks, in order; empty when there was no run to judge.
    pub checks: Vec<CheckJudgement>,
    /// The worst of the checks' verdicts.
    pub verdict: Verdict,
    /// What the verdict rests on: the deciding check's reason.
    pub reason: String,
    /// The likely cause and what to do, a line each; empty when all is well.
    pub advice: Vec<String>,
    /// What was held against earlier figures; empty for what is held against limits.
    #[serde(default)]
    pub compared: Vec<Compared>,
}

impl Judgement {
    /// The check that decided: the first with the requirement's own verdict.
    pub fn deciding(&self) -> Option<&CheckJudgement> {
        self.checks
            .iter()
            .find(|check| check.verdict == self.verdict)
    }

    /// What came of one of the requirement's checks; `None` when it could not be judged.
    pub fn of(&self, check: &Check) -> Option<&CheckJudgement> {
        self.checks.iter().find(|judged| judged.check == *check)
    }

    /// What the judgement means for its test: only a missed or open target may pass, and not when `strict`.
    ///
    /// A target of which nothing was measured, or for which nothing succeeded, is neither: without evidence no test passes.
    pub fn test_verdict(&self, strict: bool) -> TestVerdict {
        let measured = self.checks.iter().any(|check| check.estimate.is_some());
        let reached = measured && !self.checks.iter().any(CheckJudgement::is_all_failure);
        match (self.verdict, self.requirement.severity) {
            (Verdict::Pass, _) => TestVerdict::Pass,
            (_, Severity::Target) if reached && !strict => TestVerdict::Warn,
            _ => TestVerdict::Fail,
        }
    }

    /// Whether it was not kept because nothing was measured for it, not because of what was.
    pub fn is_unmeasured(&self) -> bool {
        let nothing = self.checks.iter().all(|check| check.estimate.is_none());
        let open = self.checks.is_empty() || self.verdict == Verdict::Inconclusive;
        self.verdict != Verdict::Pass && nothing && open && self.compared.is_empty()
    }

    /// How it stands, as a participle: kept, missed, inconclusive or not measured.
    pub fn stands(&self) -> &'static str {
        match self.verdict {
            _ if self.is_unmeasured() => "not measured",
            Verdict::Pass => "kept",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "missed",
        }
    }
}

/// What a judgement means for its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestVerdict {
    /// The requirement is kept.
    Pass,
    /// A target was missed or is open: the test passes, and the report says so.
    Warn,
    /// The test fails.
    Fail,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Metric;

    #[test]
    fn only_targets_may_be_missed_and_only_when_not_strict() {
        use Severity::{Critical, Important, Target};
        use Verdict::{Fail, Inconclusive, Pass};
        let table = [
            (Critical, Pass, TestVerdict::Pass, TestVerdict::Pass),
            (Critical, Inconclusive, TestVerdict::Fail, TestVerdict::Fail),
            (
                Important,
                Inconclusive,
                TestVerdict::Fail,
                TestVerdict::Fail,
            ),
            (Important, Fail, TestVerdict::Fail, TestVerdict::Fail),
            (Target, Pass, TestVerdict::Pass, TestVerdict::Pass),
            (Target, Inconclusive, TestVerdict::Warn, TestVerdict::Fail),
            (Target, Fail, TestVerdict::Warn, TestVerdict::Fail),
        ];
        for (severity, verdict, usual, strict) in table {
            let judgement = judgement(severity, verdict, true);
            assert_eq!(judgement.test_verdict(false), usual, "{severity} {verdict}");
            assert_eq!(judgement.test_verdict(true), strict, "{severity} {verdict}");
        }
    }

    #[test]
    fn a_target_that_nothing_reached_fails() {
        let table = [
            (Metric::Throughput, "> 100/s", 0.0, TestVerdict::Fail),
            (Metric::Throughput, "> 100/s", 0.1, TestVerdict::Warn),
            (Metric::SuccessRate, "> 99 %", 0.0, TestVerdict::Fail),
            (Metric::ErrorRate, "< 1 %", 100.0, TestVerdict::Fail),
            (Metric::ErrorRate, "< 1 %", 99.9, TestVerdict::Warn),
        ];
        for (metric, limit, value, expected) in table {
            let mut judged = judgement(Severity::Target, Verdict::Fail, true);
            judged.checks[0].check.metric = metric;
            judged.checks[0].check.limit = crate::requirement::Limit::parse(limit).unwrap();
            judged.checks[0].estimate.as_mut().unwrap().value = value;
            assert_eq!(judged.test_verdict(false), expected, "{metric} {value}");
        }
    }

    #[test]
    fn a_target_without_a_successful_request_fails_whatever_its_figure_is() {
        let mut judged = judgement(Severity::Target, Verdict::Fail, true);
        judged.checks[0].is_unreached = true;
        assert_eq!(judged.test_verdict(false), TestVerdict::Fail);
        judged.verdict = Verdict::Pass;
        assert_eq!(judged.test_verdict(false), TestVerdict::Pass);
    }

    #[test]
    fn what_was_not_measured_is_not_missed() {
        let mut judged = judgement(Severity::Critical, Verdict::Fail, true);
        assert_eq!(judged.stands(), "missed");
        // A health endpoint whose every answer is unhealthy has no time, and yet was asked.
        judged.checks[0].estimate = None;
        assert_eq!(judged.stands(), "missed");
        judged.verdict = Verdict::Inconclusive;
        assert_eq!(judged.stands(), "not measured");
        judged.checks.clear();
        judged.verdict = Verdict::Fail;
        assert_eq!(judged.stands(), "not measured");
        judged.verdict = Verdict::Pass;
        assert_eq!(judged.stands(), "kept");
    }

    #[test]
    fn a_target_without_evidence_fails() {
        for verdict in [Verdict::Fail, Verdict::Inconclusive] {
            let judgement = judgement(Severity::Target, verdict, false);
            assert_eq!(judgement.test_verdict(false), TestVerdict::Fail);
        }
    }

    fn judgement(severity: Severity, verdict: Verdict, measured: bool) -> Judgement {
        let check = Check {
            metric: crate::requirement::Metric::ErrorRate,
            scope: crate::requirement::Scope::All,
            limit: crate::requirement::Limit::parse("< 1 %").unwrap(),
        };
        let estimate = Estimate {
            value: 0.5,
            low: None,
            high: None,
            samples: 10,
            effective_samples: 10.0,
        };
        let judged = CheckJudgement {
            check: check.clone(),
            endpoint: None,
            estimate: measured.then_some(estimate),
            verdict,
            reason: String::new(),
            is_unreached: false,
        };
        Judgement {
            requirement: Requirement {
                name: "errors::rate".to_owned(),
                severity,
                scenario: None,
                checks: vec![check],
            },
            checks: vec![judged],
            verdict,
            reason: String::new(),
            advice: Vec::new(),
            compared: Vec::new(),
        }
    }
}
