//! A chart as SVG: colours are left to the style sheet, so that it suits light, dark and print.
//!
//! No crate that draws charts leaves colours to the page and writes nothing per point but the point.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::scale::AxisScale;
use crate::requirement::{Unit, format};

/// Width of every chart in its own units; the page stretches it.
const WIDTH: f64 = 720.0;
/// Height of every chart.
const HEIGHT: f64 = 244.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 34.0;

/// A chart with its title and legend.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    pub(super) x: Axis<'a>,
    pub(super) y: Axis<'a>,
    /// Stretches of the x axis, behind everything.
    pub(super) stretches: Vec<ChartBand<'a>>,
    pub(super) series: Vec<ChartSeries<'a>>,
    pub(super) limits: Vec<LimitLine>,
    pub(super) marks: Vec<ChartMark>,
}

/// One axis.
pub(super) struct Axis<'a> {
    pub(super) scale: AxisScale,
    /// What is written at its values.
    pub(super) label: &'a dyn Fn(f64) -> String,
    pub(super) name: &'a str,
}

/// Some points that belong together.
pub(super) struct ChartSeries<'a> {
    pub(super) name: &'a str,
    pub(super) class: &'a str,
    /// In the order of x; `None` interrupts the line.
    pub(super) points: Vec<(f64, Option<f64>)>,
    pub(super) fill: Fill,
}

/// What is filled below a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Nothing.
    None,
    /// All down to the axis.
    ToAxis,
    /// The band down to the series before, whose points are at the same places.
    ToPrevious,
}

/// A part of the x axis that is marked.
pub(super) struct ChartBand<'a> {
    pub(super) class: &'a str,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) title: String,
}

/// A limit: a line across the chart.
#[derive(Debug, Clone)]
pub(super) struct LimitLine {
    pub(super) value: f64,
    pub(super) label: String,
    pub(super) class: &'static str,
}

/// One point that stands for itself.
pub(super) struct ChartMark {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// The pixels of the x axis.
pub(super) const ACROSS: (f64, f64) = (LEFT, WIDTH - RIGHT);
/// The pixels of the y axis, from its lowest value on.
pub(super) const UP: (f64, f64) = (HEIGHT - BOTTOM, TOP);

impl Chart<'_> {
    /// The figure; empty when no point lies on it.
    pub(super) fn render(&self) -> Markup {
        let drawn = |series: &ChartSeries<'_>| series.points.iter().any(|(_, y)| y.is_some());
        if !self.series.iter().any(drawn) && self.marks.is_empty() {
            return html! {};
        }
        let (x, y) = (self.x.scale, self.y.scale);
        let described = format!("{}: {} over {}", self.title, self.y.name, self.x.name);
        html! {
            figure {
                figcaption {
                    b { (self.title) }
                    @for series in self.series.iter().filter(|series| drawn(series)) {
                        span class={ "key " (series.class) } { (series.name) }
                    }
                }
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(described)
                    data-x=(ends(&x)) data-y=(ends(&y)) {
                    (self.backdrop())
                    (self.grid())
                    @for (index, series) in self.series.iter().enumerate() {
                        @match (series.fill, index.checked_sub(1).map(|before| &self.series[before])) {
                            (Fill::ToAxis, _) => path class={ "area " (series.class) } d=(area(series, &x, &y)) {},
                            (Fill::ToPrevious, Some(below)) => {
                                path class={ "area " (series.class) } d=(band(below, series, &x, &y)) {}
                            }
                            _ => {}
                        }
                        path class={ "line " (series.class) } data-name=(series.name) d=(line(series, &x, &y)) {}
                    }
                    (self.lines())
                    @for mark in &self.marks {
                        circle class={ "mark " (mark.class) } cx=(px(x.at(mark.x))) cy=(px(y.at(mark.y))) r="4" {
                            title { (mark.title) }
                        }
                    }
                }
            }
        }
    }

    fn backdrop(&self) -> Markup {
        let x = self.x.scale;
        html! {
            @for stretch in &self.stretches {
                @let (from, to) = (x.at(stretch.from), x.at(stretch.to));
                rect class=(stretch.class) x=(px(from)) width=(px((to - from).max(1.0))) y=(px(TOP))
                    height=(px(HEIGHT - BOTTOM - TOP)) { title { (stretch.title) } }
            }
        }
    }

