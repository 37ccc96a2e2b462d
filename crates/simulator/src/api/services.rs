use crate::knobs::AlertName;
use crate::{Directory, Knobs};

/// The services that a query may name, as documented.
pub const SERVICES: [&str; 22] = [
    "alerts",
    "all",
    "directory",
    "ldap",
    "mdm",
    "notifications",
    "object_storage",
    "password_manager",
    "password_vault",
    "radius",
    "reports",
    "saas_app_management",
    "software",
    "sso",
    "systems",
    "access_management",
    "asset_management",
    "workflows",
    "genai",
    "aigw",
    "ai_admin",
    "generic_di",
];

/// Which events a query's services cover.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Services {
    All,
    These(Vec<String>),
}

impl Services {
    /// `Err` is the message that lists what is valid.
    pub(super) fn of(names: &[String], knobs: &Knobs) -> Result<Self, String> {
        if names.is_empty() {
            return Err(format!("service is required; supported values: {}", supported(knobs)));
        }
        if let Some(unknown) = names.iter().find(|name| !is_supported(name, knobs)) {
            return Err(format!("Invalid service {unknown}; supported values: {}", supported(knobs)));
        }
        if names.iter().any(|name| name == "all") {
            return Ok(Self::All);
        }
        Ok(Self::These(names.iter().map(|name| canonical(name)).collect()))
    }

    pub(super) fn cover(&self, service: Option<&str>, knobs: &Knobs) -> bool {
        match self {
            Self::All => {
                knobs.not_in_all.is_empty() || !service.is_some_and(|own| knobs.not_in_all.iter().any(|n| n == own))
            }
            Self::These(names) => service.is_some_and(|own| names.iter().any(|name| is_same(name, own))),
        }
    }
}

/// In events a service may be spelt with a hyphen where queries have an underscore.
fn is_same(query: &str, event: &str) -> bool {
    query == event
        || (query.len() == event.len()
            && query.bytes().zip(event.bytes()).all(|(q, e)| q == e || (q == b'_' && e == b'-')))
}

fn canonical(name: &str) -> String {
    if name == "alert" { "alerts".to_owned() } else { name.to_owned() }
}

fn is_supported(name: &str, knobs: &Knobs) -> bool {
    names(knobs).any(|supported| supported == name)
}

fn supported(knobs: &Knobs) -> String {
    let mut all: Vec<&str> = names(knobs).collect();
    all.sort_unstable();
    all.join(", ")
}

fn names(knobs: &Knobs) -> impl Iterator<Item = &str> {
    let singular = matches!(knobs.alert_name, AlertName::Alert | AlertName::Both);
    let plural = matches!(knobs.alert_name, AlertName::Alerts | AlertName::Both);
    let documented = SERVICES.iter().copied().filter(move |name| plural || *name != "alerts");
    documented.chain(singular.then_some("alert")).chain(knobs.more_services.iter().map(String::as_str))
}

impl Directory {
    /// The services that a query may name now.
    pub fn services(&self) -> Vec<String> {
        names(&self.knobs).map(str::to_owned).collect()
    }
}
