//! Puts a pipeline and its surroundings together, runs it, and ends.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use adr_checkpoints::{MemoryStore, RedbStore, StateDir};
use adr_core::{Budget, CheckpointStore, Failure, Secrets};
use adr_runtime::{Handle, Limits, Runtime};
use adr_telemetry::{Metrics, TENANTS};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::args::Process;
use crate::clock::SystemClock;
use crate::components::{self, Builder, Source, Surround};
use crate::config::Pipeline;
use crate::control;
use crate::dead_letter::LateDeadLetter;
use crate::desk::PipelineDesk;
use crate::devices::{Roll, Site};
use crate::drive::{Ended, drive};
use crate::exit::{Exit, Stop};
use crate::logs;
use crate::observed::Pipe;
use crate::reload::{Again, Reload, Requests};
use crate::web::{self, Page};

/// A pipeline to run, and how.
pub(crate) struct Launch<'a> {
    pub(crate) pipeline: Arc<Pipeline>,
    /// How to read the pipeline again, where it stands in files.
    pub(crate) again: Option<Again>,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) process: &'a Process,
    pub(crate) state: State,
    pub(crate) once: bool,
    /// Where it can be looked at; by default beside the progress it keeps.
    pub(crate) control: Option<PathBuf>,
    /// Where it shows a page, if it does.
    pub(crate) page: Option<Page>,
    /// The devices that it was made of, as they stood then, where it was.
    pub(crate) site: Option<Served>,
}

/// Devices that are served.
pub(crate) struct Served {
    pub(crate) site: Arc<Site>,
    /// How they stood when the pipeline was made.
    pub(crate) roll: Roll,
    /// How often the organizations of providers are asked for.
    pub(crate) provider_interval: Duration,
}

