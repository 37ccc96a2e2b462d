//! What devices are sorted by.

use std::cmp::Ordering;

use adr_core::Timestamp;

use super::badge::{Tone, look};
use crate::devices::{DeviceStatus, State};

/// What can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Type,
    Cce,
    Status,
    LastEvent,
    LastPoll,
    Events,
    Rate,
    Lag,
    Duplicates,
    LastError,
    Key,
}

impl Column {
    pub(crate) const ALL: [Self; 12] = [
        Self::Name,
        Self::Type,
        Self::Cce,
        Self::Status,
        Self::LastEvent,
        Self::LastPoll,
        Self::Events,
        Self::Rate,
        Self::Lag,
        Self::Duplicates,
        Self::LastError,
        Self::Key,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Type => "type",
            Self::Cce => "cce",
            Self::Status => "status",
            Self::LastEvent => "event",
            Self::LastPoll => "poll",
            Self::Events => "events",
            Self::Rate => "rate",
            Self::Lag => "lag",
            Self::Duplicates => "duplicates",
            Self::LastError => "error",
            Self::Key => "key",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Name => "Device Name",
            Self::Type => "Type",
            Self::Cce => "CCE IP",
            Self::Status => "Status",
            Self::LastEvent => "Last event",
            Self::LastPoll => "Last poll",
            Self::Events => "Events",
            Self::Rate => "Per second",
            Self::Lag => "Behind now",
            Self::Duplicates => "Duplicates",
            Self::LastError => "Last error",
            Self::Key => "Key",
        }
    }

    /// Whether the largest or newest stands first where nothing else is asked for.
    pub(crate) fn is_descending(self) -> bool {
        matches!(
            self,
            Self::LastEvent
                | Self::LastPoll
                | Self::Events
                | Self::Rate
                | Self::Lag
                | Self::Duplicates
                | Self::LastError
        )
    }

    /// What a device is sorted by. None stands last in either order.
    fn rank(self, device: &DeviceStatus) -> Option<(i64, String)> {
        let number = |number: u64| Some((i64::try_from(number).unwrap_or(i64::MAX), String::new()));
        let text = |text: &str| (!text.is_empty()).then(|| (0, natural(text)));
        let time = |text: Option<&str>| {
            let time = Timestamp::parse(text?.as_bytes()).ok()?;
            Some((time.as_nanos(), String::new()))
        };
        match self {
            Self::Name => text(&device.name),
            Self::Type => text(&device.device_type),
            Self::Cce => text(&device.cce),
            Self::Status => Some((urgency(device.state), device.state.label().to_owned())),
            Self::LastEvent => time(device.last_event.as_deref()),
            Self::LastPoll => time(device.last_poll.as_deref()),
            Self::Events => number(device.flow.events),
            Self::Rate => number((device.flow.average * 1000.0) as u64),
            Self::Lag => device.lag_seconds.and_then(number),
            Self::Duplicates => number(device.flow.duplicates),
            Self::LastError => time(device.last_error.as_ref().map(|error| error.at.as_str())),
            // What ends first, then what is oldest.
            Self::Key => match (device.key.expires_in_days, device.key.age_days) {
                (Some(days), _) => Some((days, String::new())),
                (None, Some(age)) => Some((i64::MAX - i64::try_from(age).unwrap_or(0), String::new())),
                (None, None) => None,
            },
        }
    }
}

/// What must be seen to comes first.
fn urgency(state: State) -> i64 {
    match look(state).tone {
        Tone::Bad => 0,
        Tone::Warning => 1,
        Tone::Busy => 2,
        Tone::Good => 3,
        Tone::Quiet => 4,
    }
}

/// A text to sort by, in which 9 comes before 10 and case does not count.
fn natural(text: &str) -> String {
    const WIDTH: usize = 20;
    let text = text.to_lowercase();
    let mut natural = String::with_capacity(text.len() + WIDTH);
    for run in text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let run = std::str::from_utf8(run).unwrap_or_default();
        if run.starts_with(|first: char| first.is_ascii_digit()) {
            natural.extend(std::iter::repeat_n('0', WIDTH.saturating_sub(run.len())));
        }
        natural.push_str(run);
    }
    natural
}

/// Devices in the order of a column, and of their names where it says nothing.
pub(crate) fn sorted(devices: Vec<DeviceStatus>, column: Column, descending: bool) -> Vec<DeviceStatus> {
    let mut ranked: Vec<_> =
        devices.into_iter().map(|device| (column.rank(&device), natural(&device.name), device)).collect();
    ranked.sort_by(|(a, a_name, a_device), (b, b_name, b_device)| {
        let order = match (a, b) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        order.then_with(|| a_name.cmp(b_name)).then_with(|| a_device.id.cmp(&b_device.id))
    });
    ranked.into_iter().map(|(_, _, device)| device).collect()
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_texts_count_as_numbers() {
        let mut texts = ["Acme 18", "acme 6", "10.20.0.10", "10.20.0.9", "Ümlaut", "7"];
        texts.sort_by_key(|text| natural(text));
        assert_eq!(texts, ["7", "10.20.0.9", "10.20.0.10", "acme 6", "Acme 18", "Ümlaut"]);
    }
}
