use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Delivered, Delivery, Event, Failure};
use bytes::BufMut;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::frame::{self, Frame, MOST_FRAME};
use super::session::Session;
use super::window::{WINDOW, later};
use super::words;
use crate::link::{Io, write_all};
use crate::message::{Chunk, Formatter, Message};
use crate::pacing::Pacing;

/// How long the receiver may take to answer our `close`.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// After a failed write: how long the reader may take to find the receiver's own reason.
const REASON: Duration = Duration::from_millis(100);

/// What we offer. Version 0 is what librelp and all that came after it speak, whatever the specification says.
const OFFERS: &str =
    concat!("relp_version=0\nrelp_software=jumpcloud-adr,", env!("CARGO_PKG_VERSION"), "\ncommands=syslog");

/// A RELP session over a connection: what the receiver has answered it has taken.
#[derive(Debug)]
pub(crate) struct RelpLink {
    writer: WriteHalf<Io>,
    session: Arc<Session>,
    chunk: Chunk,
    /// What stands before each message; kept for its memory.
    heads: Vec<u8>,
    /// Takes the answers; ends with the link.
    reader: JoinSet<()>,
}

impl RelpLink {
    /// Opens a session. Waits for the receiver as long as the caller does.
    ///
    /// # Errors
    /// Why there is none; does not name the receiver.
    pub(crate) async fn open(io: Io, peer: &str) -> Result<Self, Failure> {
        Self::open_at(io, peer, 1).await
    }

    /// Opens a session whose first frame has the number `first`.
    pub(super) async fn open_at(io: Io, peer: &str, first: u32) -> Result<Self, Failure> {
        let (mut reader, mut writer) = tokio::io::split(io);
        let mut open = Vec::new();
        frame::write_head(first, "open", OFFERS.len(), &mut open);
        open.extend_from_slice(OFFERS.as_bytes());
        open.push(b'\n');
        let sent = async {
            writer.write_all(&open).await?;
            writer.flush().await
        };
        sent.await.map_err(|error| words::ended_at_open(&Err(error)))?;
        let rest = answer_to_open(&mut reader, first).await?;
        let session = Arc::new(Session::new(peer, later(first, 1)));
        let mut task = JoinSet::new();
        task.spawn(session.clone().run(reader, rest));
        Ok(Self { writer, session, chunk: Chunk::default(), heads: Vec::new(), reader: task })
    }

    /// Sends a batch. Its delivery resolves once every message of it is answered.
    pub(crate) async fn write(
        &mut self,
        events: &[Event],
        formatter: &mut Formatter,
        pacing: &Pacing,
    ) -> Result<Delivery, Failure> {
        let mut delivered = Delivered::default();
        let batch = self.session.begin();
        let mut next = 0;
        while next < events.len() {
            next = tokio::select! {
                biased;
                failure = self.session.died() => return Err(failure),
                next = pacing.format(formatter, events, next, &mut self.chunk, &mut delivered.rejected) => next,
            };
            self.send_chunk(batch, events).await?;
        }
        Ok(self.session.end(batch, delivered))
    }

    /// Why nothing can be sent any more, if so.
    pub(crate) fn death(&self) -> Option<Failure> {
        self.session.death()
    }

