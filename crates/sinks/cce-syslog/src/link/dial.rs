//! Makes connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, Failure};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::counted::{Counted, Wire};
use super::stream::StreamLink;
use super::tls::{Secured, TlsClient};
use super::udp::UdpLink;
use super::{Io, Link, PROBATION, path, tcp, words};
use crate::relp::RelpLink;
use crate::{Address, Mode, Settings};

/// Makes connections as the settings say.
#[derive(Debug)]
pub(crate) struct Dialer {
    mode: Mode,
    tls: Option<TlsClient>,
    connect_timeout: Duration,
    keepalive: Duration,
    probation: Duration,
}

/// A connection that was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) link: Link,
    /// Where it goes, after names are resolved.
    pub(crate) place: SocketAddr,
    /// If it goes over TLS.
    pub(crate) secured: Option<Secured>,
}

impl Dialer {
    /// # Errors
    /// The TLS files cannot be used.
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        Ok(Self {
            mode: settings.mode,
            tls: settings.mode.is_tls().then(|| TlsClient::new(&settings.tls, clock)).transpose()?,
            connect_timeout: settings.connect_timeout,
            keepalive: settings.keepalive,
            probation: PROBATION,
        })
    }

    /// Connects to an address: to each place that it stands for, until one works. The error says why none did; it does
    /// not name the address.
    pub(crate) async fn dial(&self, address: &Address) -> Result<Made, String> {
        let places = match timeout(self.connect_timeout, tcp::resolve(address)).await {
            Ok(Ok(places)) => places,
            Ok(Err(error)) => return Err(format!("the name cannot be resolved: {error}")),
            Err(_) => return Err(format!("the name was not resolved within {:?}", self.connect_timeout)),
        };
        let mut faults = Vec::new();
        for place in &places {
            match self.dial_place(*place, address).await {
                Ok(made) => return Ok(made),
                // Where an address is one place, it need not be named twice.
                Err(fault) if places.len() == 1 => return Err(fault),
                Err(fault) => faults.push(format!("{place}: {fault}")),
            }
        }
        match faults.is_empty() {
            true => Err("the name stands for no address".to_owned()),
            false => Err(faults.join("; ")),
        }
    }

    async fn dial_place(&self, place: SocketAddr, address: &Address) -> Result<Made, String> {
        let peer: Arc<str> = address.to_string().into();
        if self.mode == Mode::Udp {
            let link = UdpLink::open(place, peer).await.map_err(|error| words::not_connected(&error))?;
            return Ok(Made { link: Link::Udp(link), place, secured: None });
        }
        let made = timeout(self.connect_timeout, self.connect(place, address, peer)).await;
        made.unwrap_or_else(|_| {
            let (what, also) = match self.tls {
                Some(_) => ("connection and TLS handshake", ", and whether TLS is spoken on this port"),
                None => ("connection", ""),
            };
            Err(format!("no {what} within {:?}: see whether a firewall is in between{also}", self.connect_timeout))
        })
    }

    async fn connect(&self, place: SocketAddr, address: &Address, peer: Arc<str>) -> Result<Made, String> {
        let stream = tcp::connect(place, self.keepalive).await.map_err(|error| words::not_connected(&error))?;
        let wire = Wire::new(stream);
        let (io, secured): (Io, _) = match &self.tls {
            Some(tls) => {
                let (io, secured) = tls.connect(Counted(wire.clone()), address).await?;
                (Box::new(io), Some(secured))
            }
            None => (Box::new(Counted(wire.clone())), None),
        };
        let link = match self.mode {
            Mode::Relp | Mode::RelpTcp => {
                let mut watch = JoinSet::new();
                watch.spawn(path::watch(wire, self.keepalive));
                let opened = RelpLink::open(io, &peer).await;
                Link::Relp(opened.map_err(|failure| words::without_place(&failure, address))?, watch)
            }
            _ => Link::Stream(StreamLink::new(io, wire, peer, self.probation, self.keepalive)),
        };
        Ok(Made { link, place, secured })
    }
}
