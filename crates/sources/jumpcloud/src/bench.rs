//! What the benchmarks reach into. Not part of the interface.

use crate::dedupe::Dedupe;
use crate::id_key::{HashKey, IdKey};

/// How many rows a page has.
pub fn split(text: &[u8]) -> usize {
    crate::page::split(text).map_or(0, |rows| rows.len())
}

/// Known ids, spread over a usual overlap.
pub struct Ids {
    known: Dedupe,
    many: u64,
    at: u64,
}

const SLICES: u64 = 14;

impl Ids {
    /// So many of them.
    pub fn new(many: u64) -> Self {
        let mut known = Dedupe::new(&HashKey([5; 16]));
        for number in 0..many {
            known.insert(key(number), slice(number));
        }
        known.write(&mut adr_core::Checkpoint::default());
        Self { known, many, at: 0 }
    }

    /// Finds one that is known.
    pub fn known(&mut self) -> bool {
        self.at = (self.at + 7919) % self.many;
        self.known.find(&key(self.at), slice(self.at)) == crate::dedupe::Known::Yes
    }

    /// Does not find one that is not.
    pub fn unknown(&mut self) -> bool {
        self.at += 7919;
        self.known.find(&key(self.at + (1 << 40)), slice(self.at)) == crate::dedupe::Known::No
    }
}

fn slice(number: u64) -> i64 {
    (number % SLICES).cast_signed()
}

fn key(number: u64) -> IdKey {
    let mut key = [1; 17];
    key[5..13].copy_from_slice(&number.to_be_bytes());
    key
}
