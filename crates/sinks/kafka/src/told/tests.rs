use std::collections::BTreeMap;

use adr_core::SecretRef;
use serde_json::json;

use super::*;
use crate::KafkaConfig;

struct None;

impl Secrets for None {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::fatal(FailureKind::Config, format!("{reference} is not set")))
    }
}

fn told() -> Told {
    let config = json!({"bootstrap_servers": "127.0.0.1:9", "topic": "adr"});
    let config: KafkaConfig = serde_json::from_value(config).unwrap();
    let secrets: Arc<dyn Secrets> = Arc::new(None);
    Told::new("sink", &Settings::try_from(config).unwrap(), &secrets)
}

const REFUSED: &str =
    "a.example.com:9092/1: Connect to ipv4#192.0.2.1:9092 failed: Connection refused (after 1ms in state CONNECT)";

#[test]
fn a_failure_gets_its_true_cause_until_all_is_well_again() {
    let told = told();
    let failure = || Failure::new(FailureKind::Timeout, "cannot write: timed out");
    assert_eq!(told.explain(failure(), "write"), failure());
    told.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), REFUSED);
    told.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
    let explained = told.explain(failure(), "write");
    assert_eq!(explained.kind, FailureKind::Unreachable);
    assert_eq!(explained.message, "cannot write: a.example.com:9092 cannot be connected to (Connection refused)");
    told.well();
    assert_eq!(told.explain(failure(), "write"), failure());
    assert!(told.state().outage.is_none());
}

#[test]
fn the_same_line_is_news_once_and_again_after_an_outage() {
    let told = told();
    assert!(told.state().is_news("line"));
    assert!(!told.state().is_news("line"));
    told.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
    told.well();
    assert!(told.state().is_news("line"));
    let many: BTreeMap<_, _> = (0..1000).map(|n| (n, told.state().is_news(&n.to_string()))).collect();
    assert!(many.values().filter(|news| **news).count() < MOST_LINES, "a flood of different lines is one too");
}

#[test]
fn secrets_that_were_read_are_cut_out_of_every_line() {
    let told = told();
    told.conceal(&"canary-1".into());
    told.conceal(&"abc".into());
    told.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), "a:1/1: it says canary-1 and abc");
    let last = told.state().last.clone().unwrap();
    assert_eq!(last.text, "a:1: it says *** and abc", "so short a secret would cut up every word");
    for number in 0..100 {
        told.conceal(&format!("token-{number}").into());
    }
    assert_eq!(told.state().secrets.len(), MOST_SECRETS);
}
