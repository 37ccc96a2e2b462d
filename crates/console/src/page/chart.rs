//! Rate or lag over time, drawn as SVG. Texts keep their size however wide the chart is: only the line is stretched.

use std::fmt::Write;

use maud::{Markup, html};

use super::scale::{Unit, marks};
use super::words::hour_and_minute;
use crate::devices::Point;

const TOP: u32 = 10;
const HEIGHT: u32 = 140;
/// The line is drawn in these units, then stretched.
const ACROSS: f64 = 1000.0;

/// What a chart shows.
pub(crate) struct Chart<'a> {
    /// Tells the parts of charts on one page apart.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) points: &'a [Point],
    pub(crate) value: fn(&Point) -> Option<f64>,
    pub(crate) unit: Unit,
    /// Where it ends, in seconds since 1970.
    pub(crate) end: i64,
    /// How long it is, in seconds.
    pub(crate) length: i64,
    /// Seconds between two points.
    pub(crate) every: i64,
    /// Times named along it.
    pub(crate) marks: i64,
    /// Rows of its table.
    pub(crate) rows: i64,
}

/// The points of a row of the table.
struct Row {
    from: i64,
    mean: f64,
    most: f64,
}

impl Chart<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let values: Vec<_> = self.points.iter().filter_map(|point| Some((point.at, (self.value)(point)?))).collect();
        let values: Vec<_> =
            values.into_iter().filter(|(at, _)| *at > self.end - self.length && *at <= self.end).collect();
        let rows = self.table(&values);
        html! {
            figure.chart-box {
                figcaption { h3 { (self.title) } p { (self.summary(&values)) } }
                @if values.is_empty() {
                    p.nothing { "Nothing is known of this time yet." }
                } @else {
                    (self.svg(&values, &rows))
                    details data-key={ (self.name) "-values" } {
                        summary { "Values" }
                        (self.values(&rows))
                    }
                }
            }
        }
    }

    fn summary(&self, values: &[(i64, f64)]) -> String {
        let Some((_, last)) = values.last() else { return String::new() };
        let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let mean = values.iter().map(|(_, value)| *value).sum::<f64>() / values.len() as f64;
        let text = |value: f64| self.unit.text(if self.unit == Unit::Seconds { value.round() } else { value });
        format!("now {}, mean {}, max {}", text(*last), text(mean), text(most))
    }

    fn svg(&self, values: &[(i64, f64)], rows: &[Row]) -> Markup {
        let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let marks = marks(most, self.unit);
        let top = marks.last().copied().unwrap_or(1.0);
        let y = |value: f64| f64::from(HEIGHT) * (1.0 - value / top);
        let (title, about) = (format!("{}-title", self.name), format!("{}-about", self.name));
        let (line, area) = self.paths(values, y);
        html! {
            svg.chart.(self.name) height=(TOP + HEIGHT + 24) role="img" aria-labelledby={ (title) " " (about) } {
                title id=(title) { (self.title) }
                desc id=(about) { (self.summary(values)) ". The values stand in the table below." }
                @for mark in &marks {
                    text.mark x="-8" y={ (format!("{:.1}", f64::from(TOP) + y(*mark) + 3.5)) } text-anchor="end" { (self.unit.text(*mark)) }
                }
                svg.plot y=(TOP) width="100%" height=(HEIGHT) {
                    @for mark in &marks {
                        line.grid x1="0" x2="100%" y1=(format!("{:.1}", y(*mark))) y2=(format!("{:.1}", y(*mark))) {}
                    }
                    svg width="100%" height=(HEIGHT) viewBox={ "0 0 " (ACROSS) " " (HEIGHT) } preserveAspectRatio="none" {
                        path.area d=(area) {}
                        path.line d=(line) {}
                        @for row in rows {
                            rect.hit x=(format!("{:.1}", self.x(row.from))) y="0" width=(format!("{:.1}", ACROSS / self.rows as f64)) height=(HEIGHT) {
                                title { (hour_and_minute(row.from)) ": " (self.unit.text(row.mean)) ", max " (self.unit.text(row.most)) }
                            }
                        }
                    }
                    (self.times())
                }
            }
        }
    }

    fn x(&self, at: i64) -> f64 {
        (at - (self.end - self.length)) as f64 / self.length as f64 * ACROSS
    }

    /// The line, and the area below it. Where points are missing there is neither.
    fn paths(&self, values: &[(i64, f64)], y: impl Fn(f64) -> f64) -> (String, String) {
        let (mut line, mut area) = (String::new(), String::new());
        let runs = values.chunk_by(|(before, _), (at, _)| at - before <= self.every * 5 / 2);
        for run in runs {
            let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { continue };
            // A point tells of the time before it.
            let from = self.x((first - self.every).max(self.end - self.length));
            write!(area, "M{from:.1} {HEIGHT}").unwrap_or_default();
            for (index, (at, value)) in run.iter().enumerate() {
                let (x, y) = (self.x(*at), y(*value));
                if index == 0 {
                    write!(line, "M{from:.1} {y:.1}").unwrap_or_default();
                    write!(area, "L{from:.1} {y:.1}").unwrap_or_default();
                }
                write!(line, "L{x:.1} {y:.1}").unwrap_or_default();
                write!(area, "L{x:.1} {y:.1}").unwrap_or_default();
            }
            write!(area, "L{:.1} {HEIGHT}Z", self.x(*last)).unwrap_or_default();
        }
        (line, area)
    }

    fn times(&self) -> Markup {
        let step = self.length / self.marks;
        // The first round time of the chart.
        let first = (self.end - self.length).div_euclid(step) * step + step;
        html! {
            @for (index, at) in (0..self.marks).map(|mark| first + mark * step).enumerate() {
                @let x = format!("{:.2}%", self.x(at) / ACROSS * 100.0);
                line.tick x1=(x) x2=(x) y1=(HEIGHT) y2=(HEIGHT + 4) {}
                text.time .sparse[index % 2 == 0] x=(x) y=(HEIGHT + 18) text-anchor="middle" { (hour_and_minute(at)) }
            }
        }
    }

    /// The values in as many rows as a person can read.
    fn table(&self, values: &[(i64, f64)]) -> Vec<Row> {
        let length = self.length / self.rows;
        let row = |index: i64| {
            let from = self.end - self.length + index * length;
            let of_row =
                || values.iter().filter(move |(at, _)| *at > from && *at <= from + length).map(|(_, value)| *value);
            let count = of_row().count();
            let most = of_row().fold(0.0, f64::max);
            (count > 0).then(|| Row { from, mean: of_row().sum::<f64>() / count as f64, most })
        };
        (0..self.rows).filter_map(row).collect()
    }

    fn values(&self, rows: &[Row]) -> Markup {
        html! {
            div.values tabindex="0" role="region" aria-label={ "Values: " (self.title) } data-key={ (self.name) "-scroll" } {
                table {
                    thead { tr { th scope="col" { "From (UTC)" } th.number scope="col" { "Mean" } th.number scope="col" { "Max" } } }
                    tbody {
                        @for row in rows.iter().rev() {
                            tr data-key=(row.from) {
                                th scope="row" { (hour_and_minute(row.from)) }
                                td.number { (self.unit.text(row.mean)) }
                                td.number { (self.unit.text(row.most)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: &[Point]) -> Chart<'_> {
        Chart {
            name: "rate-hour",
            title: "Events a second",
            points,
            value: |point| Some(f64::from(point.rate)),
            unit: Unit::PerSecond,
            end: 7200,
            length: 3600,
            every: 10,
            marks: 6,
            rows: 60,
        }
    }

    #[test]
    fn points_that_are_missing_leave_a_gap() {
        let points: Vec<_> = [3610, 3620, 5000, 5010].map(|at| Point { at, rate: 1.0, lag: None }).into();
        let drawn = chart(&points).draw().into_string();
        let line = drawn.split("class=\"line\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(line, "M0.0 0.0L2.8 0.0L5.6 0.0M386.1 0.0L388.9 0.0L391.7 0.0");
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert!(drawn.contains(">01:10</text>") && drawn.contains("now 1, mean 1, max 1"), "{drawn}");
    }

    #[test]
    fn nothing_known_is_said() {
        assert!(chart(&[]).draw().into_string().contains("Nothing is known"));
        let old = [Point { at: 3600, rate: 9.0, lag: None }];
        assert!(chart(&old).draw().into_string().contains("Nothing is known"));
    }
}
