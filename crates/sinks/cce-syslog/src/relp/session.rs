//! A session as writer and reader share it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Delivered, Delivery, Failure, FailureKind};
use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, oneshot, watch};

use super::frame::{self, Frame, MOST_FRAME};
use super::window::{Unasked, Window};
use super::words;

/// What is unanswered, and whether the session lives.
#[derive(Debug)]
pub(super) struct Session {
    /// Prefix of every failure.
    peer: String,
    state: Mutex<State>,
    /// There is more room in the window.
    room: Notify,
    death: watch::Sender<Option<Failure>>,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// The number of our `close`, once it is sent.
    closing: Option<u32>,
}

impl Session {
    /// An open session whose next frame has the number `next`.
    pub(super) fn new(peer: &str, next: u32) -> Self {
        Self {
            peer: peer.to_owned(),
            state: Mutex::new(State { window: Window::new(next), closing: None }),
            room: Notify::new(),
            death: watch::Sender::new(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts are right after every statement: a panic elsewhere cannot break them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch whose messages are about to be sent.
    pub(super) fn begin(&self) -> u64 {
        self.lock().window.begin()
    }

    /// Waits until there is room for some of `wanted` messages; the number of the first, and of how many.
    pub(super) async fn take(&self, batch: u64, wanted: usize) -> (u32, usize) {
        loop {
            {
                let mut state = self.lock();
                let room = state.window.room();
                // For the first free place, not for many: a receiver whose answers wait for our TCP acknowledgement (Nagle)
                // gets it at once with the next message, instead of 40 ms later.
                if room > 0 {
                    let count = room.min(wanted);
                    return (state.window.take(batch, count), count);
                }
            }
            // A notice given since the lock was released is kept for us.
            self.room.notified().await;
        }
    }

    /// All messages of a batch are sent.
    pub(super) fn end(&self, batch: u64, delivered: Delivered) -> Delivery {
        let (answer, told) = oneshot::channel();
        let mut state = self.lock();
        if let Some(failure) = self.death() {
            return Box::pin(std::future::ready(Err(failure)));
        }
        state.window.end(batch, answer);
        drop(state);
        let peer = self.peer.clone();
        Box::pin(async move {
            told.await.unwrap_or_else(|_| Err(given_up(&peer)))?;
            Ok(delivered)
        })
    }

    /// Why it is dead, if it is.
    pub(super) fn death(&self) -> Option<Failure> {
        self.death.borrow().clone()
    }

    /// Waits until it is dead.
    pub(super) async fn died(&self) -> Failure {
        let mut death = self.death.subscribe();
        let dead = death.wait_for(Option::is_some).await.ok().and_then(|failure| failure.clone());
        dead.unwrap_or_else(|| given_up(&self.peer))
    }

    /// The number for our `close`; whatever its answer is, it ends the session.
    pub(super) fn begin_close(&self) -> u32 {
        let mut state = self.lock();
        let number = state.window.next();
        state.closing = Some(number);
        number
    }

    /// A connection that broke while it was written to.
    pub(super) fn broken(&self, error: io::Error) -> Failure {
        let mut state = self.lock();
        let failure = words::ended(&Err(error), state.window.unanswered());
        self.die(&mut state, failure)
    }

    /// The first reason stays.
    fn die(&self, state: &mut State, failure: Failure) -> Failure {
        let failure = self.death().unwrap_or_else(|| failure.at(&self.peer));
        state.window.fail(&failure);
        self.death.send_replace(Some(failure.clone()));
        failure
    }

    /// Reads answers until the session ends. `buffer` may hold what came after the answer to our `open`.
    pub(super) async fn run(self: Arc<Self>, mut reader: impl AsyncRead + Unpin, mut buffer: Vec<u8>) {
        loop {
            if !self.process(&mut buffer) {
                return;
            }
            // Never nothing: what fills the buffer is a frame or a fault.
            let room = MOST_FRAME - buffer.len();
            let end = match reader.read_buf(&mut (&mut buffer).limit(room)).await {
                Ok(0) => Ok(()),
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            let mut state = self.lock();
            let failure = words::ended(&end, state.window.unanswered());
            self.die(&mut state, failure);
            return;
        }
    }

    /// Takes all whole frames out of the buffer. Says whether the session goes on.
    fn process(&self, buffer: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        let mut done = 0;
        let end = loop {
            match frame::read(&buffer[done..]) {
                Ok(Some((frame, length))) => {
                    if let Err(failure) = state.heard(&frame, &self.peer) {
                        break Some(failure);
                    }
                    done += length;
                }
                Ok(None) => break None,
                Err(fault) => break Some(words::garbage(fault, &buffer[done..])),
            }
        };
        if let Some(failure) = end {
            self.die(&mut state, failure);
            return false;
        }
        drop(state);
        buffer.drain(..done);
        if done > 0 {
            self.room.notify_one();
        }
        true
    }
}

impl State {
    /// Takes one frame of the receiver. The failure is the end of the session.
    fn heard(&mut self, frame: &Frame<'_>, peer: &str) -> Result<(), Failure> {
        match (frame.txnr, frame.command) {
            (0, b"serverclose") => Err(words::serverclose(self.window.unanswered())),
            // Other hints ask for nothing.
            (0, _) => Ok(()),
            (txnr, b"rsp") if self.closing == Some(txnr) => Err(words::ended(&Ok(()), self.window.unanswered())),
            (txnr, b"rsp") => {
                let response = frame::response(frame.data).map_err(|fault| words::garbage(fault, frame.data))?;
                let taken = match response.code {
                    200 => Ok(()),
                    code => Err(words::refused("a message", code, response.words).at(peer)),
                };
                self.window
                    .answered(txnr, taken)
                    .map_err(|Unasked| words::unexpected("it answers what was not asked, number", txnr))
            }
            (txnr, _) => Err(words::unexpected("it sent a command of its own, number", txnr)),
        }
    }
}

/// The link was dropped: the sink is not used again.
fn given_up(peer: &str) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("{peer}: the RELP session was given up before all was acknowledged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_close_is_the_end_and_no_fault() {
        for answer in [&b"2 rsp 0\n"[..], b"2 rsp 6 200 OK\n"] {
            let session = Session::new("192.0.2.7:514", 2);
            assert_eq!(session.begin_close(), 2);
            assert!(!session.process(&mut answer.to_vec()));
            assert_eq!(session.death().map(|failure| failure.kind), Some(FailureKind::Unreachable));
        }
    }
}
