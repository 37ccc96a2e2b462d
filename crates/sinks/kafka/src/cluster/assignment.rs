//! What the leader of a group has given to a member, as the consumer protocol writes it: a version, topics with their
//! partitions, and bytes of the leader's own.

/// The partitions of `topic` in it; `None` if it is not what the protocol says.
pub(super) fn partitions(assignment: &[u8], topic: &str) -> Option<Vec<u32>> {
    // A member that was given nothing yet has nothing.
    if assignment.is_empty() {
        return Some(Vec::new());
    }
    let mut rest = Rest(assignment);
    // All versions so far begin the same way, and promise to.
    rest.int16()?;
    let mut found = Vec::new();
    for _ in 0..rest.count()? {
        let name = rest.text()?;
        for _ in 0..rest.count()? {
            let partition = u32::try_from(rest.int32()?).ok()?;
            if name == topic.as_bytes() {
                found.push(partition);
            }
        }
    }
    Some(found)
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn int16(&mut self) -> Option<i16> {
        let (int, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i16::from_be_bytes(*int))
    }

    fn int32(&mut self) -> Option<i32> {
        let (int, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*int))
    }

    /// How many follow; none where it is null.
    fn count(&mut self) -> Option<i32> {
        self.int32().map(|count| count.max(0))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.int16()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What brokers of 3.9 and 4.3 told of a group of two with six partitions, made by librdkafka's cooperative-sticky: the
    /// second was new, and has bytes of the leader's own that say it had nothing before.
    const FIRST: &str = "000000000001000661737369676e000000030000000300000004000000050000002000000001000661737369676e0000000300000003000000040000000500000002";
    const SECOND: &str = "000000000001000661737369676e00000003000000020000000100000000000000080000000000000002";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits")).collect()
    }

    #[test]
    fn what_a_real_group_says_is_understood() {
        assert_eq!(partitions(&bytes(FIRST), "assign"), Some(vec![3, 4, 5]));
        assert_eq!(partitions(&bytes(SECOND), "assign"), Some(vec![2, 1, 0]));
        assert_eq!(partitions(&bytes(SECOND), "assig"), Some(vec![]), "another topic's");
    }

    #[test]
    fn nothing_yet_and_nothing_given_are_no_fault() {
        assert_eq!(partitions(&[], "assign"), Some(vec![]));
        assert_eq!(partitions(&bytes("0003000000000000000000"), "assign"), Some(vec![]));
        assert_eq!(partitions(&bytes("0001ffffffff"), "assign"), Some(vec![]));
    }

    #[test]
    fn what_is_cut_off_or_absurd_is_refused() {
        let whole = bytes(SECOND);
        let topics_end = whole.len() - 12;
        for length in 1..topics_end {
            assert_eq!(partitions(&whole[..length], "assign"), None, "{length}");
        }
        assert_eq!(partitions(&bytes("00007fffffff"), "assign"), None, "more topics than there are bytes");
        assert_eq!(partitions(&bytes("000000000001ffff"), "assign"), None, "a topic of negative length");
    }
}
