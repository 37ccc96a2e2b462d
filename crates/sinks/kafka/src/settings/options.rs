//! `librdkafka_options`: what of them the sink has settings for, and what its promises rest on.

use std::time::Duration;

use adr_core::Failure;
use adr_kafka::{Access, Role, Rules};

use super::config;

/// Beside what all components have.
pub(super) const RULES: Rules = Rules { role: Role::Sink, ours: OURS, promises: PROMISES };

const OURS: &[(&str, &str)] = &[
    ("batch.size", "batch_bytes"),
    ("client.id", "cluster.instance"),
    ("compression.codec", "compression"),
    ("compression.type", "compression"),
    ("delivery.timeout.ms", "delivery_timeout"),
    ("group.id", "cluster.group"),
    ("heartbeat.interval.ms", "cluster.session_timeout"),
    ("linger.ms", "linger"),
    ("message.max.bytes", "max_message_bytes"),
    ("message.timeout.ms", "delivery_timeout"),
    ("queue.buffering.max.kbytes", "queue_bytes"),
    ("queue.buffering.max.messages", "queue_bytes"),
    ("queue.buffering.max.ms", "linger"),
    ("session.timeout.ms", "cluster.session_timeout"),
    ("transaction.timeout.ms", "transaction_timeout"),
];

const PROMISES: &[&str] = &[
    "acks",
    "delivery.report.only.error",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.send.max.retries",
    "partitioner",
    "request.required.acks",
    "retries",
    "transactional.id",
];

/// `transaction`: how long one may last, if there are any.
pub(super) fn check_times(access: &Access, transaction: Option<Duration>) -> Result<(), Failure> {
    let socket = access.option("socket.timeout.ms").and_then(|value| value.trim().parse().ok());
    match transaction {
        // librdkafka makes no producer then.
        Some(transaction) if socket.map(Duration::from_millis).is_some_and(|socket| socket > transaction) => {
            Err(config(format!(
                "`librdkafka_options` has socket.timeout.ms, longer than `transaction_timeout` ({}s), which ends all \
                 attempts: lower it, or raise `transaction_timeout`",
                transaction.as_secs()
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn refused(name: &str, value: &str, transaction: Option<u64>) -> Option<String> {
        let options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let access = Access::new(&RULES, "127.0.0.1:9", None, None, options);
        let checked = access.and_then(|access| check_times(&access, transaction.map(Duration::from_secs)));
        checked.err().map(|failure| failure.message)
    }

    #[test]
    fn what_cannot_be_as_it_is_set_is_refused_and_not_set_otherwise() {
        for (name, value, words) in [
            ("client.rack", "a", "leave it out"),
            ("log_level", "7", "leave it out"),
            ("acks", "1", "what this sink promises: leave it out"),
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
