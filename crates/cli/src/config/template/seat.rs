use std::sync::Arc;

use adr_core::SecretRef;

use super::Values;
use crate::config::node::{Entry, Node, Place, Value};

/// A device as a pipeline has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The name of its file.
    pub(crate) id: String,
    /// Device Name
    pub(crate) device_name: String,
    /// CCE IP, with a port where that is said.
    pub(crate) cce: Option<String>,
    /// Access ID / Username: the client id of a service account; blank for an API key.
    pub(crate) access_id: String,
    /// Where the Password / Secret Key is.
    pub(crate) secret_key: SecretRef,
    /// The organization: the lane's name.
    pub(crate) org_id: Arc<str>,
    /// Where it is said.
    pub(crate) region: Option<String>,
    /// Another address of the API.
    pub(crate) base_url: Option<String>,
}

/// What the source has from its devices.
pub(super) const OF_DEVICES: &[&str] = &["tenants", "device_name", "secret_key", "service_account", "configuration"];

impl Seat {
    /// One that does not exist.
    pub(super) fn example() -> Self {
        Self {
            id: "example".into(),
            device_name: "Example".into(),
            cce: Some("192.0.2.1".into()),
            access_id: String::new(),
            secret_key: SecretRef::Env("EXAMPLE".into()),
            org_id: "example".into(),
            region: None,
            base_url: None,
        }
    }

    /// What a template may speak of. What the device does not have is not there.
    pub(super) fn values(&self) -> Values {
        let region = self.region.clone().unwrap_or_else(|| "us".to_owned());
        let all = [
            ("DEVICE_ID", Some(self.id.clone())),
            ("DEVICE_NAME", Some(harmless(&self.device_name))),
            ("DEVICE_ORG_ID", Some(self.org_id.to_string())),
            ("DEVICE_CCE", self.cce.clone()),
            ("DEVICE_REGION", Some(region)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A name as it may stand in a program or a path of the template. A provider's customers name themselves.
fn harmless(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || "\"'`\\/${}".contains(c) { '_' } else { c }).collect()
}

/// Whether each device has another value of it.
pub(super) fn is_unique(name: &str) -> bool {
    matches!(name, "DEVICE_ID" | "DEVICE_NAME" | "DEVICE_ORG_ID")
}

/// Whether there is such a value.
pub(super) fn is_value(name: &str) -> bool {
    is_unique(name) || matches!(name, "DEVICE_CCE" | "DEVICE_REGION")
}

/// The devices as the source's `tenants`.
pub(super) fn tenants(seats: &[Seat], place: &Place) -> Entry {
    let node = |value| Node { value, place: place.clone() };
    let entry = |key: &str, value| Entry { key: key.to_owned(), key_place: place.clone(), node: node(value) };
    let text = |key: &str, value: &str| entry(key, Value::Text(value.to_owned()));
    let tenant = |seat: &Seat| {
        let (kind, name) = match &seat.secret_key {
            SecretRef::Env(name) => ("env", name.clone()),
            SecretRef::File(path) => ("file", path.to_string_lossy().into_owned()),
            SecretRef::Credential(name) => ("credential", name.clone()),
        };
        let secret = Value::Table(vec![text(kind, &name)]);
        let mut fields = vec![text("device_name", &seat.device_name)];
        fields.push(match &*seat.access_id {
            "" => entry("secret_key", secret),
            id => entry("service_account", Value::Table(vec![text("client_id", id), entry("client_secret", secret)])),
        });
        fields.push(entry("configuration", Value::Table(vec![text("org_id", &seat.org_id)])));
        fields.extend(seat.region.as_ref().map(|region| text("region", region)));
        fields.extend(seat.base_url.as_ref().map(|url| text("base_url", url)));
        node(Value::Table(fields))
    };
    entry("tenants", Value::List(seats.iter().map(tenant).collect()))
}
