//! How what goes wrong over RELP is told. None of it names the receiver's address: whoever knows it adds it.

use std::io;

use adr_core::{Failure, FailureKind};

use super::frame::Fault;

/// The most of the receiver's own words that is repeated.
const MOST_WORDS: usize = 200;

/// The connection has ended.
pub(super) fn ended(end: &io::Result<()>, unanswered: usize) -> Failure {
    let how = match end {
        Ok(()) => "the receiver closed the connection".to_owned(),
        Err(error) => crate::link::broken(error),
    };
    gone(&how, unanswered)
}

/// The receiver said goodbye.
pub(super) fn serverclose(unanswered: usize) -> Failure {
    gone("the receiver ended the RELP session (serverclose)", unanswered)
}

fn gone(how: &str, unanswered: usize) -> Failure {
    let next = match unanswered {
        0 => "; connecting anew".to_owned(),
        _ => format!("; {unanswered} messages it has not acknowledged are sent again"),
    };
    Failure::new(FailureKind::Unreachable, format!("{how}{next}"))
}

/// The connection ended before the session began.
pub(super) fn ended_at_open(end: &io::Result<()>) -> Failure {
    let how = match end {
        Ok(()) => "the receiver closed the connection".to_owned(),
        Err(error) => crate::link::broken(error),
    };
    Failure::new(
        FailureKind::Unreachable,
        format!(
            "{how} instead of opening a RELP session: see whether RELP is spoken on this port and what its log says"
        ),
    )
}

/// Something came that is no RELP.
pub(super) fn garbage(fault: Fault, bytes: &[u8]) -> Failure {
    Failure::new(
        FailureKind::Protocol,
        format!(
            "the receiver does not speak RELP: a frame {}: {}; see whether RELP is spoken on this port",
            fault.0,
            said(bytes)
        ),
    )
}

/// A frame that means nothing here.
pub(super) fn unexpected(what: &str, txnr: u32) -> Failure {
    Failure::new(
        FailureKind::Protocol,
        format!("the receiver broke the RELP protocol: {what} {txnr}; what it has not acknowledged is sent again"),
    )
}

/// An answer that is not 200.
pub(super) fn refused(what: &str, code: u16, words: &[u8]) -> Failure {
    Failure::new(
        FailureKind::Unavailable,
        format!("the receiver refused {what} with {code} {}; see its log: it is tried again", said(words)),
    )
}

/// An answered `open` that lacks what we need.
pub(super) fn missing_offer(name: &str) -> Failure {
    Failure::new(
        FailureKind::Protocol,
        format!("the receiver opened a RELP session without {name}: let it take syslog messages over RELP"),
    )
}

/// The receiver's words, short and harmless to a terminal.
fn said(words: &[u8]) -> String {
    let end = memchr::memchr2(b'\n', b'\r', words).unwrap_or(words.len()).min(MOST_WORDS);
    let text = String::from_utf8_lossy(&words[..end]);
    let shown: String = text.chars().map(|char| if char.is_control() { '?' } else { char }).collect();
    format!("{shown:?}")
}
