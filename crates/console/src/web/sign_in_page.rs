//! How the sign-in looks.

use std::time::Duration;

use axum::response::Response;
use maud::{Markup, html};

use super::frame;
use crate::page::SIGN_IN;

/// The form that asks for name and password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignInPage<'a> {
    /// What the form brings back beside the cookie.
    pub(crate) token: &'a str,
    /// Where it leads on to.
    pub(crate) next: &'a str,
    /// As it was filled in before.
    pub(crate) name: &'a str,
    pub(crate) problem: Option<Problem>,
    /// A link on another site led here, so that nobody knows whether somebody is signed in.
    pub(crate) is_from_elsewhere: bool,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It does not say which of both.
    Wrong,
    /// There were too many failures.
    Wait(Duration),
    /// Its cookie has gone, or it was never ours.
    OutOfDate,
}

impl SignInPage<'_> {
    pub(crate) fn draw(&self) -> Response {
        frame::draw(
            "Sign in",
            &html! {
                div.heading { div { h1 { "Sign in" } } }
                form.sheet method="post" action=(SIGN_IN) {
                    @if let Some(problem) = self.problem { div.notice.bad role="alert" { p { (problem.words()) } } }
                    @if self.is_from_elsewhere {
                        p.hint { "You came by a link from elsewhere. If you are signed in already, " a href=(self.next) { "go on" } "." }
                    }
                    input type="hidden" name="form" value=(self.token);
                    input type="hidden" name="next" value=(self.next);
                    div.field {
                        label for="name" { "Name" }
                        input #name name="name" type="text" value=(self.name) required autocomplete="username" autocapitalize="none"
                            spellcheck="false" maxlength="64" autofocus[self.name.is_empty()];
                    }
                    div.field {
                        label for="password" { "Password" }
                        input #password name="password" type="password" required autocomplete="current-password"
                            autofocus[!self.name.is_empty()];
                    }
                    div.actions { button.primary type="submit" { "Sign in" } }
                }
            },
        )
    }
}

/// Where there is nobody who could sign in.
pub(crate) fn nobody() -> Response {
    frame::draw(
        "Sign in",
        &html! {
            div.empty {
                h2 { "Nobody can sign in here yet" }
                p { "Changes are made by administrators, and there are no users. Add one on the machine that this program runs on." }
                pre.command { code { "jumpcloud-adr user add NAME --role administrator" } }
                p { a.button href="/" { "Collection Status" } }
            }
        },
    )
}

impl Problem {
    fn words(self) -> Markup {
        match self {
            Self::Wrong => html! { "Name or password is wrong." },
            Self::OutOfDate => html! { "This form was out of date, or the browser takes no cookies. Try again." },
            Self::Wait(wait) => {
                let seconds = seconds(wait);
                html! { "Too many attempts have failed. Try again in " (seconds) (if seconds == 1 { " second." } else { " seconds." }) }
            }
        }
    }
}

/// Whole seconds, after which the wait is certainly over.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
