//! What of an event's id is remembered: 17 bytes, whatever the id looks like.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::{BuildHasher, Hasher};

use crate::page::{Field, Row};

/// A tag, and 16 bytes that are the id itself where it fits and a keyed 128-bit hash of it where not.
pub(crate) type IdKey = [u8; 17];

/// The random key of a lane's hashes, drawn once and kept in its checkpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashKey(pub(crate) [u8; 16]);

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

const OBJECT_ID: u8 = 1;
const UPPER_UUID: u8 = 2;
const LOWER_UUID: u8 = 3;
const OTHER_TEXT: u8 = 4;
const NO_TEXT: u8 = 5;
const NO_ID: u8 = 6;

impl HashKey {
    /// The key of an event: from its id, or from its whole text if it has none.
    pub(crate) fn of(&self, row: &Row, text: &[u8]) -> IdKey {
        match row.raw(Field::Id, text) {
            None | Some(b"null" | b"\"\"") => self.hash(NO_ID, &text[row.body.clone()]),
            Some(raw) => match row.plain(Field::Id, text) {
                Some(inside) => self.of_text(&text[inside]),
                None => match serde_json::from_slice::<String>(raw) {
                    Ok(unescaped) => self.of_text(unescaped.as_bytes()),
                    Err(_) => self.hash(NO_TEXT, raw),
                },
            },
        }
    }

    fn of_text(&self, id: &[u8]) -> IdKey {
        let mut key = [0; 17];
        if id.len() == 24 && hex_into(id, b'a', &mut key[1..13]) {
            key[0] = OBJECT_ID;
            return key;
        }
        if let Some(digits) = uuid_digits(id) {
            for (tag, ten) in [(UPPER_UUID, b'A'), (LOWER_UUID, b'a')] {
                if hex_into(&digits, ten, &mut key[1..]) {
                    key[0] = tag;
                    return key;
                }
            }
        }
        self.hash(OTHER_TEXT, id)
    }

    fn hash(&self, tag: u8, text: &[u8]) -> IdKey {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(text);
        let mut key = [0; 17];
        key[0] = tag;
        key[1..].copy_from_slice(&hasher.finish128().as_bytes());
        key
    }
}

/// The 32 digits of a UUID in its usual form.
fn uuid_digits(id: &[u8]) -> Option<[u8; 32]> {
    if id.len() != 36 || [8, 13, 18, 23].iter().any(|at| id[*at] != b'-') {
        return None;
    }
    let mut digits = [0; 32];
    for (into, range) in [(0, 0..8), (8, 9..13), (12, 14..18), (16, 19..23), (20, 24..36)] {
        let part = &id[range];
        digits[into..into + part.len()].copy_from_slice(part);
    }
    Some(digits)
}

/// Packs hex digits of one case (`ten` is its digit for 10); false if another character is among them.
fn hex_into(digits: &[u8], ten: u8, out: &mut [u8]) -> bool {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => match digit.wrapping_sub(ten) {
            letter @ 0..=5 => letter + 10,
            _ => 0xff,
        },
    };
    let mut bad = 0;
    for (pair, byte) in digits.chunks_exact(2).zip(out) {
        let (high, low) = (value(pair[0]), value(pair[1]));
        bad |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    bad <= 0xf
}

/// Hashes [`IdKey`]s for the tables in memory: two multiplications, keyed so that nobody can choose collisions.
#[derive(Clone, Copy)]
pub(crate) struct KeyState(u64);

impl KeyState {
    pub(crate) fn new(key: &HashKey) -> Self {
        let mut half = [0; 8];
        half.copy_from_slice(&key.0[..8]);
        // Mixed, so that a key of a simple pattern does as well as a random one.
        Self(fold(fold(u64::from_le_bytes(half) ^ MIX, MIX), !MIX) | 1)
    }
}

impl BuildHasher for KeyState {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher { key: self.0, state: self.0 }
    }
}

pub(crate) struct KeyHasher {
    key: u64,
    state: u64,
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // An `IdKey`: the tag, and two words.
        if let Some((&[tag], words)) = bytes.split_first_chunk::<1>()
            && let Some((low, high)) = words.split_first_chunk::<8>()
            && let Some((high, [])) = high.split_first_chunk::<8>()
        {
            let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
            let state = fold(low ^ self.key, high ^ self.key.rotate_left(32) ^ u64::from(tag));
            // Once more: the table looks at the top bits and at the bottom bits.
            self.state = fold(state ^ state >> 29 ^ self.key, MIX ^ u64::from(tag));
        } else {
            self.state = bytes.iter().fold(self.state, |state, byte| fold(state ^ u64::from(*byte), MIX));
        }
    }

    fn write_usize(&mut self, _length: usize) {
        // All keys have one length.
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

#[expect(clippy::cast_possible_truncation, reason = "both halves are folded together")]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page;

    fn key(event: &str) -> IdKey {
        let text = format!("[{event}]");
        let rows = page::split(text.as_bytes()).expect("a page");
        HashKey([7; 16]).of(&rows[0], text.as_bytes())
    }

    #[test]
    fn an_object_id_is_kept_as_it_is() {
        let key = key(r#"{"id":"5a2af2a82cf2b0010053ea41"}"#);
        assert_eq!(key[..13], [1, 0x5a, 0x2a, 0xf2, 0xa8, 0x2c, 0xf2, 0xb0, 0x01, 0x00, 0x53, 0xea, 0x41]);
    }

    #[test]
    fn every_shape_of_id_has_a_key_of_its_own() {
        let shapes = [
            r#"{"id":"5a2af2a82cf2b0010053ea41"}"#,
            r#"{"id":"5A2AF2A82CF2B0010053EA41"}"#,
            r#"{"id":"5a2af2a82cf2b0010053ea4g"}"#,
            r#"{"id":"0DC4CBAE-8F3C-4D1B-9A67-0123456789AB"}"#,
            r#"{"id":"0dc4cbae-8f3c-4d1b-9a67-0123456789ab"}"#,
            r#"{"id":"0dc4cbae-8f3c-4d1b-9a67-0123456789AB"}"#,
            r#"{"id":"0dc4cbae8f3c4d1b9a670123456789ab"}"#,
            r#"{"id":42}"#,
            r#"{"id":"42"}"#,
            r#"{"id":["42"]}"#,
            r#"{"id":""}"#,
            r#"{"id":null}"#,
            r#"{"no":"id"}"#,
            r#"{"no":"id "}"#,
        ];
        let keys: std::collections::HashSet<IdKey> = shapes.iter().map(|event| key(event)).collect();
        assert_eq!(keys.len(), shapes.len());
    }

    #[test]
    fn an_escaped_id_is_the_same_id() {
        assert_eq!(key(r#"{"id":"5a2af2a82cf2b0010053ea41"}"#), key(r#"{"id":"5a2af2a82cf2b0010053ea4\u0031"}"#));
        assert_eq!(key(r#"{"id":"a/b"}"#), key(r#"{"id":"a\/b"}"#));
    }

    #[test]
    fn close_ids_spread_over_the_table() {
        let state = KeyState::new(&HashKey([9; 16]));
        let mut buckets = [0u32; 128];
        for count in 0u32..12_800 {
            let mut key = [0; 17];
            key[9..13].copy_from_slice(&count.to_be_bytes());
            buckets[usize::try_from(state.hash_one(key) >> 57).expect("seven bits")] += 1;
        }
        assert!(buckets.iter().all(|count| (50..200).contains(count)), "{buckets:?}");
    }
}
