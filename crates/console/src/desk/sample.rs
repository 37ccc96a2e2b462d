use serde::{Deserialize, Serialize};

/// The last event of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// As it came from JumpCloud.
    pub raw: String,
    /// As it went on to the sinks; None where it was discarded or rejected.
    pub mapped: Option<String>,
}
