//! The seeded simulation of whole lives of the program.

mod checks;
mod clock;
mod dead_letter;
mod life;
mod scenario;
mod sinks;
mod store;
mod story;
mod transactional;
mod transform;
mod transport;
mod watched;
mod world;

pub use life::{Summary, play};
