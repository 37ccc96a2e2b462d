//! Syslog over TCP or TLS.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Delivered, Delivery, Event, Failure};
use tokio::io::{AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::counted::Wire;
use super::monitor::Watched;
use super::{Io, words};
use crate::message::{Chunk, Formatter};
use crate::pacing::Pacing;

/// How long the peer may take to end its side once ours is ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// After a failed write: how long the monitor may take to find the peer's own reason.
const REASON: Duration = Duration::from_millis(100);

/// A connection, with the monitor beside it.
#[derive(Debug)]
pub(crate) struct StreamLink {
    peer: Arc<str>,
    writer: WriteHalf<Io>,
    watched: Arc<Watched>,
    chunk: Chunk,
    /// The monitor; ends with the link.
    monitor: JoinSet<()>,
}

impl StreamLink {
    /// Takes an established connection. `wire` is what `io` writes to.
    pub(crate) fn new(io: Io, wire: Arc<Wire>, peer: Arc<str>, probation: Duration, patience: Duration) -> Self {
        let watched = Watched::new(peer.clone(), wire, probation, patience);
        let (reader, writer) = tokio::io::split(io);
        let mut monitor = JoinSet::new();
        monitor.spawn(watched.clone().run(reader));
        Self { peer, writer, watched, chunk: Chunk::default(), monitor }
    }

    pub(crate) async fn write(
        &mut self,
        events: &[Event],
        formatter: &mut Formatter,
        pacing: &Pacing,
    ) -> Result<Delivery, Failure> {
        let mut delivered = Delivered::default();
        let (mut next, mut bytes) = (0, 0);
        self.watched.writing(true);
        while next < events.len() {
            next = tokio::select! {
                biased;
                failure = self.watched.died() => return Err(failure),
                next = pacing.format(formatter, events, next, &mut self.chunk, &mut delivered.rejected) => next,
            };
            self.put(events).await?;
            bytes += self.chunk.bytes();
        }
        self.flush().await?;
        if bytes == 0 {
            self.watched.writing(false);
            return Ok(Box::pin(std::future::ready(Ok(delivered))));
        }
        Ok(self.watched.written(delivered))
    }

    pub(crate) fn death(&self) -> Option<Failure> {
        self.watched.death()
    }

    /// Says goodbye (close_notify under TLS, then FIN) and waits for the peer's.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            // A peer that is gone needs no goodbye.
            drop(self.writer.shutdown().await);
            self.watched.died().await
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::debug!(peer = %self.peer, "the receiver did not end the connection within {FAREWELL:?}");
        }
        self.monitor.shutdown().await;
    }

    /// Writes the chunk.
    async fn put(&mut self, events: &[Event]) -> Result<(), Failure> {
        let mut slices = Vec::with_capacity(2 * self.chunk.len() + 1);
        self.chunk.slices(events, &mut slices);
        let written = tokio::select! {
            biased;
            failure = self.watched.died() => return Err(failure),
            written = write_all(&mut self.writer, &mut slices) => written,
        };
        self.or_dead(written).await
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let flushed = tokio::select! {
            biased;
            failure = self.watched.died() => return Err(failure),
            flushed = self.writer.flush() => flushed,
        };
        self.or_dead(flushed).await
    }

    /// A connection that cannot be written to is dead; the peer may have said why.
    async fn or_dead(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        let Err(error) = result else { return Ok(()) };
        if let Ok(failure) = timeout(REASON, self.watched.died()).await {
            return Err(failure);
        }
        let failure = words::ended(&self.peer, &Err(error), false);
        self.watched.fail(failure.clone());
        Err(failure)
    }
}

/// Writes all of the slices, in as few calls as it takes.
pub(crate) async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    mut slices: &mut [IoSlice<'_>],
) -> io::Result<()> {
    // Drops empty slices at the front: a write of nothing looks like the end.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match writer.write_vectored(slices).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => IoSlice::advance_slices(&mut slices, count),
        }
    }
    Ok(())
}
