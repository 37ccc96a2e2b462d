use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// One in so long.
const WINDOW: Duration = Duration::from_secs(10);
/// Different messages that are remembered at a time; more pass unlimited.
const KEYS: usize = 4096;

/// Lets a message through once in ten seconds and counts the rest.
#[derive(Debug)]
pub(crate) struct Limit<K, T> {
    seen: HashMap<K, Seen<T>>,
    last_sweep: Option<Instant>,
}

#[derive(Debug)]
struct Seen<T> {
    since: Instant,
    suppressed: u64,
    last: Option<T>,
}

impl<K: Hash + Eq, T> Limit<K, T> {
    pub(crate) fn new() -> Self {
        Self { seen: HashMap::new(), last_sweep: None }
    }

    /// `None` if the message is to be suppressed; `keep` is then kept to be told later. Else how many like it were
    /// suppressed before it.
    pub(crate) fn admit(&mut self, key: K, now: Instant, keep: impl FnOnce() -> T) -> Option<u64> {
        if let Some(seen) = self.seen.get_mut(&key) {
            if now.duration_since(seen.since) < WINDOW {
                seen.suppressed += 1;
                seen.last = Some(keep());
                return None;
            }
            let suppressed = std::mem::take(&mut seen.suppressed);
            *seen = Seen { since: now, suppressed: 0, last: None };
            return Some(suppressed);
        }
        if self.seen.len() < KEYS {
            self.seen.insert(key, Seen { since: now, suppressed: 0, last: None });
        }
        Some(0)
    }

    /// The messages whose ten seconds are over and that were suppressed meanwhile, with their counts. Looked for
    /// once in ten seconds, or at once if this is the end.
    pub(crate) fn overdue(&mut self, now: Instant, end: bool) -> Vec<(T, u64)> {
        let last = *self.last_sweep.get_or_insert(now);
        if !end && now.duration_since(last) < WINDOW {
            return Vec::new();
        }
        self.last_sweep = Some(now);
        let over = self.seen.extract_if(|_, seen| end || now.duration_since(seen.since) >= WINDOW);
        over.filter_map(|(_, seen)| Some((seen.last?, seen.suppressed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_seconds_and_then_how_many_there_were() {
        let mut limit = Limit::new();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limit.admit("a", at(0), || 0), Some(0));
        assert_eq!(limit.admit("a", at(1), || 1), None);
        assert_eq!(limit.admit("b", at(2), || 0), Some(0), "another message");
        assert_eq!(limit.admit("a", at(9), || 2), None);
        assert_eq!(limit.admit("a", at(10), || 0), Some(2));
        assert_eq!(limit.admit("a", at(11), || 0), None, "a new window began");
        assert_eq!(limit.admit("a", at(21), || 0), Some(1));
        assert_eq!(limit.admit("a", at(31), || 0), Some(0));
    }

    #[test]
    fn what_does_not_come_again_is_told_all_the_same() {
        let mut limit = Limit::new();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(limit.overdue(at(0), false).is_empty());
        limit.admit("a", at(0), || "first");
        limit.admit("a", at(1), || "second");
        limit.admit("a", at(2), || "third");
        limit.admit("quiet", at(2), || "quiet");
        assert!(limit.overdue(at(9), false).is_empty());
        assert_eq!(limit.overdue(at(12), false), [("third", 2)]);
        assert!(limit.overdue(at(30), false).is_empty(), "told once");
        limit.admit("a", at(31), || "");
        limit.admit("a", at(32), || "last");
        assert_eq!(limit.overdue(at(32), true), [("last", 1)], "at the end nothing is kept back");
    }

    #[test]
    fn memory_is_bounded_and_no_new_message_is_lost_for_it() {
        let mut limit = Limit::new();
        let now = Instant::now();
        for key in 0..10_000 {
            assert_eq!(limit.admit(key, now, || ()), Some(0));
        }
        assert_eq!(limit.seen.len(), KEYS);
    }
}
