use serde::{Deserialize, Serialize};

use crate::devices::DeviceStatus;

/// What `GET /status` gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When it was true, RFC 3339 in UTC.
    pub at: String,
    /// Every device, by id.
    pub devices: Vec<DeviceStatus>,
}
