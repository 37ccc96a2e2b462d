//! The group's committed offset of a partition, as the progress of its lane.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{BoxFuture, Checkpoint, CheckpointStore, Failure, FailureKind, LaneId, Records};
use adr_kafka::{Connection, GroupConsumer, Partition};
use bytes::Bytes;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

use crate::component::Joined;
use crate::tenure::{Tenure, Use, Using};

/// How long brokers have for an answer.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// The one record of a lane: the offset to read next, in decimal digits.
const OFFSET: &[u8] = b"offset";

/// What a page that ends before this offset leaves behind.
pub(crate) fn checkpoint(offset: i64) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    checkpoint.set(OFFSET, offset.to_string());
    checkpoint
}

/// The offset in a lane's records.
pub(crate) fn offset(records: &Records) -> Result<Option<i64>, Failure> {
    records.iter().find(|(key, _)| key == OFFSET).map(|(_, value)| parsed(value)).transpose()
}

fn parsed(value: &Bytes) -> Result<i64, Failure> {
    str::from_utf8(value).ok().and_then(|text| text.parse().ok()).filter(|offset| *offset >= 0).ok_or_else(|| {
        let message = format!("its progress is {value:?}, which is no offset: it was written by something else");
        Failure::fatal(FailureKind::Storage, message)
    })
}

/// The group's offset of a partition. Blocks.
pub(crate) fn committed(consumer: &GroupConsumer, partition: &Partition) -> KafkaResult<Option<i64>> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(&partition.topic, partition.number);
    let answer = consumer.committed_offsets(asked, ANSWER)?;
    let Some(one) = answer.elements().into_iter().next() else { return Ok(None) };
    one.error()?;
    Ok(match one.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    })
}

/// A lane's store. Its partition does not go while it is there and something is to be committed.
pub(crate) struct OffsetStore {
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) connection: Connection,
    pub(crate) group: Arc<str>,
    pub(crate) _using: Using,
    pub(crate) _joined: Arc<Joined>,
}

impl OffsetStore {
    fn doing(&self, what: &str) -> String {
        format!("{what} partition {} for kafka group {}", self.tenure.partition, self.group)
    }

    /// Makes a blocking call to the consumer, elsewhere. `None`: the partition has gone.
    async fn call<T: Send + 'static>(
        &self,
        doing: &str,
        call: impl FnOnce(&GroupConsumer, &Tenure) -> KafkaResult<T> + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        let tenure = self.tenure.clone();
        let called = tokio::task::spawn_blocking(move || {
            let Some(consumer) = tenure.consumer() else { return Ok(None) };
            call(&consumer, &tenure).map(Some)
        });
        match called.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.connection.failure(&error, doing)),
            Err(error) => Err(Failure::new(FailureKind::Internal, format!("cannot {doing}: {error}"))),
        }
    }

    async fn load(&self) -> Result<Records, Failure> {
        let doing = self.doing("ask for the offset of");
        let found = self.call(&doing, |consumer, tenure| committed(consumer, &tenure.partition)).await?;
        let Some(found) = found else {
            // Where it has gone there is nothing to begin with either.
            return self.tenure.begin(Use::Source).map(|_| Records::new());
        };
        self.tenure.saved(found);
        let record = |offset: i64| (Bytes::from_static(OFFSET), Bytes::from(offset.to_string()));
        Ok(found.map(record).into_iter().collect())
    }

    async fn save(&self, checkpoint: Checkpoint) -> Result<(), Failure> {
        let Some(value) = checkpoint.writes.into_iter().rev().find(|write| write.key == OFFSET) else { return Ok(()) };
        let offset = parsed(&value.value.unwrap_or_default())?;
        // Until the answer is there, whoever waits for it or not.
        let committing = self.tenure.begin(Use::Commit)?;
        let doing = self.doing("commit the offset of");
        let done = self.call(&doing, move |consumer, tenure| {
            let _committing = committing;
            let Partition { topic, number } = &tenure.partition;
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(topic, *number, Offset::Offset(offset))?;
            consumer.commit(&list, CommitMode::Sync)?;
            tenure.saved(Some(offset));
            Ok::<_, KafkaError>(())
        });
        match done.await? {
            Some(()) => {
                self.connection.context().well();
                Ok(())
            }
            None => self.tenure.begin(Use::Commit).map(drop),
        }
    }
}

impl CheckpointStore for OffsetStore {
    fn load<'a>(&'a self, _: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        Box::pin(self.load())
    }

    fn save<'a>(&'a self, _: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.save(checkpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_goes_into_a_checkpoint_and_comes_out_of_records() {
        let write = checkpoint(1841).writes.remove(0);
        let records = vec![(write.key, write.value.unwrap())];
        assert_eq!(offset(&records).unwrap(), Some(1841));
        assert_eq!(offset(&Records::new()).unwrap(), None);
        for wrong in ["", "-1", "x", "99999999999999999999"] {
            let records = vec![(Bytes::from_static(OFFSET), Bytes::from_static(wrong.as_bytes()))];
            assert_eq!(offset(&records).unwrap_err().kind, FailureKind::Storage, "{wrong}");
        }
    }
}
