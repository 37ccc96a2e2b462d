//! The attributes of ADR events, in the order in which a record has them, and where each form has a key of its own
//! dictionary for one.
//!
//! All attributes of the schema are here (a test holds it against them), each of one kind. So what stands under a
//! key can be told back exactly: whatever is not of this table, or not of its kind, is carried as JSON elsewhere.

/// An attribute.
#[derive(Debug)]
pub(super) struct Attribute {
    /// Its place in an event, keys joined by dots.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// Keys of CEF's dictionary, the first that can hold the value counts; none can: a key made from the path.
    pub(super) cef: &'static [Place],
    /// The same of LEEF.
    pub(super) leef: &'static [Place],
    /// The name in the flat form; empty for the path itself. With a dot: a member of an object.
    pub(super) flat: &'static str,
}

/// What an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    /// An array: written as JSON.
    List,
    /// An object with names of somebody else's: written as JSON.
    Open,
}

/// A key of a form's dictionary.
#[derive(Debug)]
pub(super) struct Place {
    /// The key with its `=`, and before it what else must stand there.
    pub(super) key: &'static str,
    pub(super) holds: Holds,
}

/// Which values a dictionary's key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// At most so many characters. Bytes are counted: never too few.
    Text(usize),
    Ip4,
    Ip6,
    Ip,
    /// Milliseconds since 1970; not 0, which says that the time is not known.
    Millis,
    /// The same in 13 digits; in fewer, a reader of LEEF takes it for seconds or for nothing.
    Millis13,
}

impl Holds {
    /// Whether the value may stand there.
    pub(super) fn takes(self, value: &[u8]) -> bool {
        let digits = || !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = || std::str::from_utf8(value).unwrap_or_default();
        match self {
            Self::Text(limit) => value.len() <= limit,
            Self::Ip4 => text().parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Ip6 => text().parse::<std::net::Ipv6Addr>().is_ok(),
            Self::Ip => text().parse::<std::net::IpAddr>().is_ok(),
            Self::Millis => digits() && value.len() <= 15 && value != b"0",
            Self::Millis13 => digits() && value.len() == 13,
        }
    }
}

impl Attribute {
    const fn cef(self, places: &'static [Place]) -> Self {
        Self { cef: places, ..self }
    }

    const fn leef(self, places: &'static [Place]) -> Self {
        Self { leef: places, ..self }
    }

    const fn flat(self, name: &'static str) -> Self {
        Self { flat: name, ..self }
    }
}

const fn of(path: &'static str, kind: Kind) -> Attribute {
    Attribute { path, kind, cef: &[], leef: &[], flat: "" }
}

const fn text(path: &'static str) -> Attribute {
    of(path, Kind::Text)
}

const fn number(path: &'static str) -> Attribute {
    of(path, Kind::Number)
}

const fn place(key: &'static str, holds: Holds) -> Place {
    Place { key, holds }
}

use Holds::{Ip, Ip4, Ip6, Millis, Millis13, Text};

/// The length that most texts of CEF's dictionary may have.
const LONG: Holds = Text(1023);

