use crate::Timestamp;

/// The only place that wall time comes from, so that a simulation can own it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}
