//! What was held against earlier figures.

use maud::{Markup, html};

use crate::requirement::{Judgement, Standing};
use crate::text::clean;

/// The figures of a requirement and what they were; nothing for what is held against limits.
pub(super) fn section(judgement: &Judgement) -> Markup {
    if judgement.compared.is_empty() {
        return html! {};
    }
    let mut last = "";
    html! {
        h3 { (clean(&judgement.requirement.name)) }
        div class="scroll" {
            table class="compared" {
                thead { tr {
                    th { "figure" } th class="number" { "before" } th class="number" { "now" } th { "change" }
                } }
                tbody {
                    @for one in &judgement.compared {
                        @if std::mem::replace(&mut last, &one.scenario) != one.scenario {
                            tr { td colspan="4" { b { (clean(&one.scenario)) } } }
                        }
                        tr {
                            td { span class="part" { (one.what.to_string()) } }
                            td class="number" { (one.was()) }
                            td class="number" { (one.is()) }
                            td {
                                (one.changed())
                                @if let Some(standing) = one.standing { " " span class={ "badge" (class(standing)) } { (standing.to_string()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Worse => " bad",
        Standing::Better => " good",
        Standing::Open | Standing::Late => " doubtful",
        Standing::Same => "",
    }
}
