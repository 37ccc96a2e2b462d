use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use adr_core::SecretRef;
use serde_json::{Value, json};

use super::*;
use crate::config::{SaslConfig, TlsConfig};

struct None;

impl Secrets for None {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::fatal(FailureKind::Config, format!("{reference} is not set")))
    }
}

fn told() -> Told {
    told_of(Access::default(), None)
}

fn told_of(access: Access, secrets: impl Secrets + 'static) -> Told {
    let secrets: Arc<dyn Secrets> = Arc::new(secrets);
    Told::new("sink", &access, &secrets)
}

/// A login over TLS.
pub(super) fn logged_in(sasl: Value) -> Access {
    let sasl: SaslConfig = serde_json::from_value(sasl).unwrap();
    crate::security::check(Option::None, Some(&sasl)).unwrap();
    Access {
        bootstrap_servers: "127.0.0.1:9".to_owned(),
        tls: Some(TlsConfig::default()),
        sasl: Some(sasl),
        ..Access::default()
    }
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

struct One;

impl Secrets for One {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok("client-secret".into())
    }
}

/// A token endpoint that says when it is asked, and answers when it is told what.
struct Endpoint {
    url: String,
    asked: Receiver<()>,
    tokens: Sender<&'static str>,
}

impl Endpoint {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let ((asks, asked), (tokens, given)) = (channel(), channel());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut request) = (stream.unwrap(), Vec::new());
                let mut bytes = BufReader::new(&stream).bytes();
                while !request.ends_with(b"grant_type=client_credentials") {
                    request.push(bytes.next().unwrap().unwrap());
                }
                drop(bytes);
                if asks.send(()).is_err() {
                    return;
                }
                let Ok(token) = given.recv() else { return };
                let body = json!({"access_token": token, "expires_in": 600}).to_string();
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { url, asked, tokens }
    }
}

/// What a thread of its own comes to, as one of librdkafka's does.
fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (done, outcome) = channel();
    thread::spawn(move || done.send(work()));
    outcome
}

/// Time enough for whoever waits for nobody, and less than a token endpoint has for its answer.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_login_that_is_refused_while_a_token_is_fetched_keeps_nobody_waiting() {
    let endpoint = Endpoint::start();
    let sasl = json!({
        "mechanism": "oauthbearer", "token_endpoint": endpoint.url, "client_id": "sender", "client_secret": {"env": "SECRET"},
    });
    let told = told_of(logged_in(sasl), One);
    let fetch = || {
        let told = told.clone();
        apart(move || {
            told.generate_oauth_token(Option::None).map(|token| token.token).map_err(|error| error.to_string())
        })
    };
    let refused = || {
        let told = told.clone();
        apart(move || {
            let reason = "sasl_ssl://a.example.com:9094/1: SASL authentication error: invalid_token (after 9ms in state AUTH_REQ)";
            told.error(KafkaError::Global(RDKafkaErrorCode::Authentication), reason);
            told.log(RDKafkaLogLevel::Error, "FAIL", reason);
            told.is_refused()
        })
    };

    let first = fetch();
    endpoint.asked.recv_timeout(SOON).expect("a token is fetched");
    assert_eq!(refused().recv_timeout(SOON), Ok(true), "whoever tells of a refusal waits for no token");
    let other = fetch();
    // Between the fetch and the other that waits for it: the first has to get through to its end all the same.
    endpoint.tokens.send("first").unwrap();
    assert_eq!(first.recv_timeout(SOON), Ok(Ok("first".to_owned())));
    // What was refused may be what was just fetched: it is not used again.
    endpoint.asked.recv_timeout(SOON).expect("another token is fetched");
    assert_eq!(refused().recv_timeout(SOON), Ok(true));
    endpoint.tokens.send("second").unwrap();
    assert_eq!(other.recv_timeout(SOON), Ok(Ok("second".to_owned())));
}
