//! Opening the checkpoint file: make it whole or not at all, check it before it is touched, never overwrite what
//! is not ours.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use adr_core::{Failure, FailureKind};
use redb::{Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition};

use crate::backend::{Disk, DryRun};

/// Keys as `key::prefix` makes them, followed by the record's own key.
pub(crate) const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// The version of what stands in the tables; redb's own file format has a version of its own.
pub(crate) const FORMAT: u64 = 1;
/// redb's page cache. A start reads everything once, a save touches few pages: a large cache would only cost.
const CACHE: usize = 8 << 20;

/// The checkpoint file of a state directory.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    pub(crate) path: PathBuf,
    #[cfg(test)]
    pub(crate) probe: std::sync::Arc<crate::backend::probe::Probe>,
}

impl CheckpointFile {
    /// Opens it for the first time in this process: what is there is verified without a byte being written; where
    /// nothing is, a new file is put in place whole.
    pub(crate) fn open(&self) -> Result<Database, Failure> {
        match fs::symlink_metadata(&self.path) {
            Ok(_) => {
                self.verify()?;
                self.tighten();
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create().map_err(|error| trouble(&self.path, "cannot create it", &error.to_string()))?;
            }
            Err(error) => return Err(trouble(&self.path, "cannot look at it", &error.to_string())),
        }
        self.reopen()
    }

    /// Opens it once more after an I/O error; redb repairs what the error left.
    pub(crate) fn reopen(&self) -> Result<Database, Failure> {
        let open = || {
            let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
            builder().create_with_backend(self.disk(file))
        };
        open().map_err(|error| refused(&self.path, &error))
    }

    #[cfg(not(test))]
    fn disk(&self, file: File) -> Disk {
        Disk::new(file)
    }

    #[cfg(test)]
    fn disk(&self, file: File) -> Disk {
        Disk::new(file, self.probe.clone())
    }

    fn verify(&self) -> Result<(), Failure> {
        let file = File::open(&self.path).map_err(|error| refused(&self.path, &error.into()))?;
        match file.metadata() {
            Ok(metadata) if !metadata.is_file() => return Err(damaged(&self.path, "not a regular file")),
            // Our own files are never empty: they appear whole, by a rename.
            Ok(metadata) if metadata.len() == 0 => return Err(damaged(&self.path, "the file is empty")),
            Ok(_) => {}
            Err(error) => return Err(refused(&self.path, &error.into())),
        }
        let dry_run = DryRun::new(file).map_err(|error| refused(&self.path, &error.into()))?;
        // redb may panic on a file that somebody else has changed: that is damage, too.
        let checked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let database = builder().set_check_integrity_on_open(true).create_with_backend(dry_run);
            let database = database.map_err(|error| refused(&self.path, &error))?;
            format(&database).map_err(|error| refused(&self.path, &DatabaseError::Storage(error)))
        }));
        match checked {
            Ok(Ok(Some(FORMAT))) => Ok(()),
            Ok(Ok(Some(newer))) if newer > FORMAT => Err(damaged(
                &self.path,
                &format!("written by a newer version of this program (format {newer}, this one knows {FORMAT})"),
            )),
            Ok(Ok(_)) => Err(damaged(&self.path, "a database, but not one of checkpoints")),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(damaged(&self.path, "its pages contradict each other")),
        }
    }

    fn create(&self) -> Result<(), redb::Error> {
        let dir = self.path.parent().expect("the file lies in the state directory");
        let new = self.path.with_extension("redb.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&new)?;
        let database = builder().create_with_backend(self.disk(file))?;
        let write = database.begin_write()?;
        write.open_table(META)?.insert("format", FORMAT)?;
        write.open_table(RECORDS)?;
        write.commit()?;
        database.close()?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, &self.path)?;
        File::open(dir)?.sync_all()?;
        Ok(())
    }

    fn tighten(&self) {
        let tightened = fs::metadata(&self.path).and_then(|metadata| {
            let mut permissions = metadata.permissions();
            if permissions.mode() & 0o077 == 0 {
                return Ok(());
            }
            tracing::warn!(path = %self.path.display(), "checkpoint file was open to other users; now mode 0600");
            permissions.set_mode(0o600);
            fs::set_permissions(&self.path, permissions)
        });
        if let Err(error) = tightened {
            tracing::warn!(path = %self.path.display(), %error, "cannot make the checkpoint file private");
        }
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

/// The format that the file says it has; `None` for a database that is not ours.
fn format(database: &Database) -> Result<Option<u64>, StorageError> {
    let read = database.begin_read().map_err(|error| match error {
        redb::TransactionError::Storage(error) => error,
        other => StorageError::Corrupted(other.to_string()),
    })?;
    match read.open_table(META) {
        Ok(meta) => Ok(meta.get("format")?.map(|format| format.value())),
        Err(redb::TableError::Storage(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn refused(path: &Path, error: &DatabaseError) -> Failure {
    match error {
        DatabaseError::Storage(StorageError::Io(io)) => match io.kind() {
            io::ErrorKind::InvalidData => damaged(path, "not a checkpoint file"),
            io::ErrorKind::UnexpectedEof => damaged(path, "it ends too early"),
            _ => trouble(path, "cannot open it", &io.to_string()),
        },
        DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(path, why),
        DatabaseError::UpgradeRequired(version) => {
            damaged(path, &format!("its database format {version} is not the one this program knows"))
        }
        DatabaseError::RepairAborted => damaged(path, "it cannot be repaired"),
        other => trouble(path, "cannot open it", &other.to_string()),
    }
}

fn damaged(path: &Path, why: &str) -> Failure {
    Failure::fatal(
        FailureKind::Config,
        format!(
            "checkpoint file {}: {why}; it was left as it is: restore it from a backup, use the version that wrote \
             it, or move it away to begin anew at the configured start",
            path.display()
        ),
    )
}

/// A failure that may pass: no space, no permission, a disk in trouble.
pub(crate) fn trouble(path: &Path, what: &str, error: &str) -> Failure {
    Failure::new(
        FailureKind::Storage,
        format!(
            "checkpoint file {}: {what}: {error}; make space and write permission there, it is tried again",
            path.display()
        ),
    )
}
