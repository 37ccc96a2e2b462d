//! One device.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};

use super::badge::badge;
use super::icon::Icon;
use super::layout::{Fragment, Section, Sheet};
use super::visitor::Guest;
use super::words::counted;
use super::{Shown, Site, device_facts, events, link, no_device};
use crate::devices::{DeviceStatus, State as DeviceState};

/// `GET /devices/{id}`
pub(crate) async fn show(
    State(site): State<Site>,
    guest: Guest,
    fragment: Fragment,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let Some(device) = site.device(&id) else { return no_device(&guest) };
    let (desk, now) = (&site.desk, site.desk.now());
    let main = html! {
        div #state data-live data-said=(device.name) data-state=(device.state.label()) {
            (head(&device))
        }
        @if desk.takes_changes() && guest.visitor.is_administrator() { (actions(&device, &guest)) }
        (device_facts::advice(now, &device))
        @if device.is_provider {
            (device_facts::figures_of_provider(now, &device))
            (events::occurrences(now, &desk.occurrences(&id)))
        } @else {
            (device_facts::figures(now, &device))
            (device_facts::charts(now, &desk.history(&id).unwrap_or_default()))
            (events::occurrences(now, &desk.occurrences(&id)))
            (events::sample(desk.sample(&id).as_ref(), device.is_read))
        }
        (device_facts::facts(&device))
    };
    let (section, notice) = (Some(Section::CollectionStatus), site.notice(shown.notice.as_deref()));
    Sheet { title: &device.name, section, live: Some(2), notice, guest: &guest }.answer(fragment, &main)
}

fn head(device: &DeviceStatus) -> Markup {
    html! {
        (way(&[("Collection Status", "/")]))
        div.heading.of-device {
            h1 { (device.name) }
            (badge(device.state))
            p.lead {
                (device.device_type)
                @if device.is_provider {
                    " provider with " (organizations(device))
                } @else if !device.org_id.is_empty() {
                    " organization " code { (device.org_id) }
                }
                @if let Some(provider) = &device.provider { " of " a href=(link::device(provider, "")) { (provider) } }
                @if !device.cce.is_empty() { " to CCE " (device.cce) }
            }
        }
    }
}

/// Where a page stands.
pub(crate) fn way(steps: &[(&str, &str)]) -> Markup {
    html! {
        nav.way aria-label="Breadcrumb" { ol { @for (name, target) in steps { li { a href=(target) { (name) } } } } }
    }
}

/// How many organizations a provider has here.
pub(crate) fn organizations(device: &DeviceStatus) -> String {
    counted(usize::try_from(device.organizations).unwrap_or(usize::MAX), "organization", "organizations")
}

fn actions(device: &DeviceStatus, guest: &Guest) -> Markup {
    let to = |rest: &str| link::device(&device.id, rest);
    if let Some(provider) = &device.provider {
        return html! {
            div.actions #actions data-live aria-label="Actions" role="group" {
                (test(device, guest))
                a.button href=(link::device(provider, "")) { (Icon::Forward.draw()) "Provider " (provider) }
                p.hint { "This organization is read with the key of its provider. Rotate key, Pause and Remove stand there, for all of its organizations." }
            }
        };
    }
    let is_paused = device.state == DeviceState::Paused;
    let (rest, label, icon) =
        if is_paused { ("/resume", "Resume", Icon::Forward) } else { ("/pause", "Pause", Icon::Pause) };
    html! {
        div.actions #actions data-live aria-label="Actions" role="group" {
            (test(device, guest))
            a.button href=(to("/key")) { (Icon::Key.draw()) "Rotate key" }
            form method="post" action=(to(rest)) data-key=(rest) { (csrf(guest)) button type="submit" { (icon.draw()) (label) } }
            a.button.danger href=(to("/remove")) { (Icon::Cross.draw()) "Remove" }
        }
    }
}

fn test(device: &DeviceStatus, guest: &Guest) -> Markup {
    html! {
        form method="post" action=(link::device(&device.id, "/test")) {
            (csrf(guest))
            button type="submit" { (Icon::Plug.draw()) "Test connection" }
        }
    }
}

/// What shows that a form stood on a page of this visitor.
pub(crate) fn csrf(guest: &Guest) -> Markup {
    html! { input type="hidden" name="csrf" value=(guest.visitor.csrf); }
}
