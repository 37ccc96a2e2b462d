use std::fmt;

use adr_core::{SecretRef, Timestamp};
use serde::{Deserialize, Serialize};

use crate::words;

/// A device as its file has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the fields of a device, such as `device_name: Acme`")]
pub struct Device {
    /// The name of its file without `.yaml`: lower-case letters, digits, `-` and `_`.
    #[serde(skip)]
    pub id: String,
    /// Device Name
    #[serde(deserialize_with = "words::device_name")]
    pub device_name: String,
    /// CCE IP: an address, perhaps with a port.
    #[serde(default, deserialize_with = "words::cce_ip", skip_serializing_if = "Option::is_none")]
    pub cce_ip: Option<String>,
    /// Access ID / Username: blank for JumpCloud's API keys; the client id of a service account.
    #[serde(default, deserialize_with = "words::access_id", skip_serializing_if = "String::is_empty")]
    pub access_id: String,
    /// Where the Password / Secret Key is kept, as the file says it: see [`Folder::key_file`](crate::Folder::key_file).
    #[serde(serialize_with = "words::write_reference")]
    pub secret_key: SecretRef,
    /// Configuration JSON
    #[serde(default, skip_serializing_if = "Configuration::is_empty")]
    pub configuration: Configuration,
    /// `us`, `eu` or `in`, where it is said.
    #[serde(default, deserialize_with = "words::region", skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Another address of the API: a proxy or a simulator.
    #[serde(default, deserialize_with = "words::base_url", skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Since when and until when the key is good.
    #[serde(default, skip_serializing_if = "KeyTimes::is_empty")]
    pub key: KeyTimes,
    /// Whether it is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Set for a provider's key: a device for each of its organizations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

/// What the form's Configuration JSON says: `{ "org_id": "..." }`, as an object or as its text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The organization. Every device has one, but for a provider's, which has none.
    pub org_id: Option<String>,
    /// The text as it was pasted, where the file holds a text.
    pub(crate) text: Option<String>,
}

/// When a key was added and when it ends, where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`added` and `expires`")]
pub struct KeyTimes {
    /// When it was put there.
    #[serde(default, with = "words::time", skip_serializing_if = "Option::is_none")]
    pub added: Option<Timestamp>,
    /// When it ends: a time, or a date alone for its first instant in UTC.
    #[serde(default, with = "words::time", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl KeyTimes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which organizations of a provider become devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`include` and `exclude`")]
pub struct Provider {
    /// Only those (names or ids, `*` for any text); none: all.
    #[serde(default, deserialize_with = "words::patterns", skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Of these, all but those.
    #[serde(default, deserialize_with = "words::patterns", skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// The form as it is sent in; its secret comes beside it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewDevice {
    /// Device Name
    pub device_name: String,
    /// CCE IP; blank where the template delivers elsewhere.
    pub cce_ip: String,
    /// Access ID / Username
    pub access_id: String,
    /// Configuration JSON, as it was pasted.
    pub configuration: String,
    /// Region; blank is not said.
    pub region: String,
    /// Another address of the API; blank is none.
    pub base_url: String,
    /// When the key ends: a time or a date; blank where that is not known.
    pub key_expires: String,
    /// Set for a provider's key.
    pub provider: Option<Provider>,
}

/// Says which device it is and nothing that was filled in: somebody may have put the key into a wrong field.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("id", &self.id).field("paused", &self.paused).finish_non_exhaustive()
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configuration(..)")
    }
}

impl fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewDevice(..)")
    }
}
