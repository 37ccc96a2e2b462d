/// A part of a shape: text as it stands, or a place to fill in.
#[derive(Debug)]
pub(super) enum Segment {
    Text(&'static str),
    Slot(Slot),
}

macro_rules! slots {
    ($($slot:ident $name:literal,)*) => {
        /// What a shape leaves to be filled in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Slot {
            $(#[doc = $name] $slot,)*
        }

        fn slot_named(name: &str) -> Option<Slot> {
            match name {
                $($name => Some(Slot::$slot),)*
                _ => None,
            }
        }
    };
}

slots! {
    Id "id",
    RadiusId "radius_id",
    Timestamp "timestamp",
    LocalTime "local_time",
    Organization "org",
    EventType "event_type",
    Service "service",
    Resource "resource",
    Provider "provider",
    ProviderId "provider_id",
    UserId "user.id",
    UserName "user.name",
    UserEmail "user.email",
    UserDisplay "user.display",
    OtherEmail "other.email",
    AdminId "admin.id",
    AdminEmail "admin.email",
    SystemId "system.id",
    SystemHost "system.host",
    SystemOs "system.os",
    SystemVersion "system.version",
    Serial "serial",
    AppId "app.id",
    AppName "app.name",
    AppLabel "app.label",
    AppType "app.type",
    PolicyId "policy.id",
    PolicyName "policy.name",
    Ip "ip",
    SourceIp "src_ip",
    Mac "mac",
    Geoip "geoip",
    Useragent "useragent",
    ObjectId "oid",
    Uuid "uuid",
    Secret64 "secret64",
    Sha256 "sha256",
    Number "number",
    Small "small",
    Bool "bool",
    Mfa "mfa",
    MfaType "mfa_type",
    AuthMethod "auth_method",
    AuthMethods "auth_methods",
    LdapMethod "ldap_method",
    Outcome "outcome",
    MaybeOutcome "maybe_outcome",
    SsoOutcome "sso_outcome",
    RadiusOutcome "radius_outcome",
    Eap "eap",
    EapOuter "eap_outer",
    Process "process",
    LogonType "logon_type",
    Scim "scim",
    Group "group",
    Changes "changes",
    SystemChanges "system_changes",
    AssociationOp "association.op",
    AssociationFrom "association.from",
    AssociationTo "association.to",
    SoftwareName "software.name",
    SoftwareId "software.id",
    SoftwareVersion "software.version",
    SoftwarePublisher "software.publisher",
    MdmRequest "mdm.request",
    MdmPayload "mdm.payload",
    MdmErrors "mdm.errors",
    MdmStatus "mdm.status",
    MdmResult "mdm.result",
    AlertSeverity "alert.severity",
    AlertStatus "alert.status",
}

/// Cuts a shape at its slots.
pub(super) fn segments(shape: &'static str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = shape;
    while let Some((text, tail)) = rest.split_once('<') {
        let (name, tail) = tail.split_once('>').expect("a slot ends with >");
        if !text.is_empty() {
            segments.push(Segment::Text(text));
        }
        segments.push(Segment::Slot(slot_named(name).expect("a shape names listed slots")));
        rest = tail;
    }
    segments.push(Segment::Text(rest));
    segments
}
