//! How the end of a connection, or one that was not made, is told.

use std::io::{self, ErrorKind};
use std::time::Duration;

use adr_core::{Failure, FailureKind};

use super::tls;
use crate::Address;

const CLOSED: &str = "the receiver closed the connection";

/// A connection has ended: `Ok` in an orderly way. `young`: it was in its probation.
pub(crate) fn ended(peer: &str, end: &io::Result<()>, young: bool) -> Failure {
    let how = match end {
        Ok(()) => CLOSED.to_owned(),
        // TLS says what to do as well.
        Err(error) if let Some(said) = tls::words::said(error) => return unreachable(format!("{peer}: {said}")),
        Err(error) => broken(error),
    };
    let next = if young {
        " right after accepting it; see whether its access list admits this machine and what its own log says"
    } else {
        "; what it has not acknowledged is sent again"
    };
    unreachable(format!("{peer}: {how}{next}"))
}

/// Nothing comes back any more.
pub(crate) fn path_lost(peer: &str, patience: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("{peer}: {}", silence(patience)))
}

pub(crate) fn silence(patience: Duration) -> String {
    format!(
        "nothing was acknowledged for {patience:?} although data was sent again and again: see whether the network and the \
         receiver's machine are up; connecting anew"
    )
}

/// The kernel does not say what is acknowledged.
pub(crate) fn blind(peer: &str, error: &io::Error) -> Failure {
    let message = format!("{peer}: the kernel does not say what the receiver has acknowledged (SIOCOUTQ): {error}");
    Failure::new(FailureKind::Internal, message)
}

/// Why no connection was made, as the end of a sentence that names the place.
pub(crate) fn not_connected(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "connection refused: see whether the CCE listens on this port and this transport".to_owned()
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => format!("no route: {error}"),
        _ => broken(error),
    }
}

/// What an error on a connection says.
pub(crate) fn broken(error: &io::Error) -> String {
    if let Some(said) = tls::words::said(error) {
        return said;
    }
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            "the receiver reset the connection".to_owned()
        }
        // The end came without close_notify.
        ErrorKind::UnexpectedEof => CLOSED.to_owned(),
        // Our own words, or the kernel's keep-alive.
        ErrorKind::TimedOut => error.to_string(),
        _ => format!("the connection broke: {error}"),
    }
}

/// A failure's message without the address it begins with, for where that is said already.
pub(crate) fn without_place(failure: &Failure, address: &Address) -> String {
    let message = &failure.message;
    message.strip_prefix(&format!("{address}: ")).unwrap_or(message).to_owned()
}

pub(crate) fn unreachable(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Unreachable, message)
}
