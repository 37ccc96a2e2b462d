//! The one thread that writes: it takes all requests that wait, applies them in one durable transaction, and
//! answers them all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use adr_core::{Checkpoint, Failure};
use redb::Database;
use tokio::sync::{mpsc, oneshot};

use crate::file::{self, CheckpointFile, RECORDS};

/// Requests that may wait, and so the most that share a transaction.
pub(crate) const QUEUE: usize = 1024;
/// After the file could not be opened again, requests are refused for so long without another try, so that
/// thousands of lanes do not each try it.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

/// What the writer thread and the loads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) file: CheckpointFile,
    state: RwLock<State>,
    pub(crate) commits: AtomicU64,
}

#[derive(Debug)]
struct State {
    /// None after an I/O error, until it could be opened again.
    database: Option<Database>,
    /// The last vain try to open it again.
    refusal: Option<(Instant, Failure)>,
}

/// One checkpoint to save.
#[derive(Debug)]
pub(crate) struct Request {
    /// See `key::prefix`.
    pub(crate) prefix: Vec<u8>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) answer: oneshot::Sender<Result<(), Failure>>,
}

/// Runs until the queue is closed and empty, then closes the database.
pub(crate) fn run(shared: &Shared, mut queue: mpsc::Receiver<Request>) {
    let mut group = Vec::with_capacity(QUEUE);
    while queue.blocking_recv_many(&mut group, QUEUE) > 0 {
        let result = shared.with("cannot save", |database| apply(database, &group));
        if result.is_ok() {
            shared.commits.fetch_add(1, Ordering::Relaxed);
        }
        for request in group.drain(..) {
            // A caller that no longer waits is no failure: its checkpoint was true.
            let _ = request.answer.send(result.clone());
        }
    }
    let database = shared.state.write().unwrap_or_else(PoisonError::into_inner).database.take();
    if let Some(Err(error)) = database.map(Database::close) {
        tracing::warn!(%error, "checkpoint file was not closed cleanly; the next start repairs it");
    }
}

impl Shared {
    pub(crate) fn new(file: CheckpointFile, database: Database) -> Self {
        let state = RwLock::new(State { database: Some(database), refusal: None });
        Self { file, state, commits: AtomicU64::new(0) }
    }

    /// Does `work` with the database, opened again first if an earlier error closed it.
    pub(crate) fn with<T>(
        &self,
        what: &str,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, Failure> {
        let mut state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        while state.database.is_none() {
            drop(state);
            self.reopen()?;
            state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        }
        let result = work(state.database.as_ref().expect("the loop above ends when it is open"));
        drop(state);
        result.map_err(|error| {
            // redb refuses everything after an I/O error until it is opened anew.
            self.state.write().unwrap_or_else(PoisonError::into_inner).database = None;
            file::trouble(&self.file.path, what, &error.to_string())
        })
    }

    fn reopen(&self) -> Result<(), Failure> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.database.is_some() {
            return Ok(());
        }
        if let Some((since, failure)) = &state.refusal
            && since.elapsed() < REOPEN_PAUSE
        {
            return Err(failure.clone());
        }
        match self.file.reopen() {
            Ok(database) => {
                tracing::debug!(path = %self.file.path.display(), "checkpoint file is open again");
                *state = State { database: Some(database), refusal: None };
                Ok(())
            }
            Err(failure) => {
                state.refusal = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }
}

fn apply(database: &Database, group: &[Request]) -> Result<(), redb::Error> {
    let write = database.begin_write()?;
    let mut records = write.open_table(RECORDS)?;
    let mut key = Vec::new();
    for request in group {
        for change in &request.checkpoint.writes {
            key.clear();
            key.extend_from_slice(&request.prefix);
            key.extend_from_slice(&change.key);
            match &change.value {
                Some(value) => records.insert(key.as_slice(), value.as_ref())?,
                None => records.remove(key.as_slice())?,
            };
        }
    }
    drop(records);
    // redb's default durability: on return everything is fsynced.
    write.commit()?;
    Ok(())
}