/// Where progress is kept.
pub(crate) enum State {
    /// In this directory, which nobody else may use meanwhile.
    Durable(PathBuf),
    /// Nowhere: there is none, or it is not wanted. Rejected events are kept in this directory, in this file.
    Forgotten(PathBuf, &'static str),
}

impl Launch<'_> {
    /// Runs it to its end.
    pub(crate) fn run(self, watch: impl FnOnce(&Handle)) -> Result<Ended, Stop> {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.process.threads())
            .enable_all()
            .build()
            .map_err(|error| Stop::new(Exit::Temporary, format!("cannot start the threads: {error}")))?;
        let ended = tokio.block_on(self.drive(watch));
        // What was aborted may still hold a file for a moment.
        tokio.shutdown_timeout(Duration::from_secs(1));
        ended
    }

    async fn drive(self, watch: impl FnOnce(&Handle)) -> Result<Ended, Stop> {
        let clock = Arc::new(SystemClock);
        let mut control = self.control;
        let (store, dead_letter): (Arc<dyn CheckpointStore>, _) = match self.state {
            State::Durable(path) => {
                let dir = StateDir::open(path)?;
                control.get_or_insert_with(|| control::beside(dir.path()));
                let dead_letter = LateDeadLetter::new(dir.path(), "rejected.ndjson", clock.clone());
                (Arc::new(RedbStore::open(&dir)?), dead_letter)
            }
            State::Forgotten(path, name) => {
                (Arc::new(MemoryStore::new()), LateDeadLetter::new(&path, name, clock.clone()))
            }
        };
        let secrets = self.secrets.clone();
        let mut surround = Surround {
            clock: clock.clone(),
            secrets: self.secrets.clone(),
            stdout: None,
            pipe_trail: self.pipeline.settings.pipe_trail.0,
            requests: components::process_requests(),
            clients: components::Clients::default(),
            once: self.once,
        };
        surround.open_stdout(&self.pipeline)?;
        let (stdout, watched) = watch::channel(surround.stdout.clone());
        for warning in self.pipeline.warnings.in_lines() {
            tracing::warn!("{warning}");
        }
        let mut builder = Builder::new(surround);
        let topology = builder.topology(&self.pipeline)?;
        let reload = self.again.map(|again| Reload::new(again, self.pipeline.clone(), builder, stdout));
        let (reload, requests) = reload.unzip();
        let limits = Limits {
            workers: self.process.threads(),
            drain: self.process.drain(),
            once: self.once,
            stays: self.site.is_some(),
            samples: self.page.is_some(),
            ..Limits::default()
        };
        let budget = Budget::new(self.pipeline.settings.memory_budget.0);
        let runtime = Runtime {
            clock,
            store,
            dead_letter: Arc::new(dead_letter),
            budget: budget.clone(),
            limits,
            seed: crate::entropy::seed(),
        };
        // What stands beside the pipeline ends with it.
        let mut beside = Vec::new();
        let (pipeline, site, page) = (self.pipeline.clone(), self.site, self.page);
        let unshown = Arc::new(OnceLock::new());
        let not_shown = unshown.clone();
        let (requests_of_desk, of_providers) = (requests.clone(), requests.clone());
        let watch = |handle: &Handle| {
            let changing =
                site.as_ref().zip(requests_of_desk).map(|(served, requests)| (served.site.clone(), requests));
            let looking = site.as_ref().zip(of_providers).map(|(served, requests)| {
                tokio::spawn(look_for_organizations(served.site.clone(), served.provider_interval, requests))
            });
            beside.extend(looking.map(AbortOnDropHandle::new));
            let desk = Arc::new(PipelineDesk::new(handle.clone(), pipeline, site.map(|served| served.roll), changing));
            beside.extend(control.and_then(|path| control::answer(&path, handle, desk.clone())));
            beside.push(AbortOnDropHandle::new(tokio::spawn(desk.board().clone().watch())));
            let reload = reload.map(|reload| tokio::spawn(reload.run(handle.clone(), desk.clone())));
            beside.extend(reload.map(AbortOnDropHandle::new));
            let pipe = Pipe { handle: handle.clone(), desk: desk.clone(), budget, started: Instant::now() };
            let metrics = Arc::new(Metrics::new(Arc::new(pipe), TENANTS));
            if let Err(error) = logs::push(&metrics) {
                tracing::error!("nothing is pushed by OTLP: {error}");
            }
            let shown = page.map(|page| show(page, handle.clone(), desk, metrics, secrets, unshown.clone()));
            beside.extend(shown.map(|shown| AbortOnDropHandle::new(tokio::spawn(shown))));
            watch(handle);
        };
        let ended = drive(runtime, topology, watched, requests, watch).await;
        match not_shown.get() {
            Some(failure) => Err(failure.clone().into()),
            None => ended,
        }
    }
}

/// Shows the page until it is dropped. A page that cannot be shown ends all: nobody would see what he counts on.
async fn show(
    page: Page,
    handle: Handle,
    desk: Arc<PipelineDesk>,
    metrics: Arc<Metrics>,
    secrets: Arc<dyn Secrets>,
    unshown: Arc<OnceLock<Failure>>,
) {
    match web::open(page, handle.clone(), desk, metrics, secrets).await {
        Ok((address, answering)) => {
            tracing::info!(%address, "the page is there");
            answering.await;
        }
        Err(failure) => {
            // Nobody else sets it.
            let _ = unshown.set(failure);
            handle.stop();
        }
    }
}

/// Half of how long after a failure the organizations of providers are asked for again, at first.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Providers win and lose customers.
async fn look_for_organizations(site: Arc<Site>, every: Duration, requests: Requests) {
    let mut pause = LOOK_AGAIN;
    loop {
        let looked = site.look_for_organizations().await;
        if looked.changed {
            requests.ask();
        }
        // An outage is soon over, and a customer does not wait for the next time.
        pause = if looked.failed { (2 * pause).min(every) } else { LOOK_AGAIN };
        tokio::select! {
            () = sleep(if looked.failed { pause } else { every }.max(Duration::from_secs(1))) => {}
            () = site.has_new_provider() => {}
        }
    }
}

/// Whether any source of a pipeline has progress to keep.
pub(crate) fn keeps_progress(pipeline: &Pipeline) -> bool {
    // Devices may come.
    pipeline.only.is_some() || pipeline.sources.iter().any(|source| !matches!(source.part, Source::Stdin(_)))
}
