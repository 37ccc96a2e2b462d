//! Words that the settings of more than one component are made of.

mod rate;
mod secret_ref;
mod size;
mod span;
mod text;

pub use rate::Rate;
pub use secret_ref::{SecretRef, Secrets};
pub use size::Size;
pub use span::Span;
