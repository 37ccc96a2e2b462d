use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::Timestamp;

/// One event: its JSON text and the few facts that routing needs.
///
/// `body` is one JSON object without a line break. It is a slice of the page (or of the transform's output
/// buffer) it came in: cloning an event copies no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What routing needs to know.
    pub meta: Meta,
    /// The event's JSON text.
    pub body: Bytes,
}

/// The facts about an [`Event`] that travel beside its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The event's id at its source; after the `adr` transform, `metadata.uid`. Empty where there is none.
    pub id: ByteString,
    /// When it happened, if its source says so legibly.
    pub time: Option<Timestamp>,
    /// The tenant (JumpCloud organization) whose lane it came through.
    pub tenant: Arc<str>,
    /// The event type, such as `sso_auth`. Empty where there is none.
    pub kind: ByteString,
    /// OCSF severity.
    pub severity: Severity,
}

/// An OCSF `severity_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Severity {
    /// 0
    #[default]
    Unknown = 0,
    /// 1
    Informational = 1,
    /// 2
    Low = 2,
    /// 3
    Medium = 3,
    /// 4
    High = 4,
    /// 5
    Critical = 5,
    /// 6
    Fatal = 6,
    /// 99
    Other = 99,
}
