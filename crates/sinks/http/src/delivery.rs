//! One delivery: its requests one after the other, in halves where the receiver refuses them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::{Clock, Delivered, Failure, FailureKind, Rejection};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method};
use reqwest::{Body, Client, Request, Url};

use crate::Compression;
use crate::answer::{self, Answer, SLOWLY};
use crate::body::{self, Line};
use crate::credentials::Credentials;
use crate::sizes::Sizes;

/// So many events are refused one after the other before it is asked whether it is the events.
const IN_A_ROW: usize = 8;

/// What deliveries share.
pub(crate) struct Receiver {
    pub(crate) client: Client,
    pub(crate) uri: Url,
    /// The address without its query, for people.
    pub(crate) place: String,
    pub(crate) content_type: HeaderValue,
    pub(crate) compression: Compression,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sizes: Sizes,
    /// How many events were refused since the last that was taken.
    pub(crate) refused: AtomicUsize,
    /// An event that was taken, of the latest request.
    pub(crate) witness: Mutex<Option<Bytes>>,
    /// The credentials were refused: they are to be read again.
    pub(crate) unauthorized: AtomicBool,
}

/// What one delivery sends, and as whom.
pub(crate) struct Sending {
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) headers: HeaderMap,
    pub(crate) lines: Arc<Vec<Line>>,
}

impl Sending {
    /// Sends all lines. The events that were rejected before go with the others.
    pub(crate) async fn deliver(self, mut rejected: Vec<Rejection>) -> Result<Delivered, Failure> {
        let Self { receiver, lines, .. } = &self;
        let mut refused = receiver.refused.load(Ordering::Relaxed);
        let (mut next, mut parts) = (0, Vec::new());
        while next < lines.len() || !parts.is_empty() {
            let part = parts.pop().unwrap_or_else(|| {
                let start = next;
                next += body::fitting(&lines[start..], receiver.sizes.limit());
                start..next
            });
            let bytes = body::size(&lines[part.clone()]);
            let reason = match (self.post(lines, part.clone()).await?, part.len()) {
                (Answer::Taken, _) => {
                    refused = 0;
                    continue;
                }
                (Answer::TooLarge, 1) => {
                    format!("the receiver does not take an event of {bytes} bytes (413): raise its limit")
                }
                (Answer::Refused(reason), 1) => reason,
                (answer, count) => {
                    if answer == Answer::TooLarge {
                        receiver.sizes.was_too_large(bytes, receiver.clock.now());
                    }
                    let middle = part.start + count / 2;
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                    continue;
                }
            };
            refused += 1;
            if refused > IN_A_ROW {
                if !self.another_is_taken(part.end).await? {
                    receiver.sizes.forget();
                    return Err(receiver.takes_nothing(&reason));
                }
                refused = 0;
            }
            rejected.push(Rejection { index: lines[part.start].place, reason });
        }
        receiver.refused.store(refused, Ordering::Relaxed);
        receiver.sizes.delivered(receiver.clock.now());
        rejected.sort_by_key(|rejection| rejection.index);
        Ok(Delivered { rejected, trail: None })
    }

    /// Whether the receiver takes events other than those that it has just refused, which may be many bad ones in a row. What
    /// is sent to find out comes twice: an event that it has taken before, and events that stand later in this delivery.
    async fn another_is_taken(&self, from: usize) -> Result<bool, Failure> {
        let witness = self.receiver.witness.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(text) = witness {
            let line = Arc::new(vec![Line { text, place: 0 }]);
            if self.post(&line, 0..1).await? == Answer::Taken {
                return Ok(true);
            }
        }
        // From the end on: the bad ones stand together.
        let mut left = self.lines.len() - from;
        while left > 0 {
            let place = from + left - 1;
            if self.post(&self.lines, place..place + 1).await? == Answer::Taken {
                return Ok(true);
            }
            left /= 2;
        }
        Ok(false)
    }

    async fn post(&self, lines: &Arc<Vec<Line>>, part: Range<usize>) -> Result<Answer, Failure> {
        let receiver = &self.receiver;
        let bytes = body::size(&lines[part.clone()]);
        let text = body::body(lines, part.clone(), receiver.compression).await?;
        let answer = receiver.post(&self.headers, text, bytes, &self.credentials).await?;
        if answer == Answer::Taken {
            receiver.sizes.was_taken(bytes);
            // A copy: a slice would keep its page in memory.
            let text = Bytes::copy_from_slice(&lines[part.start].text);
            *receiver.witness.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        }
        Ok(answer)
    }
}

impl Receiver {
    async fn post(
        &self,
        headers: &HeaderMap,
        text: Bytes,
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
                    self.sizes.was_cut(bytes);
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

    fn takes_nothing(&self, reason: &str) -> Failure {
        let message = format!(
            "{}: {reason}; so were the {IN_A_ROW} events before it, none was taken between them, nor were others that \
             were tried: check that `uri` is an input for NDJSON with this `encoding`, and how much it takes at once",
            self.place
        );
        Failure::new(FailureKind::BadRequest, message).after(SLOWLY)
    }
}
