//! Files that are there whole or not at all, for this user alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

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

/// Writes a file in place of what is there: a file beside it, mode 0600, fsynced, renamed, and the folder fsynced.
/// Only who holds the folder's lock may call it.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path)?;
    let written = write_new(&new, content).and_then(|()| {
        step()?;
        fs::rename(&new, path)
    });
    match written {
        Ok(()) => sync_folder(path),
        Err(error) => {
            // Only tidiness: a rest of it is replaced by the next write.
            let _ = remove_if_there(&new);
            Err(error)
        }
    }
}

fn write_new(new: &Path, content: &[u8]) -> io::Result<()> {
    remove_if_there(new)?;
    step()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    give_to_folders_owner(new, &file);
    step()?;
    file.write_all(content)?;
    step()?;
    file.sync_all()
}

/// Removes a file for good: what is not there is removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    remove_if_there(path)?;
    sync_folder(path)
}

/// What root writes into a service's folder must stay legible to the service.
pub(crate) fn give_to_folders_owner(path: &Path, file: &File) {
    let Some(Ok(folder)) = path.parent().map(fs::metadata) else { return };
    if file.metadata().is_ok_and(|file| file.uid() != folder.uid()) {
        // Refused to everybody but root, and everybody but root owns what he writes.
        let _ = fchown(file, Some(folder.uid()), Some(folder.gid()));
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    step()?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(path.with_file_name(format!(".{name}.new")))
}

/// Makes lasting what was given or taken as a name beside `path`.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    step()?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
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
