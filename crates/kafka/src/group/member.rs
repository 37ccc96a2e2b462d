//! The thread on which an instance is a member of its group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::rebalance::Rebalances;
use super::{GroupConsumer, Holder, Place};
use crate::client::set_unless_given;

/// The thread looks this often whether it is to leave.
const LOOK: Duration = Duration::from_millis(100);

/// So many session timeouts after it asked for membership an instance asks anew, as somebody else: a group that is well takes
/// it in within one, and one rebalance.
const LEFT_OUT: u32 = 4;

const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) struct Member {
    place: Place,
    holder: Arc<dyn Holder>,
    /// Disconnected when it is time to leave.
    until: Receiver<()>,
}

impl Member {
    pub(super) fn new(place: Place, holder: Arc<dyn Holder>, until: Receiver<()>) -> Self {
        Self { place, holder, until }
    }

    /// Is a member until it is told to leave, over and over whatever comes in between.
    pub(super) fn run(&self) {
        let mut said = Said::default();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.belong(&mut said)));
            // A membership that ended in an orderly way has given up its partitions: then this finds none.
            self.holder.lose_all();
            let (failure, joined) = match outcome {
                Ok(Ok(())) => return,
                Ok(Err(ended)) => ended,
                Err(_) => (Failure::new(FailureKind::Internal, "the membership panicked"), false),
            };
            if joined {
                pause = SHORTEST_PAUSE;
            }
            said.say(&self.place, &failure);
            self.holder.failed(&failure);
            if self.until.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One membership: `Ok` when it is time to leave; else why it ended, and whether the group had taken us in.
    fn belong(&self, said: &mut Said) -> Result<(), (Failure, bool)> {
        let Place { connection, topics, group, doing, .. } = &self.place;
        (self.place.ready)().map_err(|failure| (failure, false))?;
        if self.is_over() {
            return Ok(());
        }
        let config = self.config().map_err(|failure| (failure, false))?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        let context = Rebalances::new(connection.context(), self.holder.clone(), self.place.drain);
        let consumer = GroupConsumer::from_config_and_context(&config, context)
            .and_then(|consumer| consumer.subscribe(&topics).map(|()| Arc::new(consumer)))
            .map_err(|error| (connection.failure(&error, doing), false))?;
        let mut joined = false;
        while !self.is_over() {
            let polled = consumer.poll(LOOK);
            if let Some(partitions) = consumer.context().came() {
                joined = true;
                said.well(group);
                self.holder.take(&consumer, partitions);
            }
            if consumer.context().is_left_out(self.place.session_timeout * LEFT_OUT) {
                let message = format!("{doing}: the group has not taken this instance in for long; it joins anew");
                return Err((Failure::new(FailureKind::Timeout, message), joined));
            }
            // The consumer itself goes on after all other errors, and has reported them.
            if let Some(Err(error)) = polled
                && self.is_the_end(&error)
            {
                return Err((connection.failure(&error, doing), joined));
            }
        }
        self.holder.leave(self.place.drain);
        // Dropped here, the consumer gives its partitions up and leaves the group.
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.until.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Whether the consumer can not go on: the topic has gone (it may come again with other partitions), or it says so itself.
    fn is_the_end(&self, error: &KafkaError) -> bool {
        use RDKafkaErrorCode::{UnknownTopic, UnknownTopicOrPartition};
        match error {
            KafkaError::MessageConsumptionFatal(_) => true,
            error => error
                .rdkafka_error_code()
                .is_some_and(|code| matches!(code, UnknownTopicOrPartition | UnknownTopic) || self.holder.ends(code)),
        }
    }

    fn config(&self) -> Result<ClientConfig, Failure> {
        let Place { group, instance, session_timeout, options, .. } = &self.place;
        let session = session_timeout.as_millis();
        let mut config = self.place.connection.config()?;
        config
            .set("group.id", group)
            // The name that the group knows a member by.
            .set("client.id", instance)
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 3).to_string())
            // Also how long a rebalance waits for a member whose lanes drain.
            .set("max.poll.interval.ms", (session * 3).to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "latest")
            .set("allow.auto.create.topics", "false");
        for (name, value) in options {
            config.set(*name, value);
        }
        // An answer that a broker owes for longer than a session is worth nothing; the default is a minute.
        set_unless_given(&mut config, "socket.timeout.ms", session.clamp(6_000, 60_000).to_string());
        // Soon sees that the topic has gone or has come again, and a broker that is back.
        set_unless_given(&mut config, "topic.metadata.refresh.interval.ms", "10000");
        // It must not be less than the first pause.
        if config.get("reconnect.backoff.ms").is_none() {
            set_unless_given(&mut config, "reconnect.backoff.max.ms", "2000");
        }
        Ok(config)
    }
}

/// Each kind of failure is said once, until all is well again.
#[derive(Default)]
struct Said(Vec<FailureKind>);

impl Said {
    fn say(&mut self, Place { group, missing, .. }: &Place, failure: &Failure) {
        let error_type = failure.kind.as_str();
        if self.0.contains(&failure.kind) {
            tracing::debug!(group, error_type, "{failure}");
        } else {
            self.0.push(failure.kind);
            tracing::warn!(group, error_type, "{missing}, this goes on trying: {failure}");
        }
    }

    fn well(&mut self, group: &str) {
        if !self.0.is_empty() {
            self.0.clear();
            tracing::info!(group, "the group of instances has taken this one in");
        }
    }
}

/// The name of an instance that was given none.
pub fn machine_and_process() -> String {
    let machine =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let machine = machine.map(|name| name.trim().to_owned()).unwrap_or_default();
    let machine = if machine.is_empty() { "jumpcloud-adr" } else { &machine };
    format!("{machine}-{}", std::process::id())
}
