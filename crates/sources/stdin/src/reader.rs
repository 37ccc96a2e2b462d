//! The thread that reads.

use std::io::{self, Read};
use std::sync::Arc;

use adr_core::{Checkpoint, Failure, FailureKind, Page, Reservation, Tally, split_lines};
use tokio::sync::{mpsc, oneshot};

/// The most that is read for one page, unless a single line is longer. The reading buffer of this size is the one
/// part of the source's memory that the budget does not see.
pub(crate) const CHUNK: usize = 1 << 20;

/// A wish for the next page.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) memory: Reservation,
    pub(crate) answer: oneshot::Sender<Outcome>,
}

/// What became of the wish.
#[derive(Debug)]
pub(crate) enum Outcome {
    Page(Page),
    /// The budget has no room for a line as long as this one now; so many bytes must be reserved.
    NeedsMemory(usize),
    End,
    Failed(Failure),
}

/// Answers requests until nobody asks any more.
pub(crate) fn run(input: Box<dyn Read + Send>, tenant: &Arc<str>, mut queue: mpsc::Receiver<Request>) {
    let mut reader = Reader { input, buffer: vec![0; CHUNK], filled: 0, begun: false, ended: false, empty: 0 };
    while let Some(Request { memory, answer }) = queue.blocking_recv() {
        // Whoever no longer waits will not ask again: this input is then at its end for this process.
        let _ = answer.send(reader.next(memory, tenant));
    }
}

struct Reader {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read and not yet passed on: never a whole line between two requests.
    filled: usize,
    begun: bool,
    ended: bool,
    empty: u64,
}

impl Reader {
    fn next(&mut self, mut memory: Reservation, tenant: &Arc<str>) -> Outcome {
        while !self.ended {
            if self.filled == self.buffer.len() {
                let longer = self.buffer.len() * 2;
                // The buffer and the page that is copied out of it.
                if memory.bytes() < longer * 2 && !memory.try_grow(longer * 2) {
                    return Outcome::NeedsMemory(longer * 2);
                }
                self.buffer.resize(longer, 0);
            }
            let read = match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Outcome::Failed(Failure::fatal(
                        FailureKind::Storage,
                        format!("cannot read standard input: {error}; run the command again on the same input"),
                    ));
                }
            };
            self.ended = read == 0;
            let new = if self.begun { self.filled } else { 0 };
            self.filled += read;
            self.skip_byte_order_mark();
            if let Some(last) = memchr::memrchr(b'\n', &self.buffer[new..self.filled]) {
                return self.page(new + last + 1, memory, tenant);
            }
        }
        if self.filled > 0 {
            return self.page(self.filled, memory, tenant);
        }
        if self.empty > 0 {
            tracing::debug!(count = self.empty, "empty lines skipped");
        }
        Outcome::End
    }

    /// Some programs begin a text with one; it belongs to no line.
    fn skip_byte_order_mark(&mut self) {
        const MARK: &[u8] = "\u{feff}".as_bytes();
        if self.begun || (self.filled < MARK.len() && !self.ended) {
            return;
        }
        self.begun = true;
        if self.buffer[..self.filled].starts_with(MARK) {
            self.buffer.copy_within(MARK.len()..self.filled, 0);
            self.filled -= MARK.len();
        }
    }

    /// Copies the first bytes of the buffer, whole lines, into a page just large enough.
    fn page(&mut self, length: usize, memory: Reservation, tenant: &Arc<str>) -> Outcome {
        self.begun = true;
        let text = memory.hold(self.buffer[..length].to_vec());
        self.buffer.copy_within(length..self.filled, 0);
        self.filled -= length;
        if self.buffer.len() > CHUNK && self.filled < CHUNK {
            self.buffer.truncate(CHUNK);
            self.buffer.shrink_to_fit();
        }
        let (events, empty) = split_lines(&text, tenant);
        self.empty += empty;
        let tally = Tally { received: events.len() as u64, duplicates: 0, bytes: length as u64 };
        Outcome::Page(Page { events, checkpoint: Checkpoint::default(), tally })
    }
}
