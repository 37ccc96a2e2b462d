use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_core::{Failure, FailureKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use tokio::sync::mpsc;

use crate::output::Output;
use crate::tail;
use crate::writer::{self, Request};

/// Batches that may wait for the writer thread.
const QUEUE: usize = 16;

/// Where lines go: an open file with the one thread that writes to it. Clones share both.
///
/// Make one for the whole process and keep it for as long as it runs: sinks come and go (they are built anew after
/// a failure), and only the thread they share keeps their lines apart. The thread ends when the last clone and
/// the last sink are gone; nobody waits for it, since a pipe may stand still for ever.
#[derive(Clone, Debug)]
pub struct Target {
    kind: Kind,
    queue: mpsc::Sender<Request>,
    file: Arc<File>,
    syncs: Arc<AtomicU64>,
}

/// What an open file is, as far as delivery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file: can be fsynced.
    File,
    /// A pipe or a socket: has a reader that may go away, and acknowledges nothing.
    Pipe,
    /// A terminal, `/dev/null` or another device.
    Device,
}

impl Target {
    /// Standard output.
    ///
    /// # Errors
    /// [`FailureKind::Storage`] if it cannot be looked at.
    pub fn stdout() -> Result<Self, Failure> {
        let fd = io::stdout().as_fd().try_clone_to_owned().map_err(|error| unusable(&error))?;
        Self::new(fd)
    }

    /// Any open file, pipe or socket. Of a regular file that a crash left with a torn last line, that line is cut.
    ///
    /// # Errors
    /// [`FailureKind::Storage`] if it cannot be looked at.
    pub fn new(fd: impl Into<OwnedFd>) -> Result<Self, Failure> {
        let file = Arc::new(File::from(fd.into()));
        let stat = rustix::fs::fstat(&file).map_err(|error| unusable(&error.into()))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Fifo | FileType::Socket => Kind::Pipe,
            _ => Kind::Device,
        };
        let mut output = Output::new(file.clone(), kind);
        if kind == Kind::File {
            output.torn = tail::mend(&file).map_err(|error| unusable(&error))?;
        }
        let syncs = output.syncs.clone();
        let (queue, requests) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || writer::run(output, requests))
            .map_err(|error| unusable(&error))?;
        Ok(Self { kind, queue, file, syncs })
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many fsyncs were made.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Whether the reader of a pipe or socket has gone away, as far as can be told without writing. An idle process
    /// would else notice only with its next event.
    pub fn reader_gone(&self) -> bool {
        if self.kind != Kind::Pipe {
            return false;
        }
        let mut fds = [PollFd::new(&*self.file, PollFlags::empty())];
        matches!(poll(&mut fds, Some(&Timespec::default())), Ok(1..))
            && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
    }

    /// Whether something in a pipe has not been read. Of a socket that cannot be told.
    pub(crate) fn is_unread(&self) -> bool {
        let is_pipe =
            rustix::fs::fstat(&self.file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        is_pipe && rustix::io::ioctl_fionread(&*self.file).is_ok_and(|bytes| bytes > 0)
    }

    pub(crate) fn queue(&self) -> mpsc::Sender<Request> {
        self.queue.clone()
    }
}

fn unusable(error: &io::Error) -> Failure {
    Failure::fatal(
        FailureKind::Storage,
        format!("standard output cannot be used: {error}; connect it to a file, a pipe or a terminal"),
    )
}
