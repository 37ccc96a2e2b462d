//! Writing one ADR event.

mod account;
mod application;
mod association;
mod endpoint;
mod entity;
mod finding;
mod head;
mod logon;
mod metadata;
mod opaque;
mod rest;
mod user;
mod value;

use std::ops::Range;

use adr_core::{Severity, Timestamp};

pub(crate) use value::integer;

use crate::classes::{Actor, BASE, Class};
use crate::homes::{self, Accepts, Home, Path};
use crate::json::{Kind, Name, State, Tape, text};
use crate::labels::{Label, Labels};
use crate::table::{Row, Shape, Table};

/// What travels beside a mapped event's text. Ranges are places in the buffer it was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The event's text.
    pub body: Range<usize>,
    /// The text of `metadata.uid` in it, without quotes.
    pub id: Range<usize>,
    /// The text of `metadata.event_code` in it, without quotes; empty where there is none.
    pub kind: Range<usize>,
    /// When it happened, where the source says so legibly.
    pub time: Option<Timestamp>,
    /// OCSF severity.
    pub severity: Severity,
    /// `metadata.labels`.
    pub labels: Labels,
}

/// A class's required attribute or constraint that the event cannot meet.
struct Missing;

/// One event on its way.
pub(crate) struct Job<'a> {
    text: &'a [u8],
    tape: &'a mut Tape,
    out: &'a mut Vec<u8>,
    tenant: &'a str,
    labels: Labels,
    profiles: Profiles,
    class: &'static Class,
    shape: Option<Shape>,
    id: Range<usize>,
    kind: Range<usize>,
}

/// `metadata.profiles`.
#[derive(Clone, Copy, Default)]
struct Profiles {
    host: bool,
    security_control: bool,
}

/// Appends the ADR event of the event that `tape` has read from `text`: an object, whole, in one line.
pub(crate) fn write(text: &[u8], tape: &mut Tape, tenant: &str, raw: bool, out: &mut Vec<u8>) -> Mapped {
    let start = out.len();
    let labels = Labels::default().with(Label::V1);
    let (id, kind) = (0..0, 0..0);
    let profiles = Profiles::default();
    let mut job = Job { text, tape, out, tenant, labels, profiles, class: &BASE, shape: None, id, kind };
    let time = job.time();
    let (severity, keep_text) = match job.opaque() {
        Some(label) => (job.write_opaque(label, time), true),
        None => (job.write_mapped(time, start), raw),
    };
    if keep_text {
        job.key("raw_data");
        // It was checked to be UTF-8.
        text::quote(std::str::from_utf8(text).unwrap_or_default(), job.out);
    }
    job.out.push(b'}');
    let Job { labels, id, kind, .. } = job;
    Mapped { body: start..out.len(), id, kind, time, severity, labels }
}

