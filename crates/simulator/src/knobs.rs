use std::time::Duration;

use crate::random::Random;

/// How the API behaves where JumpCloud's documentation is silent or contradicts what was observed.
///
/// The default is the documented behaviour, else the likelier one. A client must be right either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knobs {
    /// Whether `start_time == end_time` is accepted (default) or a 400.
    pub start_may_equal_end: bool,
    /// Whether an event at exactly `end_time` is returned (default).
    pub end_inclusive: bool,
    /// Whether an `end_time` in the future is accepted (default) or a 400.
    pub future_end: bool,
    /// How `start_time` and `end_time` are compared with an event's timestamp.
    pub compare: Compare,
    /// What a `limit` above `max_limit` gives.
    pub oversized_limit: OversizedLimit,
    /// Rows without a `limit`; JumpCloud's is 1,000.
    pub default_limit: u64,
    /// The most rows a page has; JumpCloud's is 10,000.
    pub max_limit: u64,
    /// How far `skip + limit` may reach; an Elasticsearch back end stops at 10,000.
    pub skip_reach: u64,
    /// How the alerts service is called.
    pub alert_name: AlertName,
    /// Services beyond the documented ones.
    pub more_services: Vec<String>,
    /// Services (of events) that `all` does not cover.
    pub not_in_all: Vec<String>,
    /// `X-Search_after` on a page without rows.
    pub cursor_on_empty_page: EmptyPageCursor,
    /// A cursor older than this is refused.
    pub cursor_lifetime: Option<Duration>,
    /// Whether a cursor is refused with another query than the one that gave it.
    pub cursor_bound_to_query: bool,
    /// What `/events/distinct` answers.
    pub distinct_shape: DistinctShape,
    /// Whether a boolean value in a plain `search_term` is a 400 (default, as observed).
    pub refuse_boolean_terms: bool,
    /// Whether bodies are compressed for clients that accept gzip.
    pub gzip: bool,
    /// The status for an organization that the key does not administer: 400 (default) or 401.
    pub wrong_organization_status: u16,
    /// Whether `/events` takes several organizations in one comma-separated `x-org-id` (default: no, repeat it).
    pub comma_separated_organizations: bool,
    /// Events older than this are gone. JumpCloud keeps 90 days; by default the simulator keeps all.
    pub retention: Option<Duration>,
    /// Whether the token answer says `expires_in` (default).
    pub says_expires_in: bool,
}

/// How instants are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Both sides cut to the millisecond (default).
    Millis,
    /// To the nanosecond.
    Nanos,
}

/// What a limit above the maximum gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OversizedLimit {
    /// The default number of rows (documented).
    Default,
    /// The maximum.
    Clamp,
    /// A 400 (observed by one).
    Refuse,
}

/// How the alerts service is called in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertName {
    /// `alerts`, as the specification's enumeration says (default).
    Alerts,
    /// `alert`, as its prose says.
    Alert,
    /// Either.
    Both,
}

/// The cursor header of a page without rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPageCursor {
    /// The cursor of the request; none if it had none (default).
    Echo,
    /// No header.
    Absent,
    /// `[]`
    EmptyArray,
    /// `null`
    Null,
}

/// The shape of `/events/distinct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistinctShape {
    /// `{"buckets":[...],"doc_count_error_upper_bound":0,"sum_other_doc_count":0}` (documented, default).
    Buckets,
    /// `{"<field>":[...]}` (observed).
    ByField,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            start_may_equal_end: true,
            end_inclusive: true,
            future_end: true,
            compare: Compare::Millis,
            oversized_limit: OversizedLimit::Default,
            default_limit: 1_000,
            max_limit: 10_000,
            skip_reach: 10_000,
            alert_name: AlertName::Alerts,
            more_services: Vec::new(),
            not_in_all: Vec::new(),
            cursor_on_empty_page: EmptyPageCursor::Echo,
            cursor_lifetime: None,
            cursor_bound_to_query: false,
            distinct_shape: DistinctShape::Buckets,
            refuse_boolean_terms: true,
            gzip: true,
            wrong_organization_status: 400,
            comma_separated_organizations: false,
            retention: None,
            says_expires_in: true,
        }
    }
}

impl Knobs {
    /// One of the APIs that JumpCloud's might be, by seed: every unknown that a complete collector must bear
    /// is drawn. Left at their defaults: what would hide events (`retention`, `not_in_all`), the limits, and
    /// the names of services.
    pub fn seeded(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x6b6e_6f62);
        let lifetimes = [None, None, Some(Duration::from_secs(30)), Some(Duration::from_secs(600))];
        Self {
            start_may_equal_end: random.chance(0.5),
            end_inclusive: random.chance(0.5),
            future_end: random.chance(0.5),
            compare: [Compare::Millis, Compare::Nanos][random.index(2)],
            oversized_limit: [OversizedLimit::Default, OversizedLimit::Clamp, OversizedLimit::Refuse][random.index(3)],
            cursor_on_empty_page: [
                EmptyPageCursor::Echo,
                EmptyPageCursor::Absent,
                EmptyPageCursor::EmptyArray,
                EmptyPageCursor::Null,
            ][random.index(4)],
            cursor_lifetime: lifetimes[random.index(4)],
            cursor_bound_to_query: random.chance(0.5),
            distinct_shape: [DistinctShape::Buckets, DistinctShape::ByField][random.index(2)],
            gzip: random.chance(0.5),
            wrong_organization_status: [400, 401][random.index(2)],
            says_expires_in: random.chance(0.5),
            ..Self::default()
        }
    }
}
