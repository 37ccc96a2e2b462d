//! Which address is tried, and when again. Pure: it is told what happened and when.

use std::time::Duration;

use adr_core::{Failure, FailureKind};
use tokio::time::Instant;

use crate::Address;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The addresses in order of preference, each with its health.
#[derive(Debug)]
pub(crate) struct Failover {
    targets: Vec<Target>,
    seed: u64,
}

#[derive(Debug)]
struct Target {
    address: Address,
    /// What went wrong last, until the address has proven itself.
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    why: String,
    /// In a row.
    failures: u32,
    /// Not tried before.
    gate: Instant,
}

impl Failover {
    /// `seed` spreads the attempts of several senders.
    pub(crate) fn new(addresses: &[Address], seed: u64) -> Self {
        let targets = addresses.iter().map(|address| Target { address: address.clone(), trouble: None }).collect();
        Self { targets, seed }
    }

    pub(crate) fn address(&self, index: usize) -> &Address {
        &self.targets[index].address
    }

    /// Those that may be tried now, the best first.
    pub(crate) fn open(&self, now: Instant) -> Vec<usize> {
        let is_open = |target: &Target| target.trouble.as_ref().is_none_or(|trouble| trouble.gate <= now);
        (0..self.targets.len()).filter(|index| is_open(&self.targets[*index])).collect()
    }

    /// No connection was made, or it did not last: not again before a delay that grows.
    pub(crate) fn failed(&mut self, index: usize, now: Instant, why: String) {
        let failures = self.targets[index].trouble.as_ref().map_or(0, |trouble| trouble.failures) + 1;
        let gate = now + self.delay(index, failures);
        self.targets[index].trouble = Some(Trouble { why, failures, gate });
    }

    /// A connection has lasted: the address is good.
    pub(crate) fn proven(&mut self, index: usize) {
        self.targets[index].trouble = None;
    }

    /// Why an address is not in use.
    pub(crate) fn why(&self, index: usize) -> Option<&str> {
        self.targets[index].trouble.as_ref().map(|trouble| trouble.why.as_str())
    }

    /// What is to be said when none is left to try.
    pub(crate) fn failure(&self, now: Instant) -> Failure {
        let troubles = self.targets.iter().filter_map(|target| Some((&target.address, target.trouble.as_ref()?)));
        let all: Vec<String> =
            troubles.clone().map(|(address, trouble)| format!("{address}: {}", trouble.why)).collect();
        let wait = troubles.map(|(_, trouble)| trouble.gate.saturating_duration_since(now)).min().unwrap_or(FIRST);
        Failure::new(FailureKind::Unreachable, format!("no connection to the CCE: {}", all.join("; "))).after(wait)
    }

    /// Doubles up to the longest; spread over the upper half of it.
    fn delay(&self, index: usize, failures: u32) -> Duration {
        let whole = FIRST.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST);
        let share = mixed(self.seed ^ mixed(index as u64) ^ u64::from(failures)) % 1000;
        whole / 2 + whole / 2 * u32::try_from(share).unwrap_or(0) / 1000
    }
}

/// SplitMix64: neighbours become strangers.
fn mixed(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use adr_core::Retry;

    use super::*;

    fn three(seed: u64) -> Failover {
        let address = |host: &str| host.parse().unwrap();
        Failover::new(&[address("192.0.2.1"), address("192.0.2.2:6514"), address("[2001:db8::3]")], seed)
    }

    /// How long the address rests after each of its failures in a row.
    fn rests(failover: &mut Failover, index: usize, count: usize) -> Vec<Duration> {
        let mut now = Instant::now();
        let rest = |_| {
            failover.failed(index, now, "refused".to_owned());
            let gate = failover.targets[index].trouble.as_ref().unwrap().gate;
            assert!(!failover.open(gate - Duration::from_nanos(1)).contains(&index));
            assert!(failover.open(gate).contains(&index));
            gate - std::mem::replace(&mut now, gate)
        };
        (0..count).map(rest).collect()
    }

    #[test]
    fn the_rest_doubles_from_half_a_second_to_half_a_minute_and_is_spread() {
        let spread = |seed| rests(&mut three(seed), 0, 12);
        for seed in 0..50 {
            let mut whole = FIRST;
            for rest in spread(seed) {
                assert!(rest >= whole / 2 && rest <= whole, "{rest:?} of {whole:?}");
                whole = (whole * 2).min(LONGEST);
            }
        }
        assert_eq!(spread(7), spread(7));
        assert_ne!(spread(7), spread(8));
    }

    #[test]
    fn addresses_are_tried_in_their_order_without_those_that_rest() {
        let (mut failover, now) = (three(1), Instant::now());
        assert_eq!(failover.open(now), [0, 1, 2]);
        failover.failed(1, now, "refused".to_owned());
        assert_eq!(failover.open(now), [0, 2]);
        assert_eq!(failover.open(now + FIRST), [0, 1, 2]);
        failover.failed(0, now, "no route".to_owned());
        failover.failed(2, now, "expired".to_owned());
        assert!(failover.open(now).is_empty());
        failover.proven(1);
        assert_eq!(failover.open(now), [1]);
    }

    #[test]
    fn an_address_that_was_proven_starts_with_a_short_rest_again() {
        let (mut failover, now) = (three(1), Instant::now());
        for _ in 0..10 {
            failover.failed(0, now, "refused".to_owned());
        }
        assert!(!failover.open(now + Duration::from_secs(10)).contains(&0));
        failover.proven(0);
        failover.failed(0, now, "refused".to_owned());
        assert!(failover.open(now + FIRST).contains(&0));
    }

    #[test]
    fn the_failure_names_every_address_and_comes_back_for_the_first_that_may_be_tried() {
        let (mut failover, now) = (three(1), Instant::now());
        for _ in 0..8 {
            failover.failed(0, now, "connection refused".to_owned());
        }
        failover.failed(1, now, "no route".to_owned());
        failover.failed(2, now, "expired".to_owned());
        let failure = failover.failure(now);
        assert_eq!(
            failure.message,
            "no connection to the CCE: 192.0.2.1:514: connection refused; 192.0.2.2:6514: no route; \
             [2001:db8::3]:514: expired"
        );
        let Retry::After(wait) = failure.retry else { panic!("{failure:?}") };
        assert!(wait <= FIRST && wait >= FIRST / 2);
        assert!(!failover.open(now + wait).is_empty(), "coming back then is not in vain");
    }
}
