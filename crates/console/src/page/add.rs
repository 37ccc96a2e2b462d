//! Add-On Store > Add: the form that makes a device.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};

use super::device::{csrf, way};
use super::field::{Fields, KEPT};
use super::icon::Icon;
use super::layout::{Fragment, Section, Sheet, dead_end, heading};
use super::notice::Notice;
use super::posted::Posted;
use super::visitor::Guest;
use super::words::sentence;
use super::{Site, link, store};
use crate::desk::{Change, Field, Form, Refused};

const REGIONS: [(&str, &str); 3] = [("us", "United States"), ("eu", "Europe"), ("in", "India")];

/// `GET /add-on-store/add`
pub(crate) async fn show(State(site): State<Site>, guest: Guest) -> Response {
    if !site.desk.takes_changes() {
        let main = html! { (way(&[("Add-On Store", "/add-on-store")])) (heading("Add JumpCloud", &html! {}, &html! {})) (store::in_the_file()) };
        let section = Some(Section::AddOnStore);
        return Sheet { title: "Add JumpCloud", section, live: None, notice: None, guest: &guest }
            .answer(Fragment::Page, &main);
    }
    if !guest.visitor.is_administrator() {
        let message = "Devices are added by administrators. Sign in as one.";
        return dead_end(StatusCode::FORBIDDEN, &guest, "Administrators only", message);
    }
    draw(&guest, &Form::default(), None, None).into_response()
}

/// `POST /add-on-store/add`
pub(crate) async fn save(State(site): State<Site>, mut posted: Posted) -> Response {
    let form = read(&mut posted);
    let filled = Form { secret_key: String::new().into(), ..form.clone() };
    let is_trial = posted.take("intent") == "test";
    let guest = &posted.guest;
    match site.change(guest, if is_trial { Change::Try(form) } else { Change::Add(form) }).await {
        Ok(done) if is_trial => {
            let message = format!("{} Nothing was saved yet.", sentence(&done.message));
            draw(guest, &filled, None, Some(Notice::good(message)))
        }
        Ok(done) => {
            // A provider's key may have made several devices.
            let path = if site.device(&done.id).is_some() { link::device(&done.id, "") } else { "/".to_owned() };
            site.go(&path, Notice::good(sentence(&done.message)))
        }
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, draw(guest, &filled, Some(&refused), None)).into_response(),
    }
}

fn read(posted: &mut Posted) -> Form {
    let mut text = |name: &str| posted.take(name).trim().to_owned();
    Form {
        device_name: text("device_name"),
        cce_ip: text("cce_ip"),
        access_id: text("access_id"),
        configuration: text("configuration"),
        region: text("region"),
        base_url: text("base_url"),
        key_expires: text("key_expires"),
        provider: !text("provider").is_empty(),
        secret_key: posted.take("secret_key").into(),
        include: posted.take_lines("include"),
        exclude: posted.take_lines("exclude"),
    }
}

fn draw(guest: &Guest, form: &Form, refused: Option<&Refused>, notice: Option<Notice>) -> Response {
    let fields = Fields { refused };
    let main = html! {
        (way(&[("Add-On Store", "/add-on-store")]))
        (heading("Add JumpCloud", &html! { p.lead { "One device for each JumpCloud organization." } }, &html! {}))
        div.with-help {
        form #add.sheet method="post" action="/add-on-store/add" data-keep-secret {
            (csrf(guest))
            (fields.summary())
            @if let Some(notice) = &notice { (notice.draw()) }
            (main_fields(fields, form))
            (provider(fields, form))
            (advanced(fields, form))
            div.actions {
                button.primary type="submit" name="intent" value="save" { "Save" }
                button type="submit" name="intent" value="test" { (Icon::Plug.draw()) "Test" }
                a.button.plain href="/add-on-store" { "Cancel" }
                p.hint { "Both ask JumpCloud whether key and organization belong together. Only Save keeps them." }
            }
        }
        (help())
        }
    };
    let section = Some(Section::AddOnStore);
    Sheet { title: "Add JumpCloud", section, live: None, notice: None, guest }.answer(Fragment::Page, &main)
}

/// Where to find what the form asks for.
fn help() -> Markup {
    html! {
        aside.help aria-labelledby="help-title" {
            h2 #help-title { "In the JumpCloud Admin Console" }
            ol {
                li { "Sign in as an administrator. The key reads what its owner may read, and ends with that account." }
                li { "Profile > My API Key: generate a key and copy it." }
                li { "Settings > Organization Profile: copy the Organization ID into the Configuration JSON." }
            }
            h2 { "On the way" }
            p { "This machine needs HTTPS (port 443) to the JumpCloud API, and must reach the CCE." }
            h2 { "Afterwards" }
            p { "Collection Status shows the device as Connected/Active once its first events are delivered." }
        }
    }
}

