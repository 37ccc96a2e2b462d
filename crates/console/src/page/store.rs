//! The Add-On Store: what can be collected.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use super::icon::Icon;
use super::layout::{Fragment, Section, Sheet, heading};
use super::visitor::Guest;
use super::words::counted;
use super::{Shown, Site};

/// `GET /add-on-store`
pub(crate) async fn show(
    State(site): State<Site>,
    guest: Guest,
    fragment: Fragment,
    Query(shown): Query<Shown>,
) -> Response {
    let devices = site.desk.devices();
    let read = devices.iter().filter(|device| !device.is_provider).count();
    let troubled = devices.iter().filter(|device| device.state.is_trouble()).count();
    let main = html! {
        (heading("Add-On Store", &html! { p.lead { "Security data sources that can be collected for ADR." } }, &html! {}))
        ul.cards {
            li.card {
                div.card-head { img src=(super::asset::mark()) alt="" width="40" height="40"; h2 { "JumpCloud" } }
                p { "Directory Insights events of an organization: sign-ins, changes by administrators, devices, directories, single sign-on." }
                p #added data-live {
                    a href="/" { (counted(read, "device", "devices")) }
                    @if troubled > 0 { ", " a href="/?state=trouble" { (counted(troubled, "needs", "need")) " attention" } }
                }
                @if !site.desk.takes_changes() {
                    (in_the_file())
                } @else if guest.visitor.is_administrator() {
                    p { a.button.primary href="/add-on-store/add" { (Icon::Add.draw()) "Add" } }
                } @else {
                    p.hint { "Administrators can add devices." }
                }
            }
        }
    };
    let (section, notice) = (Some(Section::AddOnStore), site.notice(shown.notice.as_deref()));
    Sheet { title: "Add-On Store", section, live: Some(5), notice, guest: &guest }.answer(fragment, &main)
}

/// Where devices are added instead.
pub(crate) fn in_the_file() -> Markup {
    html! {
        div.aside-note {
            p { "The devices of this program stand in its pipeline file, and are added there: a source of type " code { "jumpcloud" } " for each, or one with " code { "tenants" } "." }
            p { "To add and change devices on this page, give the program a folder to keep them in:" }
            pre.command { code { "jumpcloud-adr serve --devices /etc/jumpcloud-adr/devices" } }
        }
    }
}
