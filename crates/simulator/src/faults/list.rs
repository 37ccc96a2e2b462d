/// What a person needs to know to switch a fault on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultInfo {
    /// Its name.
    pub name: &'static str,
    /// Its own settings, with examples of values. Faults that strike answers also take `after=N`, `every=N`,
    /// `first=N`, `times=N`, `share=0.1`, `at=events` (or count, distinct, interval, token, console, any) and `org=ID`.
    pub example: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
}

const fn info(name: &'static str, example: &'static str, about: &'static str) -> FaultInfo {
    FaultInfo { name, example, about }
}

const FAULTS: &[FaultInfo] = &[
    info("429", "retry=5s", "429 Too Many Requests; Retry-After as seconds (retry=5s), as a date (date=5s), or none"),
    info("500", "", "500 with a JSON body"),
    info("502", "", "502 with an HTML body"),
    info("503", "date=5s", "503 with an HTML body; Retry-After as for 429"),
    info("504", "", "504 with an HTML body"),
    info("400", "", "400, as for a query that is not understood"),
    info("401", "at=token,first=1", "401, though the key or the client is good"),
    info("402", "", "402, as where Directory Insights is not enabled"),
    info("403", "", "403 with a JSON body"),
    info("firewall", "", "403 with an HTML body, as a firewall sends it"),
    info("redirect", "to=http://elsewhere.example.com", "307 to another host"),
    info("not-json", "", "200 with a page of HTML"),
    info("reset", "every=5", "the connection breaks without an answer"),
    info("delay", "by=2s", "so long before the status line"),
    info("hang", "", "no answer for a day"),
    info("slow", "rate=10kB", "the body comes at so many bytes a second"),
    info("cut", "at-byte=4096", "the connection breaks after so many bytes of the body"),
    info("truncated", "", "the JSON ends in its middle"),
    info("garbage", "", "one element more that is no JSON"),
    info("not-object", "", "one element more that is a string"),
    info("no-id", "", "one event more that has no id"),
    info("empty-body", "", "200 without a body"),
    info("unsorted", "", "the page in reverse order"),
    info("oversized", "size=100MB", "the page blown up by blanks"),
    info("repeated-cursor", "", "the cursor that was asked with comes back"),
    info("stuck", "", "search_after is not looked at"),
    info("cursors-expire", "every=7", "the cursor is refused with a 400"),
    info("no-header", "name=X-Search_after", "a header is missing"),
    info("header-case", "to=lower", "header names in lower or upper case"),
    info("key-dies", "after=100,times=1", "the key of the request is revoked for good"),
    info("token-dies", "after=100,times=1", "the token of the request is revoked for good"),
    info("late", "share=0.01,by=1h", "a share of events becomes visible late"),
    info("latency", "by=10s", "every event becomes visible so much later"),
    info("duplicates", "share=0.01", "a share of events comes as two rows"),
    info("future", "share=0.001,by=1h", "the last events carry timestamps ahead of their time"),
    info("burst", "size=2000,every=20000", "of so many events, so many happen in one millisecond"),
    info("large", "share=0.001", "a share of events is 76 KB long"),
    info("unknown-types", "share=0.01", "a share of events has a type that nobody documented"),
];

/// Every fault that [`FaultSpec`](crate::FaultSpec) can be parsed to.
pub fn list_of_faults() -> &'static [FaultInfo] {
    FAULTS
}
