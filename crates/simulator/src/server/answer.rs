use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderName, HeaderValue};

use super::socket::Breaks;
use super::stream::Stream;
use super::{Shared, admin};
use crate::{Request, Response};

/// A request's body is a query: no client has reason to send more.
const LARGEST_REQUEST: usize = 1 << 20;

pub(super) async fn answer(
    shared: Shared,
    breaks: Breaks,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Stream>, Infallible> {
    let accepts_gzip = header(&request, "accept-encoding").is_some_and(|list| list.contains("gzip"));
    let mut response = match read(request).await {
        Some(request) if request.path.starts_with("/__sim/") => admin::answer(&shared, &request),
        Some(request) => shared.directory.lock().handle(shared.clock.now(), &request),
        None => Response::json(400, r#"{"message":"The request could not be read"}"#),
    };
    if response.hints.delay > Duration::ZERO {
        tokio::time::sleep(response.hints.delay).await;
    }
    if response.hints.reset {
        breaks.reset();
    }
    let compress = accepts_gzip && response.hints.gzip;
    let stream = Stream::new(std::mem::take(&mut response.body), &response.hints, compress);
    let mut answer = hyper::Response::new(stream);
    *answer.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in &response.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    if compress {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(answer)
}

fn header<'a>(request: &'a hyper::Request<Incoming>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
    Some(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: whole(body).await?,
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn whole(mut body: Incoming) -> Option<Bytes> {
    let mut whole = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            if whole.len() + data.len() > LARGEST_REQUEST {
                return None;
            }
            whole.extend_from_slice(&data);
        }
    }
    Some(whole.freeze())
}
