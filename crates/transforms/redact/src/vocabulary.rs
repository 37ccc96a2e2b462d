//! What no stranger has written: words of the mapping's own and of JumpCloud's, which `everywhere` leaves alone. Otherwise
//! whoever calls himself `user_login_attempt` or `Failure` would take these words out of his events, and with them what
//! others tell events apart by.

use crate::json::unescape;

/// What text stands around a string, and so which of its words are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    /// An event, as ADR has it or as JumpCloud does.
    Event,
    /// JumpCloud's text of it, in `raw_data`.
    Raw,
    /// Anything else.
    Other,
}

/// Where the kind stands, in an ADR event and in JumpCloud's own.
pub(crate) const KIND: [&[&str]; 2] = [&["metadata", "event_code"], &["event_type"]];

const FIXED: &[&[&str]] = &[
    &["class_name"],
    &["category_name"],
    &["activity_name"],
    &["type_name"],
    &["severity"],
    &["status"],
    &["auth_protocol"],
    &["logon_type"],
    &["auth_factors", "factor_type"],
    &["metadata", "version"],
    &["metadata", "product", "name"],
    &["metadata", "product", "vendor_name"],
    &["metadata", "log_name"],
    &["metadata", "log_version"],
    &["metadata", "profiles"],
    &["metadata", "labels"],
    &["user", "type"],
    &["actor", "user", "type"],
    &["device", "type"],
    &["entity", "type"],
    &["service"],
    &["@version"],
];

const FIXED_RAW: &[&[&str]] = &[&["service"], &["@version"], &["initiated_by", "type"], &["resource", "type"]];

impl Around {
    /// Whether what the keys lead to, as they are written, is a fixed word. `kind`: whether the kind is one.
    pub(crate) fn is_fixed<'a>(self, keys: impl Iterator<Item = &'a str> + Clone, kind: bool) -> bool {
        let is = |path: &&[&str]| keys.clone().map(unescape).eq(path.iter().copied());
        match self {
            Self::Event => FIXED.iter().any(&is) || (kind && KIND.iter().any(&is)),
            Self::Raw => FIXED_RAW.iter().any(&is) || (kind && is(&KIND[1])),
            Self::Other => false,
        }
    }

    /// What stands around the strings in a string to which the keys lead.
    pub(crate) fn inside<'a>(self, mut keys: impl Iterator<Item = &'a str>) -> Self {
        match (self, keys.next(), keys.next()) {
            (Self::Event, Some("raw_data"), None) => Self::Raw,
            _ => Self::Other,
        }
    }
}

/// Whether a member with this key, of an object that is redacted whole, has a word that is too common to be looked for
/// elsewhere.
pub(crate) fn is_common(key: &str) -> bool {
    FIXED.iter().chain(&KIND).any(|path| path.last() == Some(&key) && key != "name")
}
