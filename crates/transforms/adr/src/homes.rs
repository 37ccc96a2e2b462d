//! Where each leaf of a source event goes: the one table that mapping and rebuilding share.
//!
//! A leaf leaves `unmapped` only for its home: an attribute that holds it as it is written, and from which it can
//! be told back. Everything else that the mapping writes is a copy, whose source stays in `unmapped`.

use crate::json::Name;
use crate::labels::Label;
use crate::table::Shape;

/// A place in a source event.
pub(crate) type Path = &'static [Name];

/// An attribute that is the home of a source leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    /// Where the leaf stands in the source event.
    pub(crate) source: Path,
    /// The object that has the attribute, as a path in the ADR event; empty for the event itself.
    pub(crate) object: &'static str,
    /// The attribute.
    pub(crate) key: &'static str,
    /// It as it is written: `,"key":`.
    pub(crate) spelled: &'static str,
    pub(crate) accepts: Accepts,
    /// Another leaf, copied here where this one is missing. A leaf with the same text as its rival stays in
    /// `unmapped`, so that an attribute which equals the rival is known for a copy.
    pub(crate) rival: Option<Path>,
    /// Labels under which the attribute is filled from elsewhere.
    pub(crate) unless: &'static [Label],
}

/// Which leaves an attribute can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// A string that is not empty.
    Text,
    /// A string that is an IP address.
    Ip,
    /// A string that OCSF takes for an email address.
    Email,
    /// A number written as a float: `-84.0`, not `-84`.
    Float,
    /// A whole number of 64 bits.
    Integer,
    /// `true` or `false`.
    Bool,
    /// `"user"` as 1, `"admin"` as 2.
    UserType,
}

/// A home of that source, object, key and kind.
macro_rules! home {
    ($source:expr, $object:literal, $key:literal, $accepts:expr) => {
        Home {
            source: $source,
            object: $object,
            key: $key,
            spelled: concat!(",\"", $key, "\":"),
            accepts: $accepts,
            rival: None,
            unless: &[],
        }
    };
}

impl Home {
    const fn rival(self, rival: Path) -> Self {
        Self { rival: Some(rival), ..self }
    }

    const fn unless(self, unless: &'static [Label]) -> Self {
        Self { unless, ..self }
    }
}

use Accepts::{Bool, Email, Float, Integer, Ip, Text, UserType};
use Name as N;

// Every event.
pub(crate) static EVENT_CODE: Home = home!(&[N::EventType], "metadata", "event_code", Text);
pub(crate) static LOG_NAME: Home = home!(&[N::Service], "metadata", "log_name", Text);
pub(crate) static LOG_VERSION: Home = home!(&[N::VersionMark], "metadata", "log_version", Text);
pub(crate) static ORIGINAL_UID: Home = home!(&[N::Id], "metadata", "original_event_uid", Text);
pub(crate) static ORIGINAL_TIME: Home = home!(&[N::Timestamp], "metadata", "original_time", Text);
pub(crate) static TENANT: Home =
    home!(&[N::Organization], "metadata", "tenant_uid", Text).unless(&[Label::TenantFromLane]);
pub(crate) static MESSAGE: Home = home!(&[N::Message], "", "message", Text);
pub(crate) static STATUS_DETAIL: Home = home!(&[N::ErrorMessage], "", "status_detail", Text);

// What sets events of one cause together: the MDM command, or the correlation.
pub(crate) static CORRELATION: Home = home!(&[N::Correlation, N::Id], "metadata", "correlation_uid", Text);
pub(crate) static COMMAND: Home = home!(&[N::CommandUuid], "metadata", "correlation_uid", Text);

// Who did it, where the class has an actor.
pub(crate) static ACTOR_USER: [Home; 5] = [
    home!(&[N::InitiatedBy, N::Id], "actor.user", "uid", Text),
    home!(&[N::InitiatedBy, N::Username], "actor.user", "name", Text).rival(&[N::InitiatedBy, N::Email]),
    home!(&[N::InitiatedBy, N::Email], "actor.user", "email_addr", Email),
    home!(&[N::InitiatedBy, N::Name], "actor.user", "full_name", Text),
    home!(&[N::InitiatedBy, N::Type], "actor.user", "type_id", UserType),
];
pub(crate) static ACTOR_APP: Home = home!(&[N::InitiatedBy, N::Source], "actor", "app_name", Text);

