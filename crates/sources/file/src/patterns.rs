//! Which files are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glob::{GlobError, MatchOptions, Pattern, PatternError, glob_with};

use crate::names;

/// `*` does not stand for a slash, nor for a leading dot.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The paths of a source.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    pub(crate) files: BTreeSet<PathBuf>,
    globs: BTreeMap<String, Pattern>,
}

/// What is there.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    /// The files of each log, by its path.
    pub(crate) logs: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Packed, so that they are not read.
    pub(crate) compressed: Vec<PathBuf>,
    /// Names that cannot be written into a log line.
    pub(crate) illegible: Vec<PathBuf>,
    /// What could not be looked at.
    pub(crate) faults: Vec<GlobError>,
}

/// Whether a path stands for several.
pub(crate) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

impl Patterns {
    /// Says whether it is a new one.
    pub(crate) fn add(&mut self, path: &str) -> Result<bool, PatternError> {
        if is_glob(path) {
            return Ok(self.globs.insert(path.to_owned(), Pattern::new(path)?).is_none());
        }
        Ok(self.files.insert(PathBuf::from(path)))
    }

    pub(crate) fn has_globs(&self) -> bool {
        !self.globs.is_empty()
    }

    /// The log that a file belongs to, by its path.
    pub(crate) fn log_of(&self, file: &Path) -> PathBuf {
        match file.file_name().and_then(|name| name.to_str()) {
            Some(name) if !self.files.contains(file) => file.with_file_name(names::log_of(name)),
            _ => file.to_owned(),
        }
    }

    /// Whether a path is meant.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.files.contains(path) || self.globs.values().any(|glob| glob.matches_path_with(path, OPTIONS))
    }

    /// All files that are there, and all logs that are named.
    pub(crate) fn find(&self) -> Matches {
        let mut found = Matches::default();
        for file in &self.files {
            let files = if file.is_file() { vec![file.clone()] } else { Vec::new() };
            found.logs.insert(file.clone(), files);
        }
        let mut seen = BTreeSet::new();
        for glob in self.globs.keys() {
            for path in glob_with(glob, OPTIONS).into_iter().flatten() {
                match path {
                    Ok(path) if self.files.contains(&path) || !seen.insert(path.clone()) || !path.is_file() => {}
                    Ok(path) => self.sort_in(path, &mut found),
                    Err(fault) => found.faults.push(fault),
                }
            }
        }
        found
    }

    fn sort_in(&self, path: PathBuf, found: &mut Matches) {
        match path.to_str().and(path.file_name()).and_then(|name| name.to_str()) {
            None => found.illegible.push(path),
            Some(name) if names::is_compressed(name) => found.compressed.push(path),
            Some(_) => found.logs.entry(self.log_of(&path)).or_default().push(path),
        }
    }
}
