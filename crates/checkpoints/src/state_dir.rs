use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adr_core::{Failure, FailureKind};
use rustix::fs::{FlockOperation, flock};

/// The state directory of one process, locked for as long as any clone of this is alive.
///
/// Created with mode 0700 where it is missing. The lock is advisory (`flock` on the file `lock` in it) and ends
/// with the process, however that ends.
#[derive(Clone, Debug)]
pub struct StateDir(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Creates the directory if need be, and locks it.
    ///
    /// # Errors
    /// [`FailureKind::Fenced`] when another process holds it, [`FailureKind::Config`] when the path cannot be a
    /// state directory for this user, else [`FailureKind::Storage`]. Each message names the directory.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        let path = path.into();
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(|error| refused(&path, &error))?;
        let lock = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(|error| refused(&path, &error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(held(&path, &mut lock)),
            Err(error) => return Err(refused(&path, &error.into())),
        }
        // Only a courtesy to whoever is refused later: a disk too full for it must not stop us.
        if let Err(error) = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())) {
            tracing::debug!(%error, "cannot note the process id in the lock file");
        }
        Ok(Self(Arc::new(Inner { path, _lock: lock })))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Where [`RedbStore`](crate::RedbStore) keeps its file.
    pub fn checkpoints_path(&self) -> PathBuf {
        self.0.path.join("checkpoints.redb")
    }
}

fn held(path: &Path, lock: &mut File) -> Failure {
    let mut pid = String::new();
    let holder = match lock.take(32).read_to_string(&mut pid) {
        Ok(_) if pid.trim().parse::<u32>().is_ok() => format!("process {}", pid.trim()),
        _ => "another process".to_owned(),
    };
    Failure::fatal(
        FailureKind::Fenced,
        format!(
            "state directory {}: in use by {holder}; stop that process or give this one its own state_dir",
            path.display()
        ),
    )
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::PermissionDenied | Kind::NotADirectory | Kind::AlreadyExists | Kind::ReadOnlyFilesystem => {
            FailureKind::Config
        }
        _ => FailureKind::Storage,
    };
    Failure::fatal(
        kind,
        format!(
            "state directory {}: {error}; set state_dir to a directory that this user may create and write",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_made_for_this_user_alone() {
        let root = tempfile::tempdir().expect("a directory");
        let dir = StateDir::open(root.path().join("a/b")).expect("opens");
        let mode = |path: &Path| path.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode(dir.path()), 0o700);
        assert_eq!(mode(&dir.path().join("lock")), 0o600);
    }

    #[test]
    fn a_second_holder_is_refused_by_name_until_the_first_is_gone() {
        let root = tempfile::tempdir().expect("a directory");
        let first = StateDir::open(root.path()).expect("opens");
        let clone = first.clone();
        drop(first);
        let refused = StateDir::open(root.path()).expect_err("a clone still holds it");
        assert_eq!(refused.kind, FailureKind::Fenced);
        assert!(refused.message.contains(&format!("process {};", std::process::id())), "{refused}");
        assert!(refused.message.contains(&root.path().display().to_string()), "{refused}");
        drop(clone);
        StateDir::open(root.path()).expect("free again");
    }

    #[test]
    fn a_path_that_is_a_file_is_a_mistake_of_the_configuration() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for path in [file.path().to_path_buf(), file.path().join("below")] {
            let refused = StateDir::open(&path).expect_err("not a directory");
            assert_eq!(refused.kind, FailureKind::Config, "{refused}");
            assert!(refused.message.contains("state_dir"), "{refused}");
        }
    }
}
