//! What is in the topic.

use std::collections::HashMap;

use crate::components::kafka::Found;

/// Every uid in the topic, and where it stands.
#[derive(Default)]
pub(super) struct Ledger {
    seen: HashMap<Box<[u8]>, Place>,
    topics: Vec<String>,
    pub(super) records: u64,
    /// Records without a uid: somebody else's.
    pub(super) nameless: u64,
    pub(super) twice: Vec<Twice>,
}

#[derive(Clone, Copy)]
struct Place {
    topic: usize,
    partition: i32,
    offset: i64,
}

/// A uid that stands in the topic again.
pub(super) struct Twice {
    pub(super) uid: String,
    pub(super) first: String,
    pub(super) again: String,
}

impl Ledger {
    /// Takes in a record.
    pub(super) fn note(&mut self, found: &Found<'_>) {
        self.records += 1;
        let Some(uid) = found.uid else {
            self.nameless += 1;
            return;
        };
        let topic = self.topics.iter().position(|topic| topic == found.topic).unwrap_or_else(|| {
            self.topics.push(found.topic.to_owned());
            self.topics.len() - 1
        });
        let place = Place { topic, partition: found.partition, offset: found.offset };
        if let Some(first) = self.seen.get(uid) {
            let (first, again) = (self.words(*first), self.words(place));
            self.twice.push(Twice { uid: String::from_utf8_lossy(uid).into_owned(), first, again });
        } else {
            self.seen.insert(uid.into(), place);
        }
    }

    pub(super) fn has(&self, uid: &str) -> bool {
        self.seen.contains_key(uid.as_bytes())
    }

    /// Different uids.
    pub(super) fn uids(&self) -> usize {
        self.seen.len()
    }

    fn words(&self, place: Place) -> String {
        format!("{} partition {} offset {}", self.topics[place.topic], place.partition, place.offset)
    }
}
