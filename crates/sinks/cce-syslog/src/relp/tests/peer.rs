//! The receiver's side of a connection, by hand; and what a test needs on ours.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, Delivery, Detail, Encoder, Event, Failure, Meta, Severity, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

use crate::message::Formatter;
use crate::pacing::Pacing;
use crate::relp::RelpLink;
use crate::{CceSyslogConfig, Mode, Settings};

pub(super) const PEER: &str = "192.0.2.7:514";

/// A frame as the receiver reads it: number, command, data.
pub(super) type Heard = (u32, String, Vec<u8>);

/// A receiver.
pub(super) struct Peer(pub(super) DuplexStream);

impl Peer {
    pub(super) async fn hear(&mut self) -> Heard {
        let number = self.field().await.parse().unwrap();
        let command = self.field().await;
        let mut length = String::new();
        let end = loop {
            match self.0.read_u8().await.unwrap() {
                digit @ b'0'..=b'9' => length.push(char::from(digit)),
                end => break end,
            }
        };
        let mut data = vec![0; length.parse().unwrap()];
        if data.is_empty() {
            assert_eq!(end, b'\n', "no data, no space");
            return (number, command, data);
        }
        assert_eq!(end, b' ');
        self.0.read_exact(&mut data).await.unwrap();
        assert_eq!(self.0.read_u8().await.unwrap(), b'\n', "a frame ends with a line feed");
        (number, command, data)
    }

    async fn field(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.0.read_u8().await.unwrap() {
                b' ' => return text,
                byte => text.push(char::from(byte)),
            }
        }
    }

    /// The numbers of so many messages.
    pub(super) async fn hear_messages(&mut self, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        for _ in 0..count {
            let (number, command, _) = self.hear().await;
            assert_eq!(command, "syslog");
            numbers.push(number);
        }
        numbers
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    pub(super) async fn respond(&mut self, number: u32, data: &str) {
        self.say(&format!("{number} rsp {} {data}\n", data.len())).await;
    }

    pub(super) async fn accept(&mut self) {
        let (number, command, offers) = self.hear().await;
        let offers = String::from_utf8(offers).unwrap();
        assert_eq!(command, "open");
        assert!(offers.starts_with("relp_version=0\nrelp_software=jumpcloud-adr,"), "{offers}");
        assert!(offers.ends_with("\ncommands=syslog"), "{offers}");
        self.respond(number, "200 OK\nrelp_version=0\nrelp_software=peer,1.0\ncommands=syslog").await;
    }
}

/// A connection that holds so many bytes each way, and its other end.
pub(super) fn connect(room: usize) -> (crate::link::Io, Peer) {
    let (ours, theirs) = duplex(room);
    (Box::new(ours), Peer(theirs))
}

/// An open session, its first message numbered `first`.
pub(super) async fn open_at(room: usize, first: u32) -> (Sender, Peer) {
    let (io, mut peer) = connect(room);
    let before = if first == 1 { 999_999_999 } else { first - 1 };
    let (link, ()) = tokio::join!(RelpLink::open_at(io, PEER, before), peer.accept());
    (Sender { link: link.unwrap(), formatter: formatter() }, peer)
}

pub(super) async fn open() -> (Sender, Peer) {
    open_at(1 << 20, 2).await
}

/// A link with what its `write` wants.
pub(super) struct Sender {
    pub(super) link: RelpLink,
    formatter: Formatter,
}

impl Sender {
    pub(super) async fn write(&mut self, events: &[Event]) -> Result<Delivery, Failure> {
        self.link.write(events, &mut self.formatter, &Pacing::new(None, Arc::new(NoClock))).await
    }
}

struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_772_368_496)
    }
}

struct NoEncoder;

impl Encoder for NoEncoder {
    fn encode(&mut self, _: &Event, _: Detail, _: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        Err("not used".into())
    }
}

fn formatter() -> Formatter {
    let config = CceSyslogConfig {
        address: Some("192.0.2.7".parse().unwrap()),
        mode: Some(Mode::RelpTcp),
        ..CceSyslogConfig::default()
    };
    Formatter::new(&Settings::try_from(config).unwrap(), Arc::new(NoClock), Box::new(NoEncoder))
}

pub(super) fn events(count: usize) -> Vec<Event> {
    (0..count).map(|number| event(&format!("{{\"n\":{number}}}"))).collect()
}

pub(super) fn event(body: &str) -> Event {
    Event {
        meta: Meta {
            id: "u".to_owned().into(),
            time: None,
            tenant: "acme".into(),
            kind: "sso_auth".to_owned().into(),
            severity: Severity::Low,
        },
        body: body.as_bytes().to_vec().into(),
    }
}

/// The outcome of what needs no waiting. Time is paused in these tests: once nothing can happen any more, it jumps.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it happens at all")
}

/// What a delivery says now, without waiting for it.
pub(super) fn now<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
