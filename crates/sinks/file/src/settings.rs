//! What the settings mean, checked.

use std::path::{Component, PathBuf};
use std::time::Duration;

use adr_core::{Encoding, Failure, FailureKind, Size, Span};

use crate::{FileConfig, Mode};

/// Smaller files than this are made by mistake: one for every few events.
const LEAST_BYTES: usize = 64 << 10;

/// The checked settings of a sink.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The current file.
    pub path: PathBuf,
    /// The form of a line.
    pub encoding: Encoding,
    /// The most bytes of a file, unless it holds one batch.
    pub max_bytes: u64,
    /// The most age of a file that is written to.
    pub max_age: Option<Duration>,
    /// How many renamed files are kept; `None`: all.
    pub keep: Option<usize>,
    /// Of new files.
    pub mode: Mode,
}

impl Settings {
    /// How many events should share a delivery: a batch is one piece of a file, and is written again whole.
    pub fn at_once(&self) -> usize {
        1024
    }

    /// What a person should know about these settings although they are allowed; for `validate`, every start and
    /// the status.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(keep) = self.keep {
            warnings.push(format!(
                "`keep` {keep} deletes the oldest file whether it was read or not: what its reader has not seen is lost; leave \
                 `keep` out and let the reader delete what it has read"
            ));
        }
        if self.mode.0 & 0o004 != 0 {
            warnings.push(format!(
                "`mode` {:04o} lets every user of this machine read all events: give the reader's group 0640",
                self.mode.0
            ));
        }
        warnings
    }
}

pub(crate) fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

impl TryFrom<FileConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: FileConfig) -> Result<Self, Failure> {
        Ok(Self {
            path: path(raw.path)?,
            encoding: raw.encoding.unwrap_or_default(),
            max_bytes: max_bytes(raw.max_bytes)?,
            max_age: max_age(raw.max_age)?,
            keep: keep(raw.keep)?,
            mode: mode(raw.mode)?,
        })
    }
}

fn path(path: PathBuf) -> Result<PathBuf, Failure> {
    if path.as_os_str().is_empty() {
        return Err(config("`path` is missing: name the file, such as /var/spool/adr/events.ndjson"));
    }
    if !path.is_absolute() {
        return Err(config(format!(
            "`path` {} depends on where this is started: write it from the root on, such as /var/spool/adr/events.ndjson",
            path.display()
        )));
    }
    let dots = path.components().any(|part| matches!(part, Component::ParentDir));
    // A path that ends in a slash has a file name all the same.
    let folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if path.file_name().and_then(|name| name.to_str()).is_none() || dots || folder {
        return Err(config(format!(
            "`path` {} is no name of a file: write one in UTF-8 without .., such as /var/spool/adr/events.ndjson",
            path.display()
        )));
    }
    Ok(path)
}

fn max_bytes(given: Option<Size>) -> Result<u64, Failure> {
    let Size(bytes) = given.unwrap_or(Size(100 << 20));
    if bytes < LEAST_BYTES {
        return Err(config(format!("`max_bytes` {bytes} is too small: give at least 64KiB")));
    }
    Ok(bytes as u64)
}

fn max_age(given: Option<Span>) -> Result<Option<Duration>, Failure> {
    match given {
        Some(Span(age)) if age < Duration::from_secs(1) => {
            Err(config("`max_age` is shorter than a second: give a length of time such as 1h, or leave it out"))
        }
        given => Ok(given.map(|Span(age)| age)),
    }
}

fn keep(given: Option<usize>) -> Result<Option<usize>, Failure> {
    if given == Some(0) {
        return Err(config(
            "`keep` is 0, which would delete each file as soon as it is full: give at least 1, or leave it out to keep all",
        ));
    }
    Ok(given)
}

fn mode(given: Option<Mode>) -> Result<Mode, Failure> {
    let mode = given.unwrap_or(Mode(0o640));
    let fault = |what: &str| Err(config(format!("`mode` {:04o} {what}", mode.0)));
    match mode.0 {
        bits if bits & 0o600 != 0o600 => fault("keeps this program out itself: begin with 6, such as \"0640\""),
        bits if bits & 0o022 != 0 => {
            fault("lets others write, who would break lines: give \"0600\", \"0640\" or \"0644\"")
        }
        bits if bits & 0o7111 != 0 => fault("has bits that are for programs: give \"0600\", \"0640\" or \"0644\""),
        _ => Ok(mode),
    }
}
