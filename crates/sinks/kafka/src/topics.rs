//! What the topics must be like, and the command that makes them so.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind};
use adr_kafka::{Connection, Told, Tool, layout};
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::Settings;
use crate::settings::ExactlyOnceSettings;
use crate::transactions::agree;

/// A checkpoint record has at most this many bytes.
pub(crate) const LARGEST_RECORD: usize = 512 * 1024;

/// What a checkpoint topic must take: the largest record with its key and what surrounds it.
pub(crate) const CHECKPOINT_MESSAGE: usize = LARGEST_RECORD + 128 * 1024;

/// What a topic is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicFacts {
    pub(crate) partitions: u32,
    /// As the broker says it: `delete`, `compact` or both. Empty where we may not ask.
    pub(crate) cleanup_policy: String,
    /// The largest record batch that the topic takes.
    pub(crate) max_message_bytes: usize,
}

/// A topic that events go to: it exists. Its settings are its owner's affair, and may be hidden from us. Blocks.
///
/// # Errors
/// With the command that creates it where it is missing.
pub(crate) fn require_events_topic(
    connection: &Connection,
    topic: &str,
    limit: Duration,
) -> Result<TopicFacts, Failure> {
    let tool = Tool { connection };
    let (found, brokers) = match inquire(connection, topic, limit) {
        Err(failure) if failure.kind == FailureKind::Forbidden => {
            let found = layout(connection, topic, limit)?;
            let hidden =
                |partitions| TopicFacts { partitions, cleanup_policy: String::new(), max_message_bytes: usize::MAX };
            (found.partitions.map(hidden), found.brokers)
        }
        answer => answer?,
    };
    found.ok_or_else(|| {
        let create = tool.create(topic, 6, brokers, &[]);
        refused(format!(
            "kafka topic {topic} does not exist: create it with `{create}`, with as many partitions as \
             you need"
        ))
    })
}

/// The topic that holds the checkpoints: compacted, nothing else, and a partition for each shard. Blocks.
///
/// # Errors
/// With the command that makes it right.
pub(crate) fn require_checkpoint_topic(
    connection: &Connection,
    settings: &Settings,
    limit: Duration,
) -> Result<TopicFacts, Failure> {
    let ExactlyOnceSettings { topic, shards, .. } = exactly_once(settings)?;
    let tool = Tool { connection };
    let (found, brokers) = inquire(connection, topic, limit)?;
    let configs = [
        "cleanup.policy=compact",
        "segment.bytes=16777216",
        "min.cleanable.dirty.ratio=0.1",
        "max.message.bytes=1048588",
    ];
    let create = |topic: &str, partitions| tool.create(topic, partitions, brokers, &configs);
    let Some(facts) = found else {
        let create = create(topic, *shards);
        return Err(refused(format!("the checkpoint topic {topic} does not exist: create it with `{create}`")));
    };
    if facts.cleanup_policy != "compact" {
        let alter = tool.alter(topic, "cleanup.policy=compact");
        let is = &facts.cleanup_policy;
        let message = format!(
            "the checkpoint topic {topic} has cleanup.policy={is}, which would delete progress: \
             set it with `{alter}`"
        );
        return Err(refused(message));
    }
    if facts.max_message_bytes < CHECKPOINT_MESSAGE {
        let alter = tool.alter(topic, "max.message.bytes=1048588");
        let is = facts.max_message_bytes;
        let message = format!(
            "the checkpoint topic {topic} has max.message.bytes={is}, less than the \
             {CHECKPOINT_MESSAGE} that progress can need: set it with `{alter}`"
        );
        return Err(refused(message));
    }
    // Partitions that were added to a topic in use stay empty, if the number of shards stays.
    if facts.partitions > *shards && agree(connection, topic, facts.partitions, *shards, limit)? {
        return Ok(facts);
    }
    partitions(tool, "checkpoint", topic, facts.partitions, *shards, &create)?;
    Ok(facts)
}

