//! `librdkafka_options`: nothing that a setting of ours says, no secret, nothing that would break a promise.

use std::collections::BTreeMap;

use adr_core::{Failure, FailureKind};
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use super::Rules;

/// Options that a setting stands for which every component has.
const OURS: &[(&str, &str)] = &[
    ("bootstrap.servers", "bootstrap_servers"),
    ("enable.ssl.certificate.verification", "tls.verify"),
    ("metadata.broker.list", "bootstrap_servers"),
    ("sasl.mechanism", "sasl.mechanism"),
    ("sasl.mechanisms", "sasl.mechanism"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.client_id"),
    ("sasl.oauthbearer.client.id", "sasl.client_id"),
    ("sasl.oauthbearer.method", "sasl.token_endpoint"),
    ("sasl.oauthbearer.scope", "sasl.scope"),
    ("sasl.oauthbearer.token.endpoint.url", "sasl.token_endpoint"),
    ("sasl.username", "sasl.username"),
    ("security.protocol", "tls` and `sasl"),
    ("ssl.ca.location", "tls.ca_file"),
    ("ssl.certificate.location", "tls.crt_file"),
    ("ssl.endpoint.identification.algorithm", "tls.verify"),
    ("ssl.key.location", "tls.key_file"),
];

/// Options that hold a secret or a file's content, and the setting that refers to it.
const SECRETS: &[(&str, &str)] = &[
    ("sasl.oauthbearer.client.credentials.client.secret", "sasl.client_secret"),
    ("sasl.oauthbearer.client.secret", "sasl.client_secret"),
    ("sasl.password", "sasl.password"),
    ("ssl.ca.pem", "tls.ca_file"),
    ("ssl.certificate.pem", "tls.crt_file"),
    ("ssl.key.password", "tls.key_password"),
    ("ssl.key.pem", "tls.key_file"),
];

/// Options that what every component promises rests on.
const PROMISES: &[&str] = &[
    "allow.auto.create.topics",
    "auto.offset.reset",
    "check.crcs",
    // A replica that is behind could show less than there is.
    "client.rack",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "enabled_events",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "log.queue",
    // What connections fail of is found in lines of the level info.
    "log_level",
    "max.poll.interval.ms",
    "partition.assignment.strategy",
    "plugin.library.paths",
    "queuing.strategy",
    "test.mock.broker.rtt",
    "test.mock.num.brokers",
];

pub(super) fn check(rules: &Rules, options: &BTreeMap<String, String>) -> Result<(), Failure> {
    let role = rules.role.as_str();
    for (name, value) in options {
        let setting =
            |list: &[(&str, &'static str)]| list.iter().find(|(option, _)| option == name).map(|(_, ours)| *ours);
        if let Some(ours) = setting(SECRETS) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, which would put a secret into the configuration: use the {role}'s own \
                 setting `{ours}` instead, which names the place where it is kept"
            )));
        }
        if is_secret(name) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, and no secret may stand in the configuration: use `sasl` or `tls`, which \
                 name the place where it is kept"
            )));
        }
        if let Some(ours) = setting(OURS).or_else(|| setting(rules.ours)) {
            return Err(config(format!("`librdkafka_options` has {name}: set `{ours}` instead")));
        }
        if PROMISES.contains(&name.as_str()) || rules.promises.contains(&name.as_str()) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, on which rests what this {role} promises: leave it out"
            )));
        }
        known(name, value)?;
    }
    Ok(())
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

/// Names of secrets that nobody has listed.
fn is_secret(name: &str) -> bool {
    ["password", "passphrase", "secret", ".pem", "private.key", "sasl.oauthbearer.config", "keystore", "jaas"]
        .iter()
        .any(|word| name.contains(word))
}

/// Asks librdkafka itself, which knows its names and what they take.
fn known(name: &str, value: &str) -> Result<(), Failure> {
    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, why, ..)) => {
            Err(config(format!("`librdkafka_options` has {name}, which librdkafka refuses: {}", lower(&why))))
        }
        Err(_) => Err(config(format!("`librdkafka_options` has {name}, which librdkafka refuses: leave it out"))),
    }
}

/// As our messages begin and end.
fn lower(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
