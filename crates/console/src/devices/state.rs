use serde::{Deserialize, Serialize};

/// How a device is. Where several are true the one that stands first here is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A person wants no more to be read.
    Paused,
    /// JumpCloud refuses a key that it took before, or whose end is known and gone by.
    KeyExpiredOrRevoked,
    /// JumpCloud refuses the key.
    AuthenticationFailed,
    /// The key does not read that organization.
    OrganizationMismatch,
    /// The organization has no Directory Insights (402).
    NotLicensed,
    /// JumpCloud asks for fewer requests.
    RateLimited,
    /// JumpCloud does not answer, or is in trouble.
    Unreachable,
    /// What was read cannot be delivered.
    CceUnreachable,
    /// Something else is wrong, and the error says what.
    Failed,
    /// It works, and has not reached the present yet.
    CatchingUp,
    /// It works, and events came in the last minutes.
    Active,
    /// It works, and there is nothing new.
    Idle,
    /// Nothing was asked yet.
    #[default]
    Starting,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Paused,
        Self::KeyExpiredOrRevoked,
        Self::AuthenticationFailed,
        Self::OrganizationMismatch,
        Self::NotLicensed,
        Self::RateLimited,
        Self::Unreachable,
        Self::CceUnreachable,
        Self::Failed,
        Self::CatchingUp,
        Self::Active,
        Self::Idle,
        Self::Starting,
    ];

    /// As `GET /status` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::KeyExpiredOrRevoked => "key_expired_or_revoked",
            Self::AuthenticationFailed => "authentication_failed",
            Self::OrganizationMismatch => "organization_mismatch",
            Self::NotLicensed => "not_licensed",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::CceUnreachable => "cce_unreachable",
            Self::Failed => "failed",
            Self::CatchingUp => "catching_up",
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Starting => "starting",
        }
    }

    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Paused => "Paused",
            Self::KeyExpiredOrRevoked => "Key expired or revoked",
            Self::AuthenticationFailed => "Authentication failed",
            Self::OrganizationMismatch => "Organization mismatch",
            Self::NotLicensed => "Not licensed (402)",
            Self::RateLimited => "Rate limited",
            Self::Unreachable => "Unreachable",
            Self::CceUnreachable => "CCE unreachable",
            Self::Failed => "Failed",
            Self::CatchingUp => "Catching up",
            Self::Active => "Connected/Active",
            Self::Idle => "Connected/Idle",
            Self::Starting => "Starting",
        }
    }

    /// Whether somebody has to do something.
    pub fn is_trouble(self) -> bool {
        !matches!(self, Self::Paused | Self::CatchingUp | Self::Active | Self::Idle | Self::Starting)
    }
}
