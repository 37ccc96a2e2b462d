//! Who may see what. The layers stand around the routes, so that no handler can forget to ask.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::guard::Guard;
use super::session::Use;
use super::{frame, sign_in};
use crate::page::{Role, SIGN_IN, Visitor};

/// Where style and scripts are, which say nothing of anybody.
pub(crate) const ASSETS: &str = "/assets/";
/// What supervisors ask, who have no password.
pub(crate) const HEALTH: [&str; 3] = ["/livez", "/readyz", "/health"];

/// Around the pages, which people look at: who may not see one is led to the sign-in.
pub(crate) async fn page(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(ASSETS) && request.method().is_safe() {
        return next.run(request).await;
    }
    let visitor = guard.visitor(&request);
    if visitor.is_none() && !guard.is_open {
        return sign_in::lead_to(&request);
    }
    let visitor = visitor.unwrap_or_default();
    if !may_send(&request, &visitor) {
        let message = "Changes are made by administrators. Sign in as one and try again.";
        return frame::dead_end(StatusCode::FORBIDDEN, "Administrators only", message, ("Sign in", SIGN_IN));
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

/// Around what programs ask: who may not see it is told so. A bearer of the token may read.
pub(crate) async fn machine(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    if HEALTH.contains(&request.uri().path()) && request.method().is_safe() {
        return next.run(request).await;
    }
    let visitor = guard.session(request.headers(), Use::Page);
    if visitor.is_none() && !guard.is_open && !guard.has_token(request.headers()) {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
        return (StatusCode::UNAUTHORIZED, challenge, "sign in, or send the token: Authorization: Bearer TOKEN\n")
            .into_response();
    }
    let visitor = visitor.unwrap_or_default();
    if !may_send(&request, &visitor) {
        return (StatusCode::FORBIDDEN, "changes are made by administrators\n").into_response();
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

/// What is more than reading is an administrator's.
fn may_send(request: &Request, visitor: &Visitor) -> bool {
    request.method().is_safe() || visitor.name.is_some() && visitor.role == Role::Administrator
}
