//! What the errors of librdkafka's calls come to: kind, whether to try again, words and the next step.

use adr_core::{Failure, FailureKind};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::access::Role;

/// What an error comes to. `doing` is read after "cannot": "write to kafka topic adr". Where the true cause may have come
/// another way, use [`Connection::failure`](crate::client::Connection::failure), which adds it.
pub(crate) fn failure(error: &KafkaError, doing: &str, role: Role) -> Failure {
    match error {
        // The value stays out: it may be a secret, and the reason may quote it.
        KafkaError::ClientConfig(_, why, option, value) => {
            let why = if value.is_empty() { why.clone() } else { why.replace(value.as_str(), "it") };
            let message =
                format!("cannot {doing}: librdkafka does not take `{option}` ({why}): see `librdkafka_options`");
            Failure::fatal(FailureKind::Config, message)
        }
        // Files that are being exchanged may not fit together for a moment, so this is tried again.
        KafkaError::ClientCreation(why) => {
            Failure::new(FailureKind::Config, format!("cannot {doing}: {}", creation(why)))
        }
        error => {
            let (kind, next) =
                error.rdkafka_error_code().map_or((FailureKind::Internal, ""), |code| meaning(code, role));
            Failure::new(kind, format!("cannot {doing}: {}{next}", words(error)))
        }
    }
}

/// Whether it says that something went wrong, but not what: the time was up, the connection gone, the client ended.
pub(crate) fn is_vague(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::Authentication
                | Code::BrokerTransportFailure
                | Code::Resolve
                | Code::SSL
                | Code::AllBrokersDown
                | Code::DestroyBroker
                | Code::OperationTimedOut
                | Code::MessageTimedOut
                | Code::TimedOutQueue
                | Code::RequestTimedOut
                | Code::PurgeQueue
                | Code::PurgeInflight
                | Code::Fatal
                | Code::State
        )
    )
}

/// A transaction's error has words of its own; elsewhere there is the code.
fn words(error: &KafkaError) -> String {
    match (error, error.rdkafka_error_code()) {
        (KafkaError::Transaction(error), _) => error.string(),
        (_, Some(code)) => said(code),
        (error, None) => error.to_string(),
    }
}

