//! TCP connections.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::Address;

/// A peer that answers none of so many probes is gone.
const PROBES: u32 = 3;

/// The sockets that an address stands for, in the order the resolver gives them.
pub(crate) async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    Ok(tokio::net::lookup_host((address.host.as_str(), address.port)).await?.collect())
}

/// Connects, and asks the kernel to probe a connection that is idle for `keepalive`.
pub(crate) async fn connect(place: SocketAddr, keepalive: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    // Batches are written in large pieces; the end of one must not wait for the acknowledgement of its start.
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(keepalive.max(Duration::from_secs(1)));
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let probes = probes.with_interval((keepalive / 6).max(Duration::from_secs(1))).with_retries(PROBES);
    SockRef::from(&stream).set_tcp_keepalive(&probes)?;
    Ok(stream)
}
