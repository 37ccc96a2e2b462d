//! What the settings mean, checked.

use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Span};

use crate::patterns::Patterns;
use crate::{FileConfig, StartAt, names};

const EXAMPLE: &str = "such as /var/spool/adr/events.ndjson";

/// The checked settings of a source.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to read.
    pub(crate) patterns: Arc<Patterns>,
    /// Of events that do not say theirs.
    pub(crate) tenant: Arc<str>,
    /// Where to begin with what was there before.
    pub(crate) start: StartAt,
    /// From one look at a log that was read to its end to the next.
    pub(crate) poll_interval: Duration,
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

impl TryFrom<FileConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: FileConfig) -> Result<Self, Failure> {
        if raw.paths.is_empty() {
            return Err(config(format!("`paths` is missing: name at least one file, {EXAMPLE}")));
        }
        let mut patterns = Patterns::default();
        for path in &raw.paths {
            check(path)?;
            let new = patterns.add(path).map_err(|fault| {
                let right = "write [abc], [a-z] or [!a], and ** between slashes only";
                config(format!("`paths` has {path}, which is no pattern ({}): {right}", fault.msg))
            })?;
            if !new {
                return Err(config(format!("`paths` has {path} twice: name each file once")));
            }
        }
        Ok(Self {
            patterns: Arc::new(patterns),
            tenant: raw.tenant.unwrap_or_default().into(),
            start: raw.start.unwrap_or_default(),
            poll_interval: poll_interval(raw.poll_interval)?,
        })
    }
}

fn check(text: &str) -> Result<(), Failure> {
    let fault = |what: &str, right: &str| Err(config(format!("`paths` has {text}, which {what}: {right}")));
    let path = Path::new(text);
    if !path.is_absolute() {
        let right = format!("write it from the root on, {EXAMPLE}");
        return fault("depends on where this is started", &right);
    }
    let dots = path.components().any(|part| matches!(part, Component::ParentDir));
    let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| !dots && !text.ends_with('/')) else {
        let right = format!("write one without .., {EXAMPLE}, or /var/spool/adr/*.ndjson for all in a folder");
        return fault("is no name of a file", &right);
    };
    if name == "**" {
        return fault("stands for folders", &format!("add the name of the files, such as {text}/*.ndjson"));
    }
    if names::is_compressed(name) {
        return fault("is compressed", "name what is not; a packed file can be unpacked into the source stdin");
    }
    Ok(())
}

fn poll_interval(given: Option<Span>) -> Result<Duration, Failure> {
    let Span(interval) = given.unwrap_or(Span(Duration::from_secs(1)));
    if interval < Duration::from_millis(10) {
        return Err(config("`poll_interval` is too short: give at least 10ms"));
    }
    if interval > Duration::from_secs(3600) {
        return Err(config(
            "`poll_interval` is too long: a log that is rotated and deleted in between is not read; give 1h at most",
        ));
    }
    Ok(interval)
}
