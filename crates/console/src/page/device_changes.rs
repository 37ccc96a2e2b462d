//! What an administrator can do to a device.

use adr_core::{ExposeSecret, FailureKind, SecretString};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;

use super::device::{csrf, organizations, way};
use super::field::{Fields, KEPT};
use super::layout::{Fragment, Section, Sheet, dead_end, heading};
use super::notice::Notice;
use super::posted::Posted;
use super::visitor::Guest;
use super::words::sentence;
use super::{Site, link, no_device};
use crate::desk::{Change, Done, Field, Refused};
use crate::devices::DeviceStatus;

impl Site {
    /// Has a change made. It is brought to its end even where whoever asked has gone away.
    pub(crate) async fn change(&self, guest: &Guest, change: Change) -> Result<Done, Refused> {
        let refuse = |message: &str| Err(Refused::new(FailureKind::Forbidden, message));
        if !self.desk.takes_changes() {
            return refuse("the devices stand in the pipeline file: change them there");
        }
        let change = self.desk.clone().change(guest.visitor.who(), change);
        match tokio::spawn(change).await {
            Ok(answer) => answer,
            Err(_) => {
                refuse("the change ended without an answer: see the log, and whether the device is as you want it")
            }
        }
    }
}

/// `POST /devices/{id}/test`
pub(crate) async fn test(site: State<Site>, id: Path<String>, posted: Posted) -> Response {
    at_once(&site, &id, &posted.guest, Change::Test).await
}

/// `POST /devices/{id}/pause`
pub(crate) async fn pause(site: State<Site>, id: Path<String>, posted: Posted) -> Response {
    at_once(&site, &id, &posted.guest, Change::Pause).await
}

/// `POST /devices/{id}/resume`
pub(crate) async fn resume(site: State<Site>, id: Path<String>, posted: Posted) -> Response {
    at_once(&site, &id, &posted.guest, Change::Resume).await
}

/// Has a change made that nothing more must be known for, and says on the device's page what came of it.
async fn at_once(site: &Site, id: &str, guest: &Guest, change: fn(String) -> Change) -> Response {
    if site.device(id).is_none() {
        return no_device(guest);
    }
    let notice = match site.change(guest, change(id.to_owned())).await {
        Ok(done) => Notice::good(sentence(&done.message)),
        Err(refused) => Notice::bad(sentence(&refused.message)),
    };
    site.go(&link::device(id, ""), notice)
}

/// `GET /devices/{id}/remove`: asks once more.
pub(crate) async fn ask_remove(State(site): State<Site>, guest: Guest, Path(id): Path<String>) -> Response {
    let device = match may_change(&site, &guest, &id) {
        Ok(device) => device,
        Err(refusal) => return *refusal,
    };
    let page = link::device(&id, "");
    let main = html! {
        (way(&[("Collection Status", "/"), (&device.name, &page)]))
        (heading(&format!("Remove {}?", device.name), &html! {}, &html! {}))
        form.sheet method="post" action=(link::device(&id, "/remove")) {
            (csrf(&guest))
            p {
                @if device.is_provider {
                    "Collection of its " (organizations(&device)) " ends, and the provider is removed together with its key."
                } @else {
                    "Collection of organization " code { (device.org_id) } " ends, and the device is removed together with its key."
                }
            }
            p { "What ADR has received, it keeps. To stop for a while, use Pause instead." }
            div.actions {
                button.primary.danger type="submit" { "Remove device" }
                a.button href=(page) { "Keep it" }
            }
        }
    };
    sheet("Remove device", &guest).answer(Fragment::Page, &main)
}

/// `POST /devices/{id}/remove`
pub(crate) async fn remove(State(site): State<Site>, Path(id): Path<String>, posted: Posted) -> Response {
    if site.device(&id).is_none() {
        return no_device(&posted.guest);
    }
    match site.change(&posted.guest, Change::Remove(id.clone())).await {
        Ok(done) => site.go("/", Notice::good(sentence(&done.message))),
        Err(refused) => site.go(&link::device(&id, ""), Notice::bad(sentence(&refused.message))),
    }
}

