//! Which class, activity and severity each event type has: `event-map.tsv`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::classes::Class;

/// The table as it stands in the file.
const TEXT: &str = include_str!("event-map.tsv");

/// Event types, and what becomes of them.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Row>,
    /// Rows by the hash of their event type; a slot holds a row's number plus one.
    slots: Vec<u16>,
}

/// What becomes of one event type.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) service: &'static str,
    pub(crate) event_type: &'static str,
    pub(crate) class: &'static Class,
    pub(crate) activity: Activity,
    pub(crate) severity: Rating,
    pub(crate) shape: Shape,
    pub(crate) about: &'static str,
}

/// Which activity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    Always(u8),
    /// Preauth while a second factor is being asked for, else Logon.
    Sso,
    /// By the MDM request.
    Mdm,
    /// By what `changes` say, where they say one thing.
    Changes,
    /// Close once the status is final, else Update.
    AlertStatus,
    /// By what is connected with what; the class as well.
    Association,
}

/// Which severity it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rating {
    Always(u8),
    /// Informational; Low after a failure.
    Outcome,
    /// What the event says.
    Source,
}

macro_rules! shapes {
    ($($shape:ident = $text:literal,)*) => {
        /// Which attributes are filled from where.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Shape { $($shape,)* }

        const SHAPES: &[(&str, Shape)] = &[$(($text, Shape::$shape),)*];
    };
}

shapes! {
    AccessRequest = "access_request",
    Account = "account",
    AccountSelf = "account_self",
    Alert = "alert",
    App = "app",
    Association = "association",
    Channel = "channel",
    Device = "device",
    DeviceLogon = "device_logon",
    Discovery = "discovery",
    Entity = "entity",
    Group = "group",
    LdapBind = "ldap_bind",
    LdapSearch = "ldap_search",
    Mdm = "mdm",
    Object = "object",
    Portal = "portal",
    Privilege = "privilege",
    Radius = "radius",
    SaasAccount = "saas_account",
    SaasLogon = "saas_logon",
    Software = "software",
    Sso = "sso",
    Web = "web",
}

static V1: LazyLock<Table> = LazyLock::new(|| Table::parse(TEXT).expect("the table in the program is well formed"));

impl Table {
    /// The table of ADR v1.
    pub(crate) fn v1() -> &'static Self {
        &V1
    }

    /// The row of an event. A row of another service holds where its own has none: services are misspelt and
    /// left out, event types are not.
    pub(crate) fn row(&self, service: &[u8], event_type: &[u8]) -> Option<&Row> {
        let mut first = None;
        let mut slot = hash(event_type) & (self.slots.len() - 1);
        while let Some(index) = self.slots[slot].checked_sub(1) {
            let row = &self.rows[usize::from(index)];
            if row.event_type.as_bytes() == event_type {
                if row.service.as_bytes() == service {
                    return Some(row);
                }
                first = first.or(Some(row));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        first
    }

    /// All rows, in the file's order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    fn parse(text: &'static str) -> Result<Self, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).skip(1);
        let rows = lines
            .map(|(at, line)| Row::parse(line).ok_or_else(|| format!("line {}: {line:?} is no row", at + 1)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut table = Self { slots: vec![0; (rows.len() * 3).next_power_of_two()], rows };
        let mut seen = HashMap::new();
        for (at, row) in table.rows.iter().enumerate() {
            if seen.insert((row.service, row.event_type), at).is_some() {
                return Err(format!("{} {} stands there twice", row.service, row.event_type));
            }
            let mut slot = hash(row.event_type.as_bytes()) & (table.slots.len() - 1);
            while table.slots[slot] != 0 {
                slot = (slot + 1) & (table.slots.len() - 1);
            }
            table.slots[slot] = u16::try_from(at + 1).map_err(|_| "too many rows".to_owned())?;
        }
        Ok(table)
    }
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut column = || columns.next();
        let (service, event_type) = (column()?, column()?);
        let class = Class::of(column()?.parse().ok()?)?;
        let activity = match column()? {
            "sso" => Activity::Sso,
            "mdm" => Activity::Mdm,
            "changes" => Activity::Changes,
            "alert_status" => Activity::AlertStatus,
            "association" => Activity::Association,
            id => Activity::Always(id.parse().ok()?),
        };
        let severity = match column()? {
            "outcome" => Rating::Outcome,
            "source" => Rating::Source,
            id => Rating::Always(id.parse().ok()?),
        };
        let shape = column()?;
        let shape = SHAPES.iter().find(|(text, _)| *text == shape)?.1;
        let about = column()?;
        column()?;
        Some(Self {
            service,
            event_type,
            class,
            activity,
            severity,
            shape,
            about: if about == "-" { "" } else { about },
        })
    }
}

/// FNV-1a, eight bytes at a time: event types are short, and the table is ours.
fn hash(text: &[u8]) -> usize {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64 ^ text.len() as u64;
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        sum = (sum ^ u64::from_le_bytes(*chunk)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        rest = after;
    }
    for byte in rest {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a hash")]
    {
        (sum ^ sum >> 32) as usize
    }
}

/// The event types that the table knows, as (service, event type), in the table's order.
pub fn event_types() -> impl Iterator<Item = (&'static str, &'static str)> {
    Table::v1().rows().iter().map(|row| (row.service, row.event_type))
}
