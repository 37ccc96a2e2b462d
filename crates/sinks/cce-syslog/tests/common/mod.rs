//! What the tests of the sink share: settings, events, and receivers that follow a script.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may panic, and each test file uses a part of this")]

pub(crate) mod certificates;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adr_core::{ByteString, Clock, Delivery, Detail, Encoder, Event, Failure, Meta, Severity, Timestamp};
use adr_sink_cce_syslog::{CceSyslog, CceSyslogConfig, Settings};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpSocket};

/// 2026-11-23T16:00:00Z, for ever.
pub(crate) struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_449_600_000)
    }
}

/// Runs on from there.
pub(crate) struct Running(pub(crate) Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        Fixed.now().plus(self.0.elapsed())
    }
}

/// Writes the event as it is and counts the bytes.
#[derive(Clone, Default)]
pub(crate) struct Plain(pub(crate) Arc<AtomicUsize>);

impl Encoder for Plain {
    fn encode(&mut self, event: &Event, _: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        out.extend_from_slice(&event.body);
        self.0.fetch_add(event.body.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// Settings from what a pipeline file would say beside the address.
pub(crate) fn settings(addresses: &[SocketAddr], mut rest: Value) -> Settings {
    rest["addresses"] = addresses.iter().map(|address| Value::from(address.to_string())).collect();
    let config: CceSyslogConfig = serde_json::from_value(rest).unwrap();
    Settings::try_from(config).unwrap()
}

pub(crate) fn sink(addresses: &[SocketAddr], rest: Value) -> CceSyslog {
    CceSyslog::new("cce", &settings(addresses, rest), Arc::new(Fixed), Box::new(Plain::default())).unwrap()
}

/// A sink over plain TCP with one message a line.
pub(crate) fn tcp(address: SocketAddr) -> CceSyslog {
    sink(&[address], json!({"mode": "tcp", "framing": "newline"}))
}

/// Events whose bodies are `{"n":0}` and so on, numbered from `first`.
pub(crate) fn events(first: usize, count: usize) -> Vec<Event> {
    (first..first + count).map(|n| event(format!("{{\"n\":{n}}}"))).collect()
}

/// Events of `size` bytes that share one body.
pub(crate) fn large_events(count: usize, size: usize) -> Vec<Event> {
    vec![event(format!("{{\"pad\":\"{}\"}}", "x".repeat(size - 10))); count]
}

pub(crate) fn event(body: impl Into<Bytes>) -> Event {
    let meta = Meta {
        id: ByteString::from_static("5f0c"),
        time: None,
        tenant: "5a2a".into(),
        kind: ByteString::from_static("sso_auth"),
        severity: Severity::Informational,
    };
    Event { meta, body: body.into() }
}

pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A listener whose connections take next to nothing until somebody reads.
pub(crate) fn tight_listener() -> (TcpListener, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(8).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that nobody listens at.
pub(crate) async fn nobody() -> SocketAddr {
    listener().await.1
}

/// Reads whole lines until `count` have come; the bodies of the messages in them.
pub(crate) async fn bodies(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<String> {
    let mut text = Vec::new();
    while text.iter().filter(|byte| **byte == b'\n').count() < count {
        assert!(stream.read_buf(&mut text).await.unwrap() > 0, "the sender closed too early");
    }
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| line[line.find("{\"").unwrap()..].to_owned()).collect()
}

pub(crate) fn numbered(first: usize, count: usize) -> Vec<String> {
    (first..first + count).map(|n| format!("{{\"n\":{n}}}")).collect()
}

/// Whether the delivery is still open after `wait`.
pub(crate) async fn is_open_after(delivery: &mut Delivery, wait: Duration) -> bool {
    tokio::time::timeout(wait, delivery).await.is_err()
}

/// Something that must happen does: a test that waits for ever says nothing.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("this should have happened long ago")
}

pub(crate) fn failure<T>(result: Result<T, Failure>) -> Failure {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(failure) => failure,
    }
}
