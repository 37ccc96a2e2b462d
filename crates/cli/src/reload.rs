//! Reads the pipeline again while it runs.

use std::sync::Arc;
use std::time::Duration;

use adr_core::Failure;
use adr_runtime::Handle;
use adr_sink_stdout::Target;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::args::Logging;
use crate::components::{Builder, needs_restart};
use crate::config::{Findings, Paths, Pipeline};
use crate::desk::PipelineDesk;
use crate::devices::{Roll, Site, Unready};
use crate::out::{color, tell};

/// How often to look whether a file has changed: by its text, as links are exchanged and clocks differ.
const LOOK: Duration = Duration::from_secs(1);

/// How long after a failure that may be over to try again, where devices come and go unattended.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Where a pipeline comes from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Files that say all of it.
    Files(Paths),
    /// Devices, and a template.
    Devices(Arc<Site>),
}

/// Where the pipeline stands, and when to read it again.
pub(crate) struct Again {
    pub(crate) origin: Origin,
    pub(crate) logging: Logging,
    /// Whenever a file has changed, and not only when it is asked for.
    pub(crate) watch: bool,
    /// How its files were before they were read.
    pub(crate) taken: u64,
}

/// Asks for the pipeline to be read again.
#[derive(Clone)]
pub(crate) struct Requests(mpsc::Sender<Request>);

/// Where to say what became of it, if somebody waits.
type Request = Option<oneshot::Sender<Result<(), String>>>;

impl Requests {
    /// Asks and does not wait. A request while one is being done is done after it; more of them are one.
    pub(crate) fn ask(&self) {
        let _ = self.0.try_send(None);
    }

    /// Asks, and waits until what has changed is in place.
    ///
    /// # Errors
    /// Why it was not taken over; then all goes on as it was.
    pub(crate) async fn done(&self) -> Result<(), String> {
        let ended = || "the pipeline is being stopped".to_owned();
        let (answer, answered) = oneshot::channel();
        self.0.send(Some(answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

/// Takes over what has changed in the files.
pub(crate) struct Reload {
    again: Again,
    running: Arc<Pipeline>,
    builder: Builder,
    /// Standard output, while a sink writes to it.
    stdout: watch::Sender<Option<Target>>,
    /// How often it was read again.
    count: u64,
    asked: mpsc::Receiver<Request>,
}

impl Reload {
    pub(crate) fn new(
        again: Again,
        running: Arc<Pipeline>,
        builder: Builder,
        stdout: watch::Sender<Option<Target>>,
    ) -> (Self, Requests) {
        let (requests, asked) = mpsc::channel(1);
        (Self { again, running, builder, stdout, count: 0, asked }, Requests(requests))
    }

    /// Reads the pipeline whenever it is asked for, until nobody can ask.
    pub(crate) async fn run(mut self, handle: Handle, desk: Arc<PipelineDesk>) {
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut taken = self.again.taken;
        let mut seen = taken;
        let mut failed_at: Option<Instant> = None;
        loop {
            let mut answer = None;
            tokio::select! {
                request = self.asked.recv() => match request {
                    Some(request) => (taken, answer) = (fingerprint(self.again.origin.clone()).await, request),
                    None => return,
                },
                _ = tick.tick(), if self.again.watch => {
                    let now = fingerprint(self.again.origin.clone()).await;
                    // A file is taken once it stays as it is: somebody may still be writing it.
                    let settled = std::mem::replace(&mut seen, now) == now;
                    let try_again = failed_at.is_some_and(|at| at.elapsed() >= TRY_AGAIN);
                    if !settled || now == taken && !try_again {
                        continue;
                    }
                    taken = now;
                }
            }
            let taken_over = self.take_over(&handle, &desk).await;
            let of_devices = matches!(self.again.origin, Origin::Devices(_));
            failed_at = (taken_over.is_err() && of_devices).then(Instant::now);
            desk.was_read_again(taken_over.is_ok());
            // Whoever asked may have given up waiting.
            let _ = answer.map(|answer| answer.send(taken_over));
        }
    }

    async fn take_over(&mut self, handle: &Handle, desk: &PipelineDesk) -> Result<(), String> {
        self.count += 1;
        let reload = self.count;
        match self.attempt(handle, desk).await {
            Ok(changed) if changed.is_empty() => {
                tracing::info!(reload, "the pipeline was read again: it says what it said before");
            }
            Ok(changed) => tracing::info!(reload, changed, "the pipeline was read again: what has changed is in place"),
            Err(why) => {
                tracing::error!(reload, "the pipeline was read again and not taken over; it goes on as it was: {why}");
                return Err(why);
            }
        }
        Ok(())
    }

    /// The names of what has changed.
    async fn attempt(&mut self, handle: &Handle, desk: &PipelineDesk) -> Result<String, String> {
        let (mut next, roll) = match load(self.again.origin.clone()).await? {
            Ok(loaded) => loaded,
            Err(Unready::Template(found)) => return Err(self.show(&found)),
            Err(Unready::Folder(failure)) => return Err(failure.message),
        };
        if let Some(why) = needs_restart(&self.running, &next) {
            return Err(format!("{why}: start the program again"));
        }
        let words = |failure: Failure| failure.to_string();
        if roll.is_none() {
            for warning in next.warnings.in_lines() {
                tracing::warn!("{warning}");
            }
        }
        // A component asks for its secret when it first needs it: too late to go on as it was.
        for secret in next.new_secrets(&self.running) {
            self.builder.surround.secrets.resolve(secret).map_err(words)?;
        }
        self.builder.surround.open_stdout(&next).map_err(words)?;
        let topology = self.builder.change(Some(&self.running), &next).map_err(words)?;
        let names = self.running.changed(&next).join(", ");
        let changed = handle.change(topology).await.map_err(words)?;
        self.builder.taken_over();
        self.stdout.send_replace(self.builder.surround.stdout.clone().filter(|_| next.writes_stdout()));
        for (sink, why) in &changed.kept {
            tracing::error!(component_id = %sink, "a sink goes on as it was, all else is changed: {why}");
            next.forget(sink);
        }
        self.running = Arc::new(next);
        desk.show(self.running.clone(), roll);
        Ok(names)
    }

    /// The problems of the files, as `validate` shows them.
    fn show(&self, found: &Findings) -> String {
        if self.again.logging.in_lines() {
            found.in_lines().for_each(|line| tracing::error!("{line}"));
        } else {
            tell(&found.render(color(self.again.logging.color)));
        }
        "its files have the mistakes that are told here; `jumpcloud-adr validate` finds them before a reload".to_owned()
    }
}

type Loaded = Result<(Pipeline, Option<Roll>), Unready>;

/// A thousand files and keys are read beside what flows.
async fn load(origin: Origin) -> Result<Loaded, String> {
    let load = move || match origin {
        Origin::Files(paths) => Ok((Pipeline::load(&paths).map_err(Unready::Template)?, None)),
        Origin::Devices(site) => site.load().map(|(pipeline, roll)| (pipeline, Some(roll))),
    };
    spawn_blocking(load).await.map_err(|error| format!("reading it ended: {error}"))
}

async fn fingerprint(origin: Origin) -> u64 {
    spawn_blocking(move || origin.fingerprint()).await.unwrap_or_default()
}

impl Origin {
    /// Another number once anything of it has changed.
    pub(crate) fn fingerprint(&self) -> u64 {
        match self {
            Self::Files(paths) => paths.fingerprint(),
            Self::Devices(site) => site.fingerprint(),
        }
    }
}
