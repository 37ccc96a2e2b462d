use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use adr_core::{Clock, Failure};
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::link::{Dialer, Made, PROBATION, Secured, words};
use crate::{Address, Mode, Settings};

/// A connection that was tried and works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Where it goes, after names are resolved.
    pub place: SocketAddr,
    /// How it goes.
    pub mode: Mode,
    /// With TLS: what it came to.
    pub tls: Option<Secured>,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tls, self.mode) {
            (Some(Secured { version, fingerprint, remark }), _) => {
                write!(f, "{} answers over {version} with certificate {fingerprint}", self.place)?;
                remark.as_ref().map_or(Ok(()), |remark| write!(f, "; {remark}"))
            }
            (None, Mode::Udp) => write!(f, "{} has a route; udp cannot tell whether anybody listens there", self.place),
            (None, mode) => write!(f, "{} answers over {}", self.place, mode.as_str()),
        }
    }
}

/// Connects to every address, the TLS handshake (and RELP's greeting) included, stays long enough to see whether the
/// receiver lets us in, and leaves. Sends no event.
pub async fn check(settings: &Settings, clock: Arc<dyn Clock>) -> Vec<(Address, Result<Checked, Failure>)> {
    let dialer = Dialer::new(settings, clock);
    let one = async |address: &Address| {
        let dialer = dialer.as_ref().map_err(Clone::clone)?;
        let made = dialer.dial(address).await.map_err(|why| words::unreachable(format!("{address}: {why}")))?;
        stays(made, settings.mode).await
    };
    join_all(settings.addresses.iter().map(async |address| (address.clone(), one(address).await))).await
}

async fn stays(made: Made, mode: Mode) -> Result<Checked, Failure> {
    let Made { link, place, secured } = made;
    if mode != Mode::Udp {
        sleep(PROBATION).await;
    }
    if let Some(death) = link.death() {
        return Err(death);
    }
    link.close().await;
    Ok(Checked { place, mode, tls: secured })
}
