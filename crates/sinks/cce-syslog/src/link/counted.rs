//! A TCP connection that counts the bytes written to it. Under TLS it stands below the TLS layer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::kernel::{self, Reading};

/// The connection and its count, shared by the one who writes and the one who watches.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    written: AtomicU64,
    /// Why we have ended it ourselves.
    given_up: OnceLock<String>,
}

/// What [`Wire::look`] found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The offset up to which the peer's kernel has acknowledged, if `reading.established`. Never too high.
    pub(crate) acked: u64,
    pub(crate) reading: Reading,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self { stream, written: AtomicU64::new(0), given_up: OnceLock::new() })
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Asks the kernel how far the peer has acknowledged.
    pub(crate) fn look(&self) -> io::Result<Look> {
        // The count comes first: bytes written between the two readings then make the answer too low, never too high.
        let written = self.written();
        let reading = kernel::look(&self.stream)?;
        Ok(Look { acked: written.saturating_sub(reading.unacked), reading })
    }

    /// Ends the connection here and now: who reads from it gets an error that says why.
    pub(crate) fn give_up(&self, why: String) {
        self.given_up.get_or_init(|| why);
        // One that is dead already cannot be ended.
        drop(socket2::SockRef::from(&self.stream).shutdown(std::net::Shutdown::Both));
    }
}

/// The stream that writers and TLS use.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) Arc<Wire>);

impl Counted {
    fn poll_out(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(cx))?;
            match write(&self.0.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    if let Ok(count) = result {
                        self.0.written.fetch_add(count as u64, Ordering::Release);
                    }
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket2::SockRef::from(&self.0.stream).shutdown(std::net::Shutdown::Write))
    }
}

impl AsyncRead for Counted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read(buf.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) if let Some(why) = self.0.given_up.get() => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why.as_str())));
                }
                result => return Poll::Ready(result.map(|count| buf.advance(count))),
            }
        }
    }
}
