//! How the process ends: the exit codes, and the one map from what went wrong to them.

use std::process::ExitCode;

use adr_core::{Failure, FailureKind, Retry};

/// The exit codes, as sysexits.h has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// The command line is wrong.
    Usage = 64,
    /// Not all events are where they should be, or as they should be, or some are there twice.
    Incomplete = 65,
    /// The API or a destination cannot be reached.
    Unavailable = 69,
    /// A bug.
    Bug = 70,
    /// Something temporary; or the drain's deadline passed with data undelivered.
    Temporary = 75,
    /// A key was refused.
    Refused = 77,
    /// The configuration cannot work.
    Config = 78,
}

/// Why a command ends before its work is done, and what a person is told.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    /// Empty where everything has been said.
    pub(crate) message: String,
}

/// What a command ends with.
pub(crate) type Outcome = Result<(), Stop>;

impl Exit {
    /// The exit code for this kind of failure.
    pub(crate) fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Unauthorized
            | FailureKind::NotLicensed
            | FailureKind::Forbidden
            | FailureKind::WrongOrganization => Self::Refused,
            FailureKind::BadRequest | FailureKind::Config => Self::Config,
            FailureKind::Unreachable | FailureKind::Unavailable | FailureKind::Timeout | FailureKind::Protocol => {
                Self::Unavailable
            }
            FailureKind::RateLimited | FailureKind::Storage | FailureKind::Fenced => Self::Temporary,
            FailureKind::ReaderGone => Self::Ok,
            _ => Self::Bug,
        }
    }

    /// The exit code for a failure.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        match (failure.kind, failure.retry) {
            // A damaged or newer file stays so: starting again does not mend it.
            (FailureKind::Storage, Retry::Never) => Self::Config,
            (kind, _) => Self::of(kind),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Stop {
    /// An end with something to say.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// An end of which everything has been said.
    pub(crate) fn said(exit: Exit) -> Self {
        Self::new(exit, "")
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::new(Exit::of_failure(&failure), failure.message)
    }
}
