use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use adr_core::{Clock, Failure, FailureKind, Timestamp};

use crate::batch::Batch;
use crate::disk::Disk;
use crate::lock::{self, Lock};
use crate::place::Place;
use crate::tail::{self, Tail};
use crate::{Settings, failure};

/// Lines are gathered to writes of about this size.
const BUFFER: usize = 256 << 10;

/// The file that is written to, and those before it.
pub(crate) struct Spool<D> {
    place: Place,
    settings: Settings,
    clock: Arc<dyn Clock>,
    pub(crate) disk: D,
    lock: Option<Lock>,
    current: Option<Current>,
    buffer: Vec<u8>,
    pub(crate) syncs: Arc<AtomicU64>,
}

struct Current {
    file: File,
    id: (u64, u64),
    since: Timestamp,
    /// Up to here there are whole lines.
    size: u64,
    /// Up to here they are durable.
    synced: u64,
    /// What comes after `size` could not be cut away.
    torn: bool,
}

impl<D: Disk> Spool<D> {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>, disk: D) -> Self {
        Self {
            place: Place::new(&settings.path, settings.mode),
            settings: settings.clone(),
            clock,
            disk,
            lock: None,
            current: None,
            buffer: Vec::new(),
            syncs: Arc::default(),
        }
    }

    /// Sees to it that there is a file of ours at the path, which ends with a whole line.
    pub(crate) fn ready(&mut self) -> Result<(), Failure> {
        if self.lock.is_none() {
            self.place.look()?;
            self.lock = Some(Lock::take(&self.place.lock())?);
        }
        let path = &self.place.path;
        if self.current.take_if(|current| !lock::is_at(path, current.id)).is_some() {
            tracing::warn!(file = %path.display(), "the file was removed or renamed by somebody else: a new one is made");
        }
        let fault = |error: &io::Error| failure::of(path, "opened", error);
        let Some(current) = &mut self.current else { return self.open() };
        if current.torn {
            self.disk.cut(&current.file, current.size).map_err(|error| failure::of(path, "cut", &error))?;
            current.torn = false;
        }
        let size = current.file.metadata().map_err(|error| fault(&error))?.len();
        if size != current.size {
            tracing::warn!(file = %path.display(), "the file was changed by somebody else: it is continued at its end");
            return self.open();
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Failure> {
        self.current = None;
        let path = &self.place.path;
        let fault = |error: &io::Error| failure::of(path, "opened", error);
        let file = self.place.open()?;
        let found = file.metadata().map_err(|error| fault(&error))?;
        let mut size = found.len();
        match tail::of(&file, size).map_err(|error| failure::of(path, "read", &error))? {
            Tail::Whole => {}
            Tail::Torn(start) => {
                self.disk.cut(&file, start).map_err(|error| failure::of(path, "cut", &error))?;
                tracing::warn!(
                    file = %path.display(), bytes = size - start,
                    "cut a torn last line off; its event is written again"
                );
                size = start;
            }
            Tail::Foreign => {
                self.disk.write(&file, b"\n").map_err(|error| failure::of(path, "written", &error))?;
                size += 1;
            }
        }
        let id = (found.dev(), found.ino());
        let since = if size == 0 { None } else { born(&found) }.unwrap_or_else(|| self.clock.now());
        self.current = Some(Current { file, id, since, size, synced: size, torn: false });
        Ok(())
    }

    /// Whether a batch of so many bytes belongs into a new file.
    pub(crate) fn is_due(&self, bytes: u64) -> bool {
        let Some(current) = &self.current else { return false };
        let old = self.settings.max_age.is_some_and(|age| self.clock.now().since(current.since) >= age);
        current.size > 0 && bytes > 0 && (old || current.size + bytes > self.settings.max_bytes)
    }

    /// Begins a new file. All that was written must be durable.
    pub(crate) fn rotate(&mut self) -> Result<(), Failure> {
        self.place.rotate(self.clock.now())?;
        self.open()?;
        if let Some(keep) = self.settings.keep
            && let Err(error) = self.place.prune(keep)
        {
            tracing::warn!(file = %self.place.path.display(), "old files cannot be deleted: {error}");
        }
        Ok(())
    }

    /// Writes all lines of a batch to the current file, or none.
    pub(crate) fn append(&mut self, batch: &Batch) -> Result<(), Failure> {
        let Some(current) = &mut self.current else { return Err(gone(&self.place)) };
        match write(&mut self.disk, &current.file, batch, &mut self.buffer) {
            Ok(()) => {
                if current.size == 0 {
                    // An empty file has no age.
                    current.since = self.clock.now();
                }
                current.size += batch.bytes();
                Ok(())
            }
            Err(error) => {
                current.torn = self.disk.cut(&current.file, current.size).is_err();
                Err(failure::of(&self.place.path, "written", &error))
            }
        }
    }

    /// Makes all that was appended durable. After an error none of it counts as written.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        let Some(current) = &mut self.current else { return Err(gone(&self.place)) };
        self.syncs.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.disk.sync(&current.file) {
            current.size = current.synced;
            current.torn = self.disk.cut(&current.file, current.size).is_err();
            return Err(failure::of(&self.place.path, "fsynced", &error));
        }
        // A file without a name ends with its last reader.
        if current.file.metadata().is_ok_and(|found| found.nlink() == 0) {
            self.current = None;
            return Err(gone(&self.place));
        }
        current.synced = current.size;
        Ok(())
    }
}

fn gone(place: &Place) -> Failure {
    let message = format!("{} was removed while it was written: its lines are written again", place.path.display());
    Failure::new(FailureKind::Storage, message)
}

/// When a file was made, where its file system knows.
fn born(found: &std::fs::Metadata) -> Option<Timestamp> {
    let since = found.created().or_else(|_| found.modified()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_nanos(i64::try_from(since.as_nanos()).ok()?))
}

/// Whole lines to each write as far as they fit: a process that is killed between two writes leaves no half line.
fn write(disk: &mut impl Disk, file: &File, batch: &Batch, buffer: &mut Vec<u8>) -> io::Result<()> {
    let bodies = match batch {
        Batch::Bodies(bodies) => bodies,
        Batch::Text(text) => return write_all(disk, file, text),
    };
    buffer.clear();
    for body in bodies {
        if !buffer.is_empty() && buffer.len() + body.len() + 1 > BUFFER {
            write_all(disk, file, buffer)?;
            buffer.clear();
        }
        buffer.extend_from_slice(body);
        buffer.push(b'\n');
    }
    let written = write_all(disk, file, buffer);
    buffer.shrink_to(BUFFER);
    written
}

fn write_all(disk: &mut impl Disk, file: &File, mut text: &[u8]) -> io::Result<()> {
    while !text.is_empty() {
        match disk.write(file, text) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => text = &text[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
