use adr_core::Timestamp;

use super::auth::Scope;
use super::query::EventQuery;
use crate::Directory;
use crate::knobs::{Compare, Knobs};
use crate::store::{Head, Key, Store};

/// The rows that a query finds, in its order, one after another.
pub(super) struct Selection<'a> {
    parts: Vec<Part<'a>>,
    query: &'a EventQuery,
    knobs: &'a Knobs,
    now: Timestamp,
    oldest: Timestamp,
    text: Vec<u8>,
}

/// What is left of one tenant's rows: `low..high`.
struct Part<'a> {
    store: &'a Store,
    low: u64,
    high: u64,
}

/// One row found.
pub(super) struct Found<'a> {
    pub(super) store: &'a Store,
    pub(super) index: u64,
    pub(super) head: Head<'a>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(directory: &'a Directory, scope: &Scope, query: &'a EventQuery, now: Timestamp) -> Self {
        let knobs = &directory.knobs;
        let stores = scope.organizations.iter().map(|org| &directory.organizations[org.0].store);
        let stores = stores.chain(scope.providers.iter().map(|provider| &directory.providers[*provider].store));
        let oldest = knobs.retention.map_or(Timestamp::from_nanos(i64::MIN), |kept| now.minus(kept));
        let parts = stores.map(|store| Part::new(store, query, knobs)).filter(|part| part.low < part.high).collect();
        Self { parts, query, knobs, now, oldest, text: Vec::new() }
    }

    /// The next row in order, wanted or not.
    fn step(&mut self) -> Option<(&'a Store, u64)> {
        let descending = self.query.descending;
        let mut best = 0;
        if self.parts.len() > 1 {
            let keys = self.parts.iter().map(|part| part.store.key(if descending { part.high - 1 } else { part.low }));
            let keys = keys.enumerate();
            let found = if descending { keys.max_by_key(|(_, key)| *key) } else { keys.min_by_key(|(_, key)| *key) };
            best = found?.0;
        }
        let part = self.parts.get_mut(best)?;
        let store = part.store;
        let index = if descending { part.high - 1 } else { part.low };
        if descending {
            part.high -= 1
        } else {
            part.low += 1
        }
        if part.low == part.high {
            self.parts.swap_remove(best);
        }
        Some((store, index))
    }

    fn wants(&mut self, store: &Store, index: u64, head: &Head<'_>) -> bool {
        let query = self.query;
        let is_in_time = head.visible_at <= self.now
            && head.timestamp >= self.oldest
            && (self.knobs.compare == Compare::Millis || exactly_within(head.timestamp, query, self.knobs));
        if !is_in_time
            || !query.services.cover(head.service, self.knobs)
            || (query.without_provider && head.provider_level)
        {
            return false;
        }
        query.filter.passes_all() || {
            self.text.clear();
            store.text(index).append_to(&mut self.text);
            query.filter.passes(&self.text)
        }
    }
}

impl<'a> Iterator for Selection<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        loop {
            let (store, index) = self.step()?;
            let head = store.head(index);
            if self.wants(store, index, &head) {
                return Some(Found { store, index, head });
            }
        }
    }
}

impl<'a> Part<'a> {
    fn new(store: &'a Store, query: &EventQuery, knobs: &Knobs) -> Self {
        let start = query.start.as_millis();
        let mut low = store.partition(|key| key.millis < start);
        let mut high = query.end.map_or(store.len(), |end| {
            let whole = knobs.end_inclusive || knobs.compare == Compare::Nanos;
            store.partition(|key| key.millis < end.as_millis() || (whole && key.millis == end.as_millis()))
        });
        if let Some(cursor) = &query.after {
            let at = (cursor.millis, cursor.doc.as_bytes());
            let place = |key: &Key| (key.millis, &key.doc[..]).cmp(&at);
            if query.descending {
                high = high.min(store.partition(|key| place(key).is_lt()));
            } else {
                low = low.max(store.partition(|key| place(key).is_le()));
            }
        }
        Self { store, low, high }
    }
}

fn exactly_within(time: Timestamp, query: &EventQuery, knobs: &Knobs) -> bool {
    time >= query.start && query.end.is_none_or(|end| time < end || (knobs.end_inclusive && time == end))
}
