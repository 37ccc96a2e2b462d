use std::sync::Arc;
use std::time::Duration;

use adr_core::Timestamp;

use super::stored::Row;
use super::{DocId, Head, Key, LedgerEntry};
use crate::generator::{Draft, EventGenerator};
use crate::random::{is_in_share, mix};

/// Events by rule: row `i` is a pure function of the seed and `i`, and nothing of it is kept.
///
/// Rows share the span evenly, each somewhere in its part of it. An event is visible once its time has come, so a
/// span that reaches into the future is a live tenant.
#[derive(Clone, Debug)]
pub struct Generated {
    generator: Arc<EventGenerator>,
    organization: String,
    /// Where this tenant's events begin among the generator's.
    first: u64,
    count: u64,
    span: Span,
    twists: Twists,
}

/// From when to when events happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Not before this.
    pub start: Timestamp,
    /// Before this.
    pub end: Timestamp,
}

/// What is peculiar about generated events; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Twists {
    /// Every event becomes visible so much later than it happened.
    pub latency: Duration,
    /// This share of events becomes visible later still.
    pub late_share: f64,
    /// By so much.
    pub late_by: Duration,
    /// This share of rows is the event of the row before, once more.
    pub duplicate_share: f64,
    /// This share of events, the last ones, carries a timestamp ahead of the time it appears at.
    pub future_share: f64,
    /// By so much.
    pub future_by: Duration,
    /// Of each `burst_every` events ...
    pub burst_every: u64,
    /// ... so many happen in the same millisecond.
    pub burst_size: u64,
}

/// What is decided about a row before its text.
struct Plan {
    draft: Draft,
    /// When it happens.
    raw: Timestamp,
    /// What its text says about that.
    time: Timestamp,
    is_late: bool,
}

impl Generated {
    /// `count` events of an organization (at most 2^32). Tenants that share a generator get different events by
    /// their `tenant` number.
    pub fn new(generator: Arc<EventGenerator>, tenant: u32, organization: &str, count: u64, span: Span) -> Self {
        let count = count.min(u64::from(u32::MAX));
        let end = span.end.max(span.start);
        Self {
            generator,
            organization: organization.to_owned(),
            first: u64::from(tenant) << 32,
            count,
            span: Span { start: span.start, end },
            twists: Twists::default(),
        }
    }

    /// The same with these peculiarities.
    #[must_use]
    pub fn with_twists(mut self, twists: Twists) -> Self {
        self.twists = twists;
        self
    }

    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends the text of a row.
    pub fn write_text(&self, index: u64, out: &mut Vec<u8>) {
        let plan = self.plan(index);
        self.generator.write_draft(&plan.draft, plan.time, &self.organization, out);
    }

    /// A row as (text, timestamp, visible_at), to insert into a world of one's own.
    pub fn event(&self, index: u64) -> (Vec<u8>, Timestamp, Timestamp) {
        let plan = self.plan(index);
        let mut text = Vec::with_capacity(2048);
        self.generator.write_draft(&plan.draft, plan.time, &self.organization, &mut text);
        let visible_at = self.visible_at(&plan);
        (text, plan.time, visible_at)
    }

    pub(crate) fn key(&self, index: u64) -> Key {
        // The key needs no more than the time, but the time depends on what happens.
        Key { millis: self.plan(index).time.as_millis(), doc: self.doc(index) }
    }

    pub(crate) fn head(&self, index: u64) -> Head<'_> {
        let plan = self.plan(index);
        Head {
            key: Key { millis: plan.time.as_millis(), doc: self.doc(index) },
            timestamp: plan.time,
            visible_at: self.visible_at(&plan),
            service: Some(plan.draft.service()),
            event_type: Some(plan.draft.event_type()),
            provider_level: false,
        }
    }

    pub(crate) fn ledger_entry(&self, index: u64) -> LedgerEntry {
        let (text, timestamp, visible_at) = self.event(index);
        Row::new(text.into(), timestamp, visible_at, self.doc(index)).ledger_entry()
    }

    /// Row ids that follow the rows' order, so that order holds inside a millisecond.
    fn doc(&self, index: u64) -> DocId {
        const DIGITS: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        let number = self.first + index;
        let hash = mix(number);
        std::array::from_fn(|at| match at {
            0..11 => DIGITS[(number >> (60 - 6 * at)) as usize & 63],
            _ => DIGITS[(hash >> (6 * (at - 11))) as usize & 63],
        })
    }

    fn plan(&self, index: u64) -> Plan {
        let mut row = index;
        while row > 0 && self.twists.duplicate_share > 0.0 && self.is_in(row, 1, self.twists.duplicate_share) {
            row -= 1;
        }
        let number = self.first + row;
        let mut draft = self.generator.draft(number);
        let (mut raw, begin, end) = self.place(row);
        if draft.needs_whole_second() {
            match whole_second(begin, end) {
                Some(second) => raw = second,
                None => draft = draft.anywhere(),
            }
        }
        let mut time = raw;
        if self.twists.future_share > 0.0 && row >= self.first_of_the_future() {
            time = time.plus(self.twists.future_by);
        }
        time = self.generator.cut(&draft, time);
        let is_late = self.twists.late_share > 0.0 && self.is_in(row, 2, self.twists.late_share);
        Plan { draft, raw, time, is_late }
    }

    fn visible_at(&self, plan: &Plan) -> Timestamp {
        let late = if plan.is_late { self.twists.late_by } else { Duration::ZERO };
        plan.raw.plus(self.twists.latency).plus(late)
    }

    /// When a row happens, and its part of the span.
    fn place(&self, row: u64) -> (Timestamp, Timestamp, Timestamp) {
        let every = self.twists.burst_every;
        let in_burst = if every > 0 && row % every < self.twists.burst_size { row % every } else { 0 };
        let is_burst = every > 0 && row % every < self.twists.burst_size;
        let (begin, end) = self.part(row - in_burst);
        let width = end.as_nanos().saturating_sub(begin.as_nanos()).max(0).unsigned_abs();
        let raw = begin.plus(Duration::from_nanos(scale(mix(self.first + row - in_burst), width)));
        if !is_burst {
            return (raw, begin, end);
        }
        let millis = raw.floor_to_millis();
        let raw = millis.plus(Duration::from_nanos(scale(mix(!row), 1_000_000)));
        (raw, millis, millis.plus(Duration::from_nanos(1)))
    }

    fn part(&self, row: u64) -> (Timestamp, Timestamp) {
        let width = self.span.end.as_nanos().saturating_sub(self.span.start.as_nanos()).unsigned_abs();
        // Both products fit: rows and count are below 2^32, the remainder is below the count.
        let (step, rest) = (width / self.count.max(1), width % self.count.max(1));
        let at = |row: u64| self.span.start.plus(Duration::from_nanos(step * row + rest * row / self.count.max(1)));
        (at(row), at(row + 1))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of fewer than 2^32 rows"
    )]
    fn first_of_the_future(&self) -> u64 {
        (self.count as f64 * (1.0 - self.twists.future_share)) as u64
    }

    fn is_in(&self, row: u64, what: u64, share: f64) -> bool {
        is_in_share(mix(mix(self.first + row) ^ what), share)
    }
}

/// A number below `width`, by a hash.
fn scale(hash: u64, width: u64) -> u64 {
    ((u128::from(hash) * u128::from(width)) >> 64) as u64
}

/// The first whole second in `begin..end`.
fn whole_second(begin: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let second = -(-begin.as_nanos()).div_euclid(1_000_000_000);
    Some(Timestamp::from_secs(second)).filter(|time| *time < end)
}
