//! What librdkafka has fetched of one partition.

use std::sync::Arc;
use std::time::Duration;

use adr_kafka::{GroupConsumer, Partition, Rebalances, known_start};
use rdkafka::consumer::Consumer;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use tokio::sync::Notify;

/// The queue, and the consumer that fills it.
pub(crate) struct Queue {
    messages: PartitionQueue<Rebalances>,
    consumer: Arc<GroupConsumer>,
}

impl Queue {
    /// Apart from all other partitions of the consumer. `arrived` is told when it is not empty any more. `None`: there is no
    /// such partition.
    pub(crate) fn of(consumer: &Arc<GroupConsumer>, partition: &Partition, arrived: Arc<Notify>) -> Option<Self> {
        let mut messages = consumer.split_partition_queue(&partition.topic, partition.number)?;
        messages.set_nonempty_callback(move || arrived.notify_one());
        Some(Self { messages, consumer: consumer.clone() })
    }

    /// The next record, or what went wrong; `None`: there is none now. Does not wait.
    pub(crate) fn next(&self) -> Option<KafkaResult<BorrowedMessage<'_>>> {
        self.messages.poll(Duration::ZERO)
    }

    /// The first offset of the partition, as far as its last fetch tells.
    pub(crate) fn known_start(&self, partition: &Partition) -> Option<i64> {
        known_start(self.consumer.client(), &partition.topic, partition.number)
    }

    pub(crate) fn consumer(&self) -> Arc<GroupConsumer> {
        self.consumer.clone()
    }
}
