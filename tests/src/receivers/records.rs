//! What a receiver wrote down, as bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file a receiver appends to, one message a line, read on as it grows.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    read: u64,
    /// The line that is not complete yet.
    rest: Vec<u8>,
    lines: Vec<Vec<u8>>,
}

impl Records {
    /// The records of a file that may not be there yet.
    pub fn of(path: PathBuf) -> Self {
        Self { path, read: 0, rest: Vec::new(), lines: Vec::new() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All complete lines up to now.
    pub fn lines(&mut self) -> &[Vec<u8>] {
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.path) {
            file.seek(SeekFrom::Start(self.read)).expect("the records can be read on");
            file.read_to_end(&mut text).expect("the records can be read");
        }
        self.read += text.len() as u64;
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(part);
            if self.rest.last() == Some(&b'\n') {
                self.rest.pop();
                self.lines.push(std::mem::take(&mut self.rest));
            }
        }
        &self.lines
    }

    /// Ends a line that a killed receiver has left torn, so that its next life starts a new one.
    pub fn mend(&mut self) {
        self.lines();
        if !self.rest.is_empty() {
            let mut file = File::options().append(true).open(&self.path).expect("the records can be appended to");
            file.write_all(b"\n").expect("the records can be appended to");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_complete_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let mut records = Records::of(path.clone());
        assert!(records.lines().is_empty());
        std::fs::write(&path, b"one\ntw").unwrap();
        assert_eq!(records.lines(), [b"one"]);
        records.mend();
        assert_eq!(records.lines(), [b"one".as_slice(), b"tw"]);
        records.mend();
        assert_eq!(records.lines().len(), 2);
    }
}
