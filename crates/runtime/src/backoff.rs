//! Delays that grow with each failure in a row, with jitter.

use std::time::Duration;

use adr_core::{Failure, Retry};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// The delays of one thing that may fail again and again.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
    random: SmallRng,
}

impl Backoff {
    /// Delays from about `first` up to about `most`.
    pub(crate) fn new(first: Duration, most: Duration, seed: u64) -> Self {
        Self { first, most, failures: 0, random: SmallRng::seed_from_u64(seed) }
    }

    /// Something went well: the next delay is a short one again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after this failure; `None` where trying again cannot help.
    pub(crate) fn delay(&mut self, failure: &Failure) -> Option<Duration> {
        let doubled = self.first.saturating_mul(1u32 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        match failure.retry {
            Retry::Never => None,
            // Never sooner than asked.
            Retry::After(asked) if asked >= self.first => Some(self.later(asked)),
            // Between half and the whole, so that many lanes do not come back at the same instant. Who asks for nearly nothing
            // each time would be asked without a pause.
            Retry::BackOff | Retry::After(_) => {
                Some(doubled.min(self.most).mul_f64(self.random.random_range(0.5..=1.0)))
            }
        }
    }

    /// `duration` or up to a tenth more.
    pub(crate) fn later(&mut self, duration: Duration) -> Duration {
        duration.mul_f64(self.random.random_range(1.0..=1.1))
    }
}

/// A seed for one named part, from the seed of the whole (FNV-1a: any stable spread will do).
pub(crate) fn seed_for(seed: u64, name: &str) -> u64 {
    name.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::FailureKind;

    #[test]
    fn delays_grow_to_a_limit_and_reset() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), 7);
        let failure = Failure::new(FailureKind::Timeout, "late");
        let delays: Vec<f64> = (0..20).filter_map(|_| backoff.delay(&failure)).map(|d| d.as_secs_f64()).collect();
        assert!((0.5..=1.0).contains(&delays[0]) && (2.0..=4.0).contains(&delays[2]), "{delays:?}");
        assert!(delays[10..].iter().all(|delay| (30.0..=60.0).contains(delay)), "{delays:?}");
        backoff.reset();
        assert!(backoff.delay(&failure).is_some_and(|delay| delay <= Duration::from_secs(1)));
    }

    #[test]
    fn what_was_asked_for_is_the_least() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), 7);
        let asked = Failure::new(FailureKind::RateLimited, "slow down").after(Duration::from_secs(300));
        assert!(backoff.delay(&asked).is_some_and(|delay| delay >= Duration::from_secs(300)));
        assert_eq!(backoff.delay(&Failure::fatal(FailureKind::Config, "no")), None);
    }

    #[test]
    fn who_asks_for_nothing_is_asked_less_and_less_often() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30), 7);
        let asked = Failure::new(FailureKind::RateLimited, "slow down").after(Duration::ZERO);
        let all: Duration = (0..20).filter_map(|_| backoff.delay(&asked)).sum();
        assert!(all > Duration::from_secs(120), "{all:?}");
    }
}
