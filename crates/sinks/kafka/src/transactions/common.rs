//! What the shards of one sink share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use adr_core::{Failure, FailureKind};

use super::layouts::agree;
use crate::Settings;
use crate::read::partitions;
use crate::record::Form;
use crate::settings::ExactlyOnceSettings;
use crate::topics::{require_checkpoint_topic, require_events_topic};
use adr_kafka::Connection;

/// How long the brokers may take for each of the steps of an opening.
pub(crate) const STEP: Duration = Duration::from_secs(30);

/// What the shards of one sink share.
pub(crate) struct Common {
    pub(crate) connection: Connection,
    pub(crate) settings: Settings,
    pub(crate) exactly_once: ExactlyOnceSettings,
    pub(crate) form: Form,
    /// The largest record batch that all topics take, once they were seen to be right.
    topics: Mutex<Option<usize>>,
    /// Whether no partition of the checkpoint topic was seen to be laid out for another number of shards.
    agreed: Mutex<bool>,
}

impl Common {
    pub(crate) fn new(connection: &Connection, settings: &Settings, form: &Form) -> Result<Self, Failure> {
        let message = "exactly once is asked for without `delivery: exactly_once`: this is a bug";
        let exactly_once = settings.exactly_once.clone();
        Ok(Self {
            connection: connection.clone(),
            settings: settings.clone(),
            exactly_once: exactly_once.ok_or_else(|| Failure::fatal(FailureKind::Internal, message))?,
            form: form.clone(),
            topics: Mutex::default(),
            agreed: Mutex::default(),
        })
    }

    /// Asks for the topics, unless they were right before. The largest record batch that all of them take.
    pub(crate) fn topics_are_right(&self) -> Result<usize, Failure> {
        // Held while asking: the shards of a start all want to know, and one question does.
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(largest) = *topics {
            return Ok(largest);
        }
        let mut largest = require_checkpoint_topic(&self.connection, &self.settings, STEP)?.max_message_bytes;
        for topic in self.settings.topics() {
            let facts = require_events_topic(&self.connection, topic, STEP)?;
            largest = largest.min(facts.max_message_bytes);
        }
        *topics = Some(largest);
        Ok(largest)
    }

    /// Refuses to begin anew in a partition that says nothing where others say that the topic was divided otherwise: then
    /// partitions were added to it. Asked once: what this instance writes from then on agrees with it.
    pub(crate) fn partitions_agree(&self) -> Result<(), Failure> {
        // Held while asking, as above.
        let mut agreed = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        if !*agreed {
            let ExactlyOnceSettings { topic, shards, .. } = &self.exactly_once;
            let partitions = partitions(&self.connection, topic, STEP)?;
            agree(&self.connection, topic, partitions, *shards, STEP)?;
            *agreed = true;
        }
        Ok(())
    }

    /// Something went wrong: somebody may have changed the topics.
    pub(crate) fn doubt_topics(&self) {
        *self.topics.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The producer's name to the brokers. It goes with the checkpoint topic, so that two pipelines that are given the
    /// same one fence each other instead of mixing their progress.
    pub(crate) fn transactional_id(&self, shard: u32) -> String {
        format!("jumpcloud-adr.{}.{shard}", self.exactly_once.topic)
    }

    /// Another instance has taken over.
    pub(crate) fn fenced(&self, shard: u32) -> Failure {
        let topic = &self.exactly_once.topic;
        let next = match &self.exactly_once.cluster {
            Some(_) => "",
            None => {
                ": run one instance only, or set `cluster:` to run several, and give every other pipeline a \
                 checkpoint topic of its own"
            }
        };
        let message = format!(
            "another instance of this pipeline (same checkpoint topic {topic}) took over shard \
             {shard}, or a transaction lasted longer than `transaction_timeout`{next}"
        );
        Failure::new(FailureKind::Fenced, message)
    }

    /// The shard is not ours now.
    pub(crate) fn not_ours(&self, shard: u32) -> Failure {
        Failure::new(FailureKind::Fenced, format!("shard {shard} does not belong to this instance now"))
    }
}
