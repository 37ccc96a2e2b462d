use std::time::Duration;

/// What goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// 429 Too Many Requests.
    TooManyRequests(RetryAfter),
    /// 500 with a JSON body.
    InternalError,
    /// 502 with an HTML body.
    BadGateway,
    /// 503 with an HTML body.
    Unavailable(RetryAfter),
    /// 504 with an HTML body.
    GatewayTimeout,
    /// 400 as for a query that the API does not understand.
    BadRequest,
    /// 401, though the key is good.
    Unauthorized,
    /// 402, as where the plan has no Directory Insights.
    PaymentRequired,
    /// 403 with a JSON body.
    Forbidden,
    /// 403 with an HTML body, as a web application firewall sends it.
    Firewall,
    /// 307 to the same path below this base URL.
    Redirect(String),
    /// 200 with a page of HTML, as a captive portal sends it.
    NotJson,
    /// The connection breaks without an answer.
    Reset,
    /// So long before the status line.
    Delay(Duration),
    /// The body comes no faster than so many bytes a second.
    SlowBody(u64),
    /// The connection breaks after so many bytes of the body, or just before its end.
    Cut(u64),
    /// The JSON ends in its middle; the HTTP message is whole.
    Truncated,
    /// One element more that is no JSON, so that the page is none.
    Garbage,
    /// One element more that is a string.
    NotObject,
    /// One event more that has no id.
    NoId,
    /// 200, the headers of the page, and no body.
    EmptyBody,
    /// The page in reverse; its cursor is still that of its last row in order.
    Unsorted,
    /// So many blanks between the elements: the same page, but large.
    Oversized(u64),
    /// The right page with the cursor that was asked with.
    RepeatedCursor,
    /// `search_after` is not looked at: the first page again and again.
    Stuck,
    /// The cursor is refused with a 400.
    CursorsExpire,
    /// A header is missing.
    NoHeader(String),
    /// Header names in another case. Over HTTP, a server writes all names in lower case while this is on.
    HeaderCase(HeaderCase),
    /// The API key of the request is revoked for good.
    KeyDies,
    /// The bearer token of the request is revoked for good.
    TokenDies,
}

/// The `Retry-After` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// None.
    #[default]
    Absent,
    /// Whole seconds.
    Seconds(u64),
    /// An HTTP date so far ahead.
    Date(Duration),
}

/// How header names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderCase {
    /// `x-search_after`
    Lower,
    /// `X-SEARCH_AFTER`
    Upper,
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/events`
    Events,
    /// `/events/count`
    Count,
    /// `/events/distinct`
    Distinct,
    /// `/events/interval`
    Interval,
    /// `/oauth2/token`
    Token,
    /// Providers and organizations.
    Console,
}
