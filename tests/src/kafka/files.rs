//! The files a broker runs from: its properties, by listener.

use std::fmt::Write as _;
use std::path::Path;

use crate::receivers::{Identity, Pki, ports};

/// The user that brokers with security know, with SASL PLAIN and both SCRAMs.
pub const USER: &str = "alice";
/// This user's password.
pub const PASSWORD: &str = "alice's password";

/// What a broker asks of those who connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Nothing: one plaintext listener.
    #[default]
    None,
    /// There is each [`Listener`] beside the plaintext one.
    Listeners,
    /// The same, and nobody but those at the plaintext listener may do what no ACL allows.
    Acls,
}

/// A listener of a broker with security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// No TLS, no login.
    Plaintext,
    /// TLS.
    Tls,
    /// TLS, and clients must have a certificate of the same authority.
    MutualTls,
    /// TLS, with a login by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    Sasl,
    /// TLS, with a login by OAUTHBEARER; the tokens are not signed.
    Oauth,
}

impl Listener {
    const ALL: [Self; 5] = [Self::Plaintext, Self::Tls, Self::MutualTls, Self::Sasl, Self::Oauth];

    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Tls => "TLS",
            Self::MutualTls => "MUTUALTLS",
            Self::Sasl => "SASL",
            Self::Oauth => "OAUTH",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Tls | Self::MutualTls => "SSL",
            Self::Sasl | Self::Oauth => "SASL_SSL",
        }
    }
}

/// The ports of a broker: the same in all its lives.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    listeners: Vec<(Listener, u16)>,
    controller: u16,
}

impl Ports {
    pub(super) fn free(security: Security) -> Self {
        let wanted = Listener::ALL.into_iter().take(if security == Security::None { 1 } else { Listener::ALL.len() });
        Self { listeners: wanted.map(|listener| (listener, ports::free())).collect(), controller: ports::free() }
    }

    pub(super) fn of(&self, listener: Listener) -> u16 {
        let found = self.listeners.iter().find(|(other, _)| *other == listener);
        found.unwrap_or_else(|| panic!("started without the listener {listener:?}")).1
    }
}

/// Everything that is needed for tests to be quick, and one broker enough.
const SMALL: &str = "process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
controlled.shutdown.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=200
controller.quorum.election.backoff.max.ms=200
log.cleaner.dedupe.buffer.size=2097152
log.cleaner.backoff.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
num.recovery.threads.per.data.dir=2
";

/// server.properties.
pub(super) fn properties(folder: &Path, ports: &Ports, security: Security, pki: &Pki) -> String {
    let mut text = String::from(SMALL);
    // A topic that a client makes by accident shall show.
    text.push_str("auto.create.topics.enable=true\n");
    let here = |(listener, port): &(Listener, u16)| format!("{}://127.0.0.1:{port}", listener.name());
    let advertised = ports.listeners.iter().map(here).collect::<Vec<_>>().join(",");
    let protocols: String =
        ports.listeners.iter().map(|(listener, _)| format!(",{}:{}", listener.name(), listener.protocol())).collect();
    let controller = ports.controller;
    put(&mut text, "log.dirs", folder.join("data").display());
    put(&mut text, "controller.quorum.bootstrap.servers", format!("127.0.0.1:{controller}"));
    put(&mut text, "listeners", format!("{advertised},CONTROLLER://127.0.0.1:{controller}"));
    put(&mut text, "advertised.listeners", &advertised);
    put(&mut text, "listener.security.protocol.map", format!("CONTROLLER:PLAINTEXT{protocols}"));
    if security != Security::None {
        secure(&mut text, folder, pki);
    }
    if security == Security::Acls {
        put(&mut text, "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        put(&mut text, "super.users", "User:ANONYMOUS");
    }
    text
}

fn secure(text: &mut String, folder: &Path, pki: &Pki) {
    // Kafka wants the key and its certificate in one file.
    let Identity { certificate, key, .. } = pki.server();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a PEM file");
    let store = folder.join("server.pem");
    std::fs::write(&store, read(&key) + &read(&certificate)).expect("the key store is written");
    put(text, "ssl.keystore.type", "PEM");
    put(text, "ssl.keystore.location", store.display());
    put(text, "ssl.truststore.type", "PEM");
    put(text, "ssl.truststore.location", pki.authority.display());
    put(text, "listener.name.mutualtls.ssl.client.auth", "required");
    put(text, "listener.name.sasl.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512");
    let module = "org.apache.kafka.common.security";
    let plain = format!("{module}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";");
    put(text, "listener.name.sasl.plain.sasl.jaas.config", plain);
    for scram in ["scram-sha-256", "scram-sha-512"] {
        let login = format!("{module}.scram.ScramLoginModule required;");
        put(text, &format!("listener.name.sasl.{scram}.sasl.jaas.config"), login);
    }
    put(text, "listener.name.oauth.sasl.enabled.mechanisms", "OAUTHBEARER");
    // Who does not log in anew meanwhile is put out.
    put(text, "listener.name.oauth.oauthbearer.connections.max.reauth.ms", 3000);
    let login = format!("{module}.oauthbearer.OAuthBearerLoginModule required;");
    put(text, "listener.name.oauth.oauthbearer.sasl.jaas.config", login);
}

/// The users of SCRAM, as `StorageTool format` takes them.
pub(super) fn scram() -> [String; 4] {
    let user = |mechanism: &str| format!("{mechanism}=[name={USER},password={PASSWORD}]");
    ["--add-scram".into(), user("SCRAM-SHA-256"), "--add-scram".into(), user("SCRAM-SHA-512")]
}

fn put(text: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(text, "{name}={value}").expect("a string takes it");
}
