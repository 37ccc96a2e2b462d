use adr_core::Timestamp;

use super::cast::{Cast, Person, System};
use super::shapes::Precision;
use super::slots::{Segment, Slot};
use super::table::{Kind, Shape};
use super::words as w;
use super::{clock, ids};
use crate::random::{Random, hex16, object_id, uuid};

/// Everything that one event is made of.
pub(super) struct Scene<'a> {
    pub(super) cast: &'a Cast,
    pub(super) kind: &'a Kind,
    pub(super) precision: Precision,
    pub(super) time: Timestamp,
    pub(super) organization: &'a str,
    pub(super) identity: u64,
    pub(super) random: Random,
    user: &'a Person,
    admin: &'a Person,
    system: &'a System,
    pick: usize,
    succeeded: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        cast: &'a Cast,
        kind: &'a Kind,
        precision: Precision,
        time: Timestamp,
        organization: &'a str,
        identity: u64,
    ) -> Self {
        let mut random = Random::new(identity);
        let user = &cast.users[random.index(cast.users.len())];
        let admin = &cast.admins[random.index(cast.admins.len())];
        let system = &cast.systems[random.index(cast.systems.len())];
        let pick = random.index(5040);
        let succeeded = !random.chance(0.07);
        Self { cast, kind, precision, time, organization, identity, random, user, admin, system, pick, succeeded }
    }

    pub(super) fn write(&mut self, shape: &Shape, out: &mut Vec<u8>) {
        for segment in &shape.segments {
            match segment {
                Segment::Text(text) => out.extend_from_slice(text.as_bytes()),
                Segment::Slot(slot) => self.fill(*slot, out),
            }
        }
    }

    fn fill(&mut self, slot: Slot, out: &mut Vec<u8>) {
        match slot {
            Slot::Organization => put(out, self.organization),
            Slot::EventType => put(out, self.kind.event_type),
            Slot::Service => put(out, self.kind.service),
            Slot::Resource => put(out, self.kind.resource),
            Slot::UserId => out.extend_from_slice(&self.user.id),
            Slot::UserName => put(out, &self.user.name),
            Slot::UserEmail => put(out, &self.user.email),
            Slot::UserDisplay => put(out, &self.user.display),
            Slot::OtherEmail => put(out, &self.cast.users[self.pick % self.cast.users.len()].email),
            Slot::AdminId => out.extend_from_slice(&self.admin.id),
            Slot::AdminEmail => put(out, &self.admin.email),
            Slot::SystemId => out.extend_from_slice(&self.system.id),
            Slot::SystemHost => put(out, &self.system.host),
            Slot::SystemOs => put(out, self.system.os),
            Slot::SystemVersion => put(out, self.system.version),
            Slot::Serial => put(out, &self.system.serial),
            Slot::ProviderId => out.extend_from_slice(&self.cast.provider),
            Slot::Geoip => put(out, &self.cast.places[self.user.place].geoip),
            Slot::PolicyId | Slot::PolicyName | Slot::AppId | Slot::AppName | Slot::AppLabel | Slot::AppType => {
                self.named(slot, out);
            }
            Slot::Id
            | Slot::RadiusId
            | Slot::ObjectId
            | Slot::Uuid
            | Slot::Secret64
            | Slot::Sha256
            | Slot::Timestamp
            | Slot::LocalTime
            | Slot::Ip
            | Slot::SourceIp
            | Slot::Mac
            | Slot::Number
            | Slot::Small => self.number(slot, out),
            Slot::Outcome | Slot::MaybeOutcome | Slot::SsoOutcome | Slot::RadiusOutcome => self.outcome(slot, out),
            Slot::MdmRequest | Slot::MdmPayload | Slot::MdmErrors | Slot::MdmStatus | Slot::MdmResult => {
                self.mdm(slot, out);
            }
            Slot::Changes | Slot::SystemChanges => self.changes(slot, out),
            other => put(out, self.word(other)),
        }
    }

    fn named(&self, slot: Slot, out: &mut Vec<u8>) {
        let policy = &self.cast.policies[self.pick % self.cast.policies.len()];
        let application = &self.cast.applications[self.pick % self.cast.applications.len()];
        match slot {
            // A policy that applies to all has an empty id.
            Slot::PolicyId if self.pick.is_multiple_of(self.cast.policies.len()) => {}
            Slot::PolicyId => out.extend_from_slice(&policy.id),
            Slot::PolicyName => put(out, policy.name),
            Slot::AppId => out.extend_from_slice(&application.id),
            Slot::AppName => put(out, application.name),
            Slot::AppLabel => put(out, application.label),
            _ => put(out, application.kind),
        }
    }

    fn number(&mut self, slot: Slot, out: &mut Vec<u8>) {
        let seconds = u32::try_from(self.time.as_millis() / 1000).unwrap_or(0);
        match slot {
            Slot::Id => out.extend_from_slice(&object_id(seconds, self.identity)),
            Slot::RadiusId => out.extend_from_slice(&ids::upper_uuid(self.identity)),
            Slot::ObjectId => out.extend_from_slice(&object_id(0x6000_0000 | (self.pick as u32), self.random.next())),
            Slot::Uuid => out.extend_from_slice(&uuid(self.random.next(), self.identity)),
            Slot::Secret64 => {
                out.extend_from_slice(
                    &self.random.text::<20>(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"),
                );
                out.extend_from_slice(&hex16(self.random.next()));
                out.extend_from_slice(b"dzN0k1c=");
            }
            Slot::Sha256 => (0..4).for_each(|_| out.extend_from_slice(&hex16(self.random.next()))),
            Slot::Timestamp => clock::write(self.time, self.precision, out),
            Slot::LocalTime => clock::write(self.time, Precision::Seconds, out),
            Slot::Ip => {
                put(out, self.cast.places[self.user.place].network);
                ids::decimal(1 + self.random.below(254), out);
            }
            Slot::SourceIp => {
                put(out, "203.0.113.");
                ids::decimal(1 + self.random.below(254), out);
            }
            Slot::Mac => {
                let digits = hex16(self.random.next());
                // 00-00-5E-00-53-xx is the range kept for documentation (RFC 7042).
                put(out, "00-00-5E-00-53-");
                out.extend_from_slice(&digits[..2]);
            }
            Slot::Number => ids::decimal(100 + self.random.below(900), out),
            _ => ids::decimal(self.random.below(10), out),
        }
    }

    fn outcome(&mut self, slot: Slot, out: &mut Vec<u8>) {
        let error = w::ERRORS[self.pick % w::ERRORS.len()];
        match slot {
            Slot::MaybeOutcome if self.pick.is_multiple_of(4) => {}
            Slot::Outcome | Slot::MaybeOutcome if self.succeeded => put(out, "\"success\":true,"),
            Slot::Outcome | Slot::MaybeOutcome => {
                put(out, "\"success\":false,\"error_message\":\"");
                put(out, error);
                put(out, "\",");
            }
            Slot::SsoOutcome if self.pick.is_multiple_of(23) => put(out, "\"sso_token_success\":false"),
            Slot::SsoOutcome if self.succeeded => put(out, "\"error_message\":\"\",\"sso_token_success\":true"),
            Slot::SsoOutcome => {
                put(out, "\"error_message\":\"");
                put(out, error);
                put(out, "\",\"sso_token_success\":false");
            }
            _ if self.succeeded => put(out, "\"success\":true,\"error_message\":null"),
            _ => {
                put(out, "\"success\":false,\"error_message\":\"");
                put(out, w::RADIUS_ERRORS[self.pick % w::RADIUS_ERRORS.len()]);
                out.push(b'"');
            }
        }
    }

    fn mdm(&mut self, slot: Slot, out: &mut Vec<u8>) {
        let (request, result) = w::MDM[self.pick % w::MDM.len()];
        match slot {
            Slot::MdmRequest => put(out, request),
            Slot::MdmPayload if request == "InstallProfile" => {
                put(out, ",\"payload\":\"PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0iVVRGLTgiPz4K");
                for _ in 0..40 {
                    out.extend_from_slice(&hex16(self.random.next()));
                }
                out.push(b'"');
            }
            Slot::MdmPayload => {}
            Slot::MdmErrors if self.succeeded => put(out, "null"),
            Slot::MdmErrors => put(
                out,
                r#"[{"error_code":12021,"error_domain":"MCMDMErrorDomain","localized_description":"Unbekannter Befehl","us_english_description":"The command is not known"}]"#,
            ),
            Slot::MdmStatus => put(out, if self.succeeded { "Acknowledged" } else { "Error" }),
            _ if self.succeeded => put(out, result),
            _ => {}
        }
    }

    fn changes(&mut self, slot: Slot, out: &mut Vec<u8>) {
        // Seen on a live tenant: an object in the place of the list.
        if slot == Slot::SystemChanges && self.pick.is_multiple_of(6) {
            return put(out, r#"{"field":"fde","from":{"active":false},"to":{"active":true,"version":3}}"#);
        }
        out.push(b'[');
        for number in 0..self.pick % 4 {
            if number > 0 {
                out.push(b',');
            }
            put(out, w::CHANGES[self.random.index(w::CHANGES.len())]);
        }
        out.push(b']');
    }

    fn word(&mut self, slot: Slot) -> &'static str {
        let pick = self.pick;
        let of = |words: &[&'static str]| words[pick % words.len()];
        match slot {
            Slot::Useragent => of(w::USERAGENTS),
            Slot::Provider => of(&["\"provider\":null,", "\"provider\":null,", "\"provider\":\"\",", ""]),
            Slot::Bool => ["true", "false"][self.random.index(2)],
            Slot::Mfa => of(&["true", "true", "false"]),
            Slot::MfaType => of(w::MFA_TYPES),
            Slot::AuthMethod => of(w::AUTH_METHOD),
            Slot::AuthMethods => of(w::AUTH_METHODS),
            Slot::LdapMethod => of(w::LDAP_METHODS),
            Slot::Eap => of(w::EAP),
            Slot::EapOuter => of(w::EAP_OUTER),
            Slot::Process => of(w::PROCESSES),
            Slot::LogonType => of(w::LOGON_TYPES),
            Slot::Scim => of(&["", "", "", r#","source":"jumpcloud:scim","source_metadata":{"name":"okta"}"#]),
            Slot::Group => of(w::GROUPS),
            Slot::AssociationOp => of(&["add", "remove", "update"]),
            Slot::AssociationFrom => w::ASSOCIATIONS[pick % w::ASSOCIATIONS.len()].0,
            Slot::AssociationTo => w::ASSOCIATIONS[pick % w::ASSOCIATIONS.len()].1,
            Slot::SoftwareName => w::SOFTWARE[pick % w::SOFTWARE.len()].0,
            Slot::SoftwareId => w::SOFTWARE[pick % w::SOFTWARE.len()].1,
            Slot::SoftwarePublisher => w::SOFTWARE[pick % w::SOFTWARE.len()].2,
            Slot::SoftwareVersion => ["126.0.6478.127", "4.2", "1.92.0", "24.07.00.0", ""][self.random.index(5)],
            Slot::AlertSeverity => of(w::ALERT_SEVERITIES),
            Slot::AlertStatus => of(w::ALERT_STATUSES),
            _ => "",
        }
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
