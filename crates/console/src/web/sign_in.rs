//! Signing in and out.

use std::net::IpAddr;
use std::sync::Arc;

use adr_core::SecretString;
use axum::Form;
use axum::extract::{FromRequest, Request, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::guard::Guard;
use super::session::Use;
use super::sign_in_page::{Problem, SignInPage, nobody, seconds};
use super::{cookie, frame, host, next, random, users};
use crate::page::SIGN_IN;

/// What came in with a form.
struct Fields(Vec<(String, String)>);

/// Leads to the sign-in, and from there back. A form that was being sent is lost: only its own page could send it again.
pub(crate) fn lead_to(request: &Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if request.method().is_safe() { next::safe(path) } else { "/" };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
    go(&if path == "/" { SIGN_IN.to_owned() } else { format!("{SIGN_IN}?{query}") })
}

/// `GET /sign-in`
pub(crate) async fn show(State(guard): State<Arc<Guard>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next").map(|(_, next)| next);
    let next = next::safe(given.as_deref().unwrap_or("/"));
    if guard.session(request.headers(), Use::Person).is_some() {
        return go(next);
    }
    let is_from_elsewhere = host::is_from_elsewhere(request.headers());
    form(&guard, request.headers(), SignInPage { token: "", next, name: "", problem: None, is_from_elsewhere })
}

/// `POST /sign-in`
pub(crate) async fn sign_in(State(guard): State<Arc<Guard>>, request: Request) -> Response {
    let (headers, from) = (request.headers().clone(), guard.address(&request));
    let Fields(mut fields) = Fields::of(request).await;
    let mut take = |name: &str| {
        let place = fields.iter().position(|(field, _)| field == name);
        place.map(|place| fields.swap_remove(place).1).unwrap_or_default()
    };
    let (name, password, token) = (take("name"), SecretString::from(take("password")), take("form"));
    let next = take("next");
    let next = next::safe(&next);
    let again = |status: StatusCode, problem| {
        let page = SignInPage { token: "", next, name: &name, problem: Some(problem), is_from_elsewhere: false };
        (status, form(&guard, &headers, page)).into_response()
    };
    // Else another site could sign its reader in as somebody else, who then sees what he does.
    if !cookie::find(&headers, &guard.cookies.form).is_some_and(|cookie| random::is_same(cookie, &token)) {
        return again(StatusCode::FORBIDDEN, Problem::OutOfDate);
    }
    let Some(users) = guard.users.as_ref().map(users::Users::current) else {
        return again(StatusCode::FORBIDDEN, Problem::Wrong);
    };
    // What no name can be is one name to the limit, so that nobody fills it with long texts.
    let counted = if users::is_name(&name) { name.as_str() } else { "" };
    if let Err(wait) = guard.attempts.admit(counted, from) {
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, Problem::Wait(wait));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
        return response;
    }
    let user = users::find(&users, &name);
    let is_right = guard.passwords.is_right(user, password).await;
    let Some(user) = user.filter(|_| is_right) else {
        warn(user, from);
        return again(StatusCode::FORBIDDEN, Problem::Wrong);
    };
    guard.attempts.forgive(counted, from);
    tracing::info!(user = %user.name, address = %from, "signed in to the page");
    // What was signed in before is over: nobody can prepare a session for somebody else.
    if let Some(old) = cookie::find(&headers, &guard.cookies.session) {
        guard.sessions.close(old);
    }
    let id = guard.sessions.open(user);
    let cookies = [guard.cookies.set(&guard.cookies.session, &id), guard.cookies.unset(&guard.cookies.form)];
    (AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie))), go(next)).into_response()
}

/// `POST /sign-out`
pub(crate) async fn sign_out(State(guard): State<Arc<Guard>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let from = guard.address(&request);
    let Fields(fields) = Fields::of(request).await;
    if let Some(visitor) = guard.session(&headers, Use::Person) {
        let csrf = fields.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value.as_str());
        if !random::is_same(&visitor.csrf, csrf) {
            let message = "The page that this button stood on is out of date. Load it again and repeat.";
            let onward = ("Collection Status", "/");
            return frame::dead_end(StatusCode::FORBIDDEN, "You are still signed in", message, onward);
        }
        tracing::info!(user = visitor.name.as_deref(), address = %from, "signed out of the page");
    }
    if let Some(id) = cookie::find(&headers, &guard.cookies.session) {
        guard.sessions.close(id);
    }
    let cookie = guard.cookies.unset(&guard.cookies.session);
    let place = if guard.is_open { "/" } else { SIGN_IN };
    (AppendHeaders([(header::SET_COOKIE, cookie)]), go(place)).into_response()
}

/// The form with its token, which is the cookie that is there already where several pages of it are open.
fn form(guard: &Guard, headers: &HeaderMap, page: SignInPage<'_>) -> Response {
    if guard.users.as_ref().is_none_or(|users| users.current().is_empty()) {
        return nobody();
    }
    let token = cookie::find(headers, &guard.cookies.form).map_or_else(random::token, str::to_owned);
    let cookie = guard.cookies.set(&guard.cookies.form, &token);
    let page = SignInPage { token: &token, ..page }.draw();
    (AppendHeaders([(header::SET_COOKIE, cookie)]), page).into_response()
}

/// A name that is nobody's is not told: it may be a password in the wrong field.
fn warn(user: Option<&users::User>, from: IpAddr) {
    match user {
        Some(user) => tracing::warn!(user = %user.name, address = %from, "somebody failed to sign in to the page"),
        None => tracing::warn!(address = %from, "somebody failed to sign in to the page: there is no such user"),
    }
}

fn go(place: &str) -> Response {
    // What is safe is a header value.
    let place = HeaderValue::try_from(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

impl Fields {
    /// None where it is no form.
    async fn of(request: Request) -> Self {
        Self(
            Form::<Vec<(String, String)>>::from_request(request, &())
                .await
                .map(|Form(fields)| fields)
                .unwrap_or_default(),
        )
    }
}
