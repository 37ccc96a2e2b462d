//! What stands in front of the page: who may reach it, who may see what, and who may change something.
//!
//! On loopback whoever reaches it may read, and a change needs an administrator who has signed in. Elsewhere it does not start
//! without TLS and a user, and nothing is shown to who has not signed in but the sign-in itself, style and scripts, and
//! `/livez`, `/readyz`, `/health`. It all works without a script.

mod admit;
mod attempts;
mod connections;
mod cookie;
mod frame;
mod gate;
mod guard;
mod headers;
mod host;
mod next;
mod peer;
mod random;
mod session;
mod sign_in;
mod sign_in_page;
mod stamp;
#[cfg(test)]
mod tests;
mod tls;
mod users;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Clock, ExposeSecret, Failure, FailureKind, SecretString};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::desk::Desk;
use crate::page::{SIGN_IN, SIGN_OUT};
use crate::{page, server};
use admit::Patience;
use connections::Limits;
use guard::Guard;
use tls::Certificate;

pub use tls::TlsFiles;
pub use users::Users;

const PATIENCE: Patience = Patience { body: Duration::from_secs(20), answer: Duration::from_mins(2) };
/// A token has so many characters at least.
const TOKEN: usize = 32;

/// Where the page is shown, and to whom.
pub struct Web {
    /// Where it is reached. On loopback reading is open, elsewhere it is not.
    pub listener: TcpListener,
    /// What the pages are drawn from.
    pub desk: Arc<dyn Desk>,
    /// By which sessions and waits end.
    pub clock: Arc<dyn Clock>,
    /// Needed but on loopback. The files are read again when they change.
    pub tls: Option<TlsFiles>,
    /// Who may sign in. At least one is needed where reading is not open.
    pub users: Option<Users>,
    /// What programs that read `/status` and `more` may send instead of signing in (`Authorization: Bearer`): 32 characters
    /// or more.
    pub token: Option<SecretString>,
    /// Where a proxy that ends TLS is reached, such as `https://adr.example.com`. Then reading is not open on loopback either,
    /// cookies are for TLS only, and the last address in `X-Forwarded-For` counts as the one that a sign-in comes from.
    pub public_origin: Option<String>,
    /// The names that this is called by, without a port. On loopback those of loopback are always among them; elsewhere
    /// any name is taken if there are none here.
    pub hosts: Vec<String>,
    /// What the program shows besides, such as `/metrics`, `/livez`, `/readyz` and `/health`; reading only, unless for
    /// administrators. Panics at [`open`](Web::open) where it has an address of the page.
    pub more: Router,
}

/// A page that can be shown.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
    certificate: Option<Arc<Certificate>>,
    limits: Limits,
}

impl Web {
    /// Makes all ready. Fails where it would not be safe: away from loopback without TLS, or without anybody who may sign in;
    /// and where a certificate, the token or the public origin is wrong.
    pub async fn open(self) -> Result<Door, Failure> {
        let address =
            self.listener.local_addr().map_err(|error| fault(&format!("the page has no address: {error}")))?;
        let is_loopback = address.ip().to_canonical().is_loopback();
        let is_open = is_loopback && self.public_origin.is_none();
        if !is_loopback && self.tls.is_none() {
            let message = format!(
                "the page does not start on {address} without TLS: give it a certificate and its key, or bind it to 127.0.0.1"
            );
            return Err(fault(&message));
        }
        if !is_open && self.users.as_ref().is_none_or(|users| users.list().is_empty()) {
            let message = format!(
                "the page does not start on {address} without anybody who may sign in: add a user (`user add`)"
            );
            return Err(fault(&message));
        }
        if self.token.as_ref().is_some_and(|token| token.expose_secret().len() < TOKEN) {
            return Err(fault(&format!("the token of the page is too short: take {TOKEN} random characters or more")));
        }
        let is_tls = self.tls.is_some();
        let is_secure = is_tls || self.public_origin.is_some();
        let hosts = host::Hosts::new(is_loopback, is_tls, &self.hosts, self.public_origin.as_deref())?;
        let certificate = self.tls.map(Certificate::open).transpose()?;
        let pages = page::routes(Arc::clone(&self.desk));
        let (sessions, attempts) = guard::counted(&self.clock);
        let guard = Guard {
            is_open,
            is_secure,
            is_behind_proxy: self.public_origin.is_some(),
            hosts,
            is_probed: !is_loopback,
            cookies: cookie::Cookies::new(is_secure, address.port()),
            sessions,
            attempts,
            passwords: users::Passwords::new(),
            users: self.users,
            token: self.token.map(|token| random::digest(token.expose_secret())),
        };
        let more = server::status_route(self.desk).merge(self.more.reset_fallback());
        let routes = routes(Arc::new(guard), pages, more, PATIENCE);
        Ok(Door { listener: self.listener, address, routes, certificate, limits: Limits::USUAL })
    }
}

impl Door {
    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` resolves; then what is under way has a few seconds to end.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        connections::serve(self.listener, self.routes, self.certificate, self.limits, stop).await;
    }
}

fn routes(guard: Arc<Guard>, pages: Router, more: Router, patience: Patience) -> Router {
    Router::new()
        .route(SIGN_IN, get(sign_in::show).post(sign_in::sign_in))
        .route(SIGN_OUT, post(sign_in::sign_out))
        .with_state(Arc::clone(&guard))
        .merge(more.route_layer(from_fn_with_state(Arc::clone(&guard), gate::machine)))
        .merge(pages.layer(from_fn_with_state(Arc::clone(&guard), gate::page)))
        .layer(from_fn_with_state((Arc::clone(&guard), patience), admit::check))
        .layer(from_fn_with_state(guard, headers::add))
}

fn fault(message: &str) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}
