//! One file of a log: what it is known by, and how it is read.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use adr_core::{Failure, Reservation};
use bytes::Bytes;

use crate::failure;
use crate::head::{HEAD, Head};
use crate::record::Mark;
use crate::spot::{Found, Shape};
use crate::text::{last_line, open, read_at, search, start};

/// A file of a log.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) number: u64,
    pub(crate) mark: Mark,
    /// Where it is; `None` once it has no name in the log's folders any more.
    pub(crate) place: Option<PathBuf>,
    /// It had another name before.
    pub(crate) renamed: bool,
    /// Nobody writes to it any more: its last line needs no line feed.
    pub(crate) ended: bool,
    /// There may be something to read.
    pub(crate) due: bool,
    /// Looks since it last brought something.
    pub(crate) quiet: u32,
    file: Option<File>,
    /// It was looked into since the log was opened.
    verified: bool,
    /// Its size and time when there was nothing more to read.
    settled: Option<(u64, i64)>,
    /// There is no line feed from the offset up to here.
    searched: u64,
}

/// What a file that is there has to do with one that is known by its inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// It is the one.
    Same,
    /// It is at its place, but begins otherwise or is shorter.
    Rewritten,
    /// It has the inode of one that is gone.
    Another,
    /// It was exchanged while it was looked at.
    Unclear,
}

/// What came of reading.
pub(crate) enum Read {
    /// Whole lines.
    Lines(Bytes),
    /// A line that is so long.
    NeedsMemory(usize),
    /// No whole line; the memory is given back.
    Nothing(Reservation),
}

impl Known {
    /// One that is in the records.
    pub(crate) fn stored(number: u64, mark: Mark) -> Self {
        let (place, file, settled) = (None, None, None);
        let (renamed, ended, due, verified) = (false, false, false, false);
        Self { number, mark, place, renamed, ended, due, quiet: 0, file, verified, settled, searched: 0 }
    }

    /// One that was not known before. With `at_end` its lines so far are not read.
    pub(crate) fn new(number: u64, found: &Found, at_end: bool) -> Result<Option<Self>, Failure> {
        let fault = |error: &io::Error| failure::of(&found.path, "read", error);
        let Some((file, shape)) = open(&found.path)?.filter(|(_, shape)| shape.id == found.shape.id) else {
            return Ok(None);
        };
        let offset = if at_end { last_line(&file, shape.size).map_err(|error| fault(&error))? } else { 0 };
        let head = Head::of(&start(&file).map_err(|error| fault(&error))?, offset);
        let mark = Mark {
            id: shape.id,
            head,
            offset,
            seen: shape.size,
            changed: shape.changed,
            name: found.name.clone(),
            passed: false,
        };
        Ok(Some(Self { place: Some(found.path.clone()), verified: true, due: true, ..Self::stored(number, mark) }))
    }

    /// Whether it is held open.
    pub(crate) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    pub(crate) fn close(&mut self) {
        self.file = None;
    }

    /// It could not be read: it is opened anew, if it can be.
    pub(crate) fn give_up(&mut self) {
        if self.place.is_some() {
            (self.file, self.due) = (None, true);
        }
    }

    /// Whether it was there at any time since the log was opened.
    pub(crate) fn was_met(&self) -> bool {
        self.verified
    }

    /// Whether more was written than what was read of it, as far as is known.
    pub(crate) fn has_rest(&self) -> bool {
        !self.mark.passed && self.mark.offset < self.mark.seen
    }

    /// Takes a file with its inode for it, or not.
    pub(crate) fn meet(&mut self, found: &Found) -> Result<Meeting, Failure> {
        let shape = found.shape;
        let same_device = self.mark.id.device == shape.id.device;
        // While it is open its inode is its own.
        let certain = if self.is_open() { same_device } else { self.verified && same_device && self.is_settled(shape) };
        if !certain {
            let Some((file, now)) = open(&found.path)?.filter(|(_, now)| now.id == shape.id) else {
                return Ok(Meeting::Unclear);
            };
            let start = start(&file).map_err(|error| failure::of(&found.path, "read", &error))?;
            // Devices are numbered anew when a machine starts.
            let fits = self.mark.head.fits(&start) && (same_device || self.mark.head.len > 0);
            if !fits || now.size < self.mark.offset {
                return Ok(if found.name == self.mark.name { Meeting::Rewritten } else { Meeting::Another });
            }
            self.mark.id = shape.id;
        }
        self.verified = true;
        if self.mark.passed {
            // Nobody asks what it has.
            self.settle(shape);
        }
        self.due |= !self.is_settled(shape);
        self.place = Some(found.path.clone());
        Ok(Meeting::Same)
    }

    fn settle(&mut self, shape: Shape) {
        (self.settled, self.due) = (Some((shape.size, shape.changed)), false);
    }

    fn is_settled(&self, shape: Shape) -> bool {
        self.settled == Some((shape.size, shape.changed))
    }

