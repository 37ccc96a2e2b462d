//! What fails, and what is said of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry, SecretRef, SecretString, Secrets, Sink};
use adr_sink_http::{Http, HttpConfig, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::receiver::{Receiver, Told};
use crate::scene::{Still, deliver, events, sink, texts};

const BASIC: &str = r#","auth":{"username":"me","password":{"env":"SECRET"}}"#;

async fn failure(told: Told, further: &str) -> Failure {
    let receiver = Receiver::new().await;
    receiver.tell(told);
    let mut sink = sink(&format!("http://{}/adr?q=hidden", receiver.address), further);
    let batch = events(0, 10, 10);
    let failure = deliver(&mut sink, &batch).await.expect_err("failed");
    assert!(!failure.message.contains("hidden"), "{failure}");
    // The runtime writes it again.
    deliver(&mut sink, &batch).await.expect("delivered");
    assert!(receiver.taken().ends_with(&texts(&batch)));
    failure
}

fn answer(status: u16) -> Told {
    Told::Answer(status, Vec::new(), String::new())
}

#[tokio::test]
async fn each_answer_has_its_kind_and_its_pace() {
    use FailureKind::{Config, Forbidden, RateLimited, Timeout, Unauthorized, Unavailable};
    let slowly = Retry::After(Duration::from_secs(60));
    for (status, kind, retry, words) in [
        (401, Unauthorized, slowly, "check `auth`"),
        (403, Forbidden, slowly, "let in"),
        (404, Config, slowly, "check the path in `uri`"),
        (405, Config, slowly, "nothing takes POST there"),
        (415, Config, slowly, "`compression`"),
        (409, Config, slowly, "check `uri`"),
        (408, Timeout, Retry::BackOff, "tried again"),
        (429, RateLimited, Retry::BackOff, "lower `in_flight`"),
        (500, Unavailable, Retry::BackOff, "tried again"),
        (503, Unavailable, Retry::BackOff, "tried again"),
    ] {
        let failure = failure(answer(status), "").await;
        assert_eq!((failure.kind, failure.retry), (kind, retry), "{status}: {failure}");
        assert!(failure.message.contains(words) && failure.message.contains(&status.to_string()), "{failure}");
    }
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept_but_not_for_ever() {
    for (status, asked, seconds) in [(429, "7", 7), (503, "Sun, 06 Nov 1994 08:49:37 GMT", 37), (503, "86400", 3600)] {
        let told = Told::Answer(status, vec![("retry-after", asked.to_owned())], String::new());
        assert_eq!(failure(told, "").await.retry, Retry::After(Duration::from_secs(seconds)));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Receiver::new().await;
    for status in [301, 307, 308] {
        let to = format!("http://{}/secret-path", other.address);
        let failure = failure(Told::Answer(status, vec![("location", to)], String::new()), BASIC).await;
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(
            failure.message.contains("redirects to 127.0.0.1") && !failure.message.contains("secret-path"),
            "{failure}"
        );
    }
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn what_the_receiver_says_is_told_without_secrets_which_are_read_again_when_refused() {
    let receiver = Receiver::new().await;
    let mut sink = sink(&format!("http://{}", receiver.address), BASIC);
    // me:SECRET-0
    receiver.tell(Told::Answer(401, Vec::new(), "no SECRET-0, and no bWU6U0VDUkVULTA=\r\n!".to_owned()));
    let failure = deliver(&mut sink, &events(0, 1, 1)).await.expect_err("refused");
    assert!(failure.message.contains("\"no [redacted], and no [redacted] !\""), "{failure}");
    deliver(&mut sink, &events(0, 1, 1)).await.expect("delivered");
    deliver(&mut sink, &events(1, 1, 1)).await.expect("delivered");
    let seen = receiver.seen.lock().expect("sound");
    let said: Vec<&str> =
        seen.requests.iter().map(|(headers, _)| headers["authorization"].to_str().expect("text")).collect();
    // me:SECRET-1
    assert_eq!(said[1..], ["Basic bWU6U0VDUkVULTE="; 2]);
    assert_ne!(said[0], said[1]);
}

/// A secret whose file is empty at times.
struct Emptied(AtomicBool);

impl Secrets for Emptied {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Failure::fatal(FailureKind::Config, "secret file tok is empty")),
            false => Ok("made-up".into()),
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_for_a_moment_is_waited_for() {
    let receiver = Receiver::new().await;
    let raw = format!(r#"{{"uri":"http://{}","auth":{{"bearer":{{"file":"/tok"}}}}}}"#, receiver.address);
    let raw: HttpConfig = serde_json::from_str(&raw).expect("settings");
    let secrets = Arc::new(Emptied(true.into()));
    let settings = Settings::try_from(raw).expect("sound");
    let mut sink = Http::new(&settings, secrets.clone(), Arc::new(Still), None).expect("a sink");
    let batch = events(0, 1, 1);
    let failure = sink.write(&batch).await.err().expect("no secret");
    assert_eq!(failure.retry, Retry::Never, "at the start: {failure}");
    secrets.0.store(false, Ordering::Relaxed);
    deliver(&mut sink, &batch).await.expect("delivered");
    receiver.tell(answer(401));
    deliver(&mut sink, &batch).await.expect_err("refused");
    secrets.0.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let failure = sink.write(&batch).await.err().expect("no secret");
        assert_eq!(failure.retry, Retry::After(Duration::from_secs(60)), "{failure}");
    }
    secrets.0.store(false, Ordering::Relaxed);
    deliver(&mut sink, &batch).await.expect("delivered");
}

#[tokio::test]
async fn without_an_answer_it_is_sent_again() {
    let failure = failure(Told::Cut, "").await;
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Retry::BackOff));
    let receiver = Receiver::new().await;
    receiver.tell(Told::TakenInSilence);
    let mut sink = sink(&format!("http://{}", receiver.address), r#","timeout":"300ms""#);
    let batch = events(0, 2, 1);
    let failure = deliver(&mut sink, &batch).await.expect_err("no answer");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Timeout, Retry::BackOff));
    assert!(failure.message.contains("may come twice"), "{failure}");
    deliver(&mut sink, &batch).await.expect("delivered");
    assert_eq!(receiver.taken().len(), 4, "taken in silence, and again: at least once");
}

#[tokio::test]
async fn nobody_there_is_told_with_the_place() {
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
    let failure = deliver(&mut sink(&format!("http://{port}/adr"), ""), &events(0, 1, 1)).await.expect_err("nobody");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Retry::BackOff));
    assert!(failure.message.starts_with(&format!("http://{port}/adr: ")), "{failure}");
}

