//! `librdkafka_options`: nothing that a setting of ours says, no secret, nothing that would break a promise.

use std::collections::BTreeMap;
use std::time::Duration;

use adr_core::Failure;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use super::config;

/// Options that a setting of ours stands for.
const OURS: &[(&str, &str)] = &[
    ("batch.size", "batch_bytes"),
    ("bootstrap.servers", "bootstrap_servers"),
    ("client.id", "cluster.instance"),
    ("compression.codec", "compression"),
    ("compression.type", "compression"),
    ("delivery.timeout.ms", "delivery_timeout"),
    ("enable.ssl.certificate.verification", "tls.verify"),
    ("group.id", "cluster.group"),
    ("heartbeat.interval.ms", "cluster.session_timeout"),
    ("linger.ms", "linger"),
    ("message.max.bytes", "max_message_bytes"),
    ("message.timeout.ms", "delivery_timeout"),
    ("metadata.broker.list", "bootstrap_servers"),
    ("queue.buffering.max.kbytes", "queue_bytes"),
    ("queue.buffering.max.messages", "queue_bytes"),
    ("queue.buffering.max.ms", "linger"),
    ("sasl.mechanism", "sasl.mechanism"),
    ("sasl.mechanisms", "sasl.mechanism"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.client_id"),
    ("sasl.oauthbearer.client.id", "sasl.client_id"),
    ("sasl.oauthbearer.method", "sasl.token_endpoint"),
    ("sasl.oauthbearer.scope", "sasl.scope"),
    ("sasl.oauthbearer.token.endpoint.url", "sasl.token_endpoint"),
    ("sasl.username", "sasl.username"),
    ("security.protocol", "tls` and `sasl"),
    ("session.timeout.ms", "cluster.session_timeout"),
    ("ssl.ca.location", "tls.ca_file"),
    ("ssl.certificate.location", "tls.crt_file"),
    ("ssl.endpoint.identification.algorithm", "tls.verify"),
    ("ssl.key.location", "tls.key_file"),
    ("transaction.timeout.ms", "transaction_timeout"),
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

/// Options that what the sink promises rests on.
const PROMISES: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "check.crcs",
    // A replica that is behind could show less than there is.
    "client.rack",
    "delivery.report.only.error",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "enabled_events",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "isolation.level",
    "log.queue",
    // What connections fail of is found in lines of the level info.
    "log_level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "max.poll.interval.ms",
    "message.send.max.retries",
    "partition.assignment.strategy",
    "partitioner",
    "plugin.library.paths",
    "queuing.strategy",
    "request.required.acks",
    "retries",
    "test.mock.broker.rtt",
    "test.mock.num.brokers",
    "transactional.id",
];

/// `transaction`: how long one may last, if there are any.
pub(super) fn check(options: &BTreeMap<String, String>, transaction: Option<Duration>) -> Result<(), Failure> {
    for (name, value) in options {
        let setting =
            |list: &[(&str, &'static str)]| list.iter().find(|(option, _)| option == name).map(|(_, ours)| *ours);
        if let Some(ours) = setting(SECRETS) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, which would put a secret into the configuration: use the sink's own \
                 setting `{ours}` instead, which names the place where it is kept"
            )));
        }
        if is_secret(name) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, and no secret may stand in the configuration: use `sasl` or `tls`, which \
                 name the place where it is kept"
            )));
        }
        if let Some(ours) = setting(OURS) {
            return Err(config(format!("`librdkafka_options` has {name}: set `{ours}` instead")));
        }
        if PROMISES.contains(&name.as_str()) {
            return Err(config(format!(
                "`librdkafka_options` has {name}, on which rests what this sink promises: leave it out"
            )));
        }
        known(name, value)?;
    }
    let socket =
        options.get("socket.timeout.ms").and_then(|value| value.trim().parse().ok()).map(Duration::from_millis);
    match transaction {
        // librdkafka makes no producer then.
        Some(transaction) if socket.is_some_and(|socket| socket > transaction) => Err(config(format!(
            "`librdkafka_options` has socket.timeout.ms, longer than `transaction_timeout` ({}s), which ends all attempts: \
             lower it, or raise `transaction_timeout`",
            transaction.as_secs()
        ))),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str, transaction: Option<u64>) -> Option<String> {
        let options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        check(&options, transaction.map(Duration::from_secs)).err().map(|failure| failure.message)
    }

    #[test]
    fn what_cannot_be_as_it_is_set_is_refused_and_not_set_otherwise() {
        for (name, value, words) in [
            ("client.rack", "a", "leave it out"),
            ("log_level", "7", "leave it out"),
            ("heartbeat.interval.ms", "100", "`cluster.session_timeout` instead"),
        ] {
            let said = refused(name, value, None).unwrap();
            assert!(said.contains(name) && said.contains(words), "{said}");
        }
        let said = refused("socket.timeout.ms", "60001", Some(60)).unwrap();
        assert!(said.contains("`transaction_timeout` (60s)"), "{said}");
        assert_eq!(refused("socket.timeout.ms", "60000", Some(60)), None);
        assert_eq!(refused("socket.timeout.ms", "120000", None), None);
    }
}
