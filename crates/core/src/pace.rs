//! How often something may be done: a generic cell rate algorithm that gives places in a line.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{Rate, Timestamp};

/// A pace that all who share it keep together, such as the requests of a process. Asks no clock and never sleeps: a
/// caller that comes too early gets the instant of its turn and keeps it, so that callers are served in the order they asked.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    /// When the next one would be exactly on time ("theoretical arrival time").
    next: Timestamp,
    /// The latest time anybody asked at.
    asked: Timestamp,
}

impl Pace {
    /// A pace that nobody has used yet. One second's worth may come at once.
    pub fn new(rate: Rate) -> Self {
        let past = Timestamp::from_nanos(i64::MIN);
        Self { rate, line: Mutex::new(Line { next: past, asked: past }) }
    }

    /// A place in the line: the instant from which one may be done, `now` if at once.
    pub fn place(&self, now: Timestamp) -> Timestamp {
        self.places(now, 1)
    }

    /// Places for `count` at once: the instant from which all of them may be done.
    pub fn places(&self, now: Timestamp, count: u32) -> Timestamp {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not leave everybody waiting for the old time.
        let set_back = line.asked.since(now) > Duration::from_secs(60);
        let on_time = if set_back { now } else { line.next.max(now) };
        line.asked = if set_back { now } else { line.asked.max(now) };
        line.next = on_time.plus(self.rate.interval() * count);
        line.next.minus(self.rate.interval()).minus(self.burst()).max(now)
    }

    fn burst(&self) -> Duration {
        self.rate.per.min(Duration::from_secs(1)).saturating_sub(self.rate.interval())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[test]
    fn a_seconds_worth_comes_at_once_then_the_rate_holds() {
        let budget = Pace::new(Rate::per_second(10));
        let places: Vec<i64> = (0..30).map(|_| budget.place(at(0)).as_millis() - at(0).as_millis()).collect();
        assert_eq!(places[..10], [0; 10]);
        assert_eq!(places[10..13], [100, 200, 300]);
        assert_eq!(places[29], 2000);
    }

    #[test]
    fn an_hour_never_holds_more_than_the_rate_and_one_burst() {
        let budget = Pace::new(Rate { count: 60, per: Duration::from_secs(60) });
        let (mut now, mut sent) = (at(0), 0);
        while now < at(3_600_000) {
            now = budget.place(now);
            sent += 1;
        }
        assert!((3600..=3602).contains(&sent), "{sent}");
    }

    #[test]
    fn places_are_given_in_the_order_of_asking() {
        let budget = Pace::new(Rate::per_second(1));
        let places: Vec<_> = (0..50).map(|i| budget.place(at(i))).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_clock_set_back_stalls_nobody_for_long() {
        let budget = Pace::new(Rate::per_second(1));
        budget.place(at(1_000_000_000));
        assert_eq!(budget.place(at(0)), at(0));
    }
}
