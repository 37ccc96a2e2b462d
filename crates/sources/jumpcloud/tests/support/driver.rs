//! Stands in for the runtime: pulls a lane, keeps pages in flight, commits a prefix, crashes, opens again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Budget, Checkpoint, Event, Failure, Lane, Page, Pull, Records, Retry, Source};
use adr_source_jumpcloud::JumpcloudLane;
use bytes::Bytes;
use futures_util::FutureExt;

use super::ManualClock;

pub(crate) struct Driver {
    pub(crate) lane: Arc<JumpcloudLane>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) budget: Budget,
    pub(crate) source: Box<dyn Source>,
    pub(crate) records: BTreeMap<Bytes, Bytes>,
    pub(crate) in_flight: VecDeque<Page>,
    /// Pages committed, oldest first.
    pub(crate) committed: Vec<Event>,
    pub(crate) received: u64,
    pub(crate) duplicates: u64,
    pub(crate) written: usize,
}

pub(crate) enum Pulled {
    Page(usize),
    Wait(Duration),
    End,
}

impl Driver {
    pub(crate) fn new(lane: Arc<JumpcloudLane>, clock: Arc<ManualClock>) -> Self {
        let source = lane.open(Vec::new()).unwrap();
        Self {
            lane,
            clock,
            budget: Budget::new(256 << 20),
            source,
            records: BTreeMap::new(),
            in_flight: VecDeque::new(),
            committed: Vec::new(),
            received: 0,
            duplicates: 0,
            written: 0,
        }
    }

    /// One pull. A page goes in flight.
    pub(crate) fn pull(&mut self) -> Result<Pulled, Failure> {
        let memory = self.budget.reserve(self.source.demand()).now_or_never().expect("the budget has room");
        match self.source.next(memory).now_or_never().expect("nothing here waits")? {
            Pull::Page(page) => {
                assert_eq!(page.tally.received, page.events.len() as u64 + page.tally.duplicates);
                for event in &page.events {
                    assert!(!event.body.contains(&b'\n') && !event.body.contains(&b'\r'));
                }
                self.received += page.tally.received;
                self.duplicates += page.tally.duplicates;
                let events = page.events.len();
                self.in_flight.push_back(page);
                Ok(Pulled::Page(events))
            }
            Pull::Wait(wait) => Ok(Pulled::Wait(wait)),
            Pull::End => Ok(Pulled::End),
        }
    }

    /// One pull, with the clock moved on by what it asks to wait.
    pub(crate) fn step(&mut self) -> Result<Pulled, Failure> {
        let pulled = self.pull();
        match &pulled {
            Ok(Pulled::Wait(wait)) => self.clock.advance(*wait),
            Ok(_) => self.clock.advance(Duration::from_millis(20)),
            Err(failure) => self.clock.advance(match failure.retry {
                Retry::After(pause) => pause,
                _ => Duration::from_secs(1),
            }),
        }
        pulled
    }

    pub(crate) fn commit(&mut self, pages: usize) {
        for _ in 0..pages {
            let Some(page) = self.in_flight.pop_front() else { return };
            self.committed.extend(page.events);
            self.apply(page.checkpoint);
        }
    }

    pub(crate) fn commit_all(&mut self) {
        self.commit(usize::MAX);
    }

    fn apply(&mut self, checkpoint: Checkpoint) {
        for write in checkpoint.writes {
            self.written += write.key.len() + write.value.as_ref().map_or(0, Bytes::len);
            match write.value {
                Some(value) => self.records.insert(write.key, value),
                None => self.records.remove(&write.key),
            };
        }
    }

    /// What was not committed is forgotten, the lane is opened from what was.
    pub(crate) fn crash(&mut self) {
        self.in_flight.clear();
        self.reopen();
    }

    pub(crate) fn reopen(&mut self) {
        self.source = self.lane.open(self.records()).unwrap();
    }

    pub(crate) fn records(&self) -> Records {
        self.records.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Pulls and commits until the lane waits or ends, or for so many pulls.
    pub(crate) fn drain(&mut self, pulls: usize) -> Vec<Event> {
        let from = self.committed.len();
        for _ in 0..pulls {
            match self.step().unwrap() {
                Pulled::Page(_) => self.commit_all(),
                Pulled::Wait(wait) if wait.is_zero() => {}
                Pulled::Wait(_) | Pulled::End => break,
            }
        }
        self.committed[from..].to_vec()
    }
}
