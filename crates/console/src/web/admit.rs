//! What a request must be like before anybody asks who sent it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;

use super::gate::HEALTH;
use super::guard::Guard;

/// A form has so many bytes at most.
pub(crate) const BODY: usize = 64 * 1024;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until the body is there.
    pub(crate) body: Duration,
    /// Until there is an answer: some ask JumpCloud first.
    pub(crate) answer: Duration,
}

/// Refuses what is meant for another host, what another site has sent, and what is too large or too slow.
pub(crate) async fn check(
    State((guard, patience)): State<(Arc<Guard>, Patience)>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = refusal(&guard, &request) {
        return refusal;
    }
    // The body is read here, so that a change is never cut off for the slowness of whoever asks for it.
    let request = match timeout(patience.body, whole(request)).await {
        Ok(Ok(request)) => request,
        Ok(Err(refusal)) => return refusal,
        Err(_) => return close(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time\n"),
    };
    match timeout(patience.answer, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            close(StatusCode::SERVICE_UNAVAILABLE, "the answer took too long; it is not known whether it was done\n")
        }
    }
}

fn refusal(guard: &Guard, request: &Request) -> Option<Response> {
    let (uri, headers, method) = (request.uri(), request.headers(), request.method());
    let is_probe = guard.is_probed && method.is_safe() && HEALTH.contains(&uri.path());
    if !is_probe && !guard.hosts.is_meant(uri, headers) {
        let message = "this is not the host that was asked for: use its own name, or add that one to its names\n";
        return Some(close(StatusCode::MISDIRECTED_REQUEST, message));
    }
    if ![Method::GET, Method::HEAD, Method::POST].contains(method) {
        return Some(close(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and POST are known here\n"));
    }
    if !method.is_safe() && !guard.hosts.is_from_here(headers) {
        let message = "what changes something must be sent from a page of this site, and say so (Origin)\n";
        return Some(close(StatusCode::FORBIDDEN, message));
    }
    None
}

async fn whole(request: Request) -> Result<Request, Response> {
    let too_large = || close(StatusCode::PAYLOAD_TOO_LARGE, "a form has 64 KiB at most\n");
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY as u64) {
        return Err(too_large());
    }
    match Limited::new(body, BODY).collect().await {
        Ok(body) => Ok(Request::from_parts(parts, Body::from(body.to_bytes()))),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(_) => Err(close(StatusCode::BAD_REQUEST, "the request broke off\n")),
    }
}

/// A refusal after which nothing more is read.
fn close(status: StatusCode, message: &'static str) -> Response {
    (status, [(header::CONNECTION, "close")], message).into_response()
}