    /// Begins it anew, as it is there now.
    pub(crate) fn begin_again(&mut self, found: &Found) {
        self.mark =
            Mark { id: found.shape.id, head: Head::default(), offset: 0, seen: found.shape.size, ..self.mark.clone() };
        (self.file, self.settled, self.searched) = (None, None, 0);
        (self.place, self.verified, self.due) = (Some(found.path.clone()), true, true);
    }

    /// Opens it, unless it is no more where it was.
    pub(crate) fn open(&mut self) -> Result<bool, Failure> {
        if self.file.is_none()
            && let Some(place) = &self.place
        {
            self.file = open(place)?.filter(|(_, shape)| shape.id == self.mark.id).map(|(file, _)| file);
        }
        Ok(self.file.is_some())
    }

    /// What an open file has to read, if it has anything. Begins it again where it was truncated, which the second word says.
    pub(crate) fn look(&mut self) -> Result<(Option<Shape>, bool), Failure> {
        let Some(file) = &self.file else { return Ok((None, false)) };
        let fault = |error: &io::Error| failure::of(&self.path(), "read", error);
        let shape = Shape::of(&file.metadata().map_err(|error| fault(&error))?);
        if self.is_settled(shape) && !(self.ended && self.has_rest()) {
            self.due = false;
            return Ok((None, false));
        }
        let start = start(file).map_err(|error| fault(&error))?;
        let truncated = shape.size < self.mark.offset || !self.mark.head.fits(&start);
        if truncated {
            self.mark.offset = 0;
            (self.settled, self.searched) = (None, 0);
        }
        if truncated || self.mark.head.len < HEAD {
            self.mark.head = Head::of(&start, self.mark.offset);
        }
        (self.mark.seen, self.mark.changed) = (shape.size, shape.changed);
        if self.mark.offset == shape.size {
            self.settle(shape);
            return Ok((None, truncated));
        }
        Ok((Some(shape), truncated))
    }

    /// Reads whole lines, as many as the memory holds, but at least one.
    pub(crate) fn read(&mut self, shape: Shape, mut memory: Reservation) -> Result<Read, Failure> {
        let Some(file) = &self.file else { return Ok(Read::Nothing(memory)) };
        let place = self.path();
        let fault = |error: &io::Error| failure::of(&place, "read", error);
        let mark = &mut self.mark;
        let mut length = shape.size.saturating_sub(mark.offset).min(memory.bytes().max(1) as u64);
        if self.searched > mark.offset {
            let found = search(file, self.searched, shape.size).map_err(|error| fault(&error))?;
            match found.feed {
                Some(feed) => length = length.max(feed + 1 - mark.offset),
                None if self.ended => length = shape.size - mark.offset,
                None => {
                    self.searched = shape.size;
                    self.settle(shape);
                    return Ok(Read::Nothing(memory));
                }
            }
        }
        loop {
            let bytes = usize::try_from(length).unwrap_or(usize::MAX);
            if bytes > memory.bytes() && !memory.try_grow(bytes) {
                return Ok(Read::NeedsMemory(bytes));
            }
            let mut text = read_at(file, mark.offset, bytes).map_err(|error| fault(&error))?;
            let to_end = mark.offset + text.len() as u64 == shape.size;
            let lines = match memchr::memrchr(b'\n', &text) {
                Some(last) => Some(last + 1),
                None if self.ended && to_end => Some(text.len()),
                None => None,
            };
            if let Some(lines) = lines {
                text.truncate(lines);
                if lines < text.capacity() / 2 {
                    text.shrink_to_fit();
                }
                // Read first, looked at second: nothing of another text was taken for this one's.
                let size = file.metadata().map_err(|error| fault(&error))?.len();
                let start = start(file).map_err(|error| fault(&error))?;
                if size < mark.offset + lines as u64 || !mark.head.fits(&start) {
                    return Ok(Read::Nothing(memory));
                }
                mark.offset += lines as u64;
                if mark.head.len < HEAD {
                    mark.head = Head::of(&start, mark.offset);
                }
                (self.searched, self.quiet) = (0, 0);
                return Ok(Read::Lines(memory.hold(text)));
            }
            if text.len() < bytes {
                // It became shorter meanwhile: the next look will tell.
                return Ok(Read::Nothing(memory));
            }
            drop(text);
            let found = search(file, mark.offset, shape.size).map_err(|error| fault(&error))?;
            if let Some(text) = found.text.filter(|text| *text > mark.offset) {
                let bytes = text - mark.offset;
                tracing::warn!(file = %place.display(), bytes, "zeros are skipped: a hole, as truncation or a crash leaves it");
                mark.offset = text;
            }
            length = match found.feed {
                Some(feed) => feed + 1 - mark.offset,
                None if self.ended && !to_end => shape.size - mark.offset,
                None => {
                    self.searched = shape.size;
                    self.settle(shape);
                    return Ok(Read::Nothing(memory));
                }
            };
        }
    }

    fn path(&self) -> PathBuf {
        self.place.clone().unwrap_or_else(|| PathBuf::from(&self.mark.name))
    }
}
