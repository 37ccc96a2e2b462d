//! How often somebody may try to sign in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{Clock, Timestamp};

use super::peer::network;

/// So many names, and so many addresses, are remembered.
const MOST: usize = 4096;
/// After so long without an attempt all is forgiven.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// What a name may do. It waits a minute at most: whoever fails on purpose must not keep its owner out for long.
const NAME: Allowance = Allowance { free: 4, longest: Duration::from_mins(1) };
/// What an address may do, behind which many people may be.
const ADDRESS: Allowance = Allowance { free: 10, longest: Duration::from_mins(5) };

/// Attempts to sign in, counted by name and by address. Nothing here concerns who is signed in.
pub(crate) struct Attempts {
    clock: Arc<dyn Clock>,
    kept: Mutex<(Tally<String>, Tally<IpAddr>)>,
}

#[derive(Clone, Copy)]
struct Allowance {
    /// Failures in a row that cost nothing. Each further one doubles the wait for the next attempt, from a second on,
    free: u32,
    /// to so long.
    longest: Duration,
}

struct Tally<K> {
    allowance: Allowance,
    kept: HashMap<K, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Attempts {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let tallies = (Tally::new(NAME), Tally::new(ADDRESS));
        Self { clock, kept: Mutex::new(tallies) }
    }

    /// Lets an attempt through, or says how long to wait for the next. It counts as failed until it is [forgiven](Self::forgive),
    /// so that of many at once no more are let through than of many in a row.
    pub(crate) fn admit(&self, name: &str, from: IpAddr) -> Result<(), Duration> {
        let (name, from, now) = (name.to_ascii_lowercase(), network(from), self.clock.now());
        let (names, addresses) = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = names.wait(&name, now).max(addresses.wait(&from, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        names.count(name, now);
        addresses.count(from, now);
        Ok(())
    }

    /// The attempt was right. The name begins anew; of the address only this attempt is taken back, or one good password
    /// would be worth any number of guesses.
    pub(crate) fn forgive(&self, name: &str, from: IpAddr) {
        let (names, addresses) = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        names.kept.remove(&name.to_ascii_lowercase());
        if let Some(failures) = addresses.kept.get_mut(&network(from)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

impl<K: std::hash::Hash + Eq + Clone> Tally<K> {
    fn new(allowance: Allowance) -> Self {
        Self { allowance, kept: HashMap::new() }
    }

    fn wait(&self, key: &K, now: Timestamp) -> Duration {
        let Some(failures) = self.kept.get(key).filter(|failures| !failures.are_forgotten(now)) else {
            return Duration::ZERO;
        };
        self.allowance.delay(failures.count).saturating_sub(now.since(failures.last))
    }

    fn count(&mut self, key: K, now: Timestamp) {
        if !self.kept.contains_key(&key) && self.kept.len() >= MOST {
            self.make_room(now);
        }
        let failures = self.kept.entry(key).or_insert(Failures { count: 0, last: now });
        let before = if failures.are_forgotten(now) { 0 } else { failures.count };
        *failures = Failures { count: before.saturating_add(1), last: now };
    }

    /// Forgets whoever failed least: made-up names cannot push out one that is being guessed at.
    fn make_room(&mut self, now: Timestamp) {
        self.kept.retain(|_, failures| !failures.are_forgotten(now));
        if self.kept.len() >= MOST {
            let least = self.kept.iter().min_by_key(|(_, failures)| (failures.count, failures.last));
            let least = least.map(|(key, _)| key.clone());
            least.map(|key| self.kept.remove(&key));
        }
    }
}

impl Allowance {
    fn delay(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << more.min(32)).min(self.longest),
        }
    }
}

impl Failures {
    fn are_forgotten(self, now: Timestamp) -> bool {
        now.since(self.last) >= FORGOTTEN
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::web::tests::Hand;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Fails from another address each time.
    fn fail(attempts: &Attempts, name: &str, count: u8) {
        for index in 0..count {
            assert!(attempts.admit(name, address(&format!("192.0.2.{index}"))).is_ok());
        }
    }

    #[test]
    fn a_name_waits_twice_as_long_after_each_failure_up_to_a_minute() {
        let hand = Hand::new();
        let attempts = Attempts::new(hand.clock());
        fail(&attempts, "jane", 4);
        let other = address("198.51.100.1");
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(attempts.admit("Jane", other), Err(wait), "an attempt that waits costs nothing");
            hand.pass(wait - Duration::from_millis(1));
            assert_eq!(attempts.admit("jane", other), Err(Duration::from_millis(1)));
            hand.pass(Duration::from_millis(1));
            assert_eq!(attempts.admit("jane", address(&format!("203.0.113.{seconds}"))), Ok(()));
        }
        assert_eq!(attempts.admit("joe", other), Ok(()), "somebody else");
    }

    #[test]
    fn an_address_waits_whatever_names_it_tries() {
        let hand = Hand::new();
        let attempts = Attempts::new(hand.clock());
        for index in 0..10 {
            let from = address(&format!("2001:db8::{index}"));
            assert_eq!(attempts.admit(&format!("name{index}"), from), Ok(()));
        }
        assert_eq!(attempts.admit("another", address("2001:db8::99")), Err(Duration::from_secs(1)), "the same network");
        assert_eq!(attempts.admit("another", address("2001:db8:0:1::1")), Ok(()));
        hand.pass(Duration::from_secs(1));
        attempts.forgive("name1", address("2001:db8::1"));
        assert_eq!(attempts.admit("jane", address("2001:db8::1")), Ok(()));
        attempts.forgive("jane", address("2001:db8::1"));
        assert_eq!(attempts.admit("another", address("2001:db8::1")), Ok(()), "one was taken back");
        assert!(attempts.admit("another", address("2001:db8::1")).is_err(), "and no more than one");
    }

    #[test]
    fn who_was_right_begins_anew_and_an_hour_forgives() {
        let hand = Hand::new();
        let attempts = Attempts::new(hand.clock());
        fail(&attempts, "jane", 4);
        attempts.forgive("jane", address("192.0.2.3"));
        fail(&attempts, "jane", 4);
        assert!(attempts.admit("jane", address("198.51.100.1")).is_err());
        hand.pass(FORGOTTEN);
        fail(&attempts, "jane", 4);
    }

    #[test]
    fn made_up_names_neither_fill_the_memory_nor_push_out_a_name_that_is_guessed_at() {
        let hand = Hand::new();
        let attempts = Attempts::new(hand.clock());
        fail(&attempts, "jane", 4);
        hand.pass(Duration::from_millis(1));
        for index in 0..2 * MOST {
            let from = Ipv6Addr::from_bits((0x2001_0db8 << 96) | ((index as u128) << 64));
            assert!(attempts.admit(&format!("name{index}"), from.into()).is_ok());
        }
        let kept = attempts.kept.lock().unwrap();
        assert_eq!((kept.0.kept.len(), kept.1.kept.len()), (MOST, MOST));
        drop(kept);
        assert!(attempts.admit("jane", address("198.51.100.1")).is_err());
    }
}