// From where, where the class has a source endpoint.
pub(crate) static SRC_IP: Home = home!(&[N::ClientIp], "src_endpoint", "ip", Ip);
pub(crate) static SRC_HOST: [Home; 3] = [
    home!(&[N::AuthContext, N::System, N::Id], "src_endpoint", "uid", Text),
    home!(&[N::AuthContext, N::System, N::Hostname], "src_endpoint", "hostname", Text),
    home!(&[N::AuthContext, N::System, N::DisplayName], "src_endpoint", "name", Text),
];
pub(crate) static SRC_OS: [Home; 2] = [
    home!(&[N::Useragent, N::OsName], "src_endpoint.os", "name", Text).rival(&[N::UserAgent, N::OsName]),
    home!(&[N::Useragent, N::OsVersion], "src_endpoint.os", "version", Text).rival(&[N::UserAgent, N::OsVersion]),
];
/// A location needs one of these.
pub(crate) static SRC_PLACE: [Home; 4] = [
    home!(&[N::Geoip, N::CountryCode], "src_endpoint.location", "country", Text).rival(&[N::Geoip, N::CountryCode2]),
    home!(&[N::Geoip, N::RegionCode], "src_endpoint.location", "region", Text),
    home!(&[N::Geoip, N::City], "src_endpoint.location", "city", Text),
    home!(&[N::Geoip, N::PostalCode], "src_endpoint.location", "postal_code", Text),
];
pub(crate) static SRC_PLACE_MORE: [Home; 2] = [
    home!(&[N::Geoip, N::ContinentCode], "src_endpoint.location", "continent", Text),
    home!(&[N::Geoip, N::RegionName], "src_endpoint.location", "desc", Text),
];
pub(crate) static SRC_PLACE_POINT: [Home; 2] = [
    home!(&[N::Geoip, N::Latitude], "src_endpoint.location", "lat", Float),
    home!(&[N::Geoip, N::Longitude], "src_endpoint.location", "long", Float),
];
pub(crate) static SRC_AS: [Home; 2] = [
    home!(&[N::Asn, N::Organization], "src_endpoint.autonomous_system", "name", Text),
    home!(&[N::Asn, N::Number], "src_endpoint.autonomous_system", "number", Integer),
];

// Logons.
pub(crate) static IS_MFA: Home = home!(&[N::Mfa], "", "is_mfa", Bool);
pub(crate) static SSO_SERVICE: [Home; 2] = [
    home!(&[N::Application, N::Id], "service", "uid", Text),
    home!(&[N::Application, N::DisplayLabel], "service", "name", Text).rival(&[N::Application, N::Name]),
];
pub(crate) static SAAS_SERVICE: [Home; 2] = [
    home!(&[N::Resource, N::ApplicationId], "service", "uid", Text),
    home!(&[N::Resource, N::ApplicationName], "service", "name", Text).rival(&[N::CatalogAppId]),
];
pub(crate) static SAAS_USER: [Home; 2] = [
    home!(&[N::AccountId], "user", "uid", Text).unless(&[Label::UserFromActor]),
    home!(&[N::Username], "user", "name", Text).rival(&[N::LoginIdentifier]).unless(&[Label::UserFromActor]),
];
pub(crate) static RADIUS_USER: [Home; 1] =
    [home!(&[N::Username], "user", "name", Text).unless(&[Label::UserFromActor])];
pub(crate) static LDAP_USER: Home =
    home!(&[N::Username], "user", "name", Text).rival(&[N::Dn]).unless(&[Label::UserAnonymous]);
pub(crate) static LDAP_DN: Home = home!(&[N::Dn], "user.ldap_person", "ldap_dn", Text);
pub(crate) static DEVICE_USER: [Home; 2] = [
    home!(&[N::Resource, N::Id], "user", "uid", Text).unless(&[Label::UserFromActor]),
    home!(&[N::Username], "user", "name", Text).unless(&[Label::UserFromActor]),
];
pub(crate) static DEVICE_SRC_IP: Home = home!(&[N::SrcIp], "src_endpoint", "ip", Ip).rival(&[N::ClientIp]);
pub(crate) static DEVICE_DST: [Home; 3] = [
    home!(&[N::System, N::Id], "dst_endpoint", "uid", Text),
    home!(&[N::System, N::Hostname], "dst_endpoint", "hostname", Text),
    home!(&[N::System, N::DisplayName], "dst_endpoint", "name", Text),
];
pub(crate) static DEVICE_SERVICE: Home = home!(&[N::ProcessName], "service", "name", Text);

