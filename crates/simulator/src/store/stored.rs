use adr_core::Timestamp;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

use super::{DocId, Head, Key, LedgerEntry};

/// Events kept as texts, in key order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) text: Bytes,
    timestamp: Timestamp,
    visible_at: Timestamp,
    id: Option<Box<str>>,
    service: Option<Box<str>>,
    event_type: Option<Box<str>>,
    provider_level: bool,
}

impl Stored {
    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "an index of a Vec")]
    pub(crate) fn row(&self, index: u64) -> &Row {
        &self.rows[index as usize]
    }

    pub(crate) fn insert(&mut self, row: Row) {
        let at = self.rows.partition_point(|other| other.key <= row.key);
        self.rows.insert(at, row);
    }

    pub(crate) fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.rows.extend(rows);
        self.rows.sort_by_key(|row| row.key);
    }
}

impl Row {
    pub(crate) fn new(text: Bytes, timestamp: Timestamp, visible_at: Timestamp, doc: DocId) -> Self {
        let facts = Facts::of(&text);
        let key = Key { millis: timestamp.as_millis(), doc };
        Self {
            key,
            timestamp,
            visible_at,
            id: string(facts.id),
            service: string(facts.service),
            event_type: string(facts.event_type),
            provider_level: false,
            text,
        }
    }

    pub(crate) fn at_provider_level(mut self) -> Self {
        self.provider_level = true;
        self
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            key: self.key,
            timestamp: self.timestamp,
            visible_at: self.visible_at,
            service: self.service.as_deref(),
            event_type: self.event_type.as_deref(),
            provider_level: self.provider_level,
        }
    }

    pub(crate) fn ledger_entry(&self) -> LedgerEntry {
        LedgerEntry {
            id: self.id.as_deref().map(str::to_owned),
            timestamp: self.timestamp,
            visible_at: self.visible_at,
        }
    }
}

/// What the index knows of a text. A text that is no object has no facts: worlds may hold broken events.
#[derive(Default, Deserialize)]
pub(super) struct Facts<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<&'a RawValue>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        serde_json::from_slice(text).unwrap_or_default()
    }
}

fn string(value: Option<&RawValue>) -> Option<Box<str>> {
    serde_json::from_str::<Cow<'_, str>>(value?.get()).ok().map(Into::into)
}

/// The timestamp that a text carries.
pub(super) fn timestamp_of(text: &[u8]) -> Option<Timestamp> {
    let value = Facts::of(text).timestamp?.get();
    Timestamp::parse(serde_json::from_str::<Cow<'_, str>>(value).ok()?.as_bytes()).ok()
}
