//! What the end-to-end tests share: the seeded simulation.
//!
//! One seed is one story: an API with its quirks, tenants with late and repeated events, sinks that fail, and a
//! process that is killed and started again. The real poller and the real runtime live through it on a paused
//! clock and one thread, so a story is the same every time it is told. See [`simulation::play`].

pub mod hosts;
pub mod kafka;
pub mod meter;
pub mod octets;
pub mod process;
pub mod receivers;
pub mod simulation;
