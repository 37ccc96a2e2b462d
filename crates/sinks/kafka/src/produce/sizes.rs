//! How large record batches are made after brokers have refused some.

use std::sync::Arc;

use adr_core::{Meta, SecretRef, SecretString, Secrets, Severity};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Code};

use super::*;
use crate::KafkaConfig;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::new(FailureKind::Config, "there are none"))
    }
}

async fn send(sink: &mut Kafka) -> Result<Delivered, Failure> {
    let meta =
        Meta { id: "id".into(), time: None, tenant: "tenant".into(), kind: "kind".into(), severity: Severity::Low };
    sink.write(&[Event { meta, body: "x".into() }]).await?.await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_too_large_once_is_tried_again_with_the_next_producer() {
    let mock: MockCluster<'_, DefaultProducerContext> = MockCluster::new(1).unwrap();
    mock.create_topic("adr", 1, 1).unwrap();
    let config =
        KafkaConfig { bootstrap_servers: mock.bootstrap_servers(), topic: "adr".into(), ..KafkaConfig::default() };
    let settings = Settings::try_from(config).unwrap();
    let connection = Connection::new("out", &settings, Arc::new(NoSecrets));
    let form = Form { schema: "".into(), encoder: Arc::new(|| None) };
    // The mock cannot say what a topic is like.
    let mut sink = Kafka { make: Live::build, ..Kafka::new(&connection, &settings, &form) };
    for (refusal, batch) in [
        (Code::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 250_000),
        (Code::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 62_500),
        (Code::RD_KAFKA_RESP_ERR_INVALID_RECORD, 1_000_000),
    ] {
        mock.request_errors(RDKafkaApiKey::Produce, &[refusal]);
        send(&mut sink).await.expect_err("it is refused");
        send(&mut sink).await.expect("it is sent by another producer");
        assert_eq!(sink.batch_bytes, batch);
    }
}
