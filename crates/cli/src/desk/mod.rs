//! What the page, the control socket and `status` are told of a running pipeline.

mod graph;
mod listing;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use adr_console::{Board, Change, Desk, DeviceStatus, Done, Graph, History, Occurrence, Refused, Sample};
use adr_core::{BoxFuture, FailureKind, Timestamp};
use adr_runtime::Handle;

use crate::config::{Component, Part, Pipeline};
use crate::devices::{Roll, Site};
use crate::reload::Requests;

/// The type of every component, by its name.
pub(crate) type Types = BTreeMap<Arc<str>, &'static str>;

/// A running pipeline as it is shown.
pub(crate) struct PipelineDesk {
    handle: Handle,
    board: Board,
    pipeline: RwLock<Arc<Pipeline>>,
    /// The type of every component that there is or was.
    types: RwLock<Types>,
    /// What takes changes, where devices are files of their own.
    site: Option<(Arc<Site>, Requests)>,
    reloads: AtomicU64,
    reload_errors: AtomicU64,
}

impl PipelineDesk {
    pub(crate) fn new(
        handle: Handle,
        pipeline: Arc<Pipeline>,
        roll: Option<Roll>,
        site: Option<(Arc<Site>, Requests)>,
    ) -> Self {
        let board = Board::new(handle.clone());
        let types = types(&pipeline);
        board.list(listing::of(&pipeline, roll, &types));
        let (types, pipeline) = (RwLock::new(types), RwLock::new(pipeline));
        let (reloads, reload_errors) = Default::default();
        Self { handle, board, pipeline, types, site, reloads, reload_errors }
    }

    /// This is what runs from now on, and the devices it was made of.
    pub(crate) fn show(&self, pipeline: Arc<Pipeline>, roll: Option<Roll>) {
        let mut known = self.types.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(types(&pipeline));
        self.board.list(listing::of(&pipeline, roll, &known));
        drop(known);
        *self.pipeline.write().unwrap_or_else(PoisonError::into_inner) = pipeline;
    }

    /// Its devices, for who keeps looking at them.
    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// The type of every component that there is, and of those that are gone the last one that they had.
    pub(crate) fn types(&self) -> Types {
        self.types.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The pipeline was read again, and taken over or not.
    pub(crate) fn was_read_again(&self, taken_over: bool) {
        let count = if taken_over { &self.reloads } else { &self.reload_errors };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was read again and taken over, and how often it was not.
    pub(crate) fn reloads(&self) -> (u64, u64) {
        (self.reloads.load(Ordering::Relaxed), self.reload_errors.load(Ordering::Relaxed))
    }

    fn pipeline(&self) -> Arc<Pipeline> {
        self.pipeline.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn types(pipeline: &Pipeline) -> Types {
    fn of<T: Part>(components: &[Component<T>]) -> impl Iterator<Item = (Arc<str>, &'static str)> {
        components.iter().map(|component| (component.id.clone(), component.part.type_name()))
    }
    of(&pipeline.sources).chain(of(&pipeline.transforms)).chain(of(&pipeline.sinks)).collect()
}

impl Desk for PipelineDesk {
    fn devices(&self) -> Vec<DeviceStatus> {
        self.board.devices()
    }

    fn device(&self, id: &str) -> Option<DeviceStatus> {
        self.board.device(id)
    }

    fn history(&self, id: &str) -> Option<History> {
        self.board.history(id)
    }

    fn occurrences(&self, id: &str) -> Vec<Occurrence> {
        self.board.occurrences(id)
    }

    fn sample(&self, id: &str) -> Option<Sample> {
        let sample = self.handle.sample(&self.board.lane(id)?)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Sample { raw: text(&sample.raw), mapped: sample.mapped.as_deref().map(text) })
    }

    fn graph(&self) -> Graph {
        graph::of(&self.pipeline(), &self.handle)
    }

    fn now(&self) -> Timestamp {
        self.handle.status().now()
    }

    fn takes_changes(&self) -> bool {
        self.site.is_some()
    }

    fn change(self: Arc<Self>, who: String, change: Change) -> BoxFuture<'static, Result<Done, Refused>> {
        Box::pin(async move {
            let Some((site, requests)) = &self.site else {
                let message = "devices stand in the pipeline file here: change it there, or run `jumpcloud-adr serve --devices DIR`";
                return Err(Refused::new(FailureKind::Config, message));
            };
            let changes = !matches!(change, Change::Try(_) | Change::Test(_));
            let done = site.clone().change(&who, change).await?;
            if changes && let Err(why) = requests.done().await {
                let message = format!("{}; but it is not in place yet: {why}", done.message);
                return Ok(Done { message, ..done });
            }
            Ok(done)
        })
    }
}
