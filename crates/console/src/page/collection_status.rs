//! System Logs and Flows > Collection Status: every device at a glance.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use super::chips::{chips, search};
use super::device_table::table;
use super::icon::Icon;
use super::layout::{Fragment, Section, Sheet, heading};
use super::selection::{Asked, Selection};
use super::visitor::Guest;
use super::words::{counted, rate};
use super::{Site, store};

/// `GET /`
pub(crate) async fn show(
    State(site): State<Site>,
    guest: Guest,
    fragment: Fragment,
    Query(asked): Query<Asked>,
) -> Response {
    let notice = site.notice(asked.notice.as_deref());
    let devices = site.desk.devices();
    let rate_of_all = devices.iter().map(|device| device.flow.rate).sum();
    let selection = Selection::of(devices, asked);
    let can_add = guest.visitor.is_administrator() && site.desk.takes_changes();
    let add = html! {
        @if can_add { a.button.primary href="/add-on-store/add" { (Icon::Add.draw()) "Add device" } }
    };
    let main = if selection.all == 0 {
        html! {
            (heading("Collection Status", &html! { p.lead { "System Logs and Flows" } }, &html! {}))
            (no_devices(&site, can_add))
        }
    } else {
        html! {
            (heading("Collection Status", &summary(&selection, rate_of_all), &add))
            (chips(&selection))
            (search(&selection))
            (table(&*site.desk, &selection))
        }
    };
    let section = Some(Section::CollectionStatus);
    Sheet { title: "Collection Status", section, live: Some(5), notice, guest: &guest }.answer(fragment, &main)
}

fn summary(selection: &Selection, rate_of_all: f64) -> Markup {
    let (providers, troubled) = (selection.all_providers, selection.all_troubled);
    html! {
        p.lead #summary data-live {
            (counted(selection.all - providers, "device", "devices"))
            @if providers > 0 { " and " (counted(providers, "provider", "providers")) }
            ", " (rate(rate_of_all)) " events a second now. "
            @if troubled == 0 { "None needs attention." } @else {
                b { (counted(troubled, "needs", "need")) " attention." }
            }
        }
    }
}

fn no_devices(site: &Site, can_add: bool) -> Markup {
    html! {
        section.empty {
            img src=(super::asset::mark()) alt="" width="56" height="56";
            h2 { "No devices yet" }
            p { "A device is one JumpCloud organization whose events are collected for ADR." }
            @if can_add {
                p { a.button.primary href="/add-on-store/add" { (Icon::Add.draw()) "Add the first device" } }
                p.hint { "Have an API key and the Organization ID of JumpCloud at hand." }
            } @else if site.desk.takes_changes() {
                p { "An administrator can add the first one under Add-On Store > Add." }
            } @else {
                (store::in_the_file())
            }
        }
    }
}