// Accounts, privileges, groups.
const USER_ELSEWHERE: &[Label] = &[Label::UserFromActor, Label::UserFromUsername];
pub(crate) static RESOURCE_USER: [Home; 5] = [
    home!(&[N::Resource, N::Id], "user", "uid", Text).unless(USER_ELSEWHERE),
    home!(&[N::Resource, N::Username], "user", "name", Text).rival(&[N::Resource, N::Email]).unless(USER_ELSEWHERE),
    home!(&[N::Resource, N::Email], "user", "email_addr", Email).unless(USER_ELSEWHERE),
    home!(&[N::Resource, N::Name], "user", "full_name", Text).unless(USER_ELSEWHERE),
    home!(&[N::Resource, N::Type], "user", "type_id", UserType).unless(USER_ELSEWHERE),
];
pub(crate) static ON_SYSTEM: [Home; 2] = [
    home!(&[N::System, N::Id], "resources.0", "uid", Text),
    home!(&[N::System, N::Hostname], "resources.0", "name", Text),
];
pub(crate) static GROUP: [Home; 2] = [
    home!(&[N::Resource, N::Id], "group", "uid", Text).unless(&[Label::EntityFallback]),
    home!(&[N::Resource, N::Name], "group", "name", Text).unless(&[Label::EntityFallback]),
];

// Entities.
const FALLBACK: &[Label] = &[Label::EntityFallback];
pub(crate) static COMMENT: Home = home!(&[N::Detail], "", "comment", Text);
pub(crate) static ENTITY: [Home; 2] = [
    home!(&[N::Resource, N::Id], "entity", "uid", Text).unless(FALLBACK),
    home!(&[N::Resource, N::Name], "entity", "name", Text).unless(FALLBACK),
];
pub(crate) static ENTITY_DEVICE: [Home; 2] = [
    home!(&[N::System, N::Id], "entity", "uid", Text).unless(FALLBACK),
    home!(&[N::System, N::Hostname], "entity", "name", Text).unless(FALLBACK),
];
pub(crate) static ENTITY_MDM: [Home; 1] = [home!(&[N::MdmDeviceId], "entity", "uid", Text).unless(FALLBACK)];
pub(crate) static ENTITY_REQUEST: [Home; 1] = [home!(&[N::AccessRequestId], "entity", "uid", Text).unless(FALLBACK)];
pub(crate) static ENTITY_CHANNEL: [Home; 1] = [home!(&[N::ChannelObjectId], "entity", "uid", Text).unless(FALLBACK)];

// Applications.
const UNNAMED: &[Label] = &[Label::ResourceFallback];
pub(crate) static WEB: [Home; 3] = [
    home!(&[N::Resource, N::Id], "web_resources.0", "uid", Text).unless(UNNAMED),
    home!(&[N::Resource, N::Name], "web_resources.0", "name", Text).unless(UNNAMED),
    home!(&[N::Resource, N::Type], "web_resources.0", "type", Text).unless(UNNAMED),
];
pub(crate) static OBJECT: [Home; 2] = [
    home!(&[N::ItemId], "web_resources.0", "uid", Text).unless(UNNAMED),
    home!(&[N::ItemName], "web_resources.0", "name", Text).unless(UNNAMED),
];
pub(crate) static SOFTWARE: [Home; 4] = [
    home!(&[N::Application, N::Name], "app", "name", Text),
    home!(&[N::Application, N::Version], "app", "version", Text),
    home!(&[N::Application, N::Publisher], "app", "vendor_name", Text),
    home!(&[N::Application, N::Path], "app", "path", Text),
];
pub(crate) static DEVICE: [Home; 3] = [
    home!(&[N::System, N::Id], "device", "uid", Text),
    home!(&[N::System, N::Hostname], "device", "hostname", Text),
    home!(&[N::System, N::DisplayName], "device", "name", Text),
];
pub(crate) static QUERY: Home = home!(&[N::Filter], "query_info", "query_string", Text);