/// `GET /devices/{id}/key`
pub(crate) async fn ask_key(State(site): State<Site>, guest: Guest, Path(id): Path<String>) -> Response {
    match may_change(&site, &guest, &id) {
        Ok(device) => key_form(&guest, &device, "", None),
        Err(refusal) => *refusal,
    }
}

/// `POST /devices/{id}/key`
pub(crate) async fn rotate_key(State(site): State<Site>, Path(id): Path<String>, mut posted: Posted) -> Response {
    let Some(device) = site.device(&id) else { return no_device(&posted.guest) };
    let secret = SecretString::from(posted.take("secret_key"));
    let expires = posted.take("key_expires").trim().to_owned();
    let guest = &posted.guest;
    let refuse = |refused: &Refused| {
        (StatusCode::UNPROCESSABLE_ENTITY, key_form(guest, &device, &expires, Some(refused))).into_response()
    };
    if secret.expose_secret().trim().is_empty() {
        return refuse(&Refused::field(Field::SecretKey, "enter the new key"));
    }
    match site.change(guest, Change::RotateKey { id: id.clone(), secret, expires: expires.clone() }).await {
        Ok(done) => site.go(&link::device(&id, ""), Notice::good(sentence(&done.message))),
        Err(refused) => refuse(&refused),
    }
}

fn key_form(guest: &Guest, device: &DeviceStatus, expires: &str, refused: Option<&Refused>) -> Response {
    let (fields, page) = (Fields { refused }, link::device(&device.id, ""));
    let main = html! {
        (way(&[("Collection Status", "/"), (&device.name, &page)]))
        (heading("Rotate key", &html! { p.lead { "of " (device.name) } }, &html! {}))
        form #key.sheet method="post" action=(link::device(&device.id, "/key")) data-keep-secret {
            (csrf(guest))
            (fields.summary())
            p {
                "The new key is tried with JumpCloud first. It takes the place of the old one only if it "
                @if device.is_provider { "is of a provider" } @else { "reads the same organization" }
                "; collection goes on where it is."
            }
            (fields.draw(
                Field::SecretKey,
                &html! { "The new API key from Profile > My API Key. " (KEPT) },
                &fields.secret(Field::SecretKey),
            ))
            (fields.draw(
                Field::KeyExpires,
                &html! { "Optional. Collection Status counts the days that are left." },
                &fields.line(Field::KeyExpires, "date", expires, None),
            ))
            div.actions {
                button.primary type="submit" { "Rotate key" }
                a.button.plain href=(page) { "Cancel" }
            }
        }
    };
    sheet("Rotate key", guest).answer(Fragment::Page, &main)
}

fn sheet<'a>(title: &'a str, guest: &'a Guest) -> Sheet<'a> {
    Sheet { title, section: Some(Section::CollectionStatus), live: None, notice: None, guest }
}

/// The device, for who may change it; else the page that says why not.
fn may_change(site: &Site, guest: &Guest, id: &str) -> Result<DeviceStatus, Box<Response>> {
    let refuse = |title: &str, message: &str| Err(Box::new(dead_end(StatusCode::FORBIDDEN, guest, title, message)));
    if !guest.visitor.is_administrator() {
        return refuse("Administrators only", "Devices are changed by administrators. Sign in as one.");
    }
    if !site.desk.takes_changes() {
        return refuse("Kept in the pipeline file", "The devices stand in the pipeline file: change them there.");
    }
    let device = site.device(id).ok_or_else(|| Box::new(no_device(guest)))?;
    match &device.provider {
        None => Ok(device),
        Some(provider) => refuse(
            "Belongs to a provider",
            &format!("This organization is read with the key of {provider}: change the device {provider} instead."),
        ),
    }
}
