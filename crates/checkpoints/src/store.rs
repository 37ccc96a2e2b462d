use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use adr_core::{BoxFuture, Checkpoint, CheckpointStore, Failure, FailureKind, LaneId, Records};
use bytes::Bytes;
use redb::{Database, ReadableDatabase};
use tokio::sync::{mpsc, oneshot};

use crate::StateDir;
use crate::file::{CheckpointFile, RECORDS};
use crate::key;
use crate::writer::{self, QUEUE, Request, Shared};

/// The checkpoints of all lanes in one file of the state directory, `checkpoints.redb`, mode 0600.
///
/// Saves that wait together are applied in one durable transaction. After an I/O error, such as a full disk, the
/// save fails and backs off, and the store recovers by itself once the disk does.
///
/// Dropping it waits for the saves under way and closes the file.
#[derive(Debug)]
pub struct RedbStore {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    // Dropped last: nobody else may open the file while it is open here.
    _dir: StateDir,
}

impl RedbStore {
    /// Opens the file, or makes a new one. Blocks while it is verified (about 0.1 s for 60 MB).
    ///
    /// # Errors
    /// [`FailureKind::Config`] for a file that is damaged, not ours or of a newer format: it is left byte for byte
    /// as it is. [`FailureKind::Storage`] when the disk is in trouble.
    pub fn open(dir: &StateDir) -> Result<Self, Failure> {
        let path = dir.checkpoints_path();
        #[cfg(not(test))]
        let file = CheckpointFile { path };
        #[cfg(test)]
        let file = CheckpointFile { path, probe: Arc::default() };
        Self::with_file(dir, file)
    }

    pub(crate) fn with_file(dir: &StateDir, file: CheckpointFile) -> Result<Self, Failure> {
        let database = file.open()?;
        let shared = Arc::new(Shared::new(file, database));
        let (queue, requests) = mpsc::channel(QUEUE);
        let writer = std::thread::Builder::new().name("checkpoints".to_owned()).spawn({
            let shared = shared.clone();
            move || writer::run(&shared, requests)
        });
        let writer = writer.map_err(|error| {
            Failure::new(FailureKind::Internal, format!("cannot start the thread that saves checkpoints: {error}"))
        })?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer), _dir: dir.clone() })
    }

    /// How many durable transactions were made since it was opened.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(Err(_)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the thread that saves checkpoints panicked");
        }
    }
}

impl CheckpointStore for RedbStore {
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        Box::pin(async move {
            let shared = self.shared.clone();
            let prefix = key::prefix(lane);
            let read =
                tokio::task::spawn_blocking(move || shared.with("cannot load", |database| load(database, &prefix)));
            read.await.unwrap_or_else(|_| Err(stopped("the load of a checkpoint panicked")))
        })
    }

    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            if checkpoint.writes.is_empty() {
                return Ok(());
            }
            let (answer, answered) = oneshot::channel();
            let request = Request { prefix: key::prefix(lane), checkpoint, answer };
            let queue = self.queue.as_ref().expect("the queue closes only on drop");
            let gone = || stopped("the thread that saves checkpoints has stopped");
            queue.send(request).await.map_err(|_| gone())?;
            answered.await.unwrap_or_else(|_| Err(gone()))
        })
    }
}

fn load(database: &Database, prefix: &[u8]) -> Result<Records, redb::Error> {
    let read = database.begin_read()?;
    let table = read.open_table(RECORDS)?;
    let (start, end) = key::range(prefix);
    let mut records = Records::new();
    for entry in table.range::<&[u8]>((start, end.as_ref().map(Vec::as_slice)))? {
        let (key, value) = entry?;
        let key = Bytes::copy_from_slice(&key.value()[prefix.len()..]);
        records.push((key, Bytes::copy_from_slice(value.value())));
    }
    Ok(records)
}

fn stopped(what: &str) -> Failure {
    Failure::fatal(FailureKind::Internal, format!("{what}: this is a bug, restart the process"))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
