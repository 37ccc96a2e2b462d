use serde::{Deserialize, Serialize};

use super::State;

/// A device at one moment, as `GET /status` gives it. Instants are RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// What it is called in addresses and files.
    pub id: String,
    /// Device Name
    pub name: String,
    /// Always `JumpCloud` today.
    pub device_type: String,
    /// Where its events go: the CCE's address, or the sinks.
    pub cce: String,
    /// The organization.
    pub org_id: String,
    /// The provider whose key found the organization.
    pub provider: Option<String>,
    /// It is a provider itself: its organizations are devices of their own, and nothing is read for it.
    pub is_provider: bool,
    /// Of a provider: how many devices its key has found.
    pub organizations: u64,
    /// Whether it is read at all: not while it is paused or cannot be read.
    pub is_read: bool,
    /// How it is.
    pub state: State,
    /// `state` in a person's words, such as "Connected/Active".
    pub status: String,
    /// Since when.
    pub since: Option<String>,
    /// The newest event's time.
    pub last_event: Option<String>,
    /// When JumpCloud last answered.
    pub last_poll: Option<String>,
    /// What flowed.
    pub flow: Flow,
    /// Everything that happened before is delivered.
    pub complete_until: Option<String>,
    /// Seconds between then and now.
    pub lag_seconds: Option<u64>,
    /// Seconds until it has caught up, at the pace of the last minutes; None where it has, or cannot be said.
    pub caught_up_in_seconds: Option<u64>,
    /// What went wrong last.
    pub last_error: Option<Occurrence>,
    /// The key.
    pub key: Key,
}

/// What flowed through a device since the process started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Events read for the first time.
    pub events: u64,
    /// Events that were known and dropped.
    pub duplicates: u64,
    /// Events a second over the last minute.
    pub rate: f64,
    /// Over the last hour, or as long as it runs.
    pub average: f64,
    /// The most in ten seconds of the last hour, a second.
    pub maximum: f64,
}

/// A device's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Since when it is here.
    pub added: Option<String>,
    /// Days since then.
    pub age_days: Option<u64>,
    /// When it ends, where that is known.
    pub expires: Option<String>,
    /// Days until then, below nothing once it has ended.
    pub expires_in_days: Option<i64>,
}

/// Something that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Since when.
    pub since: String,
    /// When it was last seen.
    pub at: String,
    /// `unauthorized`, `rate_limited` and so on.
    pub kind: String,
    /// What it is and what to do about it.
    pub message: String,
    /// Since when it is over.
    pub over: Option<String>,
}