/// All attributes.
pub(super) static ATTRIBUTES: [Attribute; 126] = [
    // What most readers look for first.
    number("time").cef(&[place("rt=", Millis)]).leef(&[place("devTime=", Millis13)]).flat("timestamp"),
    text("metadata.uid").cef(&[place("externalId=", Text(40))]).flat("event_id"),
    text("metadata.tenant_uid").cef(&[place("cs1Label=Tenant cs1=", Text(4000))]).flat("tenant_id"),
    text("metadata.event_code").cef(&[place("cs2Label=Event Type cs2=", Text(4000))]).flat("event_type_name"),
    text("class_name").cef(&[place("cat=", LONG)]).leef(&[place("cat=", LONG)]).flat("event_category"),
    text("metadata.product.name").flat("source_data_type"),
    text("metadata.log_name").cef(&[place("sourceServiceName=", LONG)]),
    text("activity_name").cef(&[place("act=", Text(63))]),
    text("status").cef(&[place("outcome=", Text(63))]),
    text("status_detail").cef(&[place("reason=", LONG)]),
    text("message").cef(&[place("msg=", LONG)]),
    text("src_endpoint.ip")
        .cef(&[place("src=", Ip4), place("c6a2Label=Source IPv6 Address c6a2=", Ip6)])
        .leef(&[place("src=", Ip)])
        .flat("src_ip"),
    text("src_endpoint.hostname").cef(&[place("shost=", LONG)]).flat("src_host_name"),
    text("src_endpoint.location.country")
        .cef(&[place("cs4Label=Source Country cs4=", Text(4000))])
        .flat("src_geolite.country"),
    text("src_endpoint.location.region").flat("src_geolite.region"),
    text("src_endpoint.location.city").flat("src_geolite.city"),
    text("src_endpoint.location.postal_code").flat("src_geolite.postal_code"),
    text("src_endpoint.location.continent").flat("src_geolite.continent"),
    text("src_endpoint.location.desc").flat("src_geolite.desc"),
    number("src_endpoint.location.lat").flat("src_geolite.lat"),
    number("src_endpoint.location.long").flat("src_geolite.long"),
    text("dst_endpoint.ip")
        .cef(&[place("dst=", Ip4), place("c6a3Label=Destination IPv6 Address c6a3=", Ip6)])
        .leef(&[place("dst=", Ip)]),
    text("dst_endpoint.hostname").cef(&[place("dhost=", LONG)]).leef(&[place("resource=", LONG)]),
    text("user.name").cef(&[place("duser=", LONG)]).leef(&[place("accountName=", Text(255))]),
    text("user.uid").cef(&[place("duid=", LONG)]),
    text("actor.user.name").cef(&[place("suser=", LONG)]),
    text("actor.user.uid").cef(&[place("suid=", LONG)]),
    text("service.name").cef(&[place("destinationServiceName=", LONG)]),
    text("auth_protocol").cef(&[place("app=", Text(31))]),
    text("device.hostname").cef(&[place("dvchost=", Text(100))]),
    text("device.uid").cef(&[place("deviceExternalId=", Text(255))]),
    text("group.uid").leef(&[place("groupID=", LONG)]),
    text("metadata.correlation_uid").cef(&[place("cs3Label=Correlation ID cs3=", Text(4000))]),
    // The envelope.
    number("class_uid"),
    number("category_uid"),
    number("activity_id"),
    number("type_uid"),
    number("severity_id"),
    text("severity"),
    number("status_id"),
    text("metadata.version"),
    text("metadata.product.vendor_name"),
    text("metadata.original_event_uid"),
    text("metadata.original_time"),
    text("metadata.log_version"),
    of("metadata.profiles", Kind::List),
    of("metadata.labels", Kind::List),
    // Who.
    text("actor.user.email_addr"),
    text("actor.user.full_name"),
    number("actor.user.type_id"),
    text("actor.user.type"),
    text("actor.user.ldap_person.ldap_dn"),
    text("actor.app_name"),
    text("user.email_addr"),
    text("user.full_name"),
    number("user.type_id"),
    text("user.type"),
    text("user.ldap_person.ldap_dn"),
    // Where.
    text("src_endpoint.uid"),
    text("src_endpoint.name"),
    of("src_endpoint.intermediate_ips", Kind::List),
    text("src_endpoint.os.name"),
    text("src_endpoint.os.version"),
    number("src_endpoint.os.type_id"),
    text("src_endpoint.autonomous_system.name"),
    number("src_endpoint.autonomous_system.number"),
    text("dst_endpoint.uid"),
    text("dst_endpoint.name"),
    of("dst_endpoint.intermediate_ips", Kind::List),
    text("dst_endpoint.location.country"),
    text("dst_endpoint.location.region"),
    text("dst_endpoint.location.city"),
    text("dst_endpoint.location.postal_code"),
    text("dst_endpoint.location.continent"),
    text("dst_endpoint.location.desc"),
    number("dst_endpoint.location.lat"),
    number("dst_endpoint.location.long"),
    text("dst_endpoint.os.name"),
    text("dst_endpoint.os.version"),
    number("dst_endpoint.os.type_id"),
    text("dst_endpoint.autonomous_system.name"),
    number("dst_endpoint.autonomous_system.number"),
    text("device.name"),
    number("device.type_id"),
    // What.
    text("service.uid"),
    number("auth_protocol_id"),
    of("auth_factors", Kind::List),
    number("logon_type_id"),
    text("logon_type"),
    of("is_mfa", Kind::Flag),
    of("is_cleartext", Kind::Flag),
    text("entity.uid"),
    text("entity.name"),
    number("entity.type_id"),
    text("entity.type"),
    text("entity.org.uid"),
    text("comment"),
    of("privileges", Kind::List),
    text("group.name"),
    text("subgroup.uid"),
    text("subgroup.name"),
    text("resource.uid"),
    text("resource.name"),
    text("resource.type"),
    of("resources", Kind::List),
    of("web_resources", Kind::List),
    text("app.name"),
    text("app.version"),
    text("app.vendor_name"),
    text("app.path"),
    text("database.name"),
    number("database.type_id"),
    text("database.type"),
    text("query_info.name"),
    text("query_info.query_string"),
    number("type_id"),
    text("type"),
    text("finding_info.uid"),
    text("finding_info.title"),
    of("finding_info.types", Kind::List),
    text("finding_info.analytic.uid"),
    number("finding_info.analytic.type_id"),
    text("finding_info.analytic.type"),
    of("is_alert", Kind::Flag),
    // The source's own words.
    text("raw_data"),
    of("unmapped", Kind::Open),
];

/// The numbers of attributes that the forms speak of by name.
pub(super) mod id {
    use super::ATTRIBUTES;

    pub(crate) const TIME: usize = number("time");
    pub(crate) const UID: usize = number("metadata.uid");
    pub(crate) const TENANT: usize = number("metadata.tenant_uid");
    pub(crate) const EVENT_CODE: usize = number("metadata.event_code");
    pub(crate) const CLASS_UID: usize = number("class_uid");
    pub(crate) const CLASS_NAME: usize = number("class_name");
    pub(crate) const ACTIVITY_NAME: usize = number("activity_name");
    pub(crate) const SEVERITY_ID: usize = number("severity_id");
    pub(crate) const VENDOR: usize = number("metadata.product.vendor_name");
    pub(crate) const PRODUCT: usize = number("metadata.product.name");
    pub(crate) const USER_NAME: usize = number("user.name");
    pub(crate) const ACTOR_NAME: usize = number("actor.user.name");

    /// Sought when the program is compiled: a path that is not in the table does not compile.
    const fn number(path: &str) -> usize {
        let mut at = 0;
        while at < ATTRIBUTES.len() {
            if same(ATTRIBUTES[at].path.as_bytes(), path.as_bytes()) {
                return at;
            }
            at += 1;
        }
        panic!("no such attribute")
    }

    const fn same(a: &[u8], b: &[u8]) -> bool {
        let mut at = 0;
        while at < a.len() && at < b.len() && a[at] == b[at] {
            at += 1;
        }
        at == a.len() && at == b.len()
    }
}
