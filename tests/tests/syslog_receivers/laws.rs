//! What must be true of the records, whatever broke.

use std::collections::{HashMap, HashSet};

use adr_core::Event;

use crate::samples::rfc5424;

/// The messages that should arrive, by number.
pub(crate) struct Sent(Vec<Vec<u8>>);

/// What arrived of them.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// The numbers of the messages in the order of their records.
    pub(crate) numbers: Vec<usize>,
    /// How many records are the beginning of a message only.
    pub(crate) torn: usize,
}

impl Sent {
    /// Those of these events.
    pub(crate) fn of(events: &[Event]) -> Self {
        Self(events.iter().map(rfc5424).collect())
    }

    /// Reads records. Every one is a message byte for byte; the beginning of one may be left where something broke.
    pub(crate) fn read(&self, records: &[Vec<u8>]) -> Arrived {
        let numbers: HashMap<&[u8], usize> =
            self.0.iter().enumerate().map(|(number, message)| (message.as_slice(), number)).collect();
        let mut arrived = Arrived { numbers: Vec::new(), torn: 0 };
        for record in records {
            match numbers.get(record.as_slice()) {
                Some(number) => arrived.numbers.push(*number),
                None if self.0.iter().any(|message| message.starts_with(record)) => arrived.torn += 1,
                None => panic!("nobody has sent this: {}", String::from_utf8_lossy(record)),
            }
        }
        arrived
    }

    /// Every message has one record, in order.
    pub(crate) fn each_once(&self, records: &[Vec<u8>]) {
        crate::matrix::same(records, &self.0);
    }

    /// The bytes of these messages, with their framing.
    pub(crate) fn bytes(&self, numbers: &[usize]) -> u64 {
        numbers.iter().map(|number| (self.0[*number].len() + 8) as u64).sum()
    }
}

impl Arrived {
    /// Unbroken runs of numbers: one for each connection that carried something.
    pub(crate) fn runs(&self) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        for number in &self.numbers {
            match runs.last_mut() {
                Some(run) if run.end == *number => run.end += 1,
                _ => runs.push(*number..number + 1),
            }
        }
        runs
    }

    /// The numbers of `0..count` that have no record.
    pub(crate) fn missing(&self, count: usize) -> Vec<usize> {
        let there: HashSet<usize> = self.numbers.iter().copied().collect();
        (0..count).filter(|number| !there.contains(number)).collect()
    }

    /// After so many breaks of a stream of `0..count`: what arrived on one connection has no gap and no repeat in it,
    /// and only where something broke can there be an incomplete record.
    pub(crate) fn broke_no_more_than(&self, breaks: usize, count: usize) {
        let runs = self.runs();
        assert!(runs.len() <= breaks + 1, "{breaks} breaks, but {runs:?}");
        assert!(self.torn <= breaks, "{breaks} breaks, but {} incomplete records", self.torn);
        assert_eq!(runs.first().map(|run| run.start), Some(0), "{runs:?}");
        assert_eq!(runs.last().map(|run| run.end), Some(count), "{runs:?}");
    }

    /// After so many breaks: as above, where a receiver still reads what one connection brought beside what the next one brings.
    pub(crate) fn flowed_beside_no_more_than(&self, breaks: usize) {
        // The fewest rising sequences that it can be made of: each connection brings one.
        let mut rising: Vec<usize> = Vec::new();
        for number in &self.numbers {
            let next = rising.iter_mut().filter(|last| **last < *number).max();
            match next {
                Some(last) => *last = *number,
                None => rising.push(*number),
            }
        }
        assert!(rising.len() <= breaks + 1, "{breaks} breaks, but {} sequences in {:?}", rising.len(), self.runs());
        assert!(self.torn <= breaks, "{breaks} breaks, but {} incomplete records", self.torn);
    }

    /// Nothing is lost.
    pub(crate) fn lost_nothing(&self, count: usize) {
        assert_eq!(self.missing(count), Vec::<usize>::new(), "{:?}", self.runs());
    }

    /// An event arrives no more often than it was handed to the sink, and it was handed over again only because its
    /// delivery had failed: none of those that were `delivered` before the first break comes again.
    pub(crate) fn repeats_only(&self, written: &HashMap<usize, usize>, delivered: &[usize]) {
        let mut times: HashMap<usize, usize> = HashMap::new();
        self.numbers.iter().for_each(|number| *times.entry(*number).or_default() += 1);
        let wrong: Vec<_> = times.iter().filter(|(number, times)| written.get(number) < Some(times)).collect();
        assert!(wrong.is_empty(), "more often than they were handed over: {wrong:?}");
        let wrong: Vec<_> = delivered.iter().filter(|number| times.get(number) > Some(&1)).collect();
        assert!(wrong.is_empty(), "delivered, and sent again: {wrong:?}");
    }
}
