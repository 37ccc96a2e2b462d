//! Files of the folder that are no devices: what is known besides, and who changed what.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::{Folder, files};

/// No note is larger.
const LARGEST: u64 = 64 << 20;

impl Folder {
    /// Keeps a note in the hidden file `.NAME`, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        files::write(&self.note(name), content)
    }

    /// A note that was kept; None where there is none.
    pub fn kept(&self, name: &str) -> Option<Vec<u8>> {
        files::read(&self.note(name), LARGEST).ok().flatten()
    }

    /// Removes a note.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        files::remove(&self.note(name))
    }

    /// Appends a line to a log of the folder: one write, so that lines of two processes do not mix.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn log(&self, name: &str, line: &str) -> io::Result<()> {
        let path = self.path.join(name);
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        files::give_to_folders_owner(&path, &file);
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }

    fn note(&self, name: &str) -> std::path::PathBuf {
        self.path.join(format!(".{name}"))
    }
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
}
