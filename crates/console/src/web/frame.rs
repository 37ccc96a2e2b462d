//! Pages of the sign-in, in the frame of the others.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};

use crate::page::Guest;
use crate::page::layout::{Fragment, Sheet};

/// A page as it is shown to nobody in particular.
pub(crate) fn draw(title: &str, main: &Markup) -> Response {
    let guest = &Guest::default();
    Sheet { title, section: None, live: None, notice: None, guest }.answer(Fragment::Page, main)
}

/// A page that says why there is no other, and where to go instead.
pub(crate) fn dead_end(status: StatusCode, title: &str, message: &str, onward: (&str, &str)) -> Response {
    let main = html! {
        div.dead-end {
            p.code { (status.as_str()) }
            h1 { (title) }
            p { (message) }
            p { a.button href=(onward.1) { (onward.0) } }
        }
    };
    (status, draw(title, &main)).into_response()
}
