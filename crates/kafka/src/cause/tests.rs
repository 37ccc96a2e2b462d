use super::*;

const ALL: Manner = Manner { tls: true, certificate: true, login: true, role: Role::Sink };

fn of(code: Code, reason: &str, manner: Manner) -> Cause {
    let cause = cause(&KafkaError::Global(code), reason, manner);
    assert!(
        !cause.text.contains("thrd") && !cause.text.contains(" (after ") && !cause.text.contains("://"),
        "{cause:?}"
    );
    cause
}

#[test]
fn a_place_is_told_without_the_words_that_change_at_each_try() {
    let reason = "ssl://kafka.example.com:9093/bootstrap: Connect to ipv4#192.0.2.1:9093 failed: Connection refused (after 3ms in state CONNECT, 2 identical error(s) suppressed)";
    let cause = of(Code::BrokerTransportFailure, reason, ALL);
    assert_eq!(cause.text, "kafka.example.com:9093 cannot be connected to (Connection refused)");
    assert!(cause.kind == FailureKind::Unreachable && !cause.lasts);
    let again = reason.replace("3ms", "7ms").replace("bootstrap", "1");
    assert_eq!(of(Code::BrokerTransportFailure, &again, ALL), cause);
    let coordinator = "ssl://TxnCoordinator: kafka.example.com:9093: Connect to ipv4#192.0.2.1:9093 failed: Connection refused (after 3ms in state CONNECT)";
    assert_eq!(of(Code::BrokerTransportFailure, coordinator, ALL), cause);
    let coordinator = coordinator.replace("ssl://Txn", "Group").replace("9093: C", "9093/1: C");
    assert_eq!(of(Code::BrokerTransportFailure, &coordinator, ALL), cause);
    assert_eq!(of(Code::BrokerTransportFailure, "no place here", ALL).text, "the broker: no place here");
}

#[test]
fn a_refused_login_says_who_refuses_it_and_why() {
    let reason = "sasl_ssl://a.example.com:9094/1: SASL authentication error: Authentication failed: Invalid username or password (after 301ms in state AUTH_REQ)";
    let cause = of(Code::Authentication, reason, ALL);
    assert_eq!(cause.text, "a.example.com:9094 refuses the login (Invalid username or password): see `sasl`");
    assert!(cause.kind == FailureKind::Unauthorized && cause.lasts);
    let reason = "sasl_ssl://a.example.com:9094/1: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-512,OAUTHBEARER (after 3ms in state AUTH_HANDSHAKE)";
    assert!(of(Code::Authentication, reason, ALL).text.contains("but SCRAM-SHA-512,OAUTHBEARER"));
    let gone = "sasl_ssl://a.example.com:9094/1: SASL PLAIN mechanism handshake failed: Local: Broker transport failure: broker's supported mechanisms: (n/a) (after 3ms in state AUTH_HANDSHAKE)";
    let cause = of(Code::Authentication, gone, ALL);
    assert!(cause.kind == FailureKind::Unreachable && !cause.lasts, "a connection that broke is no refusal: {cause:?}");
}

#[test]
fn a_broker_that_hangs_up_is_asked_for_what_we_do_not_show() {
    let first =
        "a.example.com:9092/bootstrap: Disconnected: connection closed by peer (after 2ms in state APIVERSION_QUERY)";
    assert!(of(Code::BrokerTransportFailure, first, Manner::default()).text.contains("set `tls`"));
    assert!(!of(Code::BrokerTransportFailure, first, ALL).text.contains("set `tls`"));
    let soon = "a.example.com:9092/bootstrap: Disconnected: connection closed by peer (after 6ms in state UP)";
    assert!(of(Code::BrokerTransportFailure, soon, Manner::default()).text.contains("set `sasl`"));
    assert!(!of(Code::BrokerTransportFailure, soon, ALL).text.contains("set `sasl`"));
    let late = soon.replace("6ms", "600000ms");
    let cause = of(Code::BrokerTransportFailure, &late, Manner::default());
    assert!(!cause.text.contains("set `sasl`") && !cause.lasts, "it was let in before: {cause:?}");
    let handshake = "ssl://a.example.com:9093/bootstrap: SSL handshake failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 2ms in state SSL_HANDSHAKE)";
    assert!(
        of(Code::SSL, handshake, Manner { certificate: false, ..ALL }).text.contains("asks for a client certificate")
    );
    assert!(of(Code::SSL, handshake, ALL).text.contains("refuses our certificate (sslv3 alert bad certificate)"));
}

#[test]
fn what_a_broker_answers_has_the_kind_of_the_answer() {
    let cause = of(Code::ClusterAuthorizationFailed, "a.example.com:9092/1: Broker: Cluster authorization failed", ALL);
    assert!(cause.kind == FailureKind::Forbidden && cause.text.contains("kafka-acls.sh"), "{cause:?}");
    let fenced = of(Code::Fatal, "Fatal error: Local: This instance has been fenced by a newer instance", ALL);
    assert_eq!(fenced.kind, FailureKind::Fenced);
}
