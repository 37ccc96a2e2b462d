//! What the API's refusals mean, and what to do next, in the words of ADR's source article.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Timestamp};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use serde::Deserialize;

use crate::transport::{Response, TransportError};

/// A state that a person has to change is looked at again so often.
pub(crate) const SLOWLY: Duration = Duration::from_secs(300);
/// No server keeps a tenant waiting for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const MESSAGE_CHARS: usize = 300;

const KEY_PLACE: &str = "API key: JumpCloud console, Profile > My API Key";
const ORG_PLACE: &str = "Organization ID: Settings > Organization Profile";

/// A failure for a response of `/events` that is no 200.
pub(crate) fn of_events(response: &Response, url: &str, bearer: bool, now: Timestamp) -> Failure {
    let said = said(response);
    let slow = |kind, message: String| Failure::new(kind, message).after(SLOWLY);
    if matches!(response.status, 400 | 401) && is_about_organization(&said) {
        let message = format!(
            "JumpCloud does not give this key that organization ({}){said}: check `org_id` ({ORG_PLACE}), and that the \
             key is of an admin of it",
            response.status
        );
        return slow(FailureKind::WrongOrganization, message);
    }
    match response.status {
        400 => slow(
            FailureKind::BadRequest,
            format!("JumpCloud calls the request wrong (400){said}: check `services` and `org_id` ({ORG_PLACE})"),
        ),
        401 => slow(
            FailureKind::Unauthorized,
            if bearer {
                format!(
                    "JumpCloud refused the service account's token (401){said}: check that the account is active and `org_id` is right ({ORG_PLACE})"
                )
            } else {
                format!(
                    "JumpCloud refused the API key (401){said}: check the key ({KEY_PLACE}), `org_id` ({ORG_PLACE}) and `region`"
                )
            },
        ),
        402 => slow(
            FailureKind::NotLicensed,
            format!(
                "Directory Insights is not enabled for the organization (402){said}: enable it in JumpCloud, or set a later `start` if the plan limits history"
            ),
        ),
        403 => slow(
            FailureKind::Forbidden,
            if is_json(response) {
                format!(
                    "JumpCloud forbids reading events (403){said}: give the admin or service account the scope directoryinsights.readonly"
                )
            } else {
                "a firewall before JumpCloud blocked the request (403): this machine's address may be blocked; ask JumpCloud support".to_owned()
            },
        ),
        404 => slow(FailureKind::BadRequest, format!("{url} does not exist (404): check `region` and `base_url`")),
        _ => of_any(response, url, now),
    }
}

/// A failure for a response of the token endpoint that is no 200.
pub(crate) fn of_token(response: &Response, url: &str, now: Timestamp) -> Failure {
    match response.status {
        400 | 401 | 403 => Failure::new(
            FailureKind::Unauthorized,
            format!(
                "{url} refused the service account ({}){}: check `client_id` and `client_secret`, and that the secret has not expired",
                response.status,
                said(response)
            ),
        )
        .after(SLOWLY),
        404 => Failure::new(FailureKind::BadRequest, format!("{url} does not exist (404): check `token_url`")).after(SLOWLY),
        _ => of_any(response, url, now),
    }
}

fn of_any(response: &Response, url: &str, now: Timestamp) -> Failure {
    let status = response.status;
    match status {
        429 => asked_to_wait(
            Failure::new(
                FailureKind::RateLimited,
                "JumpCloud asks for fewer requests (429): lower `request_budget` if this stays",
            ),
            &response.headers,
            now,
        ),
        300..=399 => {
            let to = response.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(host_of);
            let to = to.unwrap_or_else(|| "another address".to_owned());
            let message = format!(
                "{url} redirects to {to} ({status}), where the credentials are not sent: check `region`, `base_url` and the proxy"
            );
            Failure::new(FailureKind::Protocol, message).after(SLOWLY)
        }
        500..=599 => asked_to_wait(
            Failure::new(FailureKind::Unavailable, format!("JumpCloud is in trouble ({status}){}", said(response))),
            &response.headers,
            now,
        ),
        _ => {
            Failure::new(FailureKind::Protocol, format!("{url} answered {status}{}: check `base_url`", said(response)))
                .after(SLOWLY)
        }
    }
}

