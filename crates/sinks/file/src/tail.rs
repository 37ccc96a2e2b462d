//! The last line of a file, which a crash may have torn.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How the lines of each encoding begin. Zeros are what a power failure can leave.
const BEGINNINGS: [&[u8]; 4] = [b"{", b"CEF:", b"LEEF:", b"\0"];

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// With a whole line, or empty.
    Whole,
    /// In the middle of a line of ours, which begins there.
    Torn(u64),
    /// With a line without a line feed that is none of ours.
    Foreign,
}

/// Looks at the end of a file of `size` bytes.
pub(crate) fn of(file: &File, size: u64) -> io::Result<Tail> {
    let start = last_line(file, size)?;
    if start == size {
        return Ok(Tail::Whole);
    }
    let mut head = [0; 5];
    let part = usize::try_from(size - start).map_or(head.len(), |left| left.min(head.len()));
    file.read_exact_at(&mut head[..part], start)?;
    let head = &head[..part];
    let ours = BEGINNINGS.iter().any(|beginning| head.starts_with(beginning) || beginning.starts_with(head));
    Ok(if ours { Tail::Torn(start) } else { Tail::Foreign })
}

/// Where the line begins that the file ends in: `size` itself after a line feed.
fn last_line(file: &File, size: u64) -> io::Result<u64> {
    let mut block = vec![0; 64 << 10];
    let mut end = size;
    while end > 0 {
        let part = usize::try_from(end).map_or(block.len(), |end| end.min(block.len()));
        let start = end - part as u64;
        file.read_exact_at(&mut block[..part], start)?;
        if let Some(feed) = block[..part].iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + feed as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
