//! Round numbers beside an axis.

use super::words;

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    Seconds,
}

impl Unit {
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::PerSecond if value > 0.0 && value < 0.1 => format!("{value:.3}").trim_end_matches('0').to_owned(),
            Self::PerSecond => words::rate(value).trim_end_matches(".0").to_owned(),
            Self::Seconds if value > 0.0 && value < 1.0 => format!("{value:.1} s"),
            Self::Seconds => words::span(value.round() as u64),
        }
    }
}

/// Marks from nothing to at least `most`, at most five above nothing.
pub(crate) fn marks(most: f64, unit: Unit) -> Vec<f64> {
    let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
    let step = match unit {
        Unit::PerSecond => decimal_step(most / 4.0),
        Unit::Seconds => time_step(most / 4.0),
    };
    let count = (most / step - 1e-9).ceil().max(1.0) as u32;
    (0..=count).map(|mark| f64::from(mark) * step).collect()
}

/// The next of 1, 2, 5, 10, 20 and so on.
fn decimal_step(least: f64) -> f64 {
    let tens = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * tens).find(|step| *step >= least * 0.999).unwrap_or(10.0 * tens)
}

/// The same in the steps that clocks have.
fn time_step(least: f64) -> f64 {
    const STEPS: [f64; 22] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1800.0,
        3600.0,
        7200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        1_728_000.0,
    ];
    STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(|| decimal_step(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_reach_the_most() {
        assert_eq!(marks(7.3, Unit::PerSecond), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(marks(100.0, Unit::PerSecond), [0.0, 50.0, 100.0]);
        assert_eq!(marks(200.0, Unit::Seconds), [0.0, 60.0, 120.0, 180.0, 240.0]);
        for most in [0.0, f64::NAN, 0.003, 0.9, 1.0, 3.0, 61.0, 4000.0, 1e5, 7.7e6, 4.2e9] {
            for unit in [Unit::PerSecond, Unit::Seconds] {
                let marks = marks(most, unit);
                assert!(
                    (2..=6).contains(&marks.len()) && (most.is_nan() || marks[marks.len() - 1] >= most),
                    "{most}: {marks:?}"
                );
            }
        }
        assert_eq!(
            [0.0, 0.05, 2.0, 2.5, 1500.0].map(|value| Unit::PerSecond.text(value)),
            ["0", "0.05", "2", "2.5", "1,500"]
        );
        assert_eq!(Unit::Seconds.text(90.0), "1 min 30 s");
    }
}
