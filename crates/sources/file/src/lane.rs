use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use adr_core::{BoxFuture, Failure, FailureKind, Lane, LaneId, Pull, Records, Reservation, Source};
use tokio::task::spawn_blocking;

use crate::log::{Log, Manner};
use crate::spot::Spot;

/// A log, before it is opened.
pub(crate) struct FileLane {
    id: LaneId,
    spot: Spot,
    manner: Manner,
    /// What the log says of itself: see [`Log`].
    pub(crate) empty: Arc<AtomicBool>,
}

impl FileLane {
    pub(crate) fn new(source: &Arc<str>, spot: Spot, manner: Manner) -> Self {
        let id = lane_id(source, &spot.path);
        Self { id, spot, manner, empty: Arc::default() }
    }
}

/// A log's path is the name of its lane.
pub(crate) fn lane_id(source: &Arc<str>, path: &Path) -> LaneId {
    LaneId::new(source.clone(), path.to_string_lossy())
}

impl Lane for FileLane {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        let log = Log::open(self.spot.clone(), self.manner.clone(), &records, self.empty.clone());
        let log = log.map_err(|failure| failure.at(&self.id))?;
        Ok(Box::new(Reader { demand: log.demand, log: Some(log) }))
    }
}

/// The open lane. Files are read where blocking is allowed.
struct Reader {
    demand: usize,
    /// Gone while it is read, and after a panic.
    log: Option<Log>,
}

impl Source for Reader {
    fn demand(&self) -> usize {
        self.demand
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            let gone = || Failure::fatal(FailureKind::Internal, "a log was left while it was read: this is a bug");
            let mut log = self.log.take().ok_or_else(gone)?;
            let read = spawn_blocking(move || {
                let next = log.next(memory);
                (log, next)
            });
            match read.await {
                Ok((log, next)) => {
                    self.demand = log.demand;
                    self.log = Some(log);
                    next
                }
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => Err(Failure::fatal(FailureKind::Internal, "the process ends")),
                },
            }
        })
    }
}
