//! Groups on their way through a transaction, and the numbers by which delivery reports name their events.

use std::collections::BTreeSet;

use adr_core::Rejection;

use super::shard::Committing;

/// A group on its way through one or more transactions.
pub(crate) struct Attempted {
    pub(crate) asked: Committing,
    /// Events that can never be taken.
    pub(crate) rejections: Vec<Rejection>,
    /// Events that one of a refused batch may be: they are sent alone.
    pub(super) alone: BTreeSet<usize>,
}

impl From<Committing> for Attempted {
    fn from(asked: Committing) -> Self {
        Self { asked, rejections: Vec::new(), alone: BTreeSet::new() }
    }
}

/// A record of the checkpoint topic has this number or a higher one; below are places in groups.
pub(super) struct Numbers {
    /// The first number of each group.
    pub(super) first: Vec<usize>,
}

pub(super) const CHECKPOINTS: usize = usize::MAX / 2;

impl Numbers {
    pub(super) fn new(groups: &[Attempted]) -> Self {
        let mut next = 0;
        let first = groups.iter().map(|group| {
            let first = next;
            next += group.asked.group.events.len();
            first
        });
        Self { first: first.collect() }
    }

    /// Which event of which group has this number; `None` for a checkpoint record.
    pub(super) fn place(&self, number: usize) -> Option<(usize, usize)> {
        if number >= CHECKPOINTS {
            return None;
        }
        // Groups without events share their number with the next: the last of them is the one with the event.
        let group = self.first.partition_point(|first| *first <= number).checked_sub(1)?;
        Some((group, number - self.first[group]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_its_event() {
        let numbers = Numbers { first: vec![0, 0, 3, 3, 3] };
        assert_eq!(numbers.place(0), Some((1, 0)));
        assert_eq!(numbers.place(2), Some((1, 2)));
        assert_eq!(numbers.place(3), Some((4, 0)));
        assert_eq!(numbers.place(CHECKPOINTS), None);
    }
}
