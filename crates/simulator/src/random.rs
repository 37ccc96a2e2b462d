/// A small seeded generator (SplitMix64): the same seed gives the same numbers on every machine and version.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection of 64 bits that leaves no pattern (SplitMix64's finaliser).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of one row: a pure function of (seed, row).
    pub(crate) const fn of_row(seed: u64, row: u64) -> Self {
        Self(mix(seed ^ row.wrapping_mul(STEP)))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Less than `bound`; 0 if `bound` is 0.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && is_in_share(self.next(), share)
    }

    /// A text of so many characters of the given alphabet.
    pub(crate) fn text<const N: usize>(&mut self, alphabet: &[u8]) -> [u8; N] {
        std::array::from_fn(|_| alphabet[self.index(alphabet.len())])
    }

    /// An index into something of that length.
    #[expect(clippy::cast_possible_truncation, reason = "less than a usize")]
    pub(crate) const fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}

/// Whether this number falls into that share of all numbers.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
pub(crate) fn is_in_share(number: u64, share: f64) -> bool {
    share > 0.0 && ((number >> 11) as f64) < share * (1u64 << 53) as f64
}

/// Writes 16 lower-case hexadecimal digits.
pub(crate) fn hex16(value: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    std::array::from_fn(|i| DIGITS[(value >> (60 - 4 * i)) as usize & 15])
}

/// 24 lower-case hexadecimal digits, as JumpCloud's object ids have.
pub(crate) fn object_id(seconds: u32, rest: u64) -> [u8; 24] {
    let mut id = [0; 24];
    id[..8].copy_from_slice(&hex16(u64::from(seconds))[8..]);
    id[8..].copy_from_slice(&hex16(rest));
    id
}

/// A version 4 UUID in lower case.
pub(crate) fn uuid(high: u64, low: u64) -> [u8; 36] {
    let (high, low) = (hex16(high & !0xf000 | 0x4000), hex16(low & !(3 << 62) | (2 << 62)));
    let mut text = [b'-'; 36];
    text[..8].copy_from_slice(&high[..8]);
    text[9..13].copy_from_slice(&high[8..12]);
    text[14..18].copy_from_slice(&high[12..]);
    text[19..23].copy_from_slice(&low[..4]);
    text[24..].copy_from_slice(&low[4..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_shapes() {
        assert_eq!(&object_id(0x5a2a_f2a8, 0x00ff), b"5a2af2a800000000000000ff");
        assert_eq!(&uuid(u64::MAX, 0), b"ffffffff-ffff-4fff-8000-000000000000");
    }

    #[test]
    fn shares_hold() {
        let mut random = Random::new(7);
        let hits = (0..100_000).filter(|_| random.chance(0.1)).count();
        assert!((9_500..10_500).contains(&hits), "{hits}");
        assert!(!random.chance(0.0) && random.chance(1.0));
        assert_eq!(random.below(0), 0);
    }
}
