//! What stands at the door, for all requests.

use std::net::IpAddr;
use std::sync::Arc;

use adr_core::Clock;
use axum::extract::Request;
use http::{HeaderMap, HeaderName, header};

use super::attempts::Attempts;
use super::cookie::{self, Cookies};
use super::host::Hosts;
use super::session::{Sessions, Use};
use super::users::{Passwords, Users};
use super::{peer, random};
use crate::page::Visitor;

const X_FRAGMENT: HeaderName = HeaderName::from_static("x-fragment");

/// What is asked about each request.
pub(crate) struct Guard {
    /// Whether everybody who reaches this may read.
    pub(crate) is_open: bool,
    /// Whether browsers come by TLS, to here or to the proxy in front.
    pub(crate) is_secure: bool,
    pub(crate) is_behind_proxy: bool,
    pub(crate) hosts: Hosts,
    /// Whether the addresses of health are answered under any name: a supervisor asks by number.
    pub(crate) is_probed: bool,
    pub(crate) cookies: Cookies,
    pub(crate) sessions: Sessions,
    pub(crate) attempts: Attempts,
    pub(crate) passwords: Passwords,
    pub(crate) users: Option<Users>,
    /// The hash of what programs say instead of signing in.
    pub(crate) token: Option<[u8; 32]>,
}

impl Guard {
    /// Who is signed in.
    pub(crate) fn visitor(&self, request: &Request) -> Option<Visitor> {
        // A page that is left open fetches itself again and again: that is nobody's sign of life.
        let is_page = request.method().is_safe() && request.headers().contains_key(&X_FRAGMENT);
        self.session(request.headers(), if is_page { Use::Page } else { Use::Person })
    }

    pub(crate) fn session(&self, headers: &HeaderMap, how: Use) -> Option<Visitor> {
        let id = cookie::find(headers, &self.cookies.session)?;
        self.sessions.find(id, &self.users.as_ref()?.current(), how)
    }

    /// Whether a program has the token.
    pub(crate) fn has_token(&self, headers: &HeaderMap) -> bool {
        let Some(right) = &self.token else { return false };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given =
            given.and_then(|value| value.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        // Hashes of what nobody can choose: how long that takes says nothing of the token.
        given.is_some_and(|(_, given)| random::digest(given.trim()) == *right)
    }

    pub(crate) fn address(&self, request: &Request) -> IpAddr {
        peer::address(request.extensions(), request.headers(), self.is_behind_proxy)
    }
}

/// The parts that count time.
pub(crate) fn counted(clock: &Arc<dyn Clock>) -> (Sessions, Attempts) {
    (Sessions::new(Arc::clone(clock)), Attempts::new(Arc::clone(clock)))
}
