//! Consumers, and what they are asked about a partition.

use std::time::{Duration, Instant};

use adr_core::Failure;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::Isolation;
use adr_kafka::{Connection, Told, set_unless_given, told_by};

/// What a consumer is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Questions about topics.
    Ask,
    /// Reading a partition.
    Read,
}

/// A consumer that commits nothing and belongs to no group's members.
pub(super) fn consumer(
    connection: &Connection,
    isolation: Isolation,
    purpose: Use,
) -> Result<BaseConsumer<Listening>, Failure> {
    let mut config = connection.config()?;
    config.set("allow.auto.create.topics", "false");
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    config.set("auto.offset.reset", "error");
    config.set("enable.partition.eof", "true");
    // The last fetch, at the end, would wait this long for records that do not come.
    set_unless_given(&mut config, "fetch.wait.max.ms", "50");
    config.set(
        "isolation.level",
        match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        },
    );
    if purpose == Use::Read {
        // librdkafka reads nothing without a group's name; no group is joined and nothing is asked of it.
        config.set("group.id", "jumpcloud-adr-reader");
    }
    let context = Listening { told: connection.context() };
    config.create_with_context(context).map_err(|error| connection.failure(&error, "make a consumer"))
}

/// The context of a consumer that only reads.
pub(super) struct Listening {
    told: Told,
}

// It joins no group: whether we might use the one whose name it has does not matter.
told_by!(Listening, told, except Code::GroupAuthorizationFailed);

impl ConsumerContext for Listening {}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// What is asked about a partition, each time with a client of its own.
pub(super) struct Question<'a> {
    pub(super) connection: &'a Connection,
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) deadline: Instant,
    pub(super) doing: &'a str,
}

impl Question<'_> {
    /// The first offset, and the one after the last that is shown with this isolation.
    pub(super) fn watermarks(&self, isolation: Isolation) -> Result<(i64, i64), Failure> {
        self.ask(isolation, |client| client.fetch_watermarks(self.topic, self.partition, remaining(self.deadline)))
    }

    pub(super) fn offset_at(&self, time_ms: i64) -> Result<Option<i64>, Failure> {
        let told = self.ask(Isolation::Uncommitted, |client| {
            let mut asked = TopicPartitionList::new();
            asked.add_partition_offset(self.topic, self.partition, Offset::Offset(time_ms))?;
            client.offsets_for_times(asked, remaining(self.deadline))
        })?;
        Ok(told.elements().first().and_then(|found| match found.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }))
    }

    /// As [`Connection::ask`] does, which knows no isolation.
    fn ask<T: Send>(
        &self,
        isolation: Isolation,
        call: impl FnOnce(&BaseConsumer<Listening>) -> KafkaResult<T> + Send,
    ) -> Result<T, Failure> {
        let client = consumer(self.connection, isolation, Use::Ask)?;
        self.connection.served(&client, self.doing, call)
    }

    pub(super) fn failure(&self, error: &KafkaError) -> Failure {
        self.connection.failure(error, self.doing)
    }
}