/// A server that closes under what is too large for it, with most of the body unread and no answer that arrives.
#[tokio::test]
async fn a_connection_that_ends_under_what_is_too_large_makes_requests_smaller() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let mut taken = 0;
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut read = Vec::new();
            let (head, length) = loop {
                let mut block = [0; 4096];
                let count = stream.read(&mut block).await.unwrap_or(0);
                read.extend_from_slice(&block[..count]);
                let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let text = String::from_utf8_lossy(&read[..end]).to_lowercase();
                let length: Option<usize> =
                    text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
                break (end + 4, length.expect("a length"));
            };
            if length > 300_000 {
                continue;
            }
            while read.len() < head + length {
                let mut block = [0; 4096];
                let count = stream.read(&mut block).await.expect("the rest");
                read.extend_from_slice(&block[..count]);
            }
            taken += read[head..].iter().filter(|byte| **byte == b'\n').count();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .await
                .expect("answered");
            if taken == 1000 {
                return;
            }
        }
    });
    let mut sink = sink(&format!("http://{address}"), r#","compression":"none","batch_bytes":"16MiB""#);
    let batch = events(0, 1000, 8000);
    let mut failures = 0;
    loop {
        match deliver(&mut sink, &batch).await {
            Ok(_) => break,
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
                failures += 1;
                assert!(failures < 20, "{failure}");
            }
        }
    }
    assert_eq!(failures, 5, "halved each time");
    server.abort();
}
