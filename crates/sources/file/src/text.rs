//! The bytes of a file: the only place where they are read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use adr_core::Failure;
use rustix::buffer::spare_capacity;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::failure;
use crate::head::HEAD;
use crate::spot::Shape;

/// Where the end of a long line is looked for, so much is held at once.
const SEARCH: usize = 64 << 10;

/// A file that is open, and what it looks like. `None`: there is none of that name.
pub(crate) fn open(path: &Path) -> Result<Option<(File, Shape)>, Failure> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failure::of(path, "opened", &error))?,
    };
    let shape = file.metadata().map_err(|error| failure::of(path, "looked at", &error))?;
    Ok(shape.is_file().then(|| (file, Shape::of(&shape))))
}

pub(crate) fn start(file: &File) -> io::Result<Vec<u8>> {
    read_at(file, 0, HEAD)
}

/// So many bytes from there on, or fewer at the file's end.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(length);
    while text.len() < length {
        let at = offset + text.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut text), at) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(text)
}

/// What lies between two offsets.
pub(crate) struct Between {
    /// Of the first byte that is not zero.
    pub(crate) text: Option<u64>,
    /// Of the first line feed.
    pub(crate) feed: Option<u64>,
}

pub(crate) fn search(file: &File, from: u64, to: u64) -> io::Result<Between> {
    let (mut at, mut text) = (from, None);
    while at < to {
        let length = usize::try_from(to - at).map_or(SEARCH, |left| left.min(SEARCH));
        let part = read_at(file, at, length)?;
        if part.is_empty() {
            break;
        }
        text = text.or_else(|| part.iter().position(|byte| *byte != 0).map(|place| at + place as u64));
        if let Some(feed) = memchr::memchr(b'\n', &part) {
            return Ok(Between { text, feed: Some(at + feed as u64) });
        }
        at += part.len() as u64;
    }
    Ok(Between { text, feed: None })
}

/// Where the last line begins that has no line feed yet.
pub(crate) fn last_line(file: &File, size: u64) -> io::Result<u64> {
    let mut end = size;
    while end > 0 {
        let begin = end.saturating_sub(SEARCH as u64);
        let part = read_at(file, begin, usize::try_from(end - begin).unwrap_or(SEARCH))?;
        if let Some(feed) = memchr::memrchr(b'\n', &part) {
            return Ok(begin + feed as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}
