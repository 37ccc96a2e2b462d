//! The dead-letter file, made when the first event comes that cannot go on.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use adr_core::{BoxFuture, Clock, Failure, FailureKind, Rejected};
use adr_runtime::{DeadLetter, DeadLetterFile};

/// A file in `dead-letter/` of the state directory. Nothing is made until it is needed.
pub(crate) struct LateDeadLetter {
    folder: PathBuf,
    file: DeadLetterFile,
}

impl LateDeadLetter {
    /// The file `name` in the folder `dead-letter` of a state directory.
    pub(crate) fn new(state_dir: &std::path::Path, name: &str, clock: Arc<dyn Clock>) -> Self {
        let folder = state_dir.join("dead-letter");
        Self { file: DeadLetterFile::new(folder.join(name), clock), folder }
    }
}

impl DeadLetter for LateDeadLetter {
    fn keep<'a>(&'a self, component: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(|error| {
                let message = format!("dead letter {}: {error}; make room or mend its folder", self.folder.display());
                Failure::new(FailureKind::Storage, message)
            })?;
            self.file.keep(component, rejected).await
        })
    }
}
