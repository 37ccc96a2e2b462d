use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{
    BoxFuture, Failure, FailureKind, Lane, LaneChange, LaneId, Pull, Records, Reservation, Source, SourceComponent,
};
use tokio::sync::{mpsc, oneshot};

use crate::input;
use crate::reader::{self, CHUNK, Outcome, Request};

type Input = Arc<Mutex<Option<Box<dyn Read + Send>>>>;

/// A line is longer than the memory reserved for its page: come back at once with a larger reservation.
const NEXT_RESERVATION: Duration = Duration::from_millis(1);

/// Reads lines from standard input, or from anything else that can be read.
pub struct StdinSource(Option<Arc<StdinLane>>);

struct StdinLane {
    id: LaneId,
    /// Gone once reading has begun.
    input: Input,
}

impl StdinSource {
    /// Standard input.
    ///
    /// # Errors
    /// [`FailureKind::Storage`] if it cannot be used.
    pub fn stdin(lane: LaneId) -> Result<Self, Failure> {
        let input = input::stdin().map_err(|error| {
            Failure::fatal(
                FailureKind::Storage,
                format!("standard input cannot be used: {error}; connect it to a file or a pipe"),
            )
        })?;
        Ok(Self::new(lane, input))
    }

    /// Any input. It is read on a thread of its own, so it may block.
    pub fn new(lane: LaneId, input: impl Read + Send + 'static) -> Self {
        let lane = StdinLane { id: lane, input: Arc::new(Mutex::new(Some(Box::new(input)))) };
        Self(Some(Arc::new(lane)))
    }
}

impl SourceComponent for StdinSource {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        // Only once it is waited for: a future that is dropped before takes no lane with it.
        Box::pin(async { self.0.take().map(|lane| LaneChange::Start(lane as Arc<dyn Lane>)) })
    }
}

impl Lane for StdinLane {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, _records: Records) -> Result<Box<dyn Source>, Failure> {
        let input = self.input.clone();
        Ok(Box::new(Lines { tenant: self.id.tenant.clone(), input, reader: None, demand: CHUNK, ended: false }))
    }
}

/// The open lane: asks a reading thread for one page at a time.
struct Lines {
    tenant: Arc<str>,
    input: Input,
    reader: Option<mpsc::Sender<Request>>,
    demand: usize,
    ended: bool,
}

impl Lines {
    /// The reading thread, started with the first page, so that a lane that never read may be opened again.
    fn reader(&mut self) -> Result<&mpsc::Sender<Request>, Failure> {
        if self.reader.is_none() {
            let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
            let input = input.ok_or_else(|| {
                Failure::fatal(
                    FailureKind::Storage,
                    "standard input cannot be read a second time: events that were in flight when the failure came \
                     are not delivered; run the command again on the same input",
                )
            })?;
            let (requests, queue) = mpsc::channel(1);
            let tenant = self.tenant.clone();
            let spawned =
                std::thread::Builder::new().name("stdin".to_owned()).spawn(move || reader::run(input, &tenant, queue));
            spawned.map_err(|error| {
                Failure::fatal(FailureKind::Internal, format!("cannot start the thread that reads: {error}"))
            })?;
            self.reader = Some(requests);
        }
        Ok(self.reader.as_ref().expect("it was started just now"))
    }
}

impl Source for Lines {
    fn demand(&self) -> usize {
        self.demand
    }

    /// What was put into the pipe cannot be asked for again.
    fn reads_on(&self) -> bool {
        true
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            if self.ended {
                return Ok(Pull::End);
            }
            let (answer, answered) = oneshot::channel();
            let stopped = || Failure::fatal(FailureKind::Internal, "the thread that reads has stopped: this is a bug");
            self.reader()?.send(Request { memory, answer }).await.map_err(|_| stopped())?;
            match answered.await.map_err(|_| stopped())? {
                Outcome::Page(page) => {
                    self.demand = CHUNK;
                    Ok(Pull::Page(page))
                }
                Outcome::NeedsMemory(bytes) => {
                    self.demand = bytes;
                    Ok(Pull::Wait(NEXT_RESERVATION))
                }
                Outcome::End => {
                    self.ended = true;
                    Ok(Pull::End)
                }
                Outcome::Failed(failure) => Err(failure),
            }
        })
    }
}
