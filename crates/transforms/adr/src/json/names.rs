//! The keys of JumpCloud events that the mapping reads, each with a number, so that finding a member is a
//! comparison of bytes and noticing a repeated key is a bit.

macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        /// A known key, or [`Name::Unknown`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "keys are named as they are")]
        #[repr(u8)]
        pub(crate) enum Name {
            $($name,)*
            /// Any other key.
            Unknown,
        }

        /// The known keys, by number.
        const KNOWN: &[(&str, Name)] = &[$(($text, Name::$name),)*];
    };
}

names! {
    AccessRequestId = "access_request_id",
    AccountId = "account_id",
    ApplicationId = "application_id",
    ApplicationName = "application_name",
    Application = "application",
    Asn = "asn",
    Association = "association",
    AuthContext = "auth_context",
    AuthMeta = "auth_meta",
    AuthMethod = "auth_method",
    AuthMethods = "auth_methods",
    CatalogAppId = "catalog_app_id",
    Category = "category",
    Changes = "changes",
    ChannelObjectId = "channel_object_id",
    City = "city",
    ClientIp = "client_ip",
    CommandUuid = "command_uuid",
    Connection = "connection",
    ContinentCode = "continent_code",
    Correlation = "correlation",
    CountryCode = "country_code",
    CountryCode2 = "country_code2",
    Detail = "detail",
    Device = "device",
    DeviceObjectId = "device_object_id",
    DisplayLabel = "display_label",
    DisplayName = "displayName",
    Dn = "dn",
    Email = "email",
    ErrorCode = "error_code",
    ErrorMessage = "error_message",
    EventType = "event_type",
    Field = "field",
    Filter = "filter",
    From = "from",
    Geoip = "geoip",
    Hostname = "hostname",
    Id = "id",
    InitiatedBy = "initiated_by",
    Latitude = "latitude",
    LoginIdentifier = "login_identifier",
    LogonType = "logon_type",
    Longitude = "longitude",
    MdmDeviceId = "mdm_device_id",
    Mech = "mech",
    Message = "message",
    Mfa = "mfa",
    Name = "name",
    Number = "number",
    ObjectId = "object_id",
    ItemId = "object_storage_item_object_id",
    ItemName = "object_storage_item_version_name",
    Op = "op",
    Organization = "organization",
    Os = "os",
    OsName = "os_name",
    OsVersion = "os_version",
    Path = "path",
    PostalCode = "postal_code",
    ProcessName = "process_name",
    Publisher = "publisher",
    RegionCode = "region_code",
    RegionName = "region_name",
    RequestType = "request_type",
    Resource = "resource",
    Service = "service",
    Severity = "severity",
    Source = "source",
    SourceId = "source_id",
    SourceType = "source_type",
    SrcIp = "src_ip",
    SsoTokenSuccess = "sso_token_success",
    SsoType = "sso_type",
    StartTls = "start_tls",
    Status = "status",
    Success = "success",
    System = "system",
    SystemGroup = "system_group",
    Timestamp = "timestamp",
    Timezone = "timezone",
    TlsEstablished = "tls_established",
    To = "to",
    Type = "type",
    Useragent = "useragent",
    UserAgent = "user_agent",
    Username = "username",
    Version = "version",
    VersionMark = "@version",
    WindowsDeviceUuid = "windows_device_uuid",
    WindowsMeta = "windows_meta",
    Workflow = "workflow",
    // Keys that every event has and nothing reads: known, so that they are cheap to tell apart.
    Build = "build",
    Major = "major",
    MfaMeta = "mfa_meta",
    Minor = "minor",
    OsFull = "os_full",
    OsMajor = "os_major",
    OsMinor = "os_minor",
    OsPatch = "os_patch",
    Patch = "patch",
    Provider = "provider",
}

/// The number of known keys.
pub(crate) const COUNT: usize = KNOWN.len();

const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

/// Under this seed no two known keys meet. With a new key that meets another, the program does not compile: try
/// other odd numbers.
const SEED: u32 = 0xBAAC_C33B;

/// Where each known key would stand.
static INDEX: [u8; SLOTS] = match index() {
    Some(index) => index,
    None => panic!("two known keys meet: choose another seed"),
};

impl Name {
    /// Its place in tables of [`COUNT`] entries.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The key as it stands in events.
    pub(crate) fn text(self) -> &'static str {
        KNOWN.get(self.index()).map_or("", |(text, _)| text)
    }

    /// The name of a key without escapes.
    #[inline(always)]
    pub(crate) fn of(key: &[u8]) -> Self {
        let entry = INDEX[hash(key)];
        let Some((text, name)) = KNOWN.get(usize::from(entry)) else { return Self::Unknown };
        if same(text.as_bytes(), key) { *name } else { Self::Unknown }
    }
}

/// Whether two keys are the same; most are short, and a call would cost more than the comparison.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        4..=8 => a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk::<4>(),
        9..=16 => a.first_chunk::<8>() == b.first_chunk::<8>() && a.last_chunk::<8>() == b.last_chunk::<8>(),
        _ => a == b,
    }
}

#[inline]
const fn hash(key: &[u8]) -> usize {
    let length = key.len();
    if length == 0 {
        return 0;
    }
    let bytes = [key[0], key[length / 2], key[length - 1], key[length * 3 / 4]];
    #[expect(clippy::cast_possible_truncation, reason = "keys are short, and a hash may lose what is above")]
    let sum = (u32::from_le_bytes(bytes) ^ (length as u32).wrapping_mul(0x9E37_79B9)).wrapping_mul(SEED);
    (sum >> 22) as usize
}

/// The index, if no two keys meet.
const fn index() -> Option<[u8; SLOTS]> {
    let mut slots = [EMPTY; SLOTS];
    let mut at = 0;
    while at < KNOWN.len() {
        let slot = hash(KNOWN[at].0.as_bytes());
        if slots[slot] != EMPTY {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "COUNT is at most 128, a test says so")]
        {
            slots[slot] = at as u8;
        }
        at += 1;
    }
    Some(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_key_is_found_and_no_other() {
        const { assert!(COUNT <= 128, "the tokenizer notices repeated keys in 128 bits") };
        for (at, (text, name)) in KNOWN.iter().enumerate() {
            assert_eq!(Name::of(text.as_bytes()), *name);
            assert_eq!((name.index(), name.text()), (at, *text));
        }
        for text in ["", "i", "ID", "idd", "__proto__", "geoip ", "event_typf", "\u{0}"] {
            assert_eq!(Name::of(text.as_bytes()), Name::Unknown, "{text}");
        }
    }
}
