//! What the kernel knows of the way out of a TCP connection. All the unsafe code of this crate is here.
//!
//! Linux only: elsewhere a reading says that all is acknowledged, so that "written" is all a delivery proves.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// One look at a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Bytes that were written to the socket and that the peer's kernel has not acknowledged.
    pub(crate) unacked: u64,
    /// Whether the connection was up and open in both directions *after* `unacked` was read. If not, `unacked` means
    /// nothing: a socket that was reset forgets its queue.
    pub(crate) established: bool,
    /// Since when nothing at all was acknowledged, not even a probe.
    pub(crate) silence: Duration,
    /// How often in a row data was sent again without an answer.
    pub(crate) retransmits: u32,
    /// How many probes of a closed window are without an answer.
    pub(crate) probes: u32,
}

/// Looks at the connection: first at the queue, then at its health.
#[cfg(target_os = "linux")]
pub(crate) fn look(stream: &TcpStream) -> io::Result<Reading> {
    use std::os::fd::AsRawFd;
    let fd = stream.as_raw_fd();
    let unacked = unacked(fd)?;
    let info = tcp_info(fd)?;
    Ok(Reading {
        unacked,
        established: info.tcpi_state == ESTABLISHED,
        silence: Duration::from_millis(info.tcpi_last_ack_recv.into()),
        retransmits: info.tcpi_retransmits.into(),
        probes: info.tcpi_probes.into(),
    })
}

/// There is no portable way to ask.
#[cfg(not(target_os = "linux"))]
pub(crate) fn look(_stream: &TcpStream) -> io::Result<Reading> {
    Ok(Reading { unacked: 0, established: true, silence: Duration::ZERO, retransmits: 0, probes: 0 })
}

/// `TCP_ESTABLISHED` of `linux/tcp_states.h`.
#[cfg(target_os = "linux")]
const ESTABLISHED: u8 = 1;

/// SIOCOUTQ: the bytes in the send queue that are not acknowledged.
#[cfg(target_os = "linux")]
fn unacked(fd: std::os::fd::RawFd) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SIOCOUTQ is TIOCOUTQ under its socket name.
    #[expect(unsafe_code, reason = "no crate in use offers this ioctl; it writes one int, which `bytes` is")]
    let result = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &raw mut bytes) };
    match result {
        0 => Ok(u64::try_from(bytes).unwrap_or(0)),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(target_os = "linux")]
fn tcp_info(fd: std::os::fd::RawFd) -> io::Result<libc::tcp_info> {
    let mut info = std::mem::MaybeUninit::<libc::tcp_info>::zeroed();
    let mut len = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).expect("the struct is small");
    // An older kernel fills less of the struct: the rest stays zero.
    #[expect(
        unsafe_code,
        reason = "no crate in use offers TCP_INFO; `len` is the size of `info`, which is plain numbers"
    )]
    let (result, info) = unsafe {
        let result = libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &raw mut len);
        (result, info.assume_init())
    };
    match result {
        0 => Ok(info),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read;

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn what_the_peer_has_not_acknowledged_is_counted_and_a_dead_socket_is_told_apart() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let reading = look(&stream).unwrap();
        assert!(reading.established && reading.unacked == 0, "{reading:?}");

        // More than both kernels will hold: part of it stays unacknowledged.
        let mut written = 0_u64;
        while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(100), stream.write(&[7; 65536])).await {
            written += count as u64;
        }
        let reading = look(&stream).unwrap();
        assert!(reading.established && reading.unacked > 0 && reading.unacked < written, "{reading:?} of {written}");

        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap();
        // Closed with bytes unread: the peer's kernel sends RST.
        drop(peer);
        stream.readable().await.unwrap();
        assert!(!look(&stream).unwrap().established);
    }
}
