//! Which batches are delivered when so many bytes are acknowledged.

use std::collections::VecDeque;

/// The open batches of a connection in the order they were written, each with the offset at which it ends.
#[derive(Debug)]
pub(crate) struct Ledger<T> {
    open: VecDeque<(u64, T)>,
}

impl<T> Ledger<T> {
    pub(crate) fn new() -> Self {
        Self { open: VecDeque::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// A batch whose last byte is before `end`.
    pub(crate) fn open(&mut self, end: u64, batch: T) {
        // An offset cannot fall: it counts what was written. If it did, waiting longer is the safe side.
        let end = self.open.back().map_or(end, |(last, _)| end.max(*last));
        self.open.push_back((end, batch));
    }

    /// Takes out the next batch that ends at or before `acked`.
    pub(crate) fn delivered(&mut self, acked: u64) -> Option<T> {
        self.open.pop_front_if(|(end, _)| *end <= acked).map(|(_, batch)| batch)
    }

    /// Takes out all batches: none of them counts as delivered.
    pub(crate) fn fail(&mut self) -> impl Iterator<Item = T> {
        self.open.drain(..).map(|(_, batch)| batch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Write(u64),
        Acked(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![(0..5000_u64).prop_map(Step::Write), (0..100_000_u64).prop_map(Step::Acked)];
        proptest::collection::vec(step, 0..80)
    }

    proptest! {
        #[test]
        fn every_batch_comes_out_once_in_order_and_only_when_all_of_it_is_acknowledged(steps in steps()) {
            let mut ledger = Ledger::new();
            let (mut ends, mut written, mut out) = (Vec::new(), 0, 0);
            for step in steps {
                match step {
                    Step::Write(bytes) => {
                        written += bytes;
                        ledger.open(written, ends.len());
                        ends.push(written);
                    }
                    // Readings may fall back: later ones say less when something was written in between.
                    Step::Acked(reading) => {
                        let acked = reading.min(written);
                        while let Some(batch) = ledger.delivered(acked) {
                            prop_assert_eq!(batch, out);
                            prop_assert!(ends[batch] <= acked);
                            out += 1;
                        }
                        prop_assert!(ends.get(out).is_none_or(|end| *end > acked), "nothing delivered is kept waiting");
                    }
                }
            }
            let rest: Vec<_> = ledger.fail().collect();
            prop_assert_eq!(rest, (out..ends.len()).collect::<Vec<_>>());
            prop_assert!(ledger.is_empty());
        }
    }
}
