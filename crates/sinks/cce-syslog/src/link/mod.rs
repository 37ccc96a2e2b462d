//! Connections: how they are made, written to, watched and ended.

mod counted;
mod dial;
mod kernel;
mod ledger;
mod monitor;
mod path;
mod stream;
mod tcp;
mod tls;
mod udp;
pub(crate) mod words;

use std::fmt::Debug;

use adr_core::{Delivery, Event, Failure};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

pub(crate) use dial::{Dialer, Made};
pub(crate) use monitor::PROBATION;
pub use tls::Secured;
pub(crate) use words::broken;

use crate::message::Formatter;
use crate::pacing::Pacing;
use crate::relp::RelpLink;
use stream::StreamLink;
pub(crate) use stream::write_all;
use udp::UdpLink;

/// Both directions of a connection, over TCP or TLS.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Debug + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Debug + Unpin + Send + Sync> Duplex for T {}

/// Any connection.
pub(crate) type Io = Box<dyn Duplex>;

/// A way to one receiver.
#[derive(Debug)]
pub(crate) enum Link {
    /// TLS or TCP.
    Stream(StreamLink),
    /// UDP.
    Udp(UdpLink),
    /// RELP, over TLS or TCP, and the watch over its path, which ends with it.
    Relp(RelpLink, JoinSet<()>),
}

impl Link {
    /// Writes a batch; see the crate's doc for what its delivery means.
    pub(crate) async fn write(
        &mut self,
        events: &[Event],
        formatter: &mut Formatter,
        pacing: &Pacing,
    ) -> Result<Delivery, Failure> {
        match self {
            Self::Stream(link) => link.write(events, formatter, pacing).await,
            Self::Udp(link) => link.write(events, formatter, pacing).await,
            Self::Relp(link, _) => link.write(events, formatter, pacing).await,
        }
    }

    /// Whether nothing can be written to it any more.
    pub(crate) fn is_dead(&self) -> bool {
        self.death().is_some()
    }

    /// Why nothing can be written to it any more.
    pub(crate) fn death(&self) -> Option<Failure> {
        match self {
            Self::Stream(link) => link.death(),
            Self::Udp(link) => link.death(),
            Self::Relp(link, _) => link.death(),
        }
    }

    /// Ends it in an orderly way. Every delivery has resolved.
    pub(crate) async fn close(self) {
        match self {
            Self::Stream(link) => link.close().await,
            Self::Udp(_) => {}
            Self::Relp(link, watch) => {
                link.close().await;
                drop(watch);
            }
        }
    }
}
