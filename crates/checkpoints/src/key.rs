use std::ops::Bound;

use adr_core::LaneId;

/// The part of a key that all records of a lane share: the lengths make it impossible for one lane's prefix to
/// be the beginning of another's, whatever bytes the names hold.
pub(crate) fn prefix(lane: &LaneId) -> Vec<u8> {
    let mut key = Vec::with_capacity(8 + lane.source.len() + lane.tenant.len() + 32);
    for name in [&lane.source, &lane.tenant] {
        let length = u32::try_from(name.len()).expect("a lane's name is shorter than 4 GiB");
        key.extend_from_slice(&length.to_be_bytes());
        key.extend_from_slice(name.as_bytes());
    }
    key
}

/// All keys that begin with `prefix`, as a range.
pub(crate) fn range(prefix: &[u8]) -> (Bound<&[u8]>, Bound<Vec<u8>>) {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return (Bound::Included(prefix), Bound::Excluded(end));
        }
    }
    (Bound::Included(prefix), Bound::Unbounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lane_sees_the_records_of_another() {
        let lanes = ["", "a", "aa", "a\0", "\0", "a/b", "b"]
            .iter()
            .flat_map(|source| ["", "a", "aa", "\0a", "b"].map(|tenant| LaneId::new(*source, tenant)))
            .collect::<Vec<_>>();
        for one in &lanes {
            for other in &lanes {
                let within = prefix(other).starts_with(&prefix(one));
                assert_eq!(within, one == other, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_range_of_a_prefix_ends_before_the_next_one() {
        let end = |prefix: &[u8]| range(prefix).1;
        assert_eq!(end(b"ab"), Bound::Excluded(b"ac".to_vec()));
        assert_eq!(end(b"a\xff\xff"), Bound::Excluded(b"b".to_vec()));
        assert_eq!(end(b"\xff"), Bound::Unbounded);
    }
}
