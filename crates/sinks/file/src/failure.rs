//! What went wrong with a file, in words.

use std::io::{self, ErrorKind};
use std::path::Path;

use adr_core::{Failure, FailureKind};

/// `what` is what was tried, such as "written". Permissions are fatal; while the sink runs its thread softens that.
pub(crate) fn of(path: &Path, what: &str, error: &io::Error) -> Failure {
    let said = |next: &str| format!("{} cannot be {what}: {error}; {next}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::fatal(
            FailureKind::Storage,
            said("let the user that this runs as write to it and to its folder (under systemd also: ReadWritePaths=)"),
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Failure::new(FailureKind::Storage, said("make space there, or let its reader catch up; it is tried again"))
        }
        ErrorKind::FileTooLarge => Failure::new(
            FailureKind::Storage,
            said("lower `max_bytes` or raise the limit (ulimit -f); it is tried again"),
        ),
        ErrorKind::NotFound => Failure::new(FailureKind::Storage, said("make its folder; it is tried again")),
        _ => Failure::new(FailureKind::Storage, said("look after its disk; it is tried again")),
    }
}
