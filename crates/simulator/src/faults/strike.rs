use std::borrow::Cow;

use adr_core::Timestamp;
use bytes::Bytes;

use super::kind::{FaultKind, HeaderCase, RetryAfter};
use crate::{Body, Response};

impl FaultKind {
    /// The answer that comes in place of the true one.
    pub(crate) fn replacement(&self, now: Timestamp) -> Option<Response> {
        let message =
            |status: u16, text: &str| Response::json(status, serde_json::json!({ "message": text }).to_string());
        Some(match self {
            Self::TooManyRequests(retry) => retry.on(message(429, "Too Many Requests"), now),
            Self::InternalError => message(500, "Technical difficulties processing your request"),
            Self::BadGateway => Response::html(502, "502 Bad Gateway"),
            Self::Unavailable(retry) => retry.on(Response::html(503, "503 Service Temporarily Unavailable"), now),
            Self::GatewayTimeout => Response::html(504, "504 Gateway Time-out"),
            Self::BadRequest => message(400, "Bad Request"),
            Self::Unauthorized => message(401, "Unauthorized"),
            Self::PaymentRequired => message(402, "Directory Insights is not enabled for your organization"),
            Self::Forbidden => message(403, "Forbidden"),
            Self::Firewall => Response::html(403, "403 Forbidden: your IP address has been blocked"),
            Self::Redirect(to) => {
                let mut response = Response::html(307, "307 Temporary Redirect");
                response.set("Location", format!("{}/insights/directory/v1/events", to.trim_end_matches('/')));
                response
            }
            Self::NotJson => Response::html(200, "Please log in to this network"),
            Self::Reset => {
                let mut response = Response::html(502, "");
                response.hints.reset = true;
                response
            }
            _ => return None,
        })
    }

    /// What happens to an answer on its way.
    pub(crate) fn bend_response(&self, response: &mut Response) {
        match self {
            Self::Delay(time) => response.hints.delay += *time,
            Self::SlowBody(rate) => response.hints.bytes_per_second = Some((*rate).max(1)),
            Self::Cut(at) => {
                let most = response.body.length().map_or(*at, |length| (*at).min(length.saturating_sub(1)));
                response.hints.cut_after = Some(most);
            }
            Self::NoHeader(name) => response.unset(name),
            Self::HeaderCase(case) => {
                for (name, _) in &mut response.headers {
                    *name = Cow::Owned(match case {
                        HeaderCase::Lower => name.to_lowercase(),
                        HeaderCase::Upper => name.to_uppercase(),
                    });
                }
            }
            Self::Truncated if response.status == 200 => {
                let text = std::mem::take(&mut response.body).into_bytes();
                response.body = Body::from(text.slice(..text.len() / 2));
            }
            Self::EmptyBody if response.status == 200 => response.body = Body::from(Bytes::new()),
            Self::Oversized(bytes) if response.status == 200 => response.body.pad(*bytes),
            _ => {}
        }
    }
}

impl RetryAfter {
    fn on(self, mut response: Response, now: Timestamp) -> Response {
        match self {
            Self::Absent => {}
            Self::Seconds(seconds) => response.set("Retry-After", seconds.to_string()),
            Self::Date(ahead) => response.set("Retry-After", http_date(now.plus(ahead))),
        }
        response
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn http_date(time: Timestamp) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos()))
        .ok()
        .and_then(|time| jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_those_of_rfc_9110() {
        assert_eq!(http_date(Timestamp::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
