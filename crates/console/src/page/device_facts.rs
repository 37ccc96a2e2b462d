//! What there is to know of a device: its state in words, its figures, its charts.

use adr_core::Timestamp;
use maud::{Markup, html};

use super::badge::look;
use super::chart::Chart;
use super::device_table::key;
use super::link;
use super::scale::Unit;
use super::words::{absolute, ago, ago_of, clock, count, rate, span};
use crate::devices::{DeviceStatus, History, Point, State};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const FINE: i64 = 10;
const COARSE: i64 = 300;

/// What the state means and what to do about it.
pub(crate) fn advice(now: Timestamp, device: &DeviceStatus) -> Markup {
    let look = look(device.state);
    html! {
        section.advice.(look.tone.class()) #advice data-live aria-labelledby="advice-title" {
            (look.icon.draw())
            div {
                h2 #advice-title { (device.state.label()) }
                p {
                    @if device.is_provider && device.state == State::Idle {
                        "JumpCloud takes the key of this provider. Each of its organizations is read as a device of its own."
                    } @else if device.is_provider && device.state == State::Paused {
                        "Nothing is collected of any of its organizations until it is resumed. They then go on where they stopped."
                    } @else {
                        (look.meaning)
                    }
                    @if device.state == State::CatchingUp {
                        @match device.caught_up_in_seconds {
                            Some(seconds) => { " At the pace of the last minutes it takes about " b { (span(seconds)) } "." },
                            None => " How long it takes cannot be said yet.",
                        }
                    }
                }
                @if look.steps.len() == 1 { p { (look.steps[0]) } }
                @if look.steps.len() > 1 { ol { @for step in look.steps { li { (step) } } } }
                @if device.state.is_trouble() {
                    @if let Some(error) = device.last_error.as_ref().filter(|error| error.over.is_none()) {
                        p.cause { "Last error: " q { (error.message) } }
                    }
                }
                @if device.since.is_some() { p.since { "Since " (ago(now, device.since.as_deref())) } }
            }
        }
    }
}

/// The figures.
pub(crate) fn figures(now: Timestamp, device: &DeviceStatus) -> Markup {
    let flow = &device.flow;
    html! {
        section.figures #figures data-live aria-label="Figures" {
            dl {
                (figure(
                    "Last event seen",
                    &ago_of(now, device.last_event.as_deref(), device),
                    &html! { @if device.is_read { "asked " (ago(now, device.last_poll.as_deref())) } },
                ))
                (figure("Events", &html! { (count(flow.events)) }, &html! { (count(flow.duplicates)) " duplicates dropped" }))
                (figure("Events a second", &html! { (rate(flow.rate)) }, &html! { (rate(flow.average)) " avg, " (rate(flow.maximum)) " max of the last hour" }))
                (figure(
                    "Behind now",
                    &html! { @match device.lag_seconds { Some(lag) => { (span(lag)) }, None => { span.none { "unknown" } } } },
                    &html! { @if device.is_read { "complete until " (clock(now, device.complete_until.as_deref())) } },
                ))
                (figure_of_key(now, device))
            }
        }
    }
}

/// The figures of a provider, for whom nothing is read itself.
pub(crate) fn figures_of_provider(now: Timestamp, device: &DeviceStatus) -> Markup {
    let organizations = link::with("/", &[("provider", &device.id)]);
    html! {
        section.figures #figures data-live aria-label="Figures" {
            dl {
                (figure(
                    "Organizations",
                    &html! { (count(device.organizations)) },
                    &html! { a href=(organizations) { "Show them" } ", each a device of its own" },
                ))
                (figure_of_key(now, device))
            }
        }
    }
}

fn figure_of_key(now: Timestamp, device: &DeviceStatus) -> Markup {
    figure(
        "Key",
        &key(&device.key),
        &html! {
            @if device.key.added.is_some() { "added " (ago(now, device.key.added.as_deref())) } @else { "since when is not known" }
        },
    )
}

fn figure(name: &str, value: &Markup, below: &Markup) -> Markup {
    html! { div { dt { (name) } dd.value { (value) } dd.below { (below) } } }
}

/// What is set rather than measured.
pub(crate) fn facts(device: &DeviceStatus) -> Markup {
    let instant = |text: Option<&str>| text.and_then(|text| Timestamp::parse(text.as_bytes()).ok()).map(absolute);
    let key = &device.key;
    html! {
        section.panel #facts data-live aria-labelledby="facts-title" {
            h2 #facts-title { "Configuration" }
            dl.facts {
                div { dt { "Device Name" } dd { (device.name) } }
                div { dt { "Type" } dd { (device.device_type) } }
                div { dt { "CCE IP" } dd { (device.cce) } }
                @if !device.org_id.is_empty() { div { dt { "Organization ID" } dd { code { (device.org_id) } } } }
                @if let Some(provider) = &device.provider {
                    div { dt { "Provider" } dd { a href=(link::device(provider, "")) { (provider) } } }
                }
                div { dt { "Password / Secret Key" } dd { "kept, and never shown" } }
                @if let Some(added) = instant(key.added.as_deref()) { div { dt { "Key added" } dd { (added) } } }
                @if let Some(expires) = instant(key.expires.as_deref()) { div { dt { "Key expires" } dd { (expires) } } }
            }
        }
    }
}

/// The charts of the last hour and the last day.
pub(crate) fn charts(now: Timestamp, history: &History) -> Markup {
    let now = now.as_nanos().div_euclid(1_000_000_000);
    let rate: fn(&Point) -> Option<f64> = |point| Some(f64::from(point.rate));
    let lag: fn(&Point) -> Option<f64> = |point| point.lag.map(f64::from);
    let hour = |name, title, value, unit| {
        // It moves on with its points and not with each look at it.
        let end = now.div_euclid(FINE) * FINE + FINE;
        Chart { name, title, points: &history.hour, value, unit, end, length: HOUR, every: FINE, marks: 6, rows: 60 }
    };
    let day = |name, title, value, unit| {
        let end = now.div_euclid(COARSE) * COARSE + COARSE;
        Chart { name, title, points: &history.day, value, unit, end, length: DAY, every: COARSE, marks: 6, rows: 96 }
    };
    html! {
        section.charts #charts data-live aria-label="Charts" {
            (hour("rate-hour", "Events a second, last hour", rate, Unit::PerSecond).draw())
            (day("rate-day", "Events a second, last day", rate, Unit::PerSecond).draw())
            (hour("lag-hour", "Behind now, last hour", lag, Unit::Seconds).draw())
            (day("lag-day", "Behind now, last day", lag, Unit::Seconds).draw())
        }
    }
}
