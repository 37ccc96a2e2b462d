//! Which devices are shown, in which order: all of it stands in the address.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use adr_core::Timestamp;
use serde::Deserialize;

use super::badge::{Tone, look};
use super::link;
use crate::devices::{DeviceStatus, State};

/// Devices on a page.
pub(crate) const PER_PAGE: usize = 100;
/// As the filter by state has it: whatever somebody must see to.
pub(crate) const TROUBLE: &str = "trouble";
/// As the filter by provider has it: devices that belong to none.
pub(crate) const NO_PROVIDER: &str = "-";

/// The parameters of the address as they came.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) q: String,
    pub(crate) state: String,
    pub(crate) provider: String,
    sort: String,
    order: String,
    page: String,
    pub(crate) notice: Option<String>,
}

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
    fn is_descending(self) -> bool {
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
        let text = |text: &str| (!text.is_empty()).then(|| (0, text.to_lowercase()));
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

/// The devices of a page, and what there is besides.
pub(crate) struct Selection {
    pub(crate) asked: Asked,
    pub(crate) sort: Column,
    pub(crate) descending: bool,
    /// How many devices are in each state, of those that the search and the provider leave.
    pub(crate) states: Vec<(State, usize)>,
    pub(crate) providers: BTreeSet<String>,
    /// Devices before anything is asked for.
    pub(crate) all: usize,
    /// Devices that are left.
    pub(crate) found: usize,
    /// Those of this page.
    pub(crate) shown: Vec<DeviceStatus>,
    /// Counted from 1.
    pub(crate) page: usize,
    pub(crate) pages: usize,
}

impl Selection {
    pub(crate) fn of(mut devices: Vec<DeviceStatus>, asked: Asked) -> Self {
        let all = devices.len();
        let providers = devices.iter().filter_map(|device| device.provider.clone()).collect();
        devices.retain(|device| is_found(device, &asked.q) && is_of(device, &asked.provider));
        let count = |state| devices.iter().filter(|device| device.state == state).count();
        let states: Vec<_> =
            State::ALL.map(|state| (state, count(state))).into_iter().filter(|(_, n)| *n > 0).collect();
        devices.retain(|device| match asked.state.as_str() {
            "" => true,
            TROUBLE => device.state.is_trouble(),
            state => device.state.as_str() == state,
        });
        let sort = Column::ALL.into_iter().find(|column| column.word() == asked.sort).unwrap_or(Column::Status);
        let descending = match asked.order.as_str() {
            "asc" => false,
            "desc" => true,
            _ => sort.is_descending(),
        };
        let devices = sorted(devices, sort, descending);
        let found = devices.len();
        let pages = found.div_ceil(PER_PAGE).max(1);
        let page = asked.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
        let shown = devices.into_iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
        Self { asked, sort, descending, states, providers, all, found, shown, page, pages }
    }

    /// Devices that somebody must see to.
    pub(crate) fn troubled(&self) -> usize {
        self.states.iter().filter(|(state, _)| state.is_trouble()).map(|(_, count)| count).sum()
    }

    /// The address of the same with another state.
    pub(crate) fn with_state(&self, state: &str) -> String {
        self.address(state, &self.asked.sort, &self.asked.order, 1)
    }

    /// The address of the same in another order: that of a column, or the reverse where it is sorted by that one.
    pub(crate) fn sorted_by(&self, column: Column) -> String {
        let turned = if self.descending { "asc" } else { "desc" };
        self.address(&self.asked.state, column.word(), if column == self.sort { turned } else { "" }, 1)
    }

    /// The address of another page of the same.
    pub(crate) fn on_page(&self, page: usize) -> String {
        self.address(&self.asked.state, &self.asked.sort, &self.asked.order, page)
    }

    fn address(&self, state: &str, sort: &str, order: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let Asked { q, provider, .. } = &self.asked;
        let parameters =
            [("q", q.as_str()), ("state", state), ("provider", provider), ("sort", sort), ("order", order)];
        link::with("/", &[&parameters[..], &[("page", &page)]].concat())
    }

    pub(crate) fn aria_sort(&self, column: Column) -> Option<&'static str> {
        (column == self.sort).then_some(if self.descending { "descending" } else { "ascending" })
    }
}

fn is_found(device: &DeviceStatus, searched: &str) -> bool {
    let searched = searched.trim().to_lowercase();
    let provider = device.provider.as_deref().unwrap_or_default();
    let texts = [&*device.name, &device.id, &device.org_id, &device.cce, provider, &device.status];
    searched.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&searched))
}

fn is_of(device: &DeviceStatus, provider: &str) -> bool {
    match provider {
        "" => true,
        NO_PROVIDER => device.provider.is_none(),
        provider => device.provider.as_deref() == Some(provider),
    }
}

fn sorted(devices: Vec<DeviceStatus>, column: Column, descending: bool) -> Vec<DeviceStatus> {
    let mut ranked: Vec<_> =
        devices.into_iter().map(|device| (column.rank(&device), device.name.to_lowercase(), device)).collect();
    ranked.sort_by(|(a, a_name, a_device), (b, b_name, b_device)| {
        let order = match (a, b) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (None, None) => Ordering::Equal,
            (a, _) => {
                if a.is_none() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        };
        order.then_with(|| a_name.cmp(b_name)).then_with(|| a_device.id.cmp(&b_device.id))
    });
    ranked.into_iter().map(|(_, _, device)| device).collect()
}