/// `OperationTimedOut (Local: Timed out)`: what stands in the brackets.
fn said(code: Code) -> String {
    let text = code.to_string();
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(&text);
    let inner = inner.strip_prefix("Broker: ").or_else(|| inner.strip_prefix("Local: ")).unwrap_or(inner);
    let mut letters = inner.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What the client itself says before it connects at all: mostly certificates and keys.
fn creation(why: &str) -> String {
    let next = if why.contains("ssl.key.location") {
        "see `key_file`, `key_password` and whether the key is that of `crt_file`"
    } else if why.contains("ssl.certificate.location") {
        "see `crt_file`"
    } else if why.contains("ssl.ca.location") {
        "see `ca_file`"
    } else {
        "see `librdkafka_options`"
    };
    format!("{why}: {next}")
}

/// The kind, and the next step as it ends a sentence.
pub(crate) fn meaning(code: Code, role: Role) -> (FailureKind, &'static str) {
    match code {
        Code::Authentication | Code::SaslAuthenticationFailed | Code::IllegalSASLState => {
            (FailureKind::Unauthorized, ": see `sasl`")
        }
        Code::UnsupportedSASLMechanism => (FailureKind::Unauthorized, ": see `mechanism`"),

        Code::TopicAuthorizationFailed if role == Role::Source => (
            FailureKind::Forbidden,
            ": give this user the right to read it, with kafka-acls.sh --add --operation Read --topic",
        ),
        Code::TopicAuthorizationFailed => (
            FailureKind::Forbidden,
            ": give this user the rights to it, with kafka-acls.sh --add --operation Write --operation Describe --topic (and \
             --operation Read, to verify)",
        ),
        Code::GroupAuthorizationFailed => (
            FailureKind::Forbidden,
            ": give this user the right to the group, with kafka-acls.sh --add --operation Read --group",
        ),
        Code::TransactionalIdAuthorizationFailed => (
            FailureKind::Forbidden,
            ": give this user the rights to it, with kafka-acls.sh --add --operation Write --operation Describe \
             --transactional-id jumpcloud-adr. --resource-pattern-type prefixed",
        ),
        // Brokers since 2.8 give the right that idempotence needs with that to write to any topic.
        Code::ClusterAuthorizationFailed => (
            FailureKind::Forbidden,
            ": give this user the right to write, with kafka-acls.sh --add --operation Write --operation Describe --topic, or \
             to be idempotent, with kafka-acls.sh --add --operation IdempotentWrite --cluster",
        ),

        Code::BrokerTransportFailure
        | Code::Resolve
        | Code::SSL
        | Code::AllBrokersDown
        | Code::NetworkException
        | Code::DestroyBroker
        | Code::UnknownBroker => (FailureKind::Unreachable, ""),

        Code::OperationTimedOut | Code::MessageTimedOut | Code::TimedOutQueue | Code::RequestTimedOut => {
            (FailureKind::Timeout, "")
        }

        Code::InvalidGroupId if role == Role::Source => (FailureKind::Config, ": correct `group_id`"),
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicId => (
            FailureKind::Config,
            ": topics are not made by themselves; create it with kafka-topics.sh --create --topic, or correct its name",
        ),
        Code::InvalidTopic => (FailureKind::Config, ": correct its name"),
        Code::InvalidTransactionTimeout => {
            (FailureKind::Config, ": lower `transaction_timeout`, or raise transaction.max.timeout.ms of the brokers")
        }
        Code::InvalidSessionTimeout => (
            FailureKind::Config,
            ": `session_timeout` must be between group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers",
        ),
        Code::InconsistentGroupProtocol | Code::UnsupportedAssignor if role == Role::Source => (
            FailureKind::Config,
            ": members of this group divide its topics in another way; set `group_id` to one of this pipeline's own",
        ),
        Code::InconsistentGroupProtocol | Code::UnsupportedAssignor => {
            (FailureKind::Config, ": another program is in this group; set `group` to one of its own")
        }
        Code::UnsupportedCompressionType => (FailureKind::Config, ": set `compression` to another"),
        Code::UnsupportedVersion | Code::UnsupportedFeature | Code::UnsupportedForMessageFormat => {
            (FailureKind::Config, ": the brokers are too old for this")
        }
        Code::InvalidConfig | Code::PolicyViolation | Code::SecurityDisabled | Code::InvalidGroupId => {
            (FailureKind::Config, "")
        }

        Code::Fenced
        | Code::ProducerFenced
        | Code::InvalidProducerEpoch
        | Code::TransactionCoordinatorFenced
        | Code::FencedInstanceId
        | Code::FencedMemberEpoch => {
            (FailureKind::Fenced, ": another instance has taken over; two pipelines must not share a checkpoint topic")
        }

        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend => {
            (FailureKind::Unavailable, ": fewer replicas are in sync than min.insync.replicas asks for")
        }
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize | Code::InvalidRecord => {
            (FailureKind::BadRequest, "")
        }
        Code::ThrottlingQuotaExceeded => (FailureKind::RateLimited, ""),
        Code::OutOfOrderSequenceNumber
        | Code::UnknownProducerId
        | Code::GaplessGuarantee
        | Code::InvalidTransactionalState
        | Code::State
        | Code::Fatal
        | Code::Inconsistent => (FailureKind::Protocol, ""),
        // Coordinators that load, leaders that are elected, disks that are full: the brokers' own trouble.
        _ => (FailureKind::Unavailable, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::types::RDKafkaConfRes;

    #[test]
    fn each_kind_of_error_has_its_kind_and_its_words() {
        for (code, kind, words) in [
            (Code::TopicAuthorizationFailed, FailureKind::Forbidden, "kafka-acls.sh"),
            (Code::TransactionalIdAuthorizationFailed, FailureKind::Forbidden, "--transactional-id jumpcloud-adr."),
            (Code::SaslAuthenticationFailed, FailureKind::Unauthorized, "`sasl`"),
            (Code::BrokerTransportFailure, FailureKind::Unreachable, "broker transport failure"),
            (Code::OperationTimedOut, FailureKind::Timeout, "timed out"),
            (Code::UnknownTopicOrPartition, FailureKind::Config, "kafka-topics.sh"),
            (Code::InvalidProducerEpoch, FailureKind::Fenced, "another instance"),
            (Code::CoordinatorLoadInProgress, FailureKind::Unavailable, "coordinator load in progress"),
        ] {
            let failure = failure(&KafkaError::MessageProduction(code), "write to kafka topic adr", Role::Sink);
            assert_eq!(failure.kind, kind, "{failure}");
            assert_eq!(failure.retry, adr_core::Retry::BackOff, "{failure}");
            assert!(failure.message.starts_with("cannot write to kafka topic adr: "), "{failure}");
            assert!(failure.message.contains(words) && !failure.message.ends_with('.'), "{failure}");
        }
    }

    #[test]
    fn whoever_reads_is_told_what_a_reader_needs() {
        for (code, kind, words) in [
            (Code::TopicAuthorizationFailed, FailureKind::Forbidden, "--operation Read --topic"),
            (Code::GroupAuthorizationFailed, FailureKind::Forbidden, "--operation Read --group"),
            (Code::InconsistentGroupProtocol, FailureKind::Config, "`group_id`"),
        ] {
            let failure = failure(&KafkaError::MessageConsumption(code), "read kafka topic raw", Role::Source);
            assert!(failure.kind == kind && failure.message.contains(words), "{failure}");
            assert!(!failure.message.contains("Write"), "{failure}");
        }
    }

    #[test]
    fn a_value_that_librdkafka_refuses_is_not_told() {
        let refused = RDKafkaConfRes::RD_KAFKA_CONF_INVALID;
        let why = "Invalid value \"canary\" for sasl.password".to_owned();
        let error = KafkaError::ClientConfig(refused, why, "sasl.password".into(), "canary".into());
        let failure = failure(&error, "make a producer", Role::Sink);
        assert!(!failure.message.contains("canary") && failure.message.contains("sasl.password"), "{failure}");
    }
}
