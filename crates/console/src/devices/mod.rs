//! Devices as ADR's Collection Status shows them: each is one JumpCloud organization that is collected for a CCE.

mod board;
mod history;
mod judge;
mod place;
mod state;
mod status;

pub use board::{Board, KeyFacts, Listing};
pub use history::{History, Point};
pub use state::State;
pub use status::{DeviceStatus, Flow, Key, Occurrence};
