//! Where a log is: its path, and the folders its files are in.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adr_core::Failure;

use crate::patterns::Patterns;
use crate::record::Id;
use crate::{failure, names};

/// A log's place.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// What its current file is called.
    pub(crate) path: PathBuf,
    patterns: Arc<Patterns>,
}

/// How a file that is there belongs to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The settings name it, as one of this log's.
    Named,
    /// They do not, but it looks like a rotated file of this log.
    Rotated,
    /// It is known for its inode at most.
    Other,
}

/// A file that is there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
}

/// What a look at a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) id: Id,
    pub(crate) size: u64,
    pub(crate) changed: i64,
}

impl Shape {
    pub(crate) fn of(found: &Metadata) -> Self {
        let changed = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Self { id: Id { device: found.dev(), inode: found.ino() }, size: found.len(), changed }
    }
}

impl Spot {
    pub(crate) fn new(path: PathBuf, patterns: Arc<Patterns>) -> Self {
        Self { path, patterns }
    }

    /// Whether the settings name this log itself, and not by a pattern.
    pub(crate) fn is_file(&self) -> bool {
        self.patterns.files.contains(&self.path)
    }

    /// What is at the path now.
    pub(crate) fn look(&self) -> Result<Option<Shape>, Failure> {
        match fs::metadata(&self.path) {
            Ok(found) if found.is_file() => Ok(Some(Shape::of(&found))),
            Ok(found) => {
                let what = if found.is_dir() { "it is a folder" } else { "it is no regular file" };
                Err(failure::of(&self.path, "read", &io::Error::other(what)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failure::of(&self.path, "looked at", &error)),
        }
    }

    /// The log's files, those with one of these inodes among them whatever their names. `None`: all files of its folders.
    pub(crate) fn list(&self, inodes: Option<&BTreeSet<u64>>) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        self.list_in(&self.path, inodes, &mut found)?;
        // Behind a symbolic link, files are renamed where it leads to.
        let leads_to = fs::canonicalize(&self.path).ok().filter(|target| target.parent() != self.path.parent());
        if let Some(target) = leads_to {
            self.list_in(&target, inodes, &mut found)?;
        }
        Ok(found)
    }

    fn list_in(&self, log: &Path, inodes: Option<&BTreeSet<u64>>, found: &mut Vec<Found>) -> Result<(), Failure> {
        let folder = log.parent().unwrap_or(Path::new("/"));
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound && !self.is_file() => return Ok(()),
            entries => entries.map_err(|error| failure::of(folder, "listed", &error))?,
        };
        for entry in entries {
            let entry = entry.map_err(|error| failure::of(folder, "listed", &error))?;
            let (path, name) = (entry.path(), entry.file_name());
            let kind = self.kind(&path, &name, log);
            if kind == Kind::Other && inodes.is_some_and(|inodes| !inodes.contains(&entry.ino())) {
                continue;
            }
            let shape = match fs::metadata(&path) {
                Ok(shape) if shape.is_file() => Shape::of(&shape),
                Ok(_) => continue,
                // It was renamed or removed meanwhile, or is none of ours.
                Err(error) if error.kind() == ErrorKind::NotFound || kind == Kind::Other => continue,
                Err(error) => return Err(failure::of(&path, "looked at", &error)),
            };
            found.push(Found { name: name.to_string_lossy().into_owned(), path, kind, shape });
        }
        Ok(())
    }

    fn kind(&self, path: &Path, name: &OsStr, log: &Path) -> Kind {
        let (Some(name), Some(base)) = (name.to_str(), log.file_name().and_then(OsStr::to_str)) else {
            return Kind::Other;
        };
        if self.patterns.matches(path) {
            // It may be another log's.
            if self.patterns.log_of(path) == self.path { Kind::Named } else { Kind::Other }
        } else if names::is_rotated(name, base) {
            Kind::Rotated
        } else {
            Kind::Other
        }
    }
}
