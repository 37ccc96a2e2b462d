use adr_core::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::directory::Token;
use crate::random::hex16;
use crate::{Directory, Request, Response};

/// `POST /oauth2/token`: client credentials by HTTP Basic, a form as the body.
pub(super) fn answer(directory: &mut Directory, now: Timestamp, request: &Request) -> Response {
    let Some((id, secret)) = client_of(request) else { return refusal(401, "invalid_client") };
    let Some(client) = directory.clients.get(&id) else { return refusal(401, "invalid_client") };
    if !client.secrets.contains(&secret) {
        return refusal(401, "invalid_client");
    }
    let form = |name: &str| {
        form_urlencoded::parse(&request.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    match form("grant_type").as_deref() {
        Some("client_credentials") => {}
        Some(_) => return refusal(400, "unsupported_grant_type"),
        None => return refusal(400, "invalid_request"),
    }
    if form("scope").is_some_and(|scope| scope != "api") {
        return refusal(400, "invalid_scope");
    }
    let (access, lifetime) = (client.access.clone(), client.token_lifetime);
    let (high, low) = (hex16(directory.random.next()), hex16(directory.random.next()));
    let token = format!("simulated-token-{}{}", String::from_utf8_lossy(&high), String::from_utf8_lossy(&low));
    directory.tokens.retain(|_, token| token.expires_at > now);
    directory.tokens.insert(token.clone(), Token { access, expires_at: now.plus(lifetime) });
    directory.tally.tokens += 1;
    let mut body = json!({ "access_token": token, "scope": "api", "token_type": "bearer" });
    if directory.knobs.says_expires_in {
        body["expires_in"] = json!(lifetime.as_secs());
    }
    let mut response = Response::json(200, body.to_string());
    response.set("Cache-Control", "no-store");
    response
}

/// The id and secret of an HTTP Basic header.
pub(super) fn client_of(request: &Request) -> Option<(String, String)> {
    let (scheme, value) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn refusal(status: u16, error: &str) -> Response {
    let mut response = Response::json(status, json!({ "error": error }).to_string());
    if status == 401 {
        response.set("WWW-Authenticate", "Basic");
    }
    response
}
