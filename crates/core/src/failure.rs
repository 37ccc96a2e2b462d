use std::fmt;
use std::time::Duration;

/// Why something did not work, and whether trying again can help.
///
/// Components never retry and never sleep: they return a `Failure` and the runtime does what [`Retry`] says.
/// The message names the thing, the place and the next step, in lower case without a full stop, and never
/// contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of thing went wrong: decides status and exit code.
    pub kind: FailureKind,
    /// When to try again.
    pub retry: Retry,
    /// What a person reads.
    pub message: String,
}

/// When a failed call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Trying again cannot help; the lane (or the stage) stops, and its status says why.
    Never,
    /// After a delay that grows with each failure in a row.
    BackOff,
    /// After at least this long, as the other side asked.
    After(Duration),
}

/// The kinds of failure that status, metrics and exit codes tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureKind {
    /// The key or token was refused (401).
    Unauthorized,
    /// The tenant's plan does not include the service (402).
    NotLicensed,
    /// Forbidden: role or address block (403).
    Forbidden,
    /// The key is good, and not for that organization.
    WrongOrganization,
    /// The other side calls the request wrong (400).
    BadRequest,
    /// Too many requests (429), or our own request budget.
    RateLimited,
    /// No connection: name, route, TLS or refused.
    Unreachable,
    /// The other side is in trouble (5xx).
    Unavailable,
    /// No answer in time.
    Timeout,
    /// An answer that breaks the protocol.
    Protocol,
    /// The configuration cannot work.
    Config,
    /// A local file, disk or database.
    Storage,
    /// The reader of our output has gone away.
    ReaderGone,
    /// Somebody else holds the lock, or has fenced us.
    Fenced,
    /// A panic or a broken invariant: a bug.
    Internal,
}

impl Failure {
    /// A failure that backs off.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, retry: Retry::BackOff, message: message.into() }
    }

    /// A failure that cannot be cured by trying again.
    pub fn fatal(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, retry: Retry::Never, message: message.into() }
    }

    /// The same failure, to be retried no sooner than after `delay`.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.retry = Retry::After(delay);
        self
    }

    /// The same failure, said about `place`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl FailureKind {
    /// The word for it in logs, status and metrics (`error_type`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NotLicensed => "not_licensed",
            Self::Forbidden => "forbidden",
            Self::WrongOrganization => "wrong_organization",
            Self::BadRequest => "bad_request",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Config => "config",
            Self::Storage => "storage",
            Self::ReaderGone => "reader_gone",
            Self::Fenced => "fenced",
            Self::Internal => "internal",
        }
    }
}
