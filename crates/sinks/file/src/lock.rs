use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use adr_core::{Failure, FailureKind};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;

use crate::failure;

/// The locks of this process: sinks are built anew while an earlier one still ends.
static HELD: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// The right to write a file. Ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    id: (u64, u64),
}

impl Lock {
    /// # Errors
    /// [`FailureKind::Fenced`]: fatal if another process has it, to be tried again if a sink of this one has.
    pub(crate) fn take(path: &Path) -> Result<Self, Failure> {
        let fault = |error: &io::Error| failure::of(path, "locked", error);
        loop {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = File::from(open(path, flags, Mode::from(0o600)).map_err(|error| fault(&error.into()))?);
            let found = file.metadata().map_err(|error| fault(&error))?;
            let id = (found.dev(), found.ino());
            let mut held = held();
            if held.contains(&id) {
                let message = format!("{}: an earlier sink is still writing; it is tried again", path.display());
                return Err(Failure::new(FailureKind::Fenced, message));
            }
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    let message = format!(
                        "{} is locked: another process writes the same file; give each its own `path`",
                        path.display()
                    );
                    return Err(Failure::fatal(FailureKind::Fenced, message));
                }
                Err(error) => return Err(fault(&error.into())),
            }
            // Somebody may have removed it in between: a lock that nobody else can find is none.
            if is_at(path, id) {
                held.insert(id);
                return Ok(Self { file, id });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = held();
        // In this order: whoever is refused meanwhile learns that it was by this process.
        let _ = flock(&self.file, FlockOperation::Unlock);
        held.remove(&self.id);
    }
}

/// Whether `path` is still the file with this device and inode.
pub(crate) fn is_at(path: &Path, id: (u64, u64)) -> bool {
    path.symlink_metadata().is_ok_and(|found| (found.dev(), found.ino()) == id)
}

fn held() -> MutexGuard<'static, BTreeSet<(u64, u64)>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
