//! What can go wrong, each on a switch.

mod kind;
mod list;
mod parse;
mod schedule;
mod seeded;
mod settings;
mod strike;

pub use kind::{Endpoint, FaultKind, HeaderCase, RetryAfter};
pub use list::{FaultInfo, list_of_faults};
pub use parse::{FaultSpec, ParseFaultError, Twist};
pub(crate) use schedule::Faults;
pub use schedule::{Fault, When};
