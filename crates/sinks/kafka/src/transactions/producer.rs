//! The producer of a shard, from its making to its end: its name to the brokers, and what it was told by them.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind, LaneId};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{Producer, ThreadedProducer};

use super::common::{Common, STEP};
use super::deliveries::{Deliveries, Reports};
use super::records::Collected;
use super::shard::Shard;
use crate::producer::producer_config;
use crate::read::{From, Isolation, read_partition};
use crate::record::Shaper;
use crate::topics::CHECKPOINT_MESSAGE;
use adr_kafka::set_unless_given;

/// How long the markers of a transaction that is committed may take to come.
const MARKERS: Duration = Duration::from_secs(2);

/// A producer that has fenced every earlier one of its shard.
pub(crate) struct Live {
    pub(super) shard: Arc<Shard>,
    pub(super) producer: ThreadedProducer<Reports>,
    pub(super) deliveries: Arc<Deliveries>,
    pub(super) shaper: Shaper,
    /// Whether the partition has its layout record.
    pub(super) layout: bool,
    /// How long the shard was ours when it was made.
    pub(crate) term: u64,
    /// The opening of each lane that may commit.
    pub(crate) owners: HashMap<LaneId, u64>,
}

impl Live {
    /// Fences every earlier producer of the shard, and ends its transaction if one is open. Blocks.
    pub(crate) fn make(shard: &Arc<Shard>, term: u64) -> Result<Self, Failure> {
        let common = &shard.common;
        let largest = common.topics_are_right()?;
        let config = config(common, shard.number, largest)?;
        let deliveries = Arc::new(Deliveries::default());
        let context = Reports { told: common.connection.context(), deliveries: deliveries.clone() };
        let producer = config
            .create_with_context(context)
            .map_err(|error| common.connection.failure(&error, "make a kafka producer"))?;
        let shaper = Shaper::new(&common.settings, &common.form);
        let live =
            Self { shard: shard.clone(), producer, deliveries, shaper, layout: false, term, owners: HashMap::new() };
        live.init()?;
        common.connection.context().well();
        tracing::debug!(shard = shard.number, "the shard's producer is ready");
        Ok(live)
    }

    fn init(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + STEP;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.producer.init_transactions(left) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {}
                Err(error) => return Err(self.failure(&error, "take over the transactions")),
            }
        }
    }

    /// What the partition says of these lanes. After the fencing no transaction can be open in it, so that its end is
    /// really its end. Blocks.
    pub(crate) fn read(&mut self, lanes: &[LaneId]) -> Result<Collected, Failure> {
        let start = Instant::now();
        loop {
            let (found, held_back) = self.read_once(lanes)?;
            if held_back == 0 {
                if !found.layout {
                    self.shard.common.partitions_agree()?;
                }
                self.layout = found.layout;
                return Ok(found);
            }
            // A commit is answered before its marker stands in every partition.
            if start.elapsed() > MARKERS {
                return Err(self.hangs());
            }
            thread::sleep(MARKERS / 20);
        }
    }

    fn read_once(&self, lanes: &[LaneId]) -> Result<(Collected, i64), Failure> {
        let common = &self.shard.common;
        let (topic, shards) = (&common.exactly_once.topic, common.exactly_once.shards);
        let mut found = Collected::new(topic, shards, self.shard.number, lanes.iter());
        let extent = read_partition(
            &common.connection,
            topic,
            self.partition(),
            Isolation::Committed,
            From::Start,
            STEP,
            &mut |record| found.take(record.key, record.payload),
        )?;
        found.verdict()?;
        Ok((found, extent.held_back()))
    }

    /// All who were before us are fenced: either somebody has fenced us since, or the brokers have lost how it ended.
    fn hangs(&self) -> Failure {
        let (common, partition) = (&self.shard.common, self.partition());
        let topic = &common.exactly_once.topic;
        let message = format!(
            "partition {partition} of the checkpoint topic {topic} has a transaction in it that is still open: another \
             pipeline uses the topic, or the brokers have left it hanging; `kafka-transactions.sh --bootstrap-server {} \
             describe-producers --topic {topic} --partition {partition}` shows it, and docs/kafka.md says what to do",
            common.connection.bootstrap()
        );
        Failure::new(FailureKind::Fenced, message)
    }

    fn partition(&self) -> i32 {
        i32::try_from(self.shard.number).unwrap_or(i32::MAX)
    }

    /// What an error of this producer comes to.
    pub(super) fn failure(&self, error: &KafkaError, doing: &str) -> Failure {
        let common: &Common = &self.shard.common;
        let fatal = self.producer.client().fatal_error();
        let codes = [error.rdkafka_error_code(), fatal.map(|(code, _)| code)];
        if codes.into_iter().flatten().any(is_fencing) {
            return common.fenced(self.shard.number);
        }
        let id = common.transactional_id(self.shard.number);
        common.connection.failure(error, &format!("{doing} of {id}"))
    }
}