/// The topic whose partitions stand for the shards. Blocks.
///
/// # Errors
/// With the command that makes it right.
pub(crate) fn require_assignment_topic(
    connection: &Connection,
    settings: &Settings,
    limit: Duration,
) -> Result<TopicFacts, Failure> {
    let ExactlyOnceSettings { shards, cluster, .. } = exactly_once(settings)?;
    let Some(cluster) = cluster else {
        return Err(Failure::fatal(
            FailureKind::Internal,
            "an assignment topic is asked for without `cluster`: this \
             is a bug",
        ));
    };
    let (topic, tool) = (&cluster.topic, Tool { connection });
    let (found, brokers) = inquire(connection, topic, limit)?;
    let create = |topic: &str, partitions| tool.create(topic, partitions, brokers, &[]);
    let Some(facts) = found else {
        let create = create(topic, *shards);
        return Err(refused(format!("the assignment topic {topic} does not exist: create it with `{create}`")));
    };
    partitions(tool, "assignment", topic, facts.partitions, *shards, &create)?;
    Ok(facts)
}

fn exactly_once(settings: &Settings) -> Result<&ExactlyOnceSettings, Failure> {
    let message = "the topics of exactly_once are asked for without it: this is a bug";
    settings.exactly_once.as_ref().ok_or_else(|| Failure::fatal(FailureKind::Internal, message))
}

fn partitions(
    tool: Tool<'_>,
    purpose: &str,
    topic: &str,
    have: u32,
    want: u32,
    create: &dyn Fn(&str, u32) -> String,
) -> Result<(), Failure> {
    let wrong = format!("the {purpose} topic {topic} has {have} partitions, but `checkpoints.shards` is {want}");
    if have == want {
        return Ok(());
    }
    if have < want {
        let alter = tool.more_partitions(topic, want);
        return Err(refused(format!(
            "{wrong}: set `checkpoints.shards` to {have} if it was that before; only where nobody has used it yet, add \
             partitions with `{alter}`"
        )));
    }
    let create = create(&format!("{topic}-{want}"), want);
    Err(refused(format!(
        "{wrong}, and partitions cannot be taken away: set `checkpoints.shards` to {have}, or name \
         another topic, made with `{create}`"
    )))
}

/// An operator can make it right while we run.
fn refused(message: String) -> Failure {
    Failure::new(FailureKind::Config, message)
}

/// What the topic is like if it is there, and how many brokers there are.
fn inquire(connection: &Connection, topic: &str, limit: Duration) -> Result<(Option<TopicFacts>, usize), Failure> {
    let deadline = Instant::now() + limit;
    let found = layout(connection, topic, limit)?;
    let Some(partitions) = found.partitions else { return Ok((None, found.brokers)) };
    let doing = format!("ask for the settings of kafka topic {topic}");
    let fail = |error: KafkaError| connection.failure(&error, &doing);
    let admin: AdminClient<Told> = connection.config()?.create_with_context(connection.context()).map_err(fail)?;
    connection.admit(admin.inner(), &doing)?;
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
    let options = AdminOptions::new().request_timeout(Some(left));
    let topics = [ResourceSpecifier::Topic(topic)];
    // The client answers by itself when its time is up; that it always does is not taken on trust.
    let answer = wait(admin.describe_configs(&topics, &options), left + Duration::from_secs(2));
    let mut answer = answer
        .ok_or_else(|| {
            Failure::new(
                FailureKind::Timeout,
                format!(
                    "cannot {doing}: no \
                     answer"
                ),
            )
        })?
        .map_err(fail)?;
    let resource = match answer.pop() {
        Some(Ok(resource)) => resource,
        Some(Err(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed)) => {
            let message = format!(
                "cannot {doing}: the brokers' access rules forbid it: allow our user \
                 DescribeConfigs on topic {topic}"
            );
            return Err(Failure::new(FailureKind::Forbidden, message));
        }
        Some(Err(Code::UnknownTopicOrPartition)) => return Ok((None, found.brokers)),
        Some(Err(code)) => return Err(fail(KafkaError::AdminOp(code))),
        None => return Err(Failure::new(FailureKind::Protocol, format!("cannot {doing}: the answer is empty"))),
    };
    Ok((Some(read_settings(partitions, &resource)), found.brokers))
}

fn read_settings(partitions: u32, resource: &ConfigResource) -> TopicFacts {
    let value = |name: &str| resource.get(name).and_then(|entry| entry.value.as_deref()).unwrap_or_default();
    let policy = value("cleanup.policy");
    TopicFacts {
        partitions,
        cleanup_policy: policy.to_owned(),
        max_message_bytes: value("max.message.bytes").parse().unwrap_or(usize::MAX),
    }
}

/// Waits on this thread for what another thread makes ready.
fn wait<T>(future: impl Future<Output = T>, limit: Duration) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let deadline = Instant::now() + limit;
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
        let left = deadline.checked_duration_since(Instant::now())?;
        std::thread::park_timeout(left);
    }
}
