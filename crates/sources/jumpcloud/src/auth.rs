//! Proves to the API who a tenant is: an API key, or a service account's token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Clock, ExposeSecret, Failure, FailureKind, Retry, SecretString, Secrets, Timestamp};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;

use crate::refusal::{self, SLOWLY};
use crate::settings::{Credentials, Tenant};
use crate::transport::{Request, Room, Transport};

/// A token is renewed so long before it ends.
const EARLY: Duration = Duration::from_secs(30);
/// What a token without `expires_in` is taken for.
const USUAL_LIFE: u64 = 3600;
const TOKEN_ANSWER: usize = 64 << 10;

/// A tenant's credentials in use. The secret is read when first needed, and again after a refusal.
pub(crate) struct Auth {
    tenant: Arc<Tenant>,
    secrets: Arc<dyn Secrets>,
    /// The secret was there once; known to all lives of the lane.
    sound: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    key: Option<HeaderValue>,
    token: Option<Token>,
}

struct Token {
    header: HeaderValue,
    renew_at: Timestamp,
}

impl Auth {
    pub(crate) fn new(
        tenant: Arc<Tenant>,
        secrets: Arc<dyn Secrets>,
        sound: Arc<AtomicBool>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tenant, secrets, sound, clock, key: None, token: None }
    }

    /// Adds the credentials to a request's headers, fetching a token when there is no fresh one.
    pub(crate) async fn apply(&mut self, headers: &mut HeaderMap, transport: &dyn Transport) -> Result<(), Failure> {
        let tenant = Arc::clone(&self.tenant);
        match &tenant.credentials {
            Credentials::ApiKey(_) => {
                let key = match &self.key {
                    Some(key) => key.clone(),
                    None => self.key.insert(self.api_key()?).clone(),
                };
                headers.insert(HeaderName::from_static("x-api-key"), key);
            }
            Credentials::ServiceAccount { client_id, token_url, .. } => {
                let now = self.clock.now();
                let header = match &self.token {
                    Some(token) if now < token.renew_at => token.header.clone(),
                    _ => {
                        let token = self.fetch_token(client_id, token_url, transport).await?;
                        self.token.insert(token).header.clone()
                    }
                };
                headers.insert(AUTHORIZATION, header);
            }
        }
        Ok(())
    }

    /// Whether a token is sent, and no key.
    pub(crate) fn is_bearer(&self) -> bool {
        matches!(self.tenant.credentials, Credentials::ServiceAccount { .. })
    }

    /// The API refused the credentials: forget them. True if a renewed token may do.
    pub(crate) fn refused(&mut self) -> bool {
        self.key = None;
        self.token.take().is_some()
    }

    /// Takes the tenant's secret out of a text that the API wrote.
    pub(crate) fn redact(&self, text: String) -> String {
        let secrets = [self.key.as_ref(), self.token.as_ref().map(|token| &token.header)];
        secrets.into_iter().flatten().filter_map(|secret| secret.to_str().ok()).fold(text, |text, secret| {
            let secret = secret.trim_start_matches("Bearer ");
            if secret.len() < 4 { text } else { text.replace(secret, "[redacted]") }
        })
    }

    fn secret(&self) -> Result<SecretString, Failure> {
        let reference = self.tenant.credentials.secret();
        let secret = self.secrets.resolve(reference).map_err(|failure| match failure.retry {
            // Whoever writes a new secret into its file may have emptied it first.
            Retry::Never if self.sound.load(Ordering::Relaxed) => failure.after(SLOWLY),
            _ => failure,
        })?;
        self.sound.store(true, Ordering::Relaxed);
        let trimmed = secret.expose_secret().trim();
        let fault = |what: &str| {
            Failure::new(FailureKind::Config, format!("the secret in {reference} {what}: put the key there, alone"))
                .after(SLOWLY)
        };
        if trimmed.is_empty() {
            return Err(fault("is empty"));
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fault("has spaces, line breaks or characters that no key has"));
        }
        Ok(trimmed.to_owned().into())
    }

    fn api_key(&self) -> Result<HeaderValue, Failure> {
        let secret = self.secret()?;
        let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        Ok(value)
    }

    async fn fetch_token(&self, client_id: &str, url: &str, transport: &dyn Transport) -> Result<Token, Failure> {
        let secret = self.secret()?;
        let mut headers = HeaderMap::new();
        let pair = base64(format!("{client_id}:{}", secret.expose_secret()).as_bytes());
        let mut basic = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| unsendable())?;
        basic.set_sensitive(true);
        headers.insert(AUTHORIZATION, basic);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = Bytes::from_static(b"grant_type=client_credentials&scope=api");
        let request = Request { method: Method::POST, url: url.to_owned(), headers, body };
        let asked = self.clock.now();
        let response = transport
            .send(request, Room::fixed(TOKEN_ANSWER))
            .await
            .map_err(|error| refusal::of_transport(&error, url))?;
        if response.status != 200 {
            let mut failure = refusal::of_token(&response, url, asked);
            failure.message = failure.message.replace(secret.expose_secret(), "[redacted]");
            return Err(failure);
        }
        let answer: TokenAnswer = serde_json::from_slice(&response.body).map_err(|_| {
            Failure::new(FailureKind::Protocol, format!("{url} gave no token that can be read: check `token_url`"))
        })?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", answer.access_token)).map_err(|_| unsendable())?;
        header.set_sensitive(true);
        let life = Duration::from_secs(answer.expires_in.unwrap_or(USUAL_LIFE));
        // A token shorter than twice the margin is used for half of its life.
        Ok(Token { header, renew_at: asked.plus(life.saturating_sub(EARLY).max(life / 2)) })
    }
}

fn unsendable() -> Failure {
    Failure::new(FailureKind::Config, "the credentials cannot be sent in a header: copy them anew").after(SLOWLY)
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            if at <= chunk.len() {
                text.push(char::from(DIGITS[(group >> (18 - 6 * at) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn basic_credentials_are_base64() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("id:s3cr\u{e9}t?", "aWQ6czNjcsOpdD8=")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
