//! One delivery: its requests one after the other, in halves where the receiver refuses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use adr_core::{Clock, Delivered, Failure, FailureKind, Rejection};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method};
use reqwest::{Body, Client, Request, Url};

use crate::Compression;
use crate::answer::{self, Answer, SLOWLY};
use crate::body::{self, Line};
use crate::credentials::Credentials;

/// So many events are refused one after the other before it is not the events.
const IN_A_ROW: usize = 8;
/// Requests are not made smaller than this for a connection that ends under them.
const LEAST_LIMIT: usize = 64 << 10;
/// After so many deliveries larger ones are tried again.
const CALM: usize = 64;

/// What deliveries share.
pub(crate) struct Receiver {
    pub(crate) client: Client,
    pub(crate) uri: Url,
    /// The address without its query, for people.
    pub(crate) place: String,
    pub(crate) content_type: HeaderValue,
    pub(crate) compression: Compression,
    pub(crate) clock: Arc<dyn Clock>,
    /// Requests are no larger than this, before compression.
    pub(crate) limit: AtomicUsize,
    /// What `limit` may grow to: below all that was too large.
    pub(crate) most: AtomicUsize,
    /// How many deliveries there were since `limit` has changed.
    pub(crate) calm: AtomicUsize,
    /// How many events were refused since the last that was taken.
    pub(crate) refused: AtomicUsize,
    /// The credentials were refused: they are to be read again.
    pub(crate) unauthorized: AtomicBool,
}

/// Sends all lines. The events that were rejected before go with the others.
pub(crate) async fn deliver(
    receiver: Arc<Receiver>,
    credentials: Arc<Credentials>,
    headers: HeaderMap,
    lines: Vec<Line>,
    mut rejected: Vec<Rejection>,
) -> Result<Delivered, Failure> {
    let lines = Arc::new(lines);
    let mut refused = receiver.refused.load(Ordering::Relaxed);
    let (mut next, mut parts) = (0, Vec::new());
    while next < lines.len() || !parts.is_empty() {
        let part = parts.pop().unwrap_or_else(|| {
            let start = next;
            next += body::fitting(&lines[start..], receiver.limit.load(Ordering::Relaxed));
            start..next
        });
        let bytes = body::size(&lines[part.clone()]);
        let text = body::body(&lines, part.clone(), receiver.compression).await?;
        let place = lines[part.start].place;
        match (receiver.post(&headers, text, bytes, &credentials).await?, part.len()) {
            (Answer::Taken, _) => refused = 0,
            (Answer::TooLarge, 1) => {
                let reason = format!("the receiver does not take an event of {bytes} bytes (413): raise its limit");
                rejected.push(Rejection { index: place, reason });
            }
            (Answer::Refused(reason), 1) => {
                refused += 1;
                if refused > IN_A_ROW {
                    return Err(receiver.takes_nothing(&reason));
                }
                rejected.push(Rejection { index: place, reason });
            }
            (answer, count) => {
                if answer == Answer::TooLarge {
                    receiver.too_large(bytes);
                }
                let middle = part.start + count / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
        }
    }
    receiver.refused.store(refused, Ordering::Relaxed);
    receiver.grow();
    rejected.sort_by_key(|rejection| rejection.index);
    Ok(Delivered { rejected, trail: None })
}

impl Receiver {
    async fn post(
        &self,
        headers: &HeaderMap,
        text: bytes::Bytes,
        bytes: usize,
        credentials: &Credentials,
    ) -> Result<Answer, Failure> {
        let mut request = Request::new(Method::POST, self.uri.clone());
        *request.headers_mut() = headers.clone();
        request.headers_mut().entry(CONTENT_TYPE).or_insert_with(|| self.content_type.clone());
        if self.compression == Compression::Gzip {
            request.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *request.body_mut() = Some(Body::from(text));
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                if !error.is_connect() && !error.is_timeout() {
                    // Some close under what is too large for them, without a word that arrives.
                    self.shrink(bytes / 2);
                }
                return Err(answer::none(error, &self.place));
            }
        };
        let answer = answer::of(response, &self.place, credentials, self.clock.now()).await;
        if let Err(failure) = &answer
            && matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Forbidden)
        {
            self.unauthorized.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// So much at once was refused: it is not tried again.
    fn too_large(&self, bytes: usize) {
        let most = self.most.fetch_min(bytes / 2, Ordering::Relaxed);
        self.limit.fetch_min(most.min(bytes / 2), Ordering::Relaxed);
    }

    fn shrink(&self, bytes: usize) {
        self.calm.store(0, Ordering::Relaxed);
        self.limit.fetch_min(bytes.max(LEAST_LIMIT), Ordering::Relaxed);
    }

    /// A delivery is done. Too early a growth would cost the next one a failure each time.
    fn grow(&self) {
        let (limit, most) = (self.limit.load(Ordering::Relaxed), self.most.load(Ordering::Relaxed));
        if limit < most && self.calm.fetch_add(1, Ordering::Relaxed) >= CALM {
            self.calm.store(0, Ordering::Relaxed);
            self.limit.store(limit.saturating_mul(2).min(most), Ordering::Relaxed);
        }
    }

    fn takes_nothing(&self, reason: &str) -> Failure {
        let message = format!(
            "{}: {reason}; so were the {IN_A_ROW} events before it, and none was taken between them: check that `uri` is an \
             input for NDJSON with this `encoding`",
            self.place
        );
        Failure::new(FailureKind::BadRequest, message).after(SLOWLY)
    }
}
