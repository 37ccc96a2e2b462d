//! The dead-letter file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::{BoxFuture, Clock, Failure, FailureKind, Rejected};

use super::{DeadLetter, record};

/// An NDJSON file, synced to disk before `Ok`: a record of each event in a line of its own.
pub struct DeadLetterFile {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    file: Arc<Mutex<Option<File>>>,
}

impl DeadLetterFile {
    /// Writes to `path`, which is made with mode 0600 when the first event comes.
    pub fn new(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { path: path.into(), clock, file: Arc::default() }
    }
}

impl DeadLetter for DeadLetterFile {
    fn keep<'a>(&'a self, component: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        let lines: String =
            rejected.iter().map(|rejected| record(self.clock.now(), component, rejected) + "\n").collect();
        let (path, file) = (self.path.clone(), self.file.clone());
        let first = rejected.first().map(|rejected| rejected.reason.clone()).unwrap_or_default();
        let (component, count) = (component.to_owned(), rejected.len());
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                append(&mut file, &path, lines.as_bytes()).map_err(|error| {
                    *file = None;
                    let message = format!("dead letter {}: {error}; make room or mend its folder", path.display());
                    Failure::new(FailureKind::Storage, message)
                })
            });
            let written = written
                .await
                .unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, "dead letter writer panicked")));
            if written.is_ok() {
                let file = self.path.display();
                tracing::warn!(component_id = component, count, %file, "rejected events are kept in the dead letter; the first because {first}");
            }
            written
        })
    }
}

fn append(open: &mut Option<File>, path: &Path, lines: &[u8]) -> std::io::Result<()> {
    let file = match open {
        Some(file) => file,
        None => {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
            open.insert(file)
        }
    };
    file.write_all(lines)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::{ByteString, Event, Meta, Severity, Timestamp};
    use bytes::Bytes;

    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(1_700_000_000)
        }
    }

    fn rejected(body: &'static [u8]) -> Rejected {
        let meta = Meta {
            id: ByteString::new(),
            time: None,
            tenant: "acme".into(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        };
        Rejected { event: Event { meta, body: Bytes::from_static(body) }, reason: "not an object".into() }
    }

    #[tokio::test]
    async fn text_and_reason_are_kept_one_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead-letter.ndjson");
        let dead_letter = DeadLetterFile::new(&path, Arc::new(Fixed));
        dead_letter.keep("adr", &[rejected(b"[1,\n2]"), rejected(b"\xff")]).await.unwrap();
        dead_letter.keep("adr", &[rejected(b"null")]).await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["event"], "[1,\n2]");
        assert_eq!(lines[0]["reason"], "not an object");
        assert_eq!(lines[0]["time"], "2023-11-14T22:13:20Z");
        assert_eq!(lines[1]["event_bytes"], serde_json::json!([255]));
        assert_eq!(lines[2]["component"], "adr");
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named_and_may_be_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone").join("dead-letter.ndjson");
        let dead_letter = DeadLetterFile::new(&path, Arc::new(Fixed));
        let failure = dead_letter.keep("adr", &[rejected(b"1")]).await.unwrap_err();
        assert!(failure.message.contains(path.to_str().unwrap()), "{failure}");
        std::fs::create_dir(folder.path().join("gone")).unwrap();
        dead_letter.keep("adr", &[rejected(b"1")]).await.unwrap();
    }
}
