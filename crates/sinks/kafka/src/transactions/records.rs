//! How checkpoints lie in their topic: one record for each record of a lane, keyed by the lane and its key.

use std::collections::{BTreeMap, HashMap};

use adr_core::{Failure, FailureKind, LaneId, Records, Write};
use bytes::Bytes;
use memchr::memchr;
use serde::{Deserialize, Serialize};

use crate::topics::LARGEST_RECORD;

/// The key of the record that says how the topic is divided. No lane's key is without a NUL.
pub(crate) const LAYOUT: &[u8] = b"layout";

const VERSION: u32 = 1;

/// How the topic was divided when it was first written to.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Layout {
    version: u32,
    shards: u32,
    shard: u32,
}

/// The layout record's value.
pub(crate) fn layout(shards: u32, shard: u32) -> Vec<u8> {
    serde_json::to_vec(&Layout { version: VERSION, shards, shard }).expect("three numbers are always JSON")
}

/// Appends what every key of a lane begins with: the source's name, NUL, the tenant, NUL.
pub(crate) fn lane_key(lane: &LaneId, out: &mut Vec<u8>) {
    out.extend_from_slice(lane.source.as_bytes());
    out.push(0);
    out.extend_from_slice(lane.tenant.as_bytes());
    out.push(0);
}

/// Refuses a lane whose name cannot be part of a key.
pub(crate) fn check_lane(lane: &LaneId) -> Result<(), Failure> {
    if lane.source.contains('\0') || lane.tenant.contains('\0') {
        let message = format!(
            "lane {:?} has a NUL in its name, which divides keys in the checkpoint \
             topic",
            lane.to_string()
        );
        return Err(Failure::fatal(FailureKind::Config, message));
    }
    Ok(())
}

/// Refuses a record that is larger than the checkpoint topic is sure to take.
pub(crate) fn check_write(write: &Write, lane: &LaneId, topic: &str) -> Result<(), Failure> {
    let size = write.key.len() + write.value.as_ref().map_or(0, Bytes::len);
    if size > LARGEST_RECORD {
        let message = format!(
            "a checkpoint record of lane {lane} has {size} bytes, more than the {LARGEST_RECORD} that topic {topic} \
             takes: this is a bug"
        );
        return Err(Failure::fatal(FailureKind::Internal, message));
    }
    Ok(())
}

/// Refuses a topic whose partition `partition` was laid out otherwise than for so many shards.
pub(crate) fn check_layout(topic: &str, shards: u32, partition: u32, value: &[u8]) -> Result<(), Failure> {
    let message = match serde_json::from_slice::<Layout>(value) {
        Ok(found) if found == (Layout { version: VERSION, shards, shard: partition }) => return Ok(()),
        Ok(Layout { version: VERSION, shards: found, shard }) if shard == partition => format!(
            "the checkpoint topic {topic} was divided into {found} shards, but `checkpoints.shards` is {shards} \
             (partition {partition} says so): set it back to {found}, which leaves partitions alone that were added since, \
             or name a new topic, where all lanes begin anew"
        ),
        Ok(found) if found.version > VERSION => format!(
            "partition {partition} of the checkpoint topic {topic} was written by a later version of this program: use that"
        ),
        _ => format!(
            "partition {partition} of the checkpoint topic {topic} has a layout record that is not its own: was the topic \
             copied or written to by something else"
        ),
    };
    Err(Failure::fatal(FailureKind::Config, message))
}

/// What a checkpoint partition says of the lanes that are being opened.
pub(crate) struct Collected {
    topic: String,
    shards: u32,
    shard: u32,
    /// By what the lane's keys begin with.
    lanes: HashMap<Vec<u8>, BTreeMap<Bytes, Bytes>>,
    /// Whether the layout record is there.
    pub(crate) layout: bool,
    wrong: Option<Failure>,
}

