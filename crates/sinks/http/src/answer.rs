//! What the receiver's answers mean, and what to do next.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Timestamp};
use http::header::{LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use crate::client::chain;
use crate::credentials::Credentials;

/// A state that a person has to change is looked at again so often.
pub(crate) const SLOWLY: Duration = Duration::from_secs(60);
/// No receiver keeps a sink waiting for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// So much of an answer is read at most.
const ANSWER_BYTES: usize = 64 << 10;
/// So much of it is told.
const SAID_CHARS: usize = 200;

/// What became of a request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The receiver has the events.
    Taken,
    /// They are too many, or too large.
    TooLarge,
    /// There is something in them that it does not take; its words.
    Refused(String),
}

/// Of an answer. `place` is the address without its query, which may hold what is nobody's business.
pub(crate) async fn of(
    mut response: Response,
    place: &str,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<Answer, Failure> {
    let status = response.status();
    let text = text(&mut response).await;
    if status.is_success() {
        return Ok(Answer::Taken);
    }
    let said = said(&text, credentials);
    let words = if said.is_empty() { String::new() } else { format!(": {said:?}") };
    let slow =
        |kind, next: &str| Err(Failure::new(kind, format!("{place} answers {status}{words}: {next}")).after(SLOWLY));
    let wait = |kind, next: &str| {
        let failure = Failure::new(kind, format!("{place} answers {status}{words}: {next}"));
        let pause = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
        Err(match pause {
            Some(pause) => failure.after(pause.min(LONGEST_PAUSE)),
            None => failure,
        })
    };
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Ok(Answer::TooLarge),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Ok(Answer::Refused(format!("the receiver refuses it ({}){words}", status.as_u16())))
        }
        StatusCode::UNAUTHORIZED => {
            slow(FailureKind::Unauthorized, "check `auth` and `secret_headers`; the secrets are read again")
        }
        StatusCode::FORBIDDEN => {
            slow(FailureKind::Forbidden, "check what `auth` may do there, and whether this machine's address is let in")
        }
        StatusCode::TOO_MANY_REQUESTS => wait(FailureKind::RateLimited, "lower `in_flight` if this stays"),
        StatusCode::REQUEST_TIMEOUT => wait(FailureKind::Timeout, "it is tried again"),
        StatusCode::NOT_FOUND => slow(FailureKind::Config, "check the path in `uri`"),
        StatusCode::METHOD_NOT_ALLOWED => {
            slow(FailureKind::Config, "nothing takes POST there: check the path in `uri`")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            slow(FailureKind::Config, "it takes no NDJSON, or not compressed: check its settings and `compression`")
        }
        _ if status.is_redirection() => {
            let to = response.headers().get(LOCATION).and_then(|to| host(to.to_str().ok()?));
            let to = to.unwrap_or_else(|| "another address".to_owned());
            let message =
                format!("{place} redirects to {to} ({}), where nothing is sent: check `uri`", status.as_u16());
            Err(Failure::new(FailureKind::Config, message).after(SLOWLY))
        }
        _ if status.is_server_error() => wait(FailureKind::Unavailable, "it is tried again"),
        _ => slow(FailureKind::Config, "check `uri`"),
    }
}

/// Of a request without an answer.
pub(crate) fn none(error: reqwest::Error, place: &str) -> Failure {
    let error = error.without_url();
    if error.is_builder() {
        let message = format!("{place}: {}: check `uri` and `headers`", chain(&error));
        return Failure::new(FailureKind::Config, message).after(SLOWLY);
    }
    let (kind, next) = if error.is_connect() {
        (FailureKind::Unreachable, "see whether the receiver runs, and check `uri`, `tls` and the proxy")
    } else if error.is_timeout() {
        (FailureKind::Timeout, "no answer within `timeout`: it is sent again, and may come twice")
    } else {
        (FailureKind::Unreachable, "the answer is lost: it is sent again, and may come twice")
    };
    Failure::new(kind, format!("{place}: {}: {next}", chain(&error)))
}

/// The beginning of an answer. Read in any case, so that the connection can be used again; what fails here does not hide the status.
async fn text(response: &mut Response) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < ANSWER_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        text.extend_from_slice(&chunk);
    }
    text
}

/// The receiver's words in one line, short and without our secrets.
fn said(text: &[u8], credentials: &Credentials) -> String {
    let text = credentials.redact(String::from_utf8_lossy(text).into_owned());
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SAID_CHARS).collect()
}

/// Whole seconds, or an HTTP date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(until.as_millisecond()).since(now))
}

fn host(location: &str) -> Option<String> {
    Url::parse(location).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = Timestamp::parse(b"1994-11-06T08:49:00Z").expect("a timestamp");
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(37)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("", now), None);
    }

    #[test]
    fn the_receivers_words_are_one_short_line() {
        let none = Credentials::default();
        assert_eq!(said(b" a\r\n\tb\x1b[31m \xff", &none), "a b [31m \u{fffd}");
        assert_eq!(said("\u{e9}".repeat(500).as_bytes(), &none).chars().count(), 200);
    }
}
