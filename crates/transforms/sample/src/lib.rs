//! Transform `sample`: one of so many events goes on, the same ones every time. The others are counted as discarded.
//!
//! An event is chosen by the first 64 bits of BLAKE3 over its uid (else, or where the settings say so, over its text): it
//! goes on if they are divisible by `rate`. No state, no clock and no chance: an event that is read again after a failure, by
//! another worker, another instance or a later version is decided on as before, so that at-least-once stays as it is.
//!
//! It follows that two samples in a row choose among the same: 10 after 5 lets one of 10 pass, not one of 50. Two pipelines
//! with the same rate choose the same events.

mod config;
mod sample;

pub use config::{By, KeepSeverity, SampleConfig, Settings};
pub use sample::Sample;
