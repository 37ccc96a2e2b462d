//! Programs that start ours and read its standard output: a stand-in that does it as they do, and the real ones.

mod found;
mod real;
mod record;
mod stand_in;

pub use found::{Program, found};
pub use real::Real;
pub use record::{Line, Record, Seen, Stream};
pub use stand_in::{Farewell, Lines, Manners, StandIn, Stderr};