/// Record batches have at most `largest` bytes.
fn config(common: &Common, shard: u32, largest: usize) -> Result<ClientConfig, Failure> {
    let settings = &common.settings;
    let mut config = producer_config(&common.connection, settings)?;
    let timeout = common.exactly_once.transaction_timeout;
    config.set("transactional.id", common.transactional_id(shard));
    config.set("transaction.timeout.ms", timeout.as_millis().to_string());
    // librdkafka wants neither to be longer than the transaction.
    config.set("message.timeout.ms", settings.delivery_timeout.min(timeout).as_millis().to_string());
    set_unless_given(&mut config, "socket.timeout.ms", timeout.min(Duration::from_secs(60)).as_millis().to_string());
    config.set("message.max.bytes", settings.max_message_bytes.max(CHECKPOINT_MESSAGE).to_string());
    // Nobody counts its bytes: a group goes through it piece by piece.
    let queue = settings.queue_bytes.max(2 * CHECKPOINT_MESSAGE).div_ceil(1024);
    config.set("queue.buffering.max.kbytes", queue.to_string());
    config.set("batch.size", settings.batch_bytes.min(largest).to_string());
    Ok(config)
}

/// Whether it says that a later producer of the same name exists. A transaction that lasted too long ends the same way.
fn is_fencing(code: Code) -> bool {
    matches!(
        code,
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::TransactionCoordinatorFenced
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use adr_core::{SecretRef, SecretString, Secrets};
    use serde_json::json;

    use super::*;
    use crate::record::Form;
    use crate::{Connection, KafkaConfig, Settings};

    struct NoSecrets;

    impl Secrets for NoSecrets {
        fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
            Err(Failure::fatal(FailureKind::Config, "there are none"))
        }
    }

    #[test]
    fn what_a_site_has_set_counts() {
        let made = |options: serde_json::Value| {
            let raw = json!({
                "bootstrap_servers": "127.0.0.1:9", "topic": "adr", "delivery": "exactly_once",
                "checkpoints": {"topic": "progress"}, "transaction_timeout": "30s", "librdkafka_options": options,
            });
            let settings = Settings::try_from(serde_json::from_value::<KafkaConfig>(raw).unwrap()).unwrap();
            let connection = Connection::new("out", &settings, Arc::new(NoSecrets));
            let form = Form { schema: "".into(), encoder: Arc::new(|| None) };
            let common = Common::new(&connection, &settings, &form).unwrap();
            let made = config(&common, 0, 1000).unwrap();
            ["socket.timeout.ms", "batch.num.messages"].map(|name| made.get(name).unwrap().to_owned())
        };
        assert_eq!(made(json!({})), ["30000", "100000"]);
        assert_eq!(made(json!({"socket.timeout.ms": "5000", "batch.num.messages": "7"})), ["5000", "7"]);
    }
}
