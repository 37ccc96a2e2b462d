//! What every event begins with: class, activity, severity, status, time.

use adr_core::{Severity, Timestamp};

use super::Job;
use crate::classes::OTHER;
use crate::homes;
use crate::json::{Kind, Name as N};
use crate::labels::Label;
use crate::table::{Activity, Rating, Row, Shape};

/// `activity_id`, and the leaf that says more where it is 99.
struct Doing {
    id: u8,
    said: Option<u32>,
}

/// `status_id` and `status`.
#[derive(Clone, Copy)]
struct Status {
    id: u8,
    said: Said,
}

#[derive(Clone, Copy)]
enum Said {
    /// Both attributes, written out.
    Whole(&'static str),
    /// What the source says, beside 99.
    Leaf(u32),
}

/// A status of an id and a caption.
macro_rules! status {
    ($id:literal, $caption:literal) => {
        Status { id: $id, said: Said::Whole(concat!(",\"status_id\":", $id, ",\"status\":\"", $caption, "\"")) }
    };
}

/// A severity, written out, with its caption.
macro_rules! severity {
    ($id:literal, $caption:literal, $severity:expr) => {
        (concat!(",\"severity_id\":", $id, ",\"severity\":\"", $caption, "\""), $caption, $severity)
    };
}

const UNKNOWN: Status = status!(0, "Unknown");
const SUCCESS: Status = status!(1, "Success");
const FAILURE: Status = status!(2, "Failure");
const CHALLENGE: Status = status!(99, "MFA challenge");

/// The severities, by `severity_id`.
const SEVERITIES: [(&str, &str, Severity); 7] = [
    severity!(0, "Unknown", Severity::Unknown),
    severity!(1, "Informational", Severity::Informational),
    severity!(2, "Low", Severity::Low),
    severity!(3, "Medium", Severity::Medium),
    severity!(4, "High", Severity::High),
    severity!(5, "Critical", Severity::Critical),
    severity!(6, "Fatal", Severity::Fatal),
];

impl Job<'_> {
    /// Writes the head, and begins the event with it.
    pub(super) fn head(&mut self, row: Option<&'static Row>, time: Option<Timestamp>) -> Severity {
        let mut doing = self.doing(row);
        let status = self.status(row);
        let (severity, said) = self.severity(row, status);
        if self.class.uid == 0 {
            doing = Doing { id: OTHER, said: self.string(&[N::EventType]) };
        }
        let (before, after) = self.class.beginning(doing.id);
        self.out.extend_from_slice(before.as_bytes());
        if let (OTHER, Some(leaf)) = (doing.id, doing.said)
            && !self.says_other(leaf)
        {
            self.copy("activity_name", leaf);
        }
        self.out.extend_from_slice(after.as_bytes());
        match (said, SEVERITIES.get(severity as usize)) {
            (_, Some((text, ..))) => self.out.extend_from_slice(text.as_bytes()),
            (leaf, None) => {
                self.number("severity_id", severity as i64);
                if let Some(leaf) = leaf.filter(|leaf| !self.says_other(*leaf)) {
                    self.copy("severity", leaf);
                }
            }
        }
        match status.said {
            Said::Whole(text) => self.out.extend_from_slice(text.as_bytes()),
            Said::Leaf(leaf) => {
                self.number("status_id", i64::from(status.id));
                if !self.says_other(leaf) {
                    self.copy("status", leaf);
                }
            }
        }
        self.put(&homes::STATUS_DETAIL);
        self.put(&homes::MESSAGE);
        if time.is_none() {
            self.label(Label::TimeMissing);
        }
        self.number("time", time.map_or(0, Timestamp::as_millis));
        severity
    }

    /// Beside 99, OCSF wants the source's own word, and "Other" is the caption itself.
    fn says_other(&self, leaf: u32) -> bool {
        self.tape.inside(self.text, leaf) == b"Other"
            || self.tape.node(leaf).escaped && crate::json::text::decode(self.tape.inside(self.text, leaf)) == "Other"
    }

    fn doing(&mut self, row: Option<&'static Row>) -> Doing {
        let event_type = self.string(&[N::EventType]);
        let Some(row) = row else { return Doing { id: OTHER, said: event_type } };
        let mut said = event_type;
        let id = match row.activity {
            Activity::Always(id) => id,
            Activity::Sso if self.is_challenge() => 6,
            Activity::Sso => 1,
            Activity::Changes => self.changed().unwrap_or(OTHER),
            Activity::AlertStatus => match self.finding_status() {
                Some(Status { id: 3 | 4, .. }) => 3,
                _ => 2,
            },
            Activity::Mdm => {
                said = self.string(&[N::RequestType]).or(said);
                mdm_activity(self.inside(&[N::RequestType]).unwrap_or_default())
            }
            Activity::Association if self.class.uid == 0 => OTHER,
            Activity::Association => {
                let (class, id) = self.connection();
                self.class = class;
                id
            }
        };
        Doing { id, said }
    }

    /// A sign-on that waits for a second factor: neither a success nor a failure.
    fn is_challenge(&self) -> bool {
        self.bool(&[N::Success]).is_none()
            && self.bool(&[N::SsoTokenSuccess]) == Some(false)
            && self.string(&[N::ErrorMessage]).is_none()
    }

