//! The vocabulary of `jumpcloud-adr`.
//!
//! Everything that more than one room speaks of lives here, and nothing else: [`Event`]s, [`Checkpoint`]s,
//! [`Failure`]s, the memory [`Budget`], the [`Clock`], and the traits that components implement:
//! [`SourceComponent`], [`Lane`] and [`Source`], [`Transform`], [`Sink`], [`TransactionalSink`] and
//! [`CheckpointStore`]; and the words that settings are made of ([`Span`], [`Size`], [`Rate`], [`SecretRef`]).
//!
//! This crate does no I/O, reads no environment, asks no clock and knows no async runtime.

mod budget;
mod checkpoint;
mod clock;
mod encoder;
mod event;
mod failure;
mod lane;
mod lines;
mod pace;
mod settings;
mod sink;
mod source;
mod timestamp;
mod transform;

pub use budget::{Budget, Reservation, Reserve};
pub use checkpoint::{Checkpoint, CheckpointStore, Records, Write};
pub use clock::Clock;
pub use encoder::{Detail, Encoder, Encoding};
pub use event::{Event, Meta, Severity};
pub use failure::{Failure, FailureKind, Retry};
pub use lane::{Lane, LaneChange, LaneId, SourceComponent};
pub use lines::split_lines;
pub use pace::Pace;
pub use settings::{Rate, SecretRef, Secrets, Size, Span};
pub use sink::{Committed, Delivered, Delivery, Group, LaneWriter, OwnedLane, Rejection, Sink, TransactionalSink};
pub use source::{Page, Pull, Reach, Source, Tally};
pub use timestamp::{ParseTimestampError, Timestamp};
pub use transform::{Emit, Mark, Output, Product, Rejected, Transform, Verdict};

pub use bytestring::ByteString;
pub use secrecy::{ExposeSecret, SecretString};

use std::future::Future;
use std::pin::Pin;

/// A boxed future: what the component traits return, one allocation per batch.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