/// A failure for no response at all.
pub(crate) fn of_transport(error: &TransportError, url: &str) -> Failure {
    let (kind, next) = match error {
        TransportError::Connect(_) => {
            (FailureKind::Unreachable, "check the network, the proxy, `region` and `base_url`")
        }
        TransportError::Timeout => (FailureKind::Timeout, "it is tried again"),
        TransportError::Cut(_) => (FailureKind::Unreachable, "it is tried again"),
        TransportError::TooLarge { .. } => (FailureKind::Protocol, "fewer events are asked for"),
        TransportError::NoRoom { .. } => (FailureKind::RateLimited, "it is tried again once there is room"),
        TransportError::Request(_) => (FailureKind::Config, "check `base_url`"),
    };
    let failure = Failure::new(kind, format!("{url}: {error}: {next}"));
    match error {
        // Not the server's trouble: there is no need to spare it.
        TransportError::TooLarge { .. } | TransportError::NoRoom { .. } => failure.after(Duration::from_millis(100)),
        TransportError::Request(_) => failure.after(SLOWLY),
        _ => failure,
    }
}

fn asked_to_wait(failure: Failure, headers: &HeaderMap, now: Timestamp) -> Failure {
    match headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| retry_after(text, now)) {
        Some(pause) => failure.after(pause.min(LONGEST_PAUSE)),
        None => failure,
    }
}

/// `Retry-After`: whole seconds, or an HTTP date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    http_date(text).map(|until| until.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are not worth their code.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    let mut words = text.strip_suffix(" GMT")?.split_whitespace().skip(1);
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Timestamp::parse(format!("{year}-{month:02}-{day}T{time}Z").as_bytes()).ok()
}

#[derive(Deserialize)]
struct ErrorMessage {
    message: String,
}

/// Whether a refusal is about the organization and not about the key: the status is the same for both.
fn is_about_organization(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["x-org-id", "organization path id", "multi-tenant admin"].iter().any(|words| said.contains(words))
}

fn is_json(response: &Response) -> bool {
    let declared = response.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match declared {
        Some(kind) => kind.contains("json"),
        None => response.body.trim_ascii_start().starts_with(b"{"),
    }
}

/// `: "what the API says"`, or nothing where it says nothing a person could use.
fn said(response: &Response) -> String {
    match serde_json::from_slice::<ErrorMessage>(&response.body) {
        Ok(error) if !error.message.trim().is_empty() => format!(": \"{}\"", one_line(&error.message)),
        _ => String::new(),
    }
}

/// A foreign text in one line of bounded length without control characters.
fn one_line(text: &str) -> String {
    let mut line: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_CHARS).collect();
    if text.trim().chars().nth(MESSAGE_CHARS).is_some() {
        line.push_str("...");
    }
    line
}

fn host_of(location: &str) -> Option<String> {
    let url = reqwest::Url::parse(location).ok()?;
    Some(one_line(url.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse(b"1994-11-06T08:49:07Z").expect("a timestamp");
        let wait = |text| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait(" 0 "), Some(0));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a date gone by");
        for text in ["", "soon", "-5", "1.5", "Sunday, 06-Nov-94 08:49:37 GMT"] {
            assert_eq!(wait(text), None, "{text}");
        }
    }

    #[test]
    fn a_foreign_text_stays_one_short_line() {
        assert_eq!(one_line(" a\nb\u{1b}[2J "), "a b [2J");
        assert_eq!(one_line(&"x".repeat(999)).chars().count(), MESSAGE_CHARS + 3);
    }
}
