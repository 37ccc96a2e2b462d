//! Keeps `rate_limit`.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, Event, Pace, Rate, Rejection};
use tokio::time::sleep;

use crate::message::{Chunk, Formatter};

/// At most this much of the rate goes out at once.
const SMOOTH: Duration = Duration::from_millis(50);

/// Gives events their turn. Without a limit it is always theirs.
pub(crate) struct Pacing {
    limit: Option<Limit>,
}

struct Limit {
    pace: Pace,
    slice: u32,
    clock: Arc<dyn Clock>,
}

impl Pacing {
    pub(crate) fn new(rate: Option<Rate>, clock: Arc<dyn Clock>) -> Self {
        let limit = rate.map(|rate| {
            let slice = u32::try_from(SMOOTH.as_nanos() / rate.interval().as_nanos().max(1)).unwrap_or(u32::MAX).max(1);
            // A pace lets through at once what belongs to its `per`: a slice, here.
            let pace = Pace::new(Rate { count: slice, per: rate.interval() * slice });
            Limit { pace, slice, clock }
        });
        Self { limit }
    }

    /// Formats what may go out next of `events[from..]`, and waits until it may: see [`Formatter::format`].
    pub(crate) async fn format(
        &self,
        formatter: &mut Formatter,
        events: &[Event],
        from: usize,
        chunk: &mut Chunk,
        rejected: &mut Vec<Rejection>,
    ) -> usize {
        let slice = &events[..events.len().min(from.saturating_add(self.slice()))];
        let next = formatter.format(slice, from, chunk, rejected);
        self.turn(next - from).await;
        next
    }

    /// How many events may be asked for at once.
    fn slice(&self) -> usize {
        self.limit.as_ref().map_or(usize::MAX, |limit| limit.slice as usize)
    }

    /// Waits until it is the turn of `count` events.
    async fn turn(&self, count: usize) {
        let Some(limit) = &self.limit else { return };
        let now = limit.clock.now();
        let at = limit.pace.places(now, u32::try_from(count).unwrap_or(u32::MAX));
        let wait = at.since(now);
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use adr_core::Timestamp;
    use tokio::time::Instant;

    use super::*;

    struct TokioClock(Instant);

    impl Clock for TokioClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_700_000_000_000).plus(self.0.elapsed())
        }
    }

    /// When each of `events` had its turn, in milliseconds.
    async fn turns(rate: Rate, events: usize) -> Vec<u128> {
        let start = Instant::now();
        let pacing = Pacing::new(Some(rate), Arc::new(TokioClock(start)));
        let mut turns = Vec::new();
        while turns.len() < events {
            let count = pacing.slice().min(events - turns.len());
            pacing.turn(count).await;
            turns.extend(std::iter::repeat_n(start.elapsed().as_millis(), count));
        }
        turns
    }

    fn most_within(turns: &[u128], window: u128) -> usize {
        turns.iter().map(|start| turns.iter().filter(|at| (*start..start + window).contains(at)).count()).max().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_reached_and_kept_without_bursts() {
        for (per_second, events) in [(7, 40), (100, 500), (1_000, 5_000), (30_000, 60_000)] {
            let turns = turns(Rate::per_second(per_second), events).await;
            let slice = (per_second as usize / 20).max(1);
            // Any second holds the rate, and what went out at its very start.
            assert!(most_within(&turns[..events.min(5000)], 1000) <= per_second as usize + slice, "{per_second}");
            let ideal = events as u128 * 1000 / u128::from(per_second);
            let took = *turns.last().unwrap();
            assert!(took <= ideal && took + 200 > ideal, "{per_second}/s: {took} ms for {ideal}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_rate_is_kept_too_and_quiet_saves_nothing_up() {
        let rate = Rate { count: 6, per: Duration::from_secs(60) };
        assert_eq!(turns(rate, 4).await, [0, 10_000, 20_000, 30_000]);

        let pacing = Pacing::new(Some(Rate::per_second(100)), Arc::new(TokioClock(Instant::now())));
        sleep(Duration::from_secs(3600)).await;
        let start = Instant::now();
        for _ in 0..20 {
            pacing.turn(5).await;
        }
        assert_eq!(start.elapsed().as_millis(), 950);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let start = Instant::now();
        let pacing = Pacing::new(None, Arc::new(TokioClock(start)));
        pacing.turn(1_000_000_000).await;
        assert_eq!((start.elapsed(), pacing.slice()), (Duration::ZERO, usize::MAX));
    }
}
