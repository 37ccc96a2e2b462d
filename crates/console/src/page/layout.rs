//! What stands around every page.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::asset;
use super::icon::Icon;
use super::notice::Notice;
use super::visitor::{Guest, Role, SIGN_IN, SIGN_OUT};

/// The parts of the program, as the navigation has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    CollectionStatus,
    AddOnStore,
    Pipeline,
}

/// A page.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'a str,
    pub(crate) section: Option<Section>,
    /// How often its live parts are fetched again, in seconds.
    pub(crate) live: Option<u8>,
    pub(crate) notice: Option<Notice>,
    pub(crate) guest: &'a Guest,
}

impl Sheet<'_> {
    /// The whole page, or what the script asked for of it.
    pub(crate) fn answer(&self, fragment: Fragment, main: &Markup) -> Response {
        match fragment {
            Fragment::Main => Html(self.main(main).into_string()).into_response(),
            Fragment::Page => Html(self.page(main).into_string()).into_response(),
        }
    }

    fn main(&self, main: &Markup) -> Markup {
        html! {
            main #main tabindex="-1" data-live-every=[self.live] {
                @if let Some(notice) = &self.notice { (notice.draw()) }
                (main)
            }
        }
    }

    fn page(&self, main: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) " - jumpcloud-adr" }
                    link rel="icon" type="image/svg+xml" href=(asset::mark());
                    link rel="stylesheet" href=(asset::style());
                    script src=(asset::theme()) {}
                    script src=(asset::live()) defer {}
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    (self.header())
                    (self.main(main))
                    footer.foot {
                        p { "Times are UTC. Point at a relative time to see the instant." }
                        p { "jumpcloud-adr " (env!("CARGO_PKG_VERSION")) }
                    }
                    div #said.unseen aria-live="polite" {}
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let here = |section| (self.section == Some(section)).then_some("page");
        html! {
            header.top {
                div.wide {
                    a.brand href="/" { img src=(asset::mark()) alt="" width="24" height="24"; span { "jumpcloud-adr" } }
                    nav aria-label="Main" {
                        a href="/" aria-current=[here(Section::CollectionStatus)] { (Icon::Bars.draw()) "Collection Status" }
                        a href="/pipeline" aria-current=[here(Section::Pipeline)] { (Icon::Flow.draw()) "Pipeline" }
                        a href="/add-on-store" aria-current=[here(Section::AddOnStore)] { (Icon::Store.draw()) "Add-On Store" }
                    }
                    div.aside {
                        @if self.live.is_some() { p #live.live hidden { span.dot {} span data-live-text {} } }
                        button #theme.plain type="button" hidden { (Icon::Theme.draw()) span.unseen data-theme-text { "Theme" } }
                        (self.account())
                    }
                }
            }
        }
    }

    fn account(&self) -> Markup {
        let visitor = &self.guest.visitor;
        html! {
            @if let Some(name) = &visitor.name {
                span.who title=(match visitor.role { Role::Administrator => "Administrator", Role::Viewer => "Viewer" }) { (name) }
                form method="post" action=(SIGN_OUT) {
                    input type="hidden" name="csrf" value=(visitor.csrf);
                    button.plain type="submit" { "Sign out" }
                }
            } @else if self.guest.known && !visitor.is_administrator() {
                a.button href=(SIGN_IN) { "Sign in" }
            }
        }
    }
}

/// How much of a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fragment {
    Page,
    Main,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Fragment {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        let asked = parts.headers.get("x-fragment").is_some_and(|value| value.as_bytes() == b"main");
        Ok(if asked { Self::Main } else { Self::Page })
    }
}

/// A page that says why there is no other.
pub(crate) fn dead_end(status: StatusCode, guest: &Guest, title: &str, message: &str) -> Response {
    let sheet = Sheet { title, section: None, live: None, notice: None, guest };
    let main = html! {
        div.dead-end {
            p.code { (status.as_str()) }
            h1 { (title) }
            p { (message) }
            p { a.button href="/" { "Collection Status" } }
        }
    };
    (status, sheet.answer(Fragment::Page, &main)).into_response()
}

/// The heading of a page, with what can be done on it.
pub(crate) fn heading(title: &str, below: &Markup, actions: &Markup) -> Markup {
    html! {
        div.heading {
            div { h1 { (title) } (below) }
            @if !actions.0.is_empty() { div.actions { (actions) } }
        }
    }
}