    /// Says goodbye and waits for the answer, then for the connection's own end.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            let close = frame::without_data(self.session.begin_close(), "close");
            self.writer.write_all(&close).await?;
            self.writer.flush().await?;
            self.session.died().await;
            self.writer.shutdown().await
        };
        match timeout(FAREWELL, farewell).await {
            Ok(Ok(())) => {}
            // A peer that is gone needs no goodbye.
            Ok(Err(error)) => tracing::debug!(%error, "the RELP session could not be ended in an orderly way"),
            Err(_) => tracing::debug!("the receiver did not end the RELP session within {FAREWELL:?}"),
        }
        self.reader.shutdown().await;
    }

    async fn send_chunk(&mut self, batch: u64, events: &[Event]) -> Result<(), Failure> {
        let mut sent = 0;
        while sent < self.chunk.len() {
            let wanted = self.chunk.len() - sent;
            let (first, count) = tokio::select! {
                biased;
                failure = self.session.died() => return Err(failure),
                taken = self.session.take(batch, wanted) => taken,
            };
            let messages = self.chunk.messages(events).skip(sent).take(count);
            let written = tokio::select! {
                biased;
                failure = self.session.died() => return Err(failure),
                written = write_frames(&mut self.writer, &mut self.heads, first, messages) => written,
            };
            if let Err(error) = written {
                return Err(self.broken(error).await);
            }
            sent += count;
        }
        Ok(())
    }

    /// A connection that cannot be written to is dead; the receiver may have said why, and is heard first.
    async fn broken(&self, error: io::Error) -> Failure {
        match timeout(REASON, self.session.died()).await {
            Ok(failure) => failure,
            Err(_) => self.session.broken(error),
        }
    }
}

/// Waits for the answer to our `open`, and returns what came after it.
async fn answer_to_open(reader: &mut ReadHalf<Io>, number: u32) -> Result<Vec<u8>, Failure> {
    let mut buffer = Vec::with_capacity(MOST_FRAME);
    loop {
        let room = MOST_FRAME - buffer.len();
        match reader.read_buf(&mut (&mut buffer).limit(room)).await {
            Ok(0) => return Err(words::ended_at_open(&Ok(()))),
            Ok(_) => {}
            Err(error) => return Err(words::ended_at_open(&Err(error))),
        }
        while let Some((frame, length)) = frame::read(&buffer).map_err(|fault| words::garbage(fault, &buffer))? {
            let answered = opened(&frame, number)?;
            buffer.drain(..length);
            if answered {
                return Ok(buffer);
            }
        }
    }
}

/// Whether a frame opens the session; hints do not.
fn opened(frame: &Frame<'_>, number: u32) -> Result<bool, Failure> {
    match (frame.txnr, frame.command) {
        (0, b"serverclose") => Err(words::ended_at_open(&Ok(()))),
        (0, _) => Ok(false),
        (txnr, b"rsp") if txnr == number => {
            let response = frame::response(frame.data).map_err(|fault| words::garbage(fault, frame.data))?;
            if response.code != 200 {
                return Err(words::refused("the RELP session", response.code, response.words));
            }
            if frame::offer(response.rest, "relp_version").is_none() {
                return Err(words::missing_offer("relp_version"));
            }
            let commands = frame::offer(response.rest, "commands").unwrap_or_default();
            if !commands.split(|byte| *byte == b',').any(|command| command == b"syslog") {
                return Err(words::missing_offer("the command syslog"));
            }
            Ok(true)
        }
        (txnr, _) => Err(words::unexpected("before the session is open it sent a frame with the number", txnr)),
    }
}

/// Writes messages in frames with the numbers from `first` on. Copies no message: only what stands around it is
/// written anew.
async fn write_frames<'a>(
    writer: &mut (impl AsyncWrite + Unpin),
    heads: &mut Vec<u8>,
    first: u32,
    messages: impl Iterator<Item = Message<'a>> + Clone,
) -> io::Result<()> {
    heads.clear();
    let mut ends = Vec::with_capacity(WINDOW);
    for (by, message) in messages.clone().enumerate() {
        if by > 0 {
            // The line feed that ends the frame before.
            heads.push(b'\n');
        }
        frame::write_head(later(first, by), "syslog", message.len(), heads);
        ends.push(heads.len());
    }
    heads.push(b'\n');
    let mut slices = Vec::with_capacity(3 * ends.len() + 1);
    let mut start = 0;
    for (message, end) in messages.zip(ends) {
        slices.extend([&heads[start..end], message.head, message.body].map(IoSlice::new));
        start = end;
    }
    slices.push(IoSlice::new(&heads[start..]));
    write_all(writer, &mut slices).await?;
    writer.flush().await
}