// Findings and inventories.
pub(crate) static FINDING: [Home; 2] = [
    home!(&[N::Resource, N::Id], "finding_info", "uid", Text),
    home!(&[N::Resource, N::Name], "finding_info", "title", Text),
];
pub(crate) static FINDING_SOURCE: [Home; 2] = [
    home!(&[N::Resource, N::SourceId], "resources.0", "uid", Text),
    home!(&[N::Resource, N::SourceType], "resources.0", "type", Text),
];
pub(crate) static DISCOVERED: [Home; 2] = [
    home!(&[N::Resource, N::ApplicationId], "resources.0", "uid", Text),
    home!(&[N::Resource, N::ApplicationName], "resources.0", "name", Text).rival(&[N::CatalogAppId]),
];

/// The homes that hold for every event, the actor's and the endpoint's aside.
pub(crate) fn common() -> impl Iterator<Item = &'static Home> {
    [&EVENT_CODE, &LOG_NAME, &LOG_VERSION, &ORIGINAL_UID, &ORIGINAL_TIME, &TENANT, &MESSAGE, &STATUS_DETAIL].into_iter()
}

/// The homes in `actor`.
pub(crate) fn actor() -> impl Iterator<Item = &'static Home> {
    ACTOR_USER.iter().chain([&ACTOR_APP])
}

/// The homes in `src_endpoint`; `shape` says whose address it is.
pub(crate) fn endpoint(shape: Shape) -> impl Iterator<Item = &'static Home> {
    let ip = if shape == Shape::DeviceLogon { &DEVICE_SRC_IP } else { &SRC_IP };
    [ip].into_iter()
        .chain(&SRC_HOST)
        .chain(&SRC_OS)
        .chain(&SRC_PLACE)
        .chain(&SRC_PLACE_MORE)
        .chain(&SRC_PLACE_POINT)
        .chain(&SRC_AS)
}

/// The home of `metadata.correlation_uid`.
pub(crate) fn correlation(shape: Option<Shape>) -> &'static Home {
    if shape == Some(Shape::Mdm) { &COMMAND } else { &CORRELATION }
}

/// The homes that only events of this shape have.
pub(crate) fn shape(shape: Shape) -> Vec<&'static Home> {
    let groups: &[&'static [Home]] = match shape {
        Shape::Portal => &[],
        Shape::Sso => &[&SSO_SERVICE],
        Shape::Radius => &[&RADIUS_USER],
        Shape::LdapBind => &[],
        Shape::SaasLogon => &[&SAAS_SERVICE, &SAAS_USER],
        Shape::SaasAccount => &[&SAAS_USER],
        Shape::DeviceLogon => &[&DEVICE_USER, &DEVICE_DST],
        Shape::Account | Shape::AccountSelf => &[&RESOURCE_USER],
        Shape::Privilege => &[&RESOURCE_USER, &ON_SYSTEM],
        Shape::Group => &[&GROUP],
        Shape::Association | Shape::LdapSearch => &[],
        Shape::Entity => &[&ENTITY],
        Shape::Device => &[&ENTITY_DEVICE],
        Shape::Mdm => &[&ENTITY_MDM],
        Shape::AccessRequest => &[&ENTITY_REQUEST],
        Shape::Channel => &[&ENTITY_CHANNEL],
        Shape::Web => &[&WEB],
        Shape::Object => &[&OBJECT],
        Shape::Software => &[&SOFTWARE, &DEVICE],
        Shape::App => &[&DEVICE],
        Shape::Alert => &[&FINDING, &FINDING_SOURCE],
        Shape::Discovery => &[&DISCOVERED],
    };
    let alone: &[&'static Home] = match shape {
        Shape::Portal | Shape::Sso | Shape::Radius | Shape::SaasLogon => &[&IS_MFA],
        Shape::LdapBind => &[&IS_MFA, &LDAP_USER, &LDAP_DN],
        Shape::DeviceLogon => &[&IS_MFA, &DEVICE_SERVICE],
        Shape::LdapSearch => &[&QUERY],
        Shape::Entity | Shape::Device | Shape::Mdm | Shape::AccessRequest | Shape::Channel => &[&COMMENT],
        _ => &[],
    };
    groups.iter().copied().flatten().chain(alone.iter().copied()).collect()
}
