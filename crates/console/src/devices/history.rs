//! What flowed lately, in as little memory as a chart needs: an hour by ten seconds and a day by five minutes.

use std::collections::VecDeque;
use std::time::Duration;

use adr_core::Timestamp;
use serde::{Deserialize, Serialize};

const FINE: Duration = Duration::from_secs(10);
const FINE_POINTS: usize = 360;
const COARSE: Duration = Duration::from_secs(300);
const COARSE_POINTS: usize = 288;

/// What is known of a device at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When.
    pub(crate) at: Timestamp,
    /// Events so far.
    pub(crate) events: u64,
    /// Seconds behind, where that is known.
    pub(crate) lag: Option<u32>,
}

/// A time of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When it ends, in seconds since 1970.
    pub at: i64,
    /// Events a second.
    pub rate: f32,
    /// The most seconds behind, where that is known.
    pub lag: Option<u32>,
}

/// The last hour and the last day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// By ten seconds, oldest first.
    pub hour: Vec<Point>,
    /// By five minutes, oldest first.
    pub day: Vec<Point>,
}

/// Takes readings in and keeps what charts need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    fine: Series,
    coarse: Series,
}

#[derive(Clone, Debug, Default)]
struct Series {
    points: VecDeque<Point>,
    /// Where the time that is not over yet begins.
    from: Option<Reading>,
    /// The most seconds behind in it.
    lag: Option<u32>,
}

impl Recorder {
    /// Takes a reading in: about one in ten seconds.
    pub(crate) fn take(&mut self, reading: Reading) {
        self.fine.take(reading, FINE, FINE_POINTS);
        self.coarse.take(reading, COARSE, COARSE_POINTS);
    }

    /// What a chart shows.
    pub(crate) fn history(&self) -> History {
        History { hour: self.fine.points.iter().copied().collect(), day: self.coarse.points.iter().copied().collect() }
    }

    /// Events a second in the last minute, on average of the last hour, and the most of it.
    pub(crate) fn rates(&self) -> (f64, f64, f64) {
        let mean = |points: &mut dyn Iterator<Item = &Point>| {
            let (sum, count) = points.fold((0.0, 0u32), |(sum, count), point| (sum + f64::from(point.rate), count + 1));
            if count == 0 { 0.0 } else { sum / f64::from(count) }
        };
        let most = self.fine.points.iter().map(|point| point.rate).fold(0.0, f32::max);
        let last = mean(&mut self.fine.points.iter().rev().take(6));
        (last, mean(&mut self.fine.points.iter()), f64::from(most))
    }
}

impl Series {
    fn take(&mut self, reading: Reading, every: Duration, most: usize) {
        let Some(from) = self.from else {
            self.from = Some(reading);
            return;
        };
        self.lag = self.lag.max(reading.lag);
        let passed = reading.at.since(from.at);
        // A reading that comes a moment early still ends its time.
        if passed + Duration::from_millis(500) < every {
            return;
        }
        // Counts of a device that was added anew begin at nothing.
        let events = reading.events.saturating_sub(from.events);
        let rate = (events as f64 / passed.as_secs_f64().max(0.001)) as f32;
        self.points.push_back(Point { at: reading.at.as_nanos() / 1_000_000_000, rate, lag: self.lag });
        if self.points.len() > most {
            self.points.pop_front();
        }
        (self.from, self.lag) = (Some(reading), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(second: i64, events: u64, lag: Option<u32>) -> Reading {
        Reading { at: Timestamp::from_secs(1_800_000_000 + second), events, lag }
    }

    #[test]
    fn an_hour_is_kept_by_ten_seconds_and_a_day_by_five_minutes() {
        let mut recorder = Recorder::default();
        for second in (0..=100_000).step_by(10) {
            recorder.take(reading(second, 5 * second as u64, Some(if second % 600 == 310 { 9 } else { 1 })));
        }
        let history = recorder.history();
        assert_eq!((history.hour.len(), history.day.len()), (360, 288));
        assert!(history.hour.iter().chain(&history.day).all(|point| (point.rate - 5.0).abs() < 1e-3));
        let lags: Vec<_> = history.day.iter().take(4).map(|point| point.lag.unwrap()).collect();
        assert!(lags == [9, 1, 9, 1] || lags == [1, 9, 1, 9], "the most of each time counts: {lags:?}");
    }

    #[test]
    fn rates_are_of_the_last_minute_and_hour() {
        let mut recorder = Recorder::default();
        let mut events = 0;
        for step in 0..=100u64 {
            recorder.take(reading(10 * step as i64, events, None));
            events += if step == 50 { 1000 } else { 10 };
        }
        let (last, average, most) = recorder.rates();
        assert!((last - 1.0).abs() < 1e-6 && (most - 100.0).abs() < 1e-3, "{last} {most}");
        assert!((average - 1.99).abs() < 1e-2, "{average}");
    }

    #[test]
    fn a_device_that_was_added_anew_flows_forward() {
        let mut recorder = Recorder::default();
        recorder.take(reading(0, 1000, None));
        recorder.take(reading(10, 5, None));
        assert_eq!(recorder.history().hour[0].rate, 0.0);
    }
}
