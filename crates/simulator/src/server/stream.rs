use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::{Body, Chunks, Hints};

/// A body on its way to the network: written as it is sent, slowed down or cut off if a fault says so.
pub(super) struct Stream {
    chunks: Chunks,
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// What the network takes next.
    ready: Bytes,
    /// How much may still go before the connection breaks; it does break, at the end at the latest.
    left: Option<u64>,
    /// The length, if it is known and will be kept.
    length: Option<u64>,
    sent: u64,
    rate: Option<u64>,
    started: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    done: bool,
    flushed: bool,
}

/// The connection breaks here because a fault says so.
#[derive(Debug, thiserror::Error)]
#[error("the simulator cuts this body")]
pub(super) struct CutOff;

impl Stream {
    pub(super) fn new(body: Body, hints: &Hints, compress: bool) -> Self {
        let length = if compress { None } else { body.length() };
        Self {
            chunks: body.into_chunks(),
            gzip: compress.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            ready: Bytes::new(),
            left: hints.cut_after,
            length,
            sent: 0,
            rate: hints.bytes_per_second,
            started: Instant::now(),
            sleep: None,
            done: false,
            flushed: false,
        }
    }

    /// Fills `ready`, unless the body is at its end.
    fn fill(&mut self) {
        while self.ready.is_empty() && !self.done {
            match (self.chunks.next(), &mut self.gzip) {
                (Some(chunk), None) => self.ready = chunk,
                (Some(chunk), Some(gzip)) => {
                    // Writing into a Vec does not fail.
                    let _ = gzip.write_all(&chunk);
                    self.ready = std::mem::take(gzip.get_mut()).into();
                }
                (None, _) => {
                    self.done = true;
                    if let Some(gzip) = self.gzip.take() {
                        self.ready = gzip.finish().unwrap_or_default().into();
                    }
                }
            }
        }
    }

    /// How much may go now; at a rate, a tenth of a second's worth at a time.
    fn portion(&self) -> usize {
        let most = self.rate.map_or(u64::MAX, |rate| (rate / 10).max(1)).min(self.left.unwrap_or(u64::MAX));
        self.ready.len().min(usize::try_from(most).unwrap_or(usize::MAX))
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
        self.fill();
        if self.left == Some(0) || (self.left.is_some() && self.ready.is_empty()) {
            if self.flushed {
                return Poll::Ready(Some(Err(CutOff)));
            }
            // What is not sent when the error comes is thrown away: first a pause, in which hyper flushes.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.ready.is_empty() {
            return Poll::Ready(None);
        }
        let portion = self.portion();
        let frame = self.ready.split_to(portion);
        self.sent += frame.len() as u64;
        self.left = self.left.map(|left| left.saturating_sub(frame.len() as u64));
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(self.sent as f64 / rate as f64);
            self.sleep = Some(Box::pin(tokio::time::sleep_until(self.started + due)));
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, |length| SizeHint::with_exact(length - self.sent.min(length)))
    }
}
