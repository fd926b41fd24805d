//! What is shown while a load is on: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::harness::output::streams::{note, note_text, print};
use crate::load;
use crate::plan::Plan;

/// From one quiet line to the next.
const QUIET: Duration = Duration::from_secs(10);

/// Shows how runs go, on stderr.
pub(in crate::harness) struct Progress {
    style: LineStyle,
    /// The line that the test runner has begun on stdout, to be begun again after a bar has wiped it.
    announced: Option<String>,
    scenario: String,
    next: Duration,
    /// What stands below the bar, each line begun by a line break.
    below: String,
}

enum LineStyle {
    Bar(Option<ProgressBar>),
    Lines,
}

impl Progress {
    /// A bar when stderr is a terminal; `begun_lines` when the test runner begins a line before each test.
    pub(in crate::harness) fn on_stderr(begun_lines: bool) -> Progress {
        let bar = std::io::stderr().is_terminal();
        let style = if bar {
            LineStyle::Bar(None)
        } else {
            LineStyle::Lines
        };
        let announced = begun_lines.then(String::new);
        Progress {
            style,
            announced,
            scenario: String::new(),
            next: Duration::ZERO,
            below: String::new(),
        }
    }

    /// Whether there is room for more than a line now and then.
    pub(in crate::harness) fn is_watched(&self) -> bool {
        matches!(self.style, LineStyle::Bar(_))
    }

    /// What is to stand below the bar, a line each.
    pub(in crate::harness) fn watch(&mut self, lines: &[String]) {
        let (rows, columns) = console::Term::stderr().size();
        // A line that is broken by the terminal would not be wiped.
        let width = usize::from(columns).saturating_sub(1);
        let room = usize::from(rows).saturating_sub(2);
        let cut = lines
            .iter()
            .take(room)
            .map(|line| format!("\n{}", console::truncate_str(line, width, "…")));
        self.below = cut.collect();
    }

    /// The test runner has begun this line.
    pub(in crate::harness) fn announce(&mut self, line: String) {
        if let Some(announced) = &mut self.announced {
            *announced = line;
        }
    }

    /// A load begins; `place` says which of several it is, or is empty.
    pub(in crate::harness) fn begin(&mut self, plan: &Plan, place: &str) {
        self.scenario = format!("{}{place}", plan.scenario);
        self.next = QUIET;
        let told = describe(plan);
        match &mut self.style {
            LineStyle::Lines => {
                // Of several loads the first alone meets the test runner's line.
                let begun = self.announced.as_mut().map(std::mem::take);
                let begun = begun.is_some_and(|line| !line.is_empty());
                let fresh = if begun { "\n" } else { "" };
                note(format_args!("{fresh}perf: {}: {told}", self.scenario));
            }
            LineStyle::Bar(bar) => {
                // The bar needs the whole line, on which the test runner has begun its own.
                note_text("\r\x1b[2K");
                let length = plan.phases.planned_end().as_millis() as u64;
                let new = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
                let template = "{prefix:.bold} [{wide_bar:.cyan/blue}]{msg}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    new.set_style(style.progress_chars("━╸─"));
                }
                new.set_prefix(self.scenario.clone());
                new.set_message(format!(" {told}"));
                *bar = Some(new);
                self.below.clear();
            }
        }
    }

    /// Something is waited for before a load of this scenario.
    pub(in crate::harness) fn wait(&mut self, scenario: &str, text: &str) {
        match &self.style {
            LineStyle::Lines => {
                let begun = self.announced.as_mut().map(std::mem::take);
                let begun = begun.is_some_and(|line| !line.is_empty());
                let fresh = if begun { "\n" } else { "" };
                note(format_args!("{fresh}perf: {scenario}: {text}"));
            }
            // The bar that follows begins on the same line.
            LineStyle::Bar(_) => note_text(&format!("\r\x1b[2Kperf: {scenario}: {text}")),
        }
    }

    pub(in crate::harness) fn show(&mut self, progress: load::RunProgress) {
        let told = tell(progress);
        match &mut self.style {
            LineStyle::Bar(Some(bar)) => {
                bar.set_length(progress.end.as_millis() as u64);
                bar.set_position(progress.elapsed.as_millis().min(progress.end.as_millis()) as u64);
                bar.set_message(format!(" {told}{}", self.below));
            }
            LineStyle::Lines
                if progress.elapsed >= self.next && progress.elapsed < progress.end =>
            {
                self.next += QUIET;
                note(format_args!("perf: {}: {told}", self.scenario));
            }
            _ => {}
        }
    }

    pub(in crate::harness) fn end(&mut self) {
        if let LineStyle::Bar(bar) = &mut self.style {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            if let Some(line) = self
                .announced
                .as_ref()
                .filter(|_| std::io::stdout().is_terminal())
            {
                // The terminal is gone when this fails, and with it the need to tidy it.
                let _ = print(&format!("\r{line}"));
            }
        }
    }
}

/// What a plan is about to do, in a few words.
fn describe(plan: &Plan) -> String {
    let seconds = plan.phases.planned_end().as_secs_f64();
    let more = plan.phases.extend.as_secs_f64();
    let most = plan.phases.latest_end().as_secs_f64() - seconds;
    let more = if more > 0.0 {
        format!(", {more:.0} s more if need be (up to {most:.0} s where requests hang together)")
    } else {
        String::new()
    };
    let less = plan
        .phases
        .settles_from()
        .map_or_else(String::new, |least| {
            format!(", {:.0} s if all is settled then", least.as_secs_f64())
        });
    format!("{}, for {seconds:.0} s{less}{more}", plan.offered())
}

fn tell(progress: load::RunProgress) -> String {
    format!(
        "{:.0} of {:.0} s, {} requests, {} failed",
        progress
            .elapsed
            .as_secs_f64()
            .min(progress.end.as_secs_f64()),
        progress.end.as_secs_f64(),
        progress.done,
        progress.failed,
    )
}
