use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_core::{Failure, FailureKind};
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::Kind;

/// Lines are gathered to writes of about this size.
const BUFFER: usize = 256 << 10;

/// An open file and what is known of its state.
#[derive(Debug)]
pub(crate) struct Output {
    file: Arc<File>,
    kind: Kind,
    buffer: Vec<u8>,
    /// The last byte out is not a line feed: the next line must begin with one, to stay whole.
    pub(crate) torn: bool,
    pub(crate) syncs: Arc<AtomicU64>,
}

/// A place in a file to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    size: u64,
    /// Without meaning in a file that is appended to.
    position: u64,
    torn: bool,
}

impl Output {
    pub(crate) fn new(file: Arc<File>, kind: Kind) -> Self {
        Self { file, kind, buffer: Vec::with_capacity(BUFFER), torn: false, syncs: Arc::default() }
    }

    /// Writes every line whole, or fails. After a failure a part may be out.
    pub(crate) fn write_lines(&mut self, lines: &[Bytes]) -> io::Result<()> {
        self.buffer.clear();
        if self.torn && !lines.is_empty() {
            self.buffer.push(b'\n');
        }
        for line in lines {
            if self.buffer.len() + line.len() + 1 > BUFFER {
                self.flush()?;
            }
            if line.len() < BUFFER {
                self.buffer.extend_from_slice(line);
            } else {
                self.write_all(line)?;
            }
            self.buffer.push(b'\n');
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.write_all(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        written
    }

    fn write_all(&mut self, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            match rustix::io::write(&self.file, text) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.torn = text[written - 1] != b'\n';
                    text = &text[written..];
                }
                Err(Errno::INTR) => {}
                // Whoever shares the pipe with us may have made it non-blocking.
                Err(Errno::AGAIN) => self.wait_until_writable()?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn wait_until_writable(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&*self.file, PollFlags::OUT)], None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes all that was written durable, where that is possible at all.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if self.kind != Kind::File {
            return Ok(());
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        match self.file.sync_data() {
            // A file system that knows no fsync.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }

    /// Where a file stands now: what [`Output::cut_back`] goes back to. `None` for all else.
    pub(crate) fn mark(&self) -> Option<Mark> {
        if self.kind != Kind::File {
            return None;
        }
        let size = self.file.metadata().ok()?.len();
        let position = (&*self.file).stream_position().ok()?;
        Some(Mark { size, position, torn: self.torn })
    }

    /// Takes back what came after the mark. Where that fails, the next line begins on a line of its own.
    pub(crate) fn cut_back(&mut self, mark: Option<Mark>) {
        let Some(mark) = mark else { return };
        let cut = self.file.set_len(mark.size);
        if cut.and_then(|()| (&*self.file).seek(SeekFrom::Start(mark.position))).is_ok() {
            self.torn = mark.torn;
        }
    }

    /// What became of a write, in words.
    pub(crate) fn failure(&self, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe || error.kind() == io::ErrorKind::ConnectionReset {
            return crate::sink::reader_gone();
        }
        let what = match self.kind {
            Kind::File => "a file",
            Kind::Pipe => "a pipe",
            Kind::Device => "a device",
        };
        Failure::new(
            FailureKind::Storage,
            format!("cannot write to standard output ({what}): {error}; make space there, it is tried again"),
        )
    }
}
