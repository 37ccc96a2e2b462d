use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// So much of a file's beginning tells it from others.
pub(crate) const HEAD: usize = 1024;

/// How a file begins: a hash of its first bytes, so many of them as will not change any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) hash: u128,
}

impl Head {
    /// Of a file that begins with `start` and was read up to `offset`. A last half line does not count: its writer may
    /// still take it back.
    pub(crate) fn of(start: &[u8], offset: u64) -> Self {
        let whole = memchr::memrchr(b'\n', start).map_or(0, |last| last + 1);
        let read = usize::try_from(offset).map_or(start.len(), |offset| offset.min(start.len()));
        let len = if whole == 0 && start.len() == HEAD { HEAD } else { whole.max(read) };
        Self { len, hash: hash(&start[..len]) }
    }

    /// Whether a file that begins with `start` may be the same one.
    pub(crate) fn fits(&self, start: &[u8]) -> bool {
        start.len() >= self.len && hash(&start[..self.len]) == self.hash
    }
}

fn hash(text: &[u8]) -> u128 {
    let mut hasher = SipHasher13::new();
    hasher.write(text);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_is_the_same_and_one_that_begins_otherwise_is_not() {
        let head = Head::of(b"{\"a\":1}\n{\"b", 0);
        assert_eq!(head.len, 8);
        assert!(head.fits(b"{\"a\":1}\n{\"b\":2}\n"));
        assert!(head.fits(b"{\"a\":1}\n{\"c"), "the half line was taken back");
        assert!(!head.fits(b"{\"a\":2}\n{\"b\":2}\n"));
        assert!(!head.fits(b"{\"a\":1}"));
        assert!(Head::of(b"{\"a", 0).fits(b""));
    }

    #[test]
    fn what_was_read_counts_although_it_is_no_line() {
        assert_eq!(Head::of(b"{}", 2).len, 2);
        assert_eq!(Head::of(&[b'x'; HEAD], 0).len, HEAD);
        assert_eq!(Head::of(b"{}\n{}", 5_000_000_000).len, 5);
    }
}
