//! What the page and the socket ask of the program behind them.

mod change;
mod form;
mod graph;
mod sample;

use std::sync::Arc;

use adr_core::{BoxFuture, Timestamp};

use crate::devices::{DeviceStatus, History, Occurrence};

pub use change::{Change, Done, Refused};
pub use form::{Field, Form};
pub use graph::{Graph, GraphNode};
pub use sample::Sample;

/// What the page and the socket ask of the program behind them.
pub trait Desk: Send + Sync + 'static {
    /// Every device as it is now, by id.
    fn devices(&self) -> Vec<DeviceStatus>;

    /// One device as it is now.
    fn device(&self, id: &str) -> Option<DeviceStatus>;

    /// What flowed lately.
    fn history(&self, id: &str) -> Option<History>;

    /// What went wrong lately, newest first.
    fn occurrences(&self, id: &str) -> Vec<Occurrence>;

    /// The last event, as it came and as it went.
    fn sample(&self, id: &str) -> Option<Sample>;

    /// How the components are joined.
    fn graph(&self) -> Graph;

    /// The time now.
    fn now(&self) -> Timestamp;

    /// Whether devices are files here that can be changed; else they stand in a pipeline file.
    fn takes_changes(&self) -> bool;

    /// Changes something. `who` asked for it, which the audit log keeps; the answer comes once the change is in place.
    fn change(self: Arc<Self>, who: String, change: Change) -> BoxFuture<'static, Result<Done, Refused>>;
}
