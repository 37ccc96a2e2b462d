//! The seam between the poller and the network: one request in, one response out.

use std::fmt;

use adr_core::{BoxFuture, Reservation};
use bytes::Bytes;
use http::HeaderMap;

/// Sends one HTTP request. [`HttpTransport`](crate::HttpTransport) is the real one; a simulation brings its own.
///
/// An implementation follows no redirects, retries nothing, and asks [`Room::admit`] before it holds more of a
/// response's body than before.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole response, as far as `room` lets it.
    fn send<'a>(&'a self, request: Request, room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>>;
}

/// An HTTP request. Headers that carry secrets are marked sensitive.
#[derive(Clone)]
pub struct Request {
    /// `POST` for events and tokens, `GET` for lists.
    pub method: http::Method,
    /// The absolute URL.
    pub url: String,
    /// The headers, `content-type` and credentials included.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Without the body, which may hold a secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// An HTTP response, read to its end.
#[derive(Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers; names compare without case.
    pub headers: HeaderMap,
    /// The body, decompressed. Of a response that is no success, as much as [`Room::ERROR_BODY`].
    pub body: Vec<u8>,
}

/// Without the body, which may hold a token.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection: name, route, TLS, proxy, refused, or not in time.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// Connected, but no whole answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer broke off.
    #[error("the answer broke off: {0}")]
    Cut(String),
    /// The body passed the hard cap of so many bytes.
    #[error("the answer is larger than {cap} bytes")]
    TooLarge {
        /// The cap.
        cap: usize,
    },
    /// The memory budget had no room for so many bytes right now.
    #[error(
        "no room in the memory budget for an answer of {wanted} bytes or more now: it waits; set `memory_budget` higher, or `page_limit` lower, if that comes often"
    )]
    NoRoom {
        /// The size that did not fit.
        wanted: usize,
    },
    /// The request itself could not be made.
    #[error("cannot make the request: {0}")]
    Request(String),
}

/// How much of a response may be held: a share of the memory budget, and a hard cap.
#[derive(Debug)]
pub struct Room<'a> {
    memory: Option<&'a mut Reservation>,
    cap: usize,
}

impl<'a> Room<'a> {
    /// How many bytes of an error's body are worth reading; the rest is cut off without an error.
    pub const ERROR_BODY: usize = 16 * 1024;

    /// Room in the memory budget: grows as long as the budget has room, up to `cap`.
    pub fn reserved(memory: &'a mut Reservation, cap: usize) -> Self {
        Self { memory: Some(memory), cap }
    }

    /// Room of a fixed size for small answers (tokens, checks), outside of the budget.
    pub fn fixed(cap: usize) -> Self {
        Self { memory: None, cap }
    }

    /// The same room, lent.
    pub fn reborrow(&mut self) -> Room<'_> {
        Room { memory: self.memory.as_deref_mut(), cap: self.cap }
    }

    /// How many bytes may be allocated at once without asking.
    pub fn granted(&self) -> usize {
        self.memory.as_ref().map_or(0, |memory| memory.bytes()).min(self.cap)
    }

    /// Asks to hold `bytes` of body in all; the share of the budget at least doubles when it has to grow.
    pub fn admit(&mut self, bytes: usize) -> Result<(), TransportError> {
        if bytes > self.cap {
            return Err(TransportError::TooLarge { cap: self.cap });
        }
        let Some(memory) = self.memory.as_deref_mut() else { return Ok(()) };
        if bytes <= memory.bytes() {
            return Ok(());
        }
        let wanted = bytes.max(memory.bytes().saturating_mul(2)).min(self.cap);
        if memory.try_grow(wanted) || memory.try_grow(bytes) {
            return Ok(());
        }
        Err(TransportError::NoRoom { wanted })
    }

    /// Appends a chunk to `body`, if there is room for it; allocates no more than is reserved.
    pub fn append(&mut self, body: &mut Vec<u8>, chunk: &[u8]) -> Result<(), TransportError> {
        let needed = body.len() + chunk.len();
        self.admit(needed)?;
        if needed > body.capacity() {
            body.reserve_exact(needed.max(self.granted()) - body.len());
        }
        body.extend_from_slice(chunk);
        Ok(())
    }
}
