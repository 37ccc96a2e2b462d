//! What the page, the control socket and `status` are told of a running pipeline.

mod graph;
mod listing;

use std::sync::{Arc, PoisonError, RwLock};

use adr_console::{Board, Change, Desk, DeviceStatus, Done, Graph, History, Occurrence, Refused, Sample};
use adr_core::{BoxFuture, Timestamp};
use adr_runtime::Handle;

use crate::config::Pipeline;

/// A running pipeline as it is shown.
pub(crate) struct PipelineDesk {
    handle: Handle,
    board: Board,
    pipeline: RwLock<Arc<Pipeline>>,
}

impl PipelineDesk {
    pub(crate) fn new(handle: Handle, pipeline: Arc<Pipeline>) -> Self {
        let board = Board::new(handle.clone());
        board.list(listing::of(&pipeline));
        Self { handle, board, pipeline: RwLock::new(pipeline) }
    }

    /// This is what runs from now on.
    pub(crate) fn show(&self, pipeline: Arc<Pipeline>) {
        self.board.list(listing::of(&pipeline));
        *self.pipeline.write().unwrap_or_else(PoisonError::into_inner) = pipeline;
    }

    /// Its devices, for who keeps looking at them.
    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    fn pipeline(&self) -> Arc<Pipeline> {
        self.pipeline.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Desk for PipelineDesk {
    fn devices(&self) -> Vec<DeviceStatus> {
        self.board.devices()
    }

    fn history(&self, id: &str) -> Option<History> {
        self.board.history(id)
    }

    fn occurrences(&self, id: &str) -> Vec<Occurrence> {
        self.board.occurrences(id)
    }

    fn sample(&self, _id: &str) -> Option<Sample> {
        None
    }

    fn graph(&self) -> Graph {
        graph::of(&self.pipeline(), &self.handle)
    }

    fn now(&self) -> Timestamp {
        self.handle.status().now()
    }

    fn takes_changes(&self) -> bool {
        false
    }

    fn change(self: Arc<Self>, _who: String, _change: Change) -> BoxFuture<'static, Result<Done, Refused>> {
        let message =
            "devices stand in the pipeline file here: change it there, or run `jumpcloud-adr serve --devices DIR`";
        Box::pin(async move { Err(Refused { fields: Vec::new(), message: message.to_owned() }) })
    }
}
