use adr_core::SecretString;

/// The fields of ADR's Add-On Store form as they were filled in, with what JumpCloud needs besides. Nothing is checked yet.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Device Name
    pub device_name: String,
    /// CCE IP: an address, perhaps with a port.
    pub cce_ip: String,
    /// Access ID / Username: blank for JumpCloud's API keys; the client id of a service account.
    pub access_id: String,
    /// Password / Secret Key: write-only.
    pub secret_key: SecretString,
    /// Configuration JSON: `{ "org_id": "..." }`
    pub configuration: String,
    /// `us`, `eu` or `in`; blank is `us`.
    pub region: String,
    /// Another address of the API, such as a simulator's; blank is none.
    pub base_url: String,
    /// When the key ends, where that is known: a date or a time.
    pub key_expires: String,
    /// Whether it is a provider's key: a device is made of each of its organizations.
    pub provider: bool,
    /// Of a provider's organizations, only those (names or ids, `*` for any text); none: all.
    pub include: Vec<String>,
    /// Of these, all but those.
    pub exclude: Vec<String>,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Device Name
    DeviceName,
    /// CCE IP
    CceIp,
    /// Access ID / Username
    AccessId,
    /// Password / Secret Key
    SecretKey,
    /// Configuration JSON
    Configuration,
    /// Region
    Region,
    /// Another address of the API
    BaseUrl,
    /// Key expiry
    KeyExpires,
    /// Include or exclude
    Organizations,
}
