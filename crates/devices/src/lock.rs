//! One change at a time, and a note of what a change may leave behind if it is cut off.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

use crate::dir::Dir;
use crate::files::step;

/// The folder and its lock, held until it is dropped or the process ends, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    folder: Dir,
    file: File,
}

impl Lock {
    /// Waits for its turn.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        let folder = Dir::open(folder)?;
        let file = folder.append(".lock")?;
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
        Ok(Self { folder, file })
    }

    /// The folder that is locked.
    pub(crate) fn folder(&self) -> &Dir {
        &self.folder
    }

    /// Notes key files that nothing may refer to soon: the next change looks after them.
    pub(crate) fn note(&mut self, keys: &[String]) -> io::Result<()> {
        step()?;
        // Begins with a line break: a change may have been cut off within its line.
        let lines = keys.iter().fold(String::from("\n"), |lines, key| lines + key + "\n");
        self.file.write_all(lines.as_bytes())?;
        step()?;
        self.file.sync_data()
    }

    /// What was noted by changes that came to nobody knows what end. May name files that are not there.
    pub(crate) fn noted(&mut self) -> io::Result<Vec<String>> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        // A line without its end was cut off before its key was written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        Ok(whole.lines().filter(|line| crate::keys::is_name(line)).map(str::to_owned).collect())
    }

    /// All that was noted is looked after.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        step()?;
        self.file.set_len(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_was_cut_off_names_nothing_and_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(folder.path()).unwrap();
        lock.note(&["acme-1.key".to_owned(), "acme-2.key".to_owned()]).unwrap();
        lock.file.write_all(b"\nbeta-1.key").unwrap();
        assert_eq!(lock.noted().unwrap(), ["acme-1.key", "acme-2.key"]);
        lock.note(&["../x.key".to_owned(), "beta-2.key".to_owned()]).unwrap();
        assert_eq!(lock.noted().unwrap(), ["acme-1.key", "acme-2.key", "beta-1.key", "beta-2.key"]);
        lock.forget().unwrap();
        assert_eq!(lock.noted().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(".lock")).unwrap();
        Lock::take(folder.path()).unwrap_err();
        assert!(!elsewhere.exists());
        std::fs::write(&elsewhere, "").unwrap();
        Lock::take(folder.path()).unwrap_err();
    }
}