    pub(super) fn bool(&self, path: homes::Path) -> Option<bool> {
        match self.tape.node(self.find(path)?).kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    fn status(&self, row: Option<&'static Row>) -> Status {
        let finding = self.class.uid == 2004;
        if finding && let Some(status) = self.finding_status() {
            return status;
        }
        match row.map(|row| row.activity) {
            Some(Activity::Always(1)) if finding => return NEW,
            _ if finding => return UNKNOWN,
            Some(Activity::Mdm) => {
                if let Some(leaf) = self.string(&[N::Status]) {
                    return match self.tape.inside(self.text, leaf) {
                        b"Acknowledged" => SUCCESS,
                        b"Error" | b"CommandFormatError" => FAILURE,
                        _ => Status { id: OTHER, said: Said::Leaf(leaf) },
                    };
                }
            }
            Some(Activity::Sso) if self.is_challenge() => return CHALLENGE,
            _ => {}
        }
        match self.bool(&[N::Success]).or_else(|| self.bool(&[N::SsoTokenSuccess])) {
            Some(true) => SUCCESS,
            Some(false) => FAILURE,
            None => UNKNOWN,
        }
    }

    /// What the event says of an alert's state: the last change of its status, or its status.
    fn finding_status(&self) -> Option<Status> {
        let changes = self.find(&[N::Changes]).into_iter().flat_map(|changes| self.tape.members(changes));
        let changed = changes
            .filter(|change| {
                let field = self.tape.member(*change, N::Field);
                field.is_some_and(|field| self.tape.raw(self.text, field).eq_ignore_ascii_case(b"\"status\""))
            })
            .filter_map(|change| self.tape.member(change, N::To))
            .filter(|to| super::value::accepts(self.tape, self.text, *to, homes::Accepts::Text))
            .last();
        let leaf = changed.or_else(|| self.string(&[N::Status]))?;
        let said = self.tape.inside(self.text, leaf);
        let known =
            FINDING_STATES.iter().find(|(words, ..)| words.iter().any(|it| it.as_bytes().eq_ignore_ascii_case(said)));
        Some(known.map_or(Status { id: OTHER, said: Said::Leaf(leaf) }, |(_, status)| *status))
    }

    fn severity(&self, row: Option<&'static Row>, status: Status) -> (Severity, Option<u32>) {
        match row.map_or(Rating::Always(1), |row| row.severity) {
            Rating::Always(id) => (SEVERITIES.get(usize::from(id)).map_or(Severity::Unknown, |(.., it)| *it), None),
            Rating::Outcome if status.id == FAILURE.id => (Severity::Low, None),
            Rating::Outcome => (Severity::Informational, None),
            Rating::Source => {
                let Some(leaf) = self.string(&[N::Severity]) else { return (Severity::Unknown, None) };
                let said = self.tape.inside(self.text, leaf);
                let said = if said.eq_ignore_ascii_case(b"info") { b"informational" } else { said };
                let known = SEVERITIES.iter().find(|(_, caption, _)| caption.as_bytes().eq_ignore_ascii_case(said));
                known.map_or((Severity::Other, Some(leaf)), |(.., severity)| (*severity, None))
            }
        }
    }

    /// What the changes of an account say, if they say one thing only.
    fn changed(&self) -> Option<u8> {
        let changes = self.find(&[N::Changes]).filter(|at| self.tape.node(*at).kind == Kind::Array)?;
        let mut verdict = None;
        for change in self.tape.members(changes) {
            let field = self.tape.member(change, N::Field).filter(|at| self.tape.node(*at).kind == Kind::String);
            let to = self.tape.member(change, N::To).map(|to| self.tape.node(to).kind);
            let (Some(field), Some(to)) = (field, to) else { continue };
            let says = match (self.tape.inside(self.text, field), to) {
                (b"suspended", Kind::True) | (b"active", Kind::False) => 5,
                (b"suspended", Kind::False) | (b"active", Kind::True) => 2,
                (b"account_locked", Kind::False) => 12,
                (b"totp_enabled" | b"enable_user_portal_multifactor" | b"mfa", Kind::True) => 10,
                (b"totp_enabled" | b"enable_user_portal_multifactor" | b"mfa", Kind::False) => 11,
                _ => continue,
            };
            if verdict.is_some_and(|before| before != says) {
                return None;
            }
            verdict = Some(says);
        }
        verdict
    }

    /// Whether the event is filled as one of that shape.
    pub(super) fn is_shape(&self, shape: Shape) -> bool {
        self.shape == Some(shape)
    }
}

const NEW: Status = status!(1, "New");

/// JumpCloud's words for the state of an alert.
const FINDING_STATES: &[(&[&str], Status)] = &[
    (&["open", "new"], NEW),
    (&["acknowledged", "in progress", "in_progress", "investigating"], status!(2, "In Progress")),
    (&["dismissed", "suppressed", "ignored"], status!(3, "Suppressed")),
    (&["resolved", "closed"], status!(4, "Resolved")),
];

/// Apple's requests: some ask, some change the device, the rest speak for themselves.
fn mdm_activity(request: &[u8]) -> u8 {
    let ends = |ending: &str| request.ends_with(ending.as_bytes());
    let begins = |beginning: &str| request.starts_with(beginning.as_bytes());
    if ends("List") || ends("Information") || ends("Info") {
        2
    } else if begins("Install") || begins("Remove") || begins("Set") {
        3
    } else {
        OTHER
    }
}