impl Job<'_> {
    fn write_mapped(&mut self, time: Option<Timestamp>, start: usize) -> Severity {
        let row = self.row();
        if let Some(row) = row
            && let Ok(severity) = self.write_row(row, time)
        {
            return severity;
        }
        // Again from the start, as a Base Event.
        self.out.truncate(start);
        self.tape.reset_states();
        self.profiles = Profiles::default();
        let reason = if row.is_some() { Label::RequiredMissing } else { Label::UnknownEventType };
        self.labels = Labels::default().with(Label::V1).with(reason);
        (self.class, self.shape) = (&BASE, None);
        let severity = self.head(row, time);
        self.actor();
        self.metadata();
        self.unmapped();
        severity
    }

    fn write_row(&mut self, row: &'static Row, time: Option<Timestamp>) -> Result<Severity, Missing> {
        self.shape = Some(row.shape);
        self.class = row.class;
        let severity = self.head(Some(row), time);
        match row.shape {
            Shape::Portal => self.portal(row.about),
            Shape::Sso => self.sso(),
            Shape::Radius => self.radius(row.about),
            Shape::LdapBind => self.ldap_bind(row.about),
            Shape::SaasLogon => self.saas_logon(),
            Shape::DeviceLogon => self.device_logon(),
            Shape::Account => self.account(false, row.about),
            Shape::AccountSelf => self.account(true, row.about),
            Shape::Privilege => self.privilege(row.about),
            Shape::Group => self.group(row.about),
            Shape::Association => self.association(),
            Shape::Entity => self.entity(&homes::ENTITY, row.about),
            Shape::Device => self.entity(&homes::ENTITY_DEVICE, row.about),
            Shape::Mdm => self.entity(&homes::ENTITY_MDM, row.about),
            Shape::AccessRequest => self.entity(&homes::ENTITY_REQUEST, row.about),
            Shape::Channel => self.entity(&homes::ENTITY_CHANNEL, row.about),
            Shape::Web => self.web(&homes::WEB, row.about),
            Shape::Object => self.web(&homes::OBJECT, row.about),
            Shape::Software => self.software(),
            Shape::App => self.app(row.about),
            Shape::LdapSearch => self.ldap_search(row.about),
            Shape::Alert => self.alert(),
            Shape::SaasAccount => self.saas_account(),
            Shape::Discovery => self.discovery(row.about),
        }?;
        let actor = self.actor();
        let endpoint = self.endpoint();
        if row.shape == Shape::LdapSearch && !(actor && endpoint) {
            return Err(Missing);
        }
        self.metadata();
        self.unmapped();
        Ok(severity)
    }

    /// The event's row in the table.
    fn row(&self) -> Option<&'static Row> {
        let event_type = self.tape.top(Name::EventType).filter(|at| self.tape.node(*at).kind == Kind::String)?;
        let service = self.tape.top(Name::Service).filter(|at| self.tape.node(*at).kind == Kind::String);
        let escaped = |at: u32| self.tape.node(at).escaped;
        if !escaped(event_type) && !service.is_some_and(escaped) {
            let service = service.map_or(&b""[..], |at| self.tape.inside(self.text, at));
            return Table::v1().row(service, self.tape.inside(self.text, event_type));
        }
        let service = service.map_or_else(String::new, |at| text::decode(self.tape.inside(self.text, at)));
        Table::v1().row(service.as_bytes(), text::decode(self.tape.inside(self.text, event_type)).as_bytes())
    }

    fn time(&self) -> Option<Timestamp> {
        Timestamp::parse(self.inside(&[Name::Timestamp])?).ok()
    }

    /// The value at a place in the source event.
    #[inline]
    fn find(&self, path: Path) -> Option<u32> {
        let (first, rest) = path.split_first()?;
        let top = self.tape.top(*first)?;
        rest.iter().try_fold(top, |at, name| self.tape.member(at, *name))
    }

    /// The string at a place, if it is not empty.
    fn string(&self, path: Path) -> Option<u32> {
        self.find(path).filter(|at| value::accepts(self.tape, self.text, *at, Accepts::Text))
    }

    /// The inside of the string at a place, as written, if it is not empty.
    fn inside(&self, path: Path) -> Option<&[u8]> {
        self.string(path).map(|at| self.tape.inside(self.text, at))
    }

    /// The leaf that the home would hold.
    #[inline]
    fn leaf(&self, home: &Home) -> Option<u32> {
        self.find(home.source).filter(|at| value::accepts(self.tape, self.text, *at, home.accepts))
    }

    /// Whether any of the homes would hold something.
    fn any(&self, homes: &[Home]) -> bool {
        homes.iter().any(|home| self.leaf(home).is_some())
    }

    /// Writes the attribute from its source leaf, which is thereby consumed.
    #[inline]
    fn put(&mut self, home: &Home) -> Option<u32> {
        let leaf = self.leaf(home)?;
        self.spelled(home.spelled);
        if home.accepts == Accepts::UserType {
            self.out.push(if self.tape.inside(self.text, leaf) == b"admin" { b'2' } else { b'1' });
        } else {
            self.out.extend_from_slice(self.tape.raw(self.text, leaf));
        }
        let same = |rival| self.find(rival).is_some_and(|rival| value::same_text(self.tape, self.text, leaf, rival));
        if !home.rival.is_some_and(same) {
            self.consume(home.source, leaf);
        }
        Some(leaf)
    }

    /// Writes those attributes that have a source leaf.
    fn put_all(&mut self, homes: &[Home]) {
        for home in homes {
            self.put(home);
        }
    }

    fn consume(&mut self, path: Path, leaf: u32) {
        self.tape.set_state(leaf, State::Consumed);
        let mut at = path.first().and_then(|first| self.tape.top(*first));
        for name in &path[1..] {
            if let Some(object) = at {
                self.tape.set_state(object, State::Partial);
                at = self.tape.member(object, *name);
            }
        }
    }

    /// Writes an attribute as a copy of a source leaf, which stays in `unmapped`.
    fn copy(&mut self, key: &str, leaf: u32) {
        self.key(key);
        self.out.extend_from_slice(self.tape.raw(self.text, leaf));
    }

    /// Writes a key, and the comma before it.
    #[inline]
    fn key(&mut self, key: &str) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Writes a key that is spelled out with its comma, its quotes and its colon.
    #[inline]
    fn spelled(&mut self, key: &str) {
        let comma = usize::from(self.out.last() == Some(&b'{'));
        self.out.extend_from_slice(&key.as_bytes()[comma..]);
    }

    /// Writes an attribute of our own words, which need no escapes.
    fn word(&mut self, key: &str, word: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(word.as_bytes());
        self.out.push(b'"');
    }

    fn number(&mut self, key: &str, number: i64) {
        self.key(key);
        integer(number, self.out);
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.out.extend_from_slice(if flag { b"true" } else { b"false" });
    }

    fn open(&mut self, key: &str) {
        self.key(key);
        self.out.push(b'{');
    }

    /// Opens the one object of an array.
    fn open_list(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"[{");
    }

    fn close(&mut self) {
        self.out.push(b'}');
    }

    fn close_list(&mut self) {
        self.out.extend_from_slice(b"}]");
    }

    fn label(&mut self, label: Label) {
        self.labels = self.labels.with(label);
    }

    /// Writes `actor`, if the class may have one and somebody is named.
    fn actor(&mut self) -> bool {
        if self.class.actor == Actor::No {
            return false;
        }
        let user = self.is_user(Name::InitiatedBy);
        if !user && self.leaf(&homes::ACTOR_APP).is_none() {
            return false;
        }
        self.profiles.host |= self.class.actor == Actor::Host;
        self.open("actor");
        if user {
            self.open("user");
            self.put_all(&homes::ACTOR_USER);
            self.complete_user(Name::InitiatedBy);
            self.close();
        }
        self.put(&homes::ACTOR_APP);
        self.close();
        true
    }
}