fn main_fields(fields: Fields<'_>, form: &Form) -> Markup {
    html! {
        (fields.draw(
            Field::DeviceName,
            &html! { "What Collection Status calls it." },
            &fields.line(Field::DeviceName, "text", &form.device_name, Some("JumpCloud")),
        ))
        (fields.draw(
            Field::CceIp,
            &html! { "Address of the ADR CCE machine, with a port where it is not the usual one. Blank where the pipeline delivers elsewhere." },
            &fields.line(Field::CceIp, "text", &form.cce_ip, Some("192.0.2.5")),
        ))
        (fields.draw(
            Field::AccessId,
            &html! { "Leave blank for an API key. For a service account: its client ID." },
            &fields.line(Field::AccessId, "text", &form.access_id, None),
        ))
        (fields.draw(
            Field::SecretKey,
            &html! { "The API key from Profile > My API Key in the JumpCloud Admin Console. " (KEPT) },
            &fields.secret(Field::SecretKey),
        ))
        (fields.draw(
            Field::Configuration,
            &html! { "The Organization ID from Settings > Organization Profile." },
            &html! {
                textarea #configuration name="configuration" rows="2" spellcheck="false" autocomplete="off"
                    placeholder="{ \"org_id\": \"your_organization_id\" }" autofocus[fields.is_first(Field::Configuration)]
                    aria-describedby=(fields.about(Field::Configuration))
                    aria-invalid=[fields.wrong(Field::Configuration).map(|_| "true")] { (form.configuration) }
            },
        ))
        div.two {
            (fields.draw(Field::Region, &html! { "Where the organization's data is kept." }, &html! {
                select #region name="region" aria-describedby=(fields.about(Field::Region))
                    autofocus[fields.is_first(Field::Region)] aria-invalid=[fields.wrong(Field::Region).map(|_| "true")] {
                    @for (value, label) in REGIONS {
                        option value=(value) selected[form.region == value] { (label) " (" (value) ")" }
                    }
                }
            }))
            (fields.draw(
                Field::KeyExpires,
                &html! { "Optional. Collection Status counts the days that are left." },
                &fields.line(Field::KeyExpires, "date", &form.key_expires, None),
            ))
        }
    }
}

fn provider(fields: Fields<'_>, form: &Form) -> Markup {
    let wrong = fields.wrong(Field::Organizations);
    let lines = |name: &str, label: &str, hint: &str, lines: &[String], is_wrong: bool| {
        let about = if is_wrong { format!("include-wrong {name}-hint") } else { format!("{name}-hint") };
        html! {
            div.field .wrong[is_wrong] {
                label for=(name) { (label) }
                textarea id=(name) name=(name) rows="3" spellcheck="false" autocomplete="off" aria-describedby=(about)
                    autofocus[is_wrong && name == "include" && fields.is_first(Field::Organizations)]
                    aria-invalid=[is_wrong.then_some("true")] { (lines.join("\n")) }
                p.hint id={ (name) "-hint" } { (hint) }
            }
        }
    };
    html! {
        fieldset.provider {
            legend { "Provider" }
            div.check {
                input #provider type="checkbox" name="provider" value="yes" checked[form.provider] aria-describedby="provider-hint";
                label for="provider" { "This is the key of a provider (MSP)" }
            }
            p.hint #provider-hint { "A device is made for each of its organizations; the Organization ID may be left blank." }
            div.of-provider {
                @if let Some(message) = wrong { p.message #include-wrong { (Icon::Warning.draw()) (sentence(message)) } }
                div.two {
                    (lines("include", "Include", "Names or ids of organizations, one a line; * stands for any text. Blank: all.", &form.include, wrong.is_some()))
                    (lines("exclude", "Exclude", "Of these, all but those.", &form.exclude, wrong.is_some()))
                }
            }
        }
    }
}

fn advanced(fields: Fields<'_>, form: &Form) -> Markup {
    let is_open = !form.base_url.is_empty() || fields.wrong(Field::BaseUrl).is_some();
    html! {
        details.advanced open[is_open] {
            summary { "Advanced" }
            (fields.draw(
                Field::BaseUrl,
                &html! { "Another address of the JumpCloud API, such as that of a simulator. Blank: that of the region." },
                &fields.line(Field::BaseUrl, "url", &form.base_url, Some("https://api.jumpcloud.com")),
            ))
        }
    }
}
