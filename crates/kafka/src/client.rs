//! What every client of one component shares: where the brokers are, and who we are to them.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, thread};

use adr_core::{Failure, FailureKind, Secrets};
use rdkafka::client::Client;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};

use crate::access::Access;
use crate::config::Mechanism;
use crate::failure::{failure, is_vague};
use crate::told::Told;
use crate::{native, security};

/// How often a client that waits for an answer serves what librdkafka wants.
const SERVE: Duration = Duration::from_millis(5);

/// What every client of one component shares. Cheap to clone.
#[derive(Clone)]
pub struct Connection {
    access: Arc<Access>,
    secrets: Arc<dyn Secrets>,
    told: Told,
}

impl Connection {
    /// Connects to nothing and reads nothing yet. `name` is the component's, for its log lines.
    pub fn new(name: &str, settings: &impl AsRef<Access>, secrets: Arc<dyn Secrets>) -> Self {
        let access = settings.as_ref();
        let told = Told::new(name, access, &secrets);
        Self { access: Arc::new(access.clone()), secrets, told }
    }

    /// Where it leads, and as whom.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Whether certificate files and secrets are there and what they should be: for the start, where a mistake is best told.
    /// Connects to nothing.
    pub fn ready(&self) -> Result<(), Failure> {
        self.config()?;
        self.told.ready()
    }

    /// The settings of a client that is about to be made. Reads certificate files and secrets anew each time, so that one
    /// that was changed in its place is taken up; fails where one is missing or is not what it should be. Connects to nothing.
    pub fn config(&self) -> Result<ClientConfig, Failure> {
        let access = &*self.access;
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &access.bootstrap_servers);
        config.set("client.id", access.client_id.as_deref().unwrap_or("jumpcloud-adr"));
        config.set_log_level(match access.librdkafka_options.contains_key("debug") {
            true => RDKafkaLogLevel::Debug,
            false => RDKafkaLogLevel::Info,
        });
        for (name, value) in &access.librdkafka_options {
            config.set(name, value);
        }
        security::set(&mut config, access, &*self.secrets, &self.told)?;
        Ok(config)
    }

    /// What a client reports to. A context of one's own hands everything on to it: see [`told_by`](crate::told_by).
    pub fn context(&self) -> Told {
        self.told.clone()
    }

    /// Where the brokers are, as the settings write it.
    pub fn bootstrap(&self) -> &str {
        &self.access.bootstrap_servers
    }

    /// What a call's error comes to. The call itself often knows only that time is up: why, the brokers or TLS have said
    /// elsewhere, and this adds it. `doing` is read after "cannot": "write to kafka topic adr".
    pub fn failure(&self, error: &KafkaError, doing: &str) -> Failure {
        let failure = failure(error, doing, self.access.role);
        if is_vague(error) { self.told.explain(failure, doing) } else { failure }
    }

    /// Makes one blocking call to the brokers (metadata, watermarks, groups) with a client of its own. Serves meanwhile what
    /// librdkafka wants: without that no token is fetched and no error told. `doing` as in [`failure`](Self::failure).
    pub fn ask<T: Send>(
        &self,
        doing: &str,
        call: impl FnOnce(&BaseConsumer<Told>) -> KafkaResult<T> + Send,
    ) -> Result<T, Failure> {
        let client: BaseConsumer<Told> =
            self.config()?.create_with_context(self.context()).map_err(|error| self.failure(&error, doing))?;
        self.served(&client, doing, call)
    }

    /// The same with a client that there is. It must not have subscribed to anything.
    pub fn served<C: ConsumerContext + 'static, T: Send>(
        &self,
        client: &BaseConsumer<C>,
        doing: &str,
        call: impl FnOnce(&BaseConsumer<C>) -> KafkaResult<T> + Send,
    ) -> Result<T, Failure> {
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| call(client));
            while !asked.is_finished() {
                // No message can come, only what the context gets.
                let _ = client.poll(SERVE);
            }
            asked.join()
        });
        match answer {
            Ok(Ok(answer)) => {
                self.told.well();
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.failure(&error, doing)),
            Err(_) => Err(Failure::new(FailureKind::Internal, format!("cannot {doing}: the call panicked"))),
        }
    }

    /// Gives an admin client its token, where the login needs one: it asks nobody by itself. `doing` as in
    /// [`failure`](Self::failure).
    pub fn admit(&self, client: &Client<Told>, doing: &str) -> Result<(), Failure> {
        match &self.access.sasl {
            Some(sasl) if sasl.mechanism == Mechanism::Oauthbearer => {
                native::give_token(client).map_err(|failure| failure.at(format!("cannot {doing}")))
            }
            _ => Ok(()),
        }
    }
}

/// Sets what a site may have set otherwise, in `librdkafka_options`: that counts.
pub fn set_unless_given(config: &mut ClientConfig, name: &str, value: impl Into<String>) {
    if config.get(name).is_none() {
        config.set(name, value);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("bootstrap", &self.bootstrap()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use adr_core::{SecretRef, SecretString};
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{Role, Rules};
    use crate::config::TlsConfig;

    struct Missing;

    impl Secrets for Missing {
        fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
            Err(Failure::fatal(FailureKind::Config, format!("{reference} is not set")))
        }
    }

    fn ready(sasl: &Value) -> Result<(), Failure> {
        let rules = Rules { role: Role::Sink, ours: &[], promises: &[] };
        let sasl = Some(serde_json::from_value(sasl.clone()).unwrap());
        let access = Access::new(&rules, "127.0.0.1:9", Some(TlsConfig::default()), sasl, BTreeMap::new()).unwrap();
        Connection::new("out", &access, Arc::new(Missing)).ready()
    }

    #[test]
    fn every_secret_that_is_missing_is_told_at_the_start() {
        let endpoint = "https://login.example.com/token";
        let credentials = json!({
            "mechanism": "oauthbearer", "token_endpoint": endpoint, "client_id": "sender", "client_secret": {"env": "HERE"},
        });
        for (sasl, setting) in [
            (json!({"mechanism": "plain", "username": "sender", "password": {"env": "HERE"}}), "`password`"),
            (json!({"mechanism": "oauthbearer", "token": {"env": "HERE"}}), "`token`"),
            (credentials, "`client_secret`"),
        ] {
            let failure = ready(&sasl).expect_err(setting);
            assert!(failure.message.contains(setting) && failure.message.contains("HERE"), "{failure}");
        }
    }
}