    fn grid(&self) -> Markup {
        let (x, y) = (self.x.scale, self.y.scale);
        html! {
            @for tick in y.ticks(7) {
                @let at = y.at(tick);
                path class="grid" d=(format!("M{LEFT} {}H{}", px(at), WIDTH - RIGHT)) {}
                text class="end" x=(px(LEFT - 6.0)) y=(px(at + 4.0)) { ((self.y.label)(tick)) }
            }
            @for tick in x.ticks(9) {
                @let at = x.at(tick);
                path class="grid" d=(format!("M{} {}v5", px(at), HEIGHT - BOTTOM)) {}
                text class="middle" x=(px(at)) y=(px(HEIGHT - BOTTOM + 24.0)) { ((self.x.label)(tick)) }
            }
            path class="axis" d=(format!("M{LEFT} {}H{}", HEIGHT - BOTTOM, WIDTH - RIGHT)) {}
        }
    }

    fn lines(&self) -> Markup {
        let y = self.y.scale;
        html! {
            @for limit in self.limits.iter().filter(|limit| y.holds(limit.value)) {
                @let at = y.at(limit.value);
                path class={ "limit " (limit.class) } d=(format!("M{LEFT} {}H{}", px(at), WIDTH - RIGHT)) {}
                text class={ "end limit-text " (limit.class) } x=(px(WIDTH - RIGHT - 4.0)) y=(px(at - 4.0)) {
                    (limit.label)
                }
            }
        }
    }
}

impl Axis<'_> {
    /// Of times, wide enough for all points and for `also`; logarithmic, as times differ by factors.
    pub(super) fn of_times(
        series: &[ChartSeries<'_>],
        also: impl Iterator<Item = f64>,
    ) -> Axis<'static> {
        let least = values(series).fold(f64::INFINITY, f64::min);
        let most = values(series).chain(also).fold(0.0, f64::max);
        Axis {
            scale: AxisScale::logarithmic(least * 0.8, most * 1.25, UP.0, UP.1),
            label: &format::time,
            name: "response time",
        }
    }

    /// Of rates from 0, called so.
    pub(super) fn of_rates<'a>(series: &[ChartSeries<'_>], name: &'a str) -> Axis<'a> {
        let most = values(series).fold(0.0, f64::max);
        Axis {
            scale: AxisScale::linear(0.0, 1.1 * most, UP.0, UP.1),
            label: &|rate| format::show(Unit::Rate, rate),
            name,
        }
    }
}

/// All that is drawn of some series.
pub(super) fn values<'a>(series: &'a [ChartSeries<'_>]) -> impl Iterator<Item = f64> + 'a {
    let points = series.iter().flat_map(|series| &series.points);
    points.filter_map(|(_, value)| *value)
}

/// A place with a decimal, and none when it is 0.
fn px(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn ends(scale: &AxisScale) -> String {
    let ((low, high), (from, to)) = (scale.ends(), scale.pixels());
    format!("{low} {high} {from} {to} {}", scale.name())
}

fn line(series: &ChartSeries<'_>, x: &AxisScale, y: &AxisScale) -> String {
    let mut path = String::new();
    let mut is_down = false;
    for (at, value) in &series.points {
        if let Some(value) = value {
            let letter = if is_down { 'L' } else { 'M' };
            // Writing into a string does not fail.
            let _ = write!(path, "{letter}{} {}", px(x.at(*at)), px(y.at(*value)));
        }
        is_down = value.is_some();
    }
    // A point between two gaps has no length: a round end shows it.
    path + if series.points.len() == 1 { "h0.1" } else { "" }
}

/// The area between two series.
fn band(below: &ChartSeries<'_>, above: &ChartSeries<'_>, x: &AxisScale, y: &AxisScale) -> String {
    let both = below.points.iter().zip(&above.points);
    let both: Vec<Option<[f64; 3]>> = both
        .map(|((at, low), (_, high))| Some([x.at(*at), y.at((*low)?), y.at((*high)?)]))
        .collect();
    let mut path = String::new();
    for part in both.split(Option::is_none) {
        let there = part.iter().flatten().map(|[at, _, high]| (at, high));
        let back = part.iter().rev().flatten().map(|[at, low, _]| (at, low));
        for (index, (at, value)) in there.chain(back).enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{} {}", px(*at), px(*value));
        }
        if !part.is_empty() {
            path.push('Z');
        }
    }
    path
}

fn area(series: &ChartSeries<'_>, x: &AxisScale, y: &AxisScale) -> String {
    let bottom = px(y.pixels().0);
    let mut path = String::new();
    for part in series.points.split(|(_, value)| value.is_none()) {
        let (Some((first, _)), Some((last, _))) = (part.first(), part.last()) else {
            continue;
        };
        let _ = write!(path, "M{} {bottom}", px(x.at(*first)));
        for (at, value) in part.iter().filter_map(|(at, value)| Some((at, (*value)?))) {
            let _ = write!(path, "L{} {}", px(x.at(*at)), px(y.at(value)));
        }
        let _ = write!(path, "L{} {bottom}Z", px(x.at(*last)));
    }
    path
}
