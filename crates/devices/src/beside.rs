//! Files of the folder that are no devices: what is known besides, and who changed what.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use crate::dir::Dir;
use crate::{Folder, files};

/// No note is larger.
const LARGEST: u64 = 64 << 20;

impl Folder {
    /// Keeps a note in the hidden file `.NAME`, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        Dir::open(&self.path)?.write(&note(name), content)
    }

    /// A note that was kept; None where there is none.
    pub fn kept(&self, name: &str) -> Option<Vec<u8>> {
        files::read(&self.path.join(note(name)), LARGEST).ok().flatten()
    }

    /// Removes a note.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        Dir::open(&self.path)?.remove(&note(name))
    }

    /// Appends a line to a log of the folder: one write, so that lines of two processes do not mix. A line that was
    /// torn (a full disk) is ended first, so that it spoils no other.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn log(&self, name: &str, line: &str) -> io::Result<()> {
        let mut file = Dir::open(&self.path)?.append(name)?;
        let end = if is_torn(&file)? { "\n" } else { "" };
        file.write_all(format!("{end}{line}\n").as_bytes())?;
        file.sync_data()
    }
}

/// The name of a note's file.
fn note(name: &str) -> String {
    format!(".{name}")
}

/// Whether the last line has no end.
fn is_torn(file: &File) -> io::Result<bool> {
    let mut last = [b'\n'];
    if let Some(place) = file.metadata()?.len().checked_sub(1) {
        file.read_at(&mut last, place)?;
    }
    Ok(last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn notes_and_logs_are_for_this_user_alone_and_no_devices() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("devices"), None).unwrap();
        let before = folder.fingerprint();
        folder.keep("msp.organizations", b"[]").unwrap();
        folder.keep("msp.organizations", b"[1]").unwrap();
        folder.log("audit.ndjson", "one").unwrap();
        folder.log("audit.ndjson", "two").unwrap();
        assert_eq!(folder.kept("msp.organizations").as_deref(), Some(&b"[1]"[..]));
        assert_eq!(fs::read_to_string(folder.path().join("audit.ndjson")).unwrap(), "one\ntwo\n");
        for name in [".msp.organizations", "audit.ndjson"] {
            assert_eq!(fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
        }
        let contents = folder.read().unwrap();
        assert!(contents.devices.is_empty() && contents.problems.is_empty(), "{contents:?}");
        assert_eq!(folder.fingerprint(), before, "nothing of a device has changed");
        folder.forget("msp.organizations").unwrap();
        folder.forget("msp.organizations").unwrap();
        assert_eq!(folder.kept("msp.organizations"), None);
    }
    #[test]
    fn a_torn_line_spoils_no_other() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path(), None).unwrap();
        let log = root.path().join("audit.ndjson");
        for (before, wanted) in [("", "two\n"), ("one\n", "one\ntwo\n"), ("one\n{\"at\":", "one\n{\"at\":\ntwo\n")] {
            fs::write(&log, before).unwrap();
            folder.log("audit.ndjson", "two").unwrap();
            assert_eq!(fs::read_to_string(&log).unwrap(), wanted);
        }
    }
}
