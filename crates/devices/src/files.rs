//! How files are read, and what is said of the disk's errors.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// What a file holds; None where it is larger. Never waits for a writer, as a named pipe would.
pub(crate) fn read(path: &Path, largest: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::Unsupported };
        return Err(kind.into());
    }
    // Read into room that is large enough, so that no copy of a key is left where it grew.
    let mut content = Vec::with_capacity(usize::try_from(metadata.len().min(largest)).unwrap_or_default() + 2);
    let read = file.take(largest + 1).read_to_end(&mut content)?;
    Ok((read as u64 <= largest).then_some(content))
}

/// An error of the disk, for a person.
pub(crate) fn said(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    match error.kind() {
        // In words already.
        _ if error.get_ref().is_some() => error.to_string(),
        Kind::NotFound => "it is not there".to_owned(),
        Kind::PermissionDenied => "this user may not do that (permission denied)".to_owned(),
        Kind::NotADirectory => "it is not a folder".to_owned(),
        Kind::IsADirectory => "it is a folder".to_owned(),
        Kind::Unsupported => "it is no file".to_owned(),
        Kind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        Kind::StorageFull | Kind::QuotaExceeded => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests let the process end at any step")]
pub(crate) fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use crash::step;

/// A process that ends at a given step: no later step of the same thread does anything.
#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;
    use std::io;

    thread_local!(static LEFT: Cell<Option<u32>> = const { Cell::new(None) });

    /// Runs `work` in a process that ends after so many steps: what `work` gave, or None where it was cut off.
    pub(crate) fn after<T>(steps: u32, work: impl FnOnce() -> T) -> Option<T> {
        LEFT.set(Some(steps + 1));
        let done = work();
        (LEFT.take() != Some(0)).then_some(done)
    }

    pub(crate) fn step() -> io::Result<()> {
        match LEFT.get() {
            Some(0 | 1) => {
                LEFT.set(Some(0));
                Err(io::Error::other("the process ended here"))
            }
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}
