//! The page: what a person sees of a running pipeline, and may change of it, in a browser.
//!
//! It is drawn here from what a [`Desk`] says at the moment. It works without a script; with one, the marked parts of a page
//! are fetched again every few seconds. Nothing in it comes from elsewhere: no font, no picture, no inline script or style.

mod add;
mod asset;
mod badge;
mod chart;
mod chips;
mod collection_status;
mod column;
mod device;
mod device_changes;
mod device_facts;
mod device_table;
mod events;
mod field;
mod flow;
mod graph;
mod icon;
mod json;
pub(crate) mod layout;
mod link;
mod notice;
mod posted;
mod scale;
mod selection;
mod sparkline;
mod store;
#[cfg(test)]
mod tests;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};

use crate::desk::Desk;
use crate::devices::DeviceStatus;
use layout::dead_end;
use notice::{Notice, Notices};

pub(crate) use visitor::Guest;
pub use visitor::{Role, SIGN_IN, SIGN_OUT, Visitor};

/// What a browser may load and run on behalf of a page: only what comes from the same place.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages of a desk. Who is asking stands in each request as an [`Extension`](axum::Extension) of [`Visitor`]; whoever
/// is not known there may read and nothing else.
pub fn routes(desk: Arc<dyn Desk>) -> Router {
    let site = Site { desk, notices: Arc::default() };
    Router::new()
        .route("/", get(collection_status::show))
        .route("/devices/{id}", get(device::show))
        .route("/devices/{id}/test", post(device_changes::test))
        .route("/devices/{id}/pause", post(device_changes::pause))
        .route("/devices/{id}/resume", post(device_changes::resume))
        .route("/devices/{id}/key", get(device_changes::ask_key).post(device_changes::rotate_key))
        .route("/devices/{id}/remove", get(device_changes::ask_remove).post(device_changes::remove))
        .route("/add-on-store", get(store::show))
        .route("/add-on-store/add", get(add::show).post(add::save))
        .route("/pipeline", get(graph::show))
        .route("/assets/{name}", get(asset::give))
        .fallback(nowhere)
        .with_state(site)
        .layer(axum::middleware::map_response(guard))
}

/// What every page is drawn from.
#[derive(Clone)]
struct Site {
    desk: Arc<dyn Desk>,
    notices: Arc<Notices>,
}

impl Site {
    fn device(&self, id: &str) -> Option<DeviceStatus> {
        self.desk.device(id)
    }

    /// Goes on to a page that says what was done.
    fn go(&self, path: &str, notice: Notice) -> Response {
        let name = self.notices.keep(notice);
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        // A path that is no header value cannot come from `link`; the first page is never wrong.
        let place = HeaderValue::try_from(link::with(path, &[("notice", &name)]));
        response.headers_mut().insert(header::LOCATION, place.unwrap_or(HeaderValue::from_static("/")));
        response
    }

    fn notice(&self, name: Option<&str>) -> Option<Notice> {
        name.and_then(|name| self.notices.find(name))
    }
}

/// The notice that a page was asked to show.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Shown {
    notice: Option<String>,
}

async fn nowhere(guest: Guest) -> Response {
    dead_end(StatusCode::NOT_FOUND, &guest, "Page not found", "Nothing is kept at this address.")
}

fn no_device(guest: &Guest) -> Response {
    let message = "No device has this address. It may have been removed.";
    dead_end(StatusCode::NOT_FOUND, guest, "Device not found", message)
}

/// What a browser must know of every answer.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(header::VARY, "x-fragment");
    response
}
