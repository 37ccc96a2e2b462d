//! What was read, held against the simulator's ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use adr_tests::kafka::Message;

/// An event: its tenant, and its id at JumpCloud.
pub(super) type Id = (String, String);

/// The event that a record carries, and its uid.
pub(super) fn identity(tenant: Option<&str>, payload: &[u8]) -> (Id, String) {
    let event: serde_json::Value = serde_json::from_slice(payload).expect("a record is a JSON object");
    let text = |name: &str| {
        let found = event["metadata"][name].as_str();
        found.unwrap_or_else(|| panic!("no metadata.{name} in {event}")).to_owned()
    };
    ((tenant.expect("a record has the header tenant").to_owned(), text("original_event_uid")), text("uid"))
}

#[derive(Debug)]
pub(super) struct Verdict {
    events: usize,
    records: usize,
    pub(super) missing: Vec<Id>,
    pub(super) strangers: Vec<Id>,
    /// Where each record of it is: partition, offset and time.
    pub(super) repeated: BTreeMap<String, Vec<(i32, i64, Option<i64>)>>,
}

impl Verdict {
    pub(super) fn new(ledger: &BTreeSet<Id>, messages: &[Message]) -> Self {
        let mut seen = BTreeSet::new();
        let mut by_uid: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for message in messages {
            let (id, uid) = identity(message.header("tenant"), &message.payload);
            by_uid.entry(uid).or_default().push((message.partition, message.offset, message.time_ms));
            seen.insert(id);
        }
        let uids = by_uid.len();
        assert_eq!(uids, seen.len(), "each event has one uid, and no two have the same");
        by_uid.retain(|_, places| places.len() > 1);
        Self {
            events: ledger.len(),
            records: messages.len(),
            missing: ledger.difference(&seen).cloned().collect(),
            strangers: seen.difference(ledger).cloned().collect(),
            repeated: by_uid,
        }
    }

    /// Some of what is wrong.
    pub(super) fn examples(&self) -> String {
        let (missing, strangers): (Vec<_>, Vec<_>) =
            (self.missing.iter().take(5).collect(), self.strangers.iter().take(5).collect());
        let repeated: Vec<_> = self.repeated.iter().take(5).collect();
        format!("{self}: missing {missing:?}, made up {strangers:?}, repeated {repeated:?}")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, records, missing, strangers, repeated } = self;
        let (missing, strangers, repeated) = (missing.len(), strangers.len(), repeated.len());
        write!(f, "{events} events, {records} records: {missing} missing, {repeated} repeated, {strangers} made up")
    }
}
