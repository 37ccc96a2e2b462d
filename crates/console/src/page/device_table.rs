//! The devices as a table; on a narrow screen each row is a card.

use adr_core::Timestamp;
use maud::{Markup, html};

use super::badge::badge;
use super::column::Column;
use super::device::organizations;
use super::link;
use super::selection::{PER_PAGE, Selection};
use super::sparkline::sparkline;
use super::words::{ago, ago_of, beginning, clock, count, rate, sentence, short_span, span};
use crate::desk::Desk;
use crate::devices::{DeviceStatus, Key, State};

/// Keys that end within so many days are pointed out.
const SOON: i64 = 14;

/// The table with its pages.
pub(crate) fn table(desk: &dyn Desk, selection: &Selection) -> Markup {
    let now = desk.now();
    html! {
        div #devices data-live {
            @if selection.shown.is_empty() {
                p.nothing { "No device fits. " a href="/" { "Show all " (count(selection.all as u64)) } }
            } @else {
                div.table-box tabindex="0" role="region" aria-label="Devices" {
                    table.devices {
                        caption.unseen { "Devices, each with its status. The heads of the columns sort." }
                        thead { tr { @for column in Column::ALL { (head(selection, column)) } } }
                        tbody { @for device in &selection.shown { (row(desk, now, device)) } }
                    }
                }
                (pages(selection))
            }
        }
    }
}

fn is_number(column: Column) -> bool {
    matches!(column, Column::Events | Column::Lag | Column::Duplicates)
}

/// Whether a column tells of what was read.
fn is_of_flow(column: Column) -> bool {
    use Column::{Duplicates, Events, Lag, LastEvent, LastPoll, Rate};
    matches!(column, LastEvent | LastPoll | Events | Rate | Lag | Duplicates)
}

fn head(selection: &Selection, column: Column) -> Markup {
    let arrow = match selection.aria_sort(column) {
        Some("descending") => "↓",
        Some(_) => "↑",
        None => "",
    };
    html! {
        th scope="col" data-key=(column.word()) class=[is_number(column).then_some("number")] aria-sort=[selection.aria_sort(column)] {
            a href=(selection.sorted_by(column)) { (column.label()) span.arrow aria-hidden="true" { (arrow) } }
        }
    }
}

fn row(desk: &dyn Desk, now: Timestamp, device: &DeviceStatus) -> Markup {
    let history = desk.history(&device.id).unwrap_or_default();
    let cell = |column: Column, inner: Markup| {
        // Nothing is read for a provider itself.
        let is_blank = device.is_provider && is_of_flow(column);
        html! {
            td.(column.word()) .number[is_number(column)] .blank[is_blank] data-label=(column.label()) {
                div { @if !is_blank { (inner) } }
            }
        }
    };
    html! {
        tr data-key=(device.id) data-said=(device.name) data-state=(device.state.label()) {
            th scope="row" { div {
                a.name href=(link::device(&device.id, "")) { (device.name) }
                @if let Some(provider) = &device.provider { small { "of " (provider) } }
                @if device.is_provider { small { "provider, " (organizations(device)) } }
            } }
            (cell(Column::Type, html! { (device.device_type) }))
            (cell(Column::Cce, html! { (device.cce) }))
            (cell(Column::Status, html! { (badge(device.state)) (below_status(now, device)) }))
            (cell(Column::LastEvent, ago_of(now, device.last_event.as_deref(), device)))
            (cell(Column::LastPoll, ago_of(now, device.last_poll.as_deref(), device)))
            (cell(Column::Events, html! { (count(device.flow.events)) }))
            (cell(Column::Rate, html! {
                (sparkline(&history.hour, now.as_nanos() / 1_000_000_000))
                span.rates { span { b { (rate(device.flow.average)) } " avg" } small { (rate(device.flow.maximum)) " max" } }
            }))
            (cell(Column::Lag, html! {
                @match device.lag_seconds { Some(lag) => { (short_span(lag)) }, None => { span.none { "unknown" } } }
                @if device.complete_until.is_some() {
                    small title="Everything that happened before is delivered" { "to " (clock(now, device.complete_until.as_deref())) }
                }
            }))
            (cell(Column::Duplicates, html! { (count(device.flow.duplicates)) }))
            (cell(Column::LastError, last_error(now, device)))
            (cell(Column::Key, key(&device.key)))
        }
    }
}

fn below_status(now: Timestamp, device: &DeviceStatus) -> Markup {
    html! {
        @match (device.state, device.caught_up_in_seconds) {
            (State::CatchingUp, Some(seconds)) => small { "about " (span(seconds)) " to go" },
            _ => @if device.since.is_some() { small { "since " (ago(now, device.since.as_deref())) } },
        }
    }
}

fn last_error(now: Timestamp, device: &DeviceStatus) -> Markup {
    let Some(error) = &device.last_error else { return html! { span.none { "none" } } };
    html! {
        span.error .over[error.over.is_some()] title=(error.message) { (beginning(&sentence(&error.message), 110)) }
        small {
            @match &error.over {
                Some(over) => { "over since " (ago(now, Some(over))) },
                None => { "for " (held(now, &error.since)) },
            }
        }
    }
}

/// How long something has lasted.
fn held(now: Timestamp, since: &str) -> String {
    Timestamp::parse(since.as_bytes()).map(|since| short_span(now.since(since).as_secs())).unwrap_or_default()
}

/// How old a key is and when it ends.
pub(crate) fn key(key: &Key) -> Markup {
    html! {
        @match key.expires_in_days {
            Some(days) if days < 0 => span.ends.bad { "expired" },
            Some(0) => span.ends.bad { "ends today" },
            Some(days) => span.ends.warning[days <= SOON] { (days) " d left" },
            None => {},
        }
        @match key.age_days {
            Some(days) => @if key.expires_in_days.is_some() { small { (days) " d old" } } @else { (days) " d old" },
            None => @if key.expires_in_days.is_none() { span.none { "age unknown" } },
        }
    }
}

fn pages(selection: &Selection) -> Markup {
    let first = (selection.page - 1) * PER_PAGE;
    let (from, to) = (count(first as u64 + 1), count((first + selection.shown.len()) as u64));
    html! {
        div.pages {
            p { (from) " to " (to) " of " (count(selection.found as u64)) }
            @if selection.pages > 1 {
                nav aria-label="Pages" {
                    @if selection.page > 1 {
                        a.button rel="prev" href=(selection.on_page(selection.page - 1)) { "Previous" }
                    }
                    span { "Page " (selection.page) " of " (selection.pages) }
                    @if selection.page < selection.pages {
                        a.button rel="next" href=(selection.on_page(selection.page + 1)) { "Next" }
                    }
                }
            }
        }
    }
}
