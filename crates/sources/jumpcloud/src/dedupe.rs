//! The ids of events that may be read again, in slices of event time.
//!
//! Durable as records, each a part of a slice: key `i`, slice, part; value, the [`IdKey`]s one after the other.
//! A part grows until it is [`FULL_PART`], then the next one begins: what a page writes is its own ids and at most
//! that much again for each slice it touches, and a slice has few parts however small the pages are. A slice whose
//! time will never be read again goes as a whole.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use adr_core::{Checkpoint, Failure, FailureKind, Timestamp};
use bytes::Bytes;

use crate::id_key::{HashKey, IdKey, KeyState};

/// The first byte of a part's key.
pub(crate) const PREFIX: u8 = b'i';

/// Millis of event time in a slice.
const SLICE_MILLIS: i64 = 600_000;

/// So many ids close a part: 4 KiB.
const FULL_PART: usize = 256;

/// Times further off than this share a slice for each [`BLOCK_MILLIS`], so that odd timestamps cannot make slices
/// without end.
const FAR: Duration = Duration::from_secs(24 * 3600);

const BLOCK_MILLIS: i64 = 366 * 86_400_000;

/// The ids that are known, of one lane.
pub(crate) struct Dedupe {
    slices: BTreeMap<i64, Slice>,
    /// Slices with ids that are not in a checkpoint yet.
    touched: Vec<i64>,
    state: KeyState,
}

struct Slice {
    ids: HashSet<IdKey, KeyState>,
    /// The ids of the part that still grows.
    growing: Vec<IdKey>,
    /// Its number; all before it are full.
    part: u32,
}

impl Dedupe {
    /// Nothing known.
    pub(crate) fn new(key: &HashKey) -> Self {
        Self { slices: BTreeMap::new(), touched: Vec::new(), state: KeyState::new(key) }
    }

    /// The slice of event time `time`, as seen at `now`: the one it lies in, or for a time that is far off, a later one.
    pub(crate) fn slice_of(time: Timestamp, now: Timestamp) -> i64 {
        let millis = time.as_millis();
        if time <= now.plus(FAR) {
            return millis.div_euclid(SLICE_MILLIS);
        }
        ((millis.div_euclid(BLOCK_MILLIS) + 1) * BLOCK_MILLIS - 1).div_euclid(SLICE_MILLIS)
    }

    /// Whether the id is known, and if so, whether for as long as `slice`.
    pub(crate) fn find(&self, key: &IdKey, slice: i64) -> Known {
        if self.slices.get(&slice).is_some_and(|at| at.ids.contains(key)) {
            return Known::Yes;
        }
        // The same id with another time, or an event whose time is illegible: rare, but no repeat either. Latest
        // first, as `slice_of` and positions only move on.
        let found = self.slices.iter().rev().find(|(_, at)| at.ids.contains(key));
        match found {
            None => Known::No,
            Some((at, _)) if *at < slice => Known::NotForLong,
            Some(_) => Known::Yes,
        }
    }

    /// A table for the ids of a page while it is looked through.
    pub(crate) fn page_ids(&self, rows: usize) -> HashSet<IdKey, KeyState> {
        HashSet::with_capacity_and_hasher(rows, self.state)
    }

    /// Remembers an id until its slice expires.
    pub(crate) fn insert(&mut self, key: IdKey, slice: i64) {
        let state = self.state;
        let at = self.slices.entry(slice).or_insert_with(|| Slice::new(state));
        if at.ids.insert(key) {
            at.growing.push(key);
            if self.touched.last() != Some(&slice) {
                self.touched.push(slice);
            }
        }
    }

    /// Whether there are ids that no checkpoint holds yet.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Writes what was inserted since the last call.
    pub(crate) fn write(&mut self, checkpoint: &mut Checkpoint) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for slice in touched {
            let Some(at) = self.slices.get_mut(&slice) else { continue };
            checkpoint.set(record_key(slice, at.part), at.growing.concat());
            if at.growing.len() >= FULL_PART {
                at.growing = Vec::new();
                at.part += 1;
            }
        }
    }

    /// Forgets the slices that end before `keep`, and removes their records. Only together with a checkpoint whose
    /// window starts no earlier than `keep`.
    pub(crate) fn expire(&mut self, keep: Timestamp, checkpoint: &mut Checkpoint) {
        while let Some(first) = self.slices.first_entry() {
            if (first.key() + 1).saturating_mul(SLICE_MILLIS) > keep.as_millis() {
                break;
            }
            let (slice, at) = first.remove_entry();
            for part in 0..at.parts() {
                checkpoint.remove(record_key(slice, part));
            }
        }
    }

    /// Takes in a record as it was written.
    pub(crate) fn load(&mut self, key: &[u8], value: &[u8]) -> Result<(), Failure> {
        let damaged = || {
            Failure::fatal(
                FailureKind::Storage,
                "the checkpoint's list of known ids is damaged: restore the state directory from a copy, or remove \
                 it to read again from `start`",
            )
        };
        let (slice, part) = parse_key(key).ok_or_else(damaged)?;
        let (ids, []) = value.as_chunks::<17>() else { return Err(damaged()) };
        let state = self.state;
        let at = self.slices.entry(slice).or_insert_with(|| Slice::new(state));
        at.ids.extend(ids);
        if part >= at.part {
            let full = ids.len() >= FULL_PART;
            at.part = if full { part + 1 } else { part };
            at.growing = if full { Vec::new() } else { ids.to_vec() };
        }
        Ok(())
    }

    /// How many ids are known.
    pub(crate) fn len(&self) -> usize {
        self.slices.values().map(|slice| slice.ids.len()).sum()
    }
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    Yes,
    /// Yes, but only until an earlier slice expires: to be inserted again.
    NotForLong,
}

impl Slice {
    fn new(state: KeyState) -> Self {
        Self { ids: HashSet::with_hasher(state), growing: Vec::new(), part: 0 }
    }

    fn parts(&self) -> u32 {
        self.part + u32::from(!self.growing.is_empty())
    }
}

/// Order-preserving, so that a lane's records come back slice by slice.
fn record_key(slice: i64, part: u32) -> Bytes {
    let mut key = Vec::with_capacity(13);
    key.push(PREFIX);
    key.extend_from_slice(&(slice ^ i64::MIN).to_be_bytes());
    key.extend_from_slice(&part.to_be_bytes());
    key.into()
}

fn parse_key(key: &[u8]) -> Option<(i64, u32)> {
    let (&[PREFIX], rest) = key.split_first_chunk::<1>()? else { return None };
    let (slice, part) = rest.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*slice) ^ i64::MIN, u32::from_be_bytes(part.try_into().ok()?)))
}

#[cfg(test)]
#[path = "dedupe_tests.rs"]
mod tests;
