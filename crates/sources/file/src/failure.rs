//! What went wrong with a file, in words.

use std::io::{self, ErrorKind};
use std::path::Path;

use adr_core::{Failure, FailureKind};

/// `step` is what was tried, such as "opened". All of it may pass, so all of it is tried again.
pub(crate) fn of(path: &Path, step: &str, error: &io::Error) -> Failure {
    let next = match error.kind() {
        ErrorKind::PermissionDenied => "let the user that this runs as read it, and enter its folder",
        ErrorKind::NotFound => "make it, or see whether its disk is mounted",
        _ => "look after its disk",
    };
    Failure::new(FailureKind::Storage, format!("{} cannot be {step}: {error}; {next}", path.display()))
}
