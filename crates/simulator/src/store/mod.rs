//! Where a tenant's events are: kept texts, or a rule that writes them when asked.

mod files;
mod generated;
mod stored;

pub use files::ReplayError;
pub(crate) use files::rows_of_text;
pub use generated::{Generated, Span, Twists};
pub(crate) use stored::{Row, Stored};

use std::sync::Arc;

use adr_core::Timestamp;

use crate::body::Piece;

/// The opaque id of an index row: 20 characters, not the event's id.
pub(crate) type DocId = [u8; 20];

/// What the API sorts by: the timestamp's millisecond, then the row's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) millis: i64,
    pub(crate) doc: DocId,
}

/// What a query looks at before it needs the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) key: Key,
    pub(crate) timestamp: Timestamp,
    pub(crate) visible_at: Timestamp,
    pub(crate) service: Option<&'a str>,
    pub(crate) event_type: Option<&'a str>,
    pub(crate) provider_level: bool,
}

/// One row of the ledger: what is true about an event, whatever the API answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The event's id; two rows may share one, and some events have none.
    pub id: Option<String>,
    /// When it happened, as its text says.
    pub timestamp: Timestamp,
    /// From when on the API returns it.
    pub visible_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) enum Store {
    Stored(Stored),
    Generated(Arc<Generated>),
}

impl Default for Store {
    fn default() -> Self {
        Self::Stored(Stored::default())
    }
}

impl Store {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Stored(rows) => rows.len(),
            Self::Generated(rows) => rows.len(),
        }
    }

    pub(crate) fn key(&self, index: u64) -> Key {
        match self {
            Self::Stored(rows) => rows.row(index).key,
            Self::Generated(rows) => rows.key(index),
        }
    }

    pub(crate) fn head(&self, index: u64) -> Head<'_> {
        match self {
            Self::Stored(rows) => rows.row(index).head(),
            Self::Generated(rows) => rows.head(index),
        }
    }

    pub(crate) fn text(&self, index: u64) -> Piece {
        match self {
            Self::Stored(rows) => Piece::Text(rows.row(index).text.clone()),
            Self::Generated(rows) => Piece::Row(Arc::clone(rows), index),
        }
    }

    pub(crate) fn ledger_entry(&self, index: u64) -> LedgerEntry {
        match self {
            Self::Stored(rows) => rows.row(index).ledger_entry(),
            Self::Generated(rows) => rows.ledger_entry(index),
        }
    }

    /// The rows that are kept as texts; generated ones are given up for them.
    pub(crate) fn stored(&mut self) -> &mut Stored {
        if matches!(self, Self::Generated(_)) {
            *self = Self::default();
        }
        match self {
            Self::Stored(rows) => rows,
            Self::Generated(_) => unreachable!("replaced above"),
        }
    }

    /// The first row for which `is_before` is false; rows are in key order.
    pub(crate) fn partition(&self, mut is_before: impl FnMut(&Key) -> bool) -> u64 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(&self.key(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }
}
