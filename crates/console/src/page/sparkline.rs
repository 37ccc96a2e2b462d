//! The rate of the last hour, so small that it fits a row.

use std::fmt::Write;

use maud::{Markup, html};

use crate::devices::Point;

const WIDTH: f32 = 60.0;
const HEIGHT: f32 = 20.0;
const STEPS: usize = 36;
const HOUR: i64 = 3600;

/// A line of the most events a second, in the scale of its own.
pub(crate) fn sparkline(points: &[Point], now: i64) -> Markup {
    let mut most = [None::<f32>; STEPS];
    for point in points {
        let step = (point.at - (now - HOUR) - 1).div_euclid(HOUR / STEPS as i64);
        if let Some(most) = usize::try_from(step).ok().and_then(|step| most.get_mut(step)) {
            *most = Some(most.unwrap_or(0.0).max(point.rate));
        }
    }
    let top = most.iter().flatten().copied().fold(0.0, f32::max);
    let mut path = String::new();
    let mut pen = 'M';
    for (step, rate) in most.iter().enumerate() {
        let Some(rate) = rate else {
            pen = 'M';
            continue;
        };
        let x = (step as f32 + 0.5) * WIDTH / STEPS as f32;
        let y = HEIGHT - 1.5 - if top > 0.0 { rate / top * (HEIGHT - 3.0) } else { 0.0 };
        write!(path, "{pen}{x:.1} {y:.1}").unwrap_or_default();
        pen = 'L';
    }
    html! {
        svg.spark viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) aria-hidden="true" focusable="false" {
            path d=(path) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_no_line() {
        let point = |at, rate| Point { at, rate, lag: None };
        let drawn = sparkline(&[point(100, 1.0), point(200, 2.0), point(3600, 4.0)], 3600).into_string();
        assert!(drawn.contains(r#"d="M0.8 14.2L2.5 10.0M59.2 1.5""#), "{drawn}");
        assert!(sparkline(&[], 3600).into_string().contains(r#"d="""#));
    }
}
