//! Syslog over UDP: a datagram per message, and no word from the other side.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use adr_core::{Delivered, Delivery, Event, Failure, Rejection};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::words;
use crate::message::{Chunk, Formatter, Message};
use crate::pacing::Pacing;

#[cfg(unix)]
const EMSGSIZE: i32 = libc::EMSGSIZE;
/// WSAEMSGSIZE
#[cfg(windows)]
const EMSGSIZE: i32 = 10_040;

/// A socket that is connected to one place, so that the network can say that nobody is there.
#[derive(Debug)]
pub(crate) struct UdpLink {
    peer: Arc<str>,
    socket: UdpSocket,
    chunk: Chunk,
    death: Option<Failure>,
}

impl UdpLink {
    pub(crate) async fn open(place: SocketAddr, peer: Arc<str>) -> io::Result<Self> {
        let any: SocketAddr = match place {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(place).await?;
        Ok(Self { peer, socket, chunk: Chunk::default(), death: None })
    }

    pub(crate) async fn write(
        &mut self,
        events: &[Event],
        formatter: &mut Formatter,
        pacing: &Pacing,
    ) -> Result<Delivery, Failure> {
        let mut delivered = Delivered::default();
        let mut next = 0;
        while next < events.len() {
            next = pacing.format(formatter, events, next, &mut self.chunk, &mut delivered.rejected).await;
            for message in self.chunk.messages(events) {
                match send(&self.socket, &message).await {
                    Ok(()) => {}
                    Err(error) if is_too_long(&error) => reject(&mut delivered.rejected, &message),
                    Err(error) => return Err(self.death.insert(failed(&self.peer, &error)).clone()),
                }
            }
        }
        // What the network has said to the last datagrams, if it was quick.
        if let Some(error) = self.socket.take_error().ok().flatten() {
            return Err(self.death.insert(failed(&self.peer, &error)).clone());
        }
        Ok(Box::pin(std::future::ready(Ok(delivered))))
    }

    pub(crate) fn death(&self) -> Option<Failure> {
        self.death.clone()
    }
}

async fn send(socket: &UdpSocket, message: &Message<'_>) -> io::Result<()> {
    let slices = [IoSlice::new(message.head), IoSlice::new(message.body)];
    let send = || SockRef::from(socket).send_vectored(&slices);
    socket.async_io(Interest::WRITABLE, send).await.map(drop)
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(EMSGSIZE)
}

/// An event in several messages is rejected once.
fn reject(rejected: &mut Vec<Rejection>, message: &Message<'_>) {
    if rejected.last().is_none_or(|last| last.index != message.event) {
        let reason = format!("the message of {} bytes is too long for a datagram on this network", message.len());
        rejected.push(Rejection { index: message.event, reason });
    }
}

fn failed(peer: &str, error: &io::Error) -> Failure {
    let what = match error.kind() {
        ErrorKind::ConnectionRefused => {
            "nobody listens there: see whether the CCE takes syslog over udp on this port".to_owned()
        }
        _ => format!("the datagram was not sent: {error}"),
    };
    words::unreachable(format!("{peer}: {what}"))
}
