//! What a reading of the folder leaves behind for the next one.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What tells one state of a file from the next: which file it is, its size, and when it was changed.
pub(crate) type State = (u64, u64, u64, (i64, i64, i64, i64));

/// The state of the file that a path leads to; None where there is none.
pub(crate) fn state(path: &Path) -> Option<State> {
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.size(), (file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec())))
}

/// What was read last.
#[derive(Default)]
pub(crate) struct Memory {
    /// The organization of each device when its file was right for the last time.
    organizations: HashMap<String, String>,
    /// Key files that are not in `keys`, as they were last seen.
    outside: BTreeMap<PathBuf, Option<State>>,
    /// How often one of these was seen to have changed.
    changes: u64,
}

impl Memory {
    /// The organization that a device had.
    pub(crate) fn organization(&self, id: &str) -> Option<&String> {
        self.organizations.get(id)
    }

    /// Takes in what was read: the organizations of all devices that are there, and their keys that are not in `keys`.
    pub(crate) fn keep(&mut self, organizations: HashMap<String, String>, outside: impl Iterator<Item = PathBuf>) {
        self.organizations = organizations;
        // What was known stays as it was seen: whether it has changed since is for `changes` to tell.
        let before = std::mem::take(&mut self.outside);
        self.outside = outside
            .map(|path| {
                let seen = before.get(&path).copied().unwrap_or_else(|| state(&path));
                (path, seen)
            })
            .collect();
    }

    /// Another number once a key that is not in `keys` has come, gone or changed; 0 as long as none has.
    pub(crate) fn changes(&mut self) -> u64 {
        for (path, seen) in &mut self.outside {
            let now = state(path);
            if *seen != now {
                *seen = now;
                self.changes += 1;
            }
        }
        self.changes
    }
}

/// Says nothing: somebody may have put a key in the place of an organization or a path.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}
