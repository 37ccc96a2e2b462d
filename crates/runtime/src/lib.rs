//! Runs a topology of sources, transforms and sinks.
//!
//! ```text
//! Source --page--> poll --batch--> map --batch--> deliver --&[Event]--> Sink      (one deliver per sink)
//!                   |                                |
//!                   +--(checkpoint, outcome)--> commit <--+ ack
//! ```
//!
//! Poll, send and commit belong to a lane (one tenant of one source) and live and die together; mapping and
//! delivering are shared by all lanes. Every channel is bounded, memory is reserved before it is filled, and a
//! checkpoint is saved only after every branch of its batch has acked. This crate knows no component by name.

mod ack;
mod backoff;
mod commit;
mod counters;
mod dead_letter;
mod deliver;
mod graph;
mod handle;
mod job;
mod lane;
mod lanes;
mod life;
mod limits;
mod mapper;
mod parting;
mod plan;
mod port;
mod progress;
mod rejects;
mod run;
mod running;
mod samples;
mod shortage;
mod spans;
mod status;
mod step;
mod tap;
mod topology;
mod trail;
mod transaction;
mod watchdog;

pub use counters::{Counts, Failures, Role, Stage};
pub use dead_letter::{DeadLetter, DeadLetterFile};
pub use graph::Changed;
pub use handle::{Handle, Vitals};
pub use limits::Limits;
pub use run::Runtime;
pub use running::{Report, Running};
pub use samples::Sample;
pub use status::{Failing, LaneState, LaneStatus, SinkStatus, Status};
pub use tap::Tap;
pub use topology::{
    Input, Only, SinkFactory, SinkKind, SinkNode, SourceNode, Topology, TransformFactory, TransformNode,
};