impl Collected {
    /// Nothing yet, of these lanes.
    pub(crate) fn new<'a>(topic: &str, shards: u32, shard: u32, wanted: impl Iterator<Item = &'a LaneId>) -> Self {
        let lanes = wanted.map(|lane| {
            let mut key = Vec::new();
            lane_key(lane, &mut key);
            (key, BTreeMap::new())
        });
        Self { topic: topic.to_owned(), shards, shard, lanes: lanes.collect(), layout: false, wrong: None }
    }

    /// A record, in the order of the partition.
    pub(crate) fn take(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) {
        let Some(key) = key else { return self.foreign("a record without a key") };
        if key == LAYOUT {
            match value {
                Some(value) => {
                    self.layout = true;
                    self.wrong = check_layout(&self.topic, self.shards, self.shard, value).err();
                }
                None => self.layout = false,
            }
            return;
        }
        let first = memchr(0, key).map(|at| at + 1);
        let Some(start) = first.and_then(|first| Some(first + memchr(0, &key[first..])? + 1)) else {
            return self.foreign("a record whose key names no lane");
        };
        let (lane, key) = key.split_at(start);
        let Some(records) = self.lanes.get_mut(lane) else { return };
        match value {
            Some(value) => records.insert(Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)),
            None => records.remove(key),
        };
    }

    /// The records of a lane in key order.
    pub(crate) fn records(&self, lane: &LaneId) -> Records {
        let mut key = Vec::new();
        lane_key(lane, &mut key);
        let records = self.lanes.get(&key);
        records.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Fails where the partition is not what our settings say.
    pub(crate) fn verdict(&mut self) -> Result<(), Failure> {
        self.wrong.take().map_or(Ok(()), Err)
    }

    fn foreign(&mut self, what: &str) {
        let message = format!(
            "partition {} of the checkpoint topic {} holds {what}: something else writes to it; give this pipeline a \
             topic of its own",
            self.shard, self.topic
        );
        self.wrong.get_or_insert(Failure::fatal(FailureKind::Config, message));
    }
}

#[cfg(test)]
mod tests {
    use adr_core::Retry;

    use super::*;

    fn collected(records: &[(&[u8], Option<&[u8]>)]) -> Collected {
        let (a, b) = (LaneId::new("s", "a"), LaneId::new("s", "b"));
        let mut found = Collected::new("ckpt", 4, 1, [&a, &b].into_iter());
        records.iter().for_each(|(key, value)| found.take(Some(key), *value));
        found
    }

    #[test]
    fn a_lane_gets_its_own_records_as_they_are_last() {
        let found = collected(&[
            (b"s\0a\0z", Some(b"1")),
            (b"s\0ab\0z", Some(b"of another lane")),
            (b"s\0b\0z", Some(b"2")),
            (b"s\0a\0z", Some(b"3")),
            (b"s\0a\0gone", Some(b"4")),
            (b"s\0a\0gone", None),
            (b"s\0a\0a\0b", Some(b"5")),
        ]);
        let record = |key: &'static [u8], value: &'static [u8]| (Bytes::from_static(key), Bytes::from_static(value));
        assert_eq!(found.records(&LaneId::new("s", "a")), [record(b"a\0b", b"5"), record(b"z", b"3")]);
        assert_eq!(found.records(&LaneId::new("s", "b")), [record(b"z", b"2")]);
        assert!(!found.layout);
    }

    #[test]
    fn another_layout_is_refused_for_good() {
        let mut right = collected(&[(LAYOUT, Some(&layout(4, 1)))]);
        assert!(right.layout && right.verdict().is_ok());
        for (value, said) in [
            (layout(8, 1), "divided into 8 shards, but `checkpoints.shards` is 4"),
            (layout(4, 2), "not its own"),
            (b"{\"version\":2,\"shards\":4,\"shard\":1}".to_vec(), "later version"),
            (b"nonsense".to_vec(), "not its own"),
        ] {
            let failure = collected(&[(LAYOUT, Some(&value))]).verdict().expect_err("it is wrong");
            assert_eq!(failure.retry, Retry::Never);
            assert!(failure.message.contains(said), "{failure}");
        }
    }

    #[test]
    fn records_of_somebody_else_are_refused() {
        for key in [&b"key"[..], b"", b"only\0one"] {
            let failure = collected(&[(key, Some(b"x"))]).verdict().expect_err("it is not ours");
            assert!(failure.message.contains("a topic of its own"), "{failure}");
        }
    }

    #[test]
    fn a_name_with_a_nul_is_refused() {
        assert!(check_lane(&LaneId::new("s", "a")).is_ok());
        check_lane(&LaneId::new("s\0", "a")).expect_err("it would be another key");
        check_lane(&LaneId::new("s", "\0a")).expect_err("it would be another key");
    }
}
