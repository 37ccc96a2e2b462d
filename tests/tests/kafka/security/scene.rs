//! A sink by its settings, secrets that can be changed, and what was sent.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use adr_core::{
    Checkpoint, Committed, Event, Failure, FailureKind, Group, LaneId, Meta, SecretRef, SecretString, Secrets,
    Severity, Sink, TransactionalSink,
};
use adr_sink_kafka::{Connection, ExactlyOnce, Form, Kafka, KafkaConfig, Settings, check};
use adr_tests::kafka::{Broker, Listener, unique};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Secrets by the name of their variable.
#[derive(Default)]
pub(super) struct Vault {
    secrets: Mutex<HashMap<String, Source>>,
    asked: AtomicUsize,
}

type Source = Arc<dyn Fn() -> String + Send + Sync>;

impl Vault {
    pub(super) fn set(&self, name: &str, secret: &str) {
        let secret = secret.to_owned();
        self.set_by(name, move || secret.clone());
    }

    /// A secret that is made when it is asked for.
    pub(super) fn set_by(&self, name: &str, secret: impl Fn() -> String + Send + Sync + 'static) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(secret));
    }

    /// How often any was read.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Secrets for Vault {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        let SecretRef::Env(name) = reference else { panic!("all are variables here") };
        self.asked.fetch_add(1, Ordering::Relaxed);
        let found = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let missing = || Failure::fatal(FailureKind::Config, format!("environment variable {name} is not set"));
        found.map(|secret| SecretString::from(secret())).ok_or_else(missing)
    }
}

/// A sink against a broker.
pub(super) struct Scene {
    /// In log lines.
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) vault: Arc<Vault>,
    pub(super) settings: Settings,
    pub(super) connection: Connection,
}

impl Scene {
    /// `more` are settings beside the address and the topic, which is made.
    pub(super) fn new(broker: &Broker, address: &str, more: &Value) -> Self {
        let topic = unique("security");
        broker.create_topic(&topic, 1, &[]);
        Self::at(&topic, address, more)
    }

    pub(super) fn at(topic: &str, address: &str, more: &Value) -> Self {
        let mut config = json!({"bootstrap_servers": address, "topic": topic});
        let fields = config.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        let config: KafkaConfig = serde_json::from_value(config).expect("settings");
        let settings = Settings::try_from(config).unwrap_or_else(|failure| panic!("{failure}"));
        let (vault, name) = (Arc::new(Vault::default()), unique("sink"));
        vault.set("PASSWORD", adr_tests::kafka::PASSWORD);
        let connection = Connection::new(&name, &settings, vault.clone());
        Self { name, topic: topic.to_owned(), vault, settings, connection }
    }

    /// What `check` says of the brokers.
    pub(super) async fn check(&self) -> Result<String, Failure> {
        let found = check(&self.connection, &self.settings).await;
        let mut all = Vec::new();
        for (place, outcome) in found {
            all.push(format!("{place}: {}", outcome?));
        }
        Ok(all.join("\n"))
    }

    pub(super) fn sink(&self) -> Kafka {
        Kafka::new(&self.connection, &self.settings, &form())
    }

    /// Commits one event and a checkpoint in a transaction.
    pub(super) async fn commit(&self, text: &str) -> Result<(), Failure> {
        let sink = ExactlyOnce::new(&self.connection, &self.settings, &form())?;
        let (mut writer, _) = sink.open(&LaneId::new("source", "tenant")).await?;
        let mut checkpoint = Checkpoint::default();
        checkpoint.set(&b"key"[..], &b"value"[..]);
        let group = Group { events: Arc::new(vec![event(text)]), checkpoint: Arc::new(checkpoint) };
        assert_eq!(writer.commit(group).await?, Committed::All);
        Ok(())
    }

    /// Sends one event through a sink of its own.
    pub(super) async fn send(&self, text: &str) -> Result<(), Failure> {
        send(&mut self.sink(), text).await
    }
}

/// What makes settings exactly once, with a checkpoint topic that is made for it.
pub(super) fn exactly_once(broker: &Broker, settings: &Value) -> Value {
    let checkpoints = unique("checkpoints");
    broker.create_topic(&checkpoints, 1, &[("cleanup.policy", "compact")]);
    let mut settings = settings.clone();
    settings["delivery"] = "exactly_once".into();
    settings["checkpoints"] = json!({"topic": checkpoints, "shards": 1});
    settings
}

fn form() -> Form {
    Form { schema: "test".into(), encoder: Arc::new(|| None) }
}

/// Sends one event and waits for its fate.
pub(super) async fn send(sink: &mut Kafka, text: &str) -> Result<(), Failure> {
    let delivered = sink.write(&[event(text)]).await?.await?;
    assert!(delivered.rejected.is_empty(), "{delivered:?}");
    Ok(())
}

pub(super) fn event(text: &str) -> Event {
    let meta =
        Meta { id: "id".into(), time: None, tenant: "tenant".into(), kind: "kind".into(), severity: Severity::Unknown };
    Event { meta, body: json!({"text": text}).to_string().into() }
}

/// The setting `tls` that trusts the broker.
pub(super) fn trusted(broker: &Broker) -> Value {
    json!({"ca_file": path(&broker.pki().authority)})
}

pub(super) fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// The setting `sasl` of the user that brokers know.
pub(super) fn login(mechanism: &str) -> Value {
    json!({"mechanism": mechanism, "username": adr_tests::kafka::USER, "password": {"env": "PASSWORD"}})
}

/// The same place by another name.
pub(super) fn by_name(broker: &Broker, listener: Listener) -> String {
    broker.address(listener).replace("127.0.0.1", "localhost")
}

/// A token that Kafka's own validator for tests takes: not signed, for so long.
#[expect(clippy::disallowed_methods, reason = "brokers hold the times in a token against the machine's own")]
pub(super) fn token(user: &str, seconds: f64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let payload = json!({"sub": user, "iat": now - 10.0, "exp": now + seconds}).to_string();
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(payload.as_bytes()))
}
