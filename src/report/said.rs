//! What a report has said already: a paragraph that many requirements share is said once, and referred to after that.

use crate::requirement::Judgement;

/// A paragraph that is no longer than this is repeated: a reference to it would be as long.
const SHORT: usize = 60;

/// The paragraphs so far, each with the requirement that it was said of.
#[derive(Debug, Clone, Default)]
pub struct SaidOnce(Vec<(String, String)>);

/// What is to be said of a requirement.
pub(super) struct Remarks {
    /// What goes before the reason where nothing was measured, else empty.
    pub(super) unmeasured: &'static str,
    /// Its reason, or a reference to the same one.
    pub(super) reason: String,
    /// The advice that is new, and a reference to what is not.
    pub(super) advice: Vec<String>,
}

impl SaidOnce {
    /// The requirement that this was said of before; `None` when it is new, and then said of `name`.
    pub(super) fn before(&mut self, paragraph: &str, name: &str) -> Option<&str> {
        let known = self.0.iter().position(|(known, _)| known == paragraph);
        match known {
            Some(index) => Some(&self.0[index].1),
            None if paragraph.chars().count() <= SHORT => None,
            None => {
                self.0.push((paragraph.to_owned(), name.to_owned()));
                None
            }
        }
    }

    fn known(&self, paragraph: &str) -> Option<&str> {
        let mut all = self.0.iter();
        let (_, name) = all.find(|(known, _)| known == paragraph)?;
        Some(name)
    }

    /// A paragraph, or where it stands already.
    pub(super) fn once(&mut self, paragraph: &str, name: &str) -> String {
        match self.before(paragraph, name) {
            Some(first) => format!("the same as {first}"),
            None => paragraph.to_owned(),
        }
    }

    /// Reason and advice of a requirement that was not kept.
    pub(super) fn of(&mut self, judgement: &Judgement) -> Remarks {
        let name = &judgement.requirement.name;
        let reason = self.once(&judgement.reason, name);
        let (mut advice, mut referred) = (Vec::new(), Vec::new());
        for paragraph in &judgement.advice {
            // Of several scenarios, each has its name before what may be the same.
            let bare = paragraph.split_once(": ").map_or("", |(_, bare)| bare);
            let known = self.known(bare).or_else(|| self.known(paragraph));
            let known = known.map(str::to_owned);
            if known.is_none() {
                self.before(paragraph, name);
            }
            match known {
                None => advice.push(paragraph.clone()),
                // It stands just above.
                Some(first) if first == *name => {}
                Some(first) if !referred.contains(&first) => referred.push(first),
                Some(_) => {}
            }
        }
        // The reference of the reason leads to the advice as well.
        referred.retain(|first| reason != format!("the same as {first}"));
        advice.extend(
            referred
                .iter()
                .map(|first| format!("the advice of {first}")),
        );
        let unmeasured = if judgement.is_unmeasured() {
            "not measured: "
        } else {
            ""
        };
        Remarks {
            unmeasured,
            reason,
            advice,
        }
    }
}
