//! Which devices are shown, in which order: all of it stands in the address.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::column::{Column, sorted};
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

/// The devices of a page, and what there is besides.
pub(crate) struct Selection {
    pub(crate) asked: Asked,
    pub(crate) sort: Column,
    pub(crate) descending: bool,
    /// How many devices are in each state, of those that the search and the provider leave.
    pub(crate) states: Vec<(State, usize)>,
    pub(crate) providers: BTreeSet<String>,
    /// Devices and providers before anything is asked for,
    pub(crate) all: usize,
    /// how many of these are providers,
    pub(crate) all_providers: usize,
    /// and how many somebody must see to.
    pub(crate) all_troubled: usize,
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
        let all_providers = devices.iter().filter(|device| device.is_provider).count();
        let all_troubled = devices.iter().filter(|device| device.state.is_trouble()).count();
        let providers = devices.iter().filter_map(|device| provider_of(device).map(str::to_owned)).collect();
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
        Self { asked, sort, descending, states, providers, all, all_providers, all_troubled, found, shown, page, pages }
    }

    /// Those that somebody must see to, of what the search and the provider leave.
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
        NO_PROVIDER => provider_of(device).is_none(),
        provider => provider_of(device) == Some(provider),
    }
}

/// The provider of an organization, or the provider itself.
fn provider_of(device: &DeviceStatus) -> Option<&str> {
    device.provider.as_deref().or(device.is_provider.then_some(&device.id))
}
