//! A file that a crash left in the middle of a line.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{OFlags, fcntl_getfl};

/// A longer last line is none of ours: it is not even looked at to its beginning.
const LONGEST: u64 = 256 << 20;

/// Cuts the torn last line off a file that is about to be continued at its end. Nothing else is touched: not a
/// file that will be overwritten from the front or in the middle, not one that this user may not read, not a last
/// line that does not begin as an event does.
///
/// Says whether a last line without a line feed is still there, so that the next line must begin with one.
pub(crate) fn mend(file: &File) -> io::Result<bool> {
    let flags = fcntl_getfl(file)?;
    let size = file.metadata()?.len();
    let position = (&*file).stream_position()?;
    let continued = flags.contains(OFlags::APPEND) || position == size;
    if size == 0 || !continued {
        return Ok(false);
    }
    // `>>` opens for writing only. The same file, open for reading: by its descriptor, not by its name.
    let Ok(reader) = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())) else { return Ok(false) };
    let start = last_line(&reader, size)?;
    if start == Some(size) {
        return Ok(false);
    }
    let mut first = [0];
    let ours = match start {
        Some(start) => reader.read_at(&mut first, start)? == 1 && first == *b"{",
        None => false,
    };
    let (true, Some(start)) = (ours, start) else { return Ok(true) };
    file.set_len(start)?;
    if !flags.contains(OFlags::APPEND) {
        (&*file).seek(SeekFrom::Start(start))?;
    }
    tracing::warn!(bytes = size - start, "cut a torn last line off standard output; its event is written again");
    Ok(false)
}

/// Where the line begins that the file ends in: `size` itself after a line feed, `None` if it is too long.
fn last_line(reader: &File, size: u64) -> io::Result<Option<u64>> {
    let mut block = vec![0; 64 << 10];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = usize::try_from(end - start).expect("at most a block");
        reader.read_exact_at(&mut block[..part], start)?;
        if let Some(feed) = block[..part].iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + feed as u64 + 1));
        }
        if size - start > LONGEST {
            return Ok(None);
        }
        end = start;
    }
    Ok(Some(0))
}
