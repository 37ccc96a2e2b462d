use std::collections::BTreeMap;

/// What a [`Directory`](crate::Directory) was asked and what it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All requests.
    pub requests: u64,
    /// Requests for a page of events.
    pub pages: u64,
    /// Events in the pages that went out, repeats included.
    pub events: u64,
    /// Tokens given.
    pub tokens: u64,
    /// Answers by HTTP status; 0 counts broken connections.
    pub by_status: BTreeMap<u16, u64>,
}
