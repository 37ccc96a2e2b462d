//! A token endpoint: OAuth 2.0 client credentials (RFC 6749, section 4.4).

use std::error::Error;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use adr_core::{ExposeSecret, Failure, FailureKind, SecretRef, SecretString};
use form_urlencoded::byte_serialize;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode, Url};
use serde::{Deserialize, Deserializer};

use super::{Token, now};

/// For the whole exchange. librdkafka's thread waits meanwhile.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer is a token and a few words.
const LARGEST: usize = 64 << 10;

/// Where tokens are had, and by whom.
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) client_id: String,
    pub(super) client_secret: SecretRef,
    pub(super) scope: Option<String>,
    /// Trusted beside the platform's.
    pub(super) ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<f64>,
}

/// A number, which some write as a string.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    Ok(match Option::<Written>::deserialize(deserializer)? {
        Some(Written::Number(seconds)) => Some(seconds),
        Some(Written::Text(text)) => text.parse().ok(),
        None => None,
    })
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The address, if it is one that credentials may be sent to.
pub(super) fn address(text: &str) -> Result<Url, Failure> {
    let config = |message: &str| Failure::fatal(FailureKind::Config, format!("`token_endpoint` {message}"));
    let url = Url::parse(text).map_err(|_| config("is no URL: write one such as https://login.example.com/token"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config("holds credentials: leave them out, and set `client_id` and `client_secret`"));
    }
    match (url.scheme(), is_loopback(&url)) {
        ("https", _) | ("http", true) => Ok(url),
        _ => Err(config("would send the client's secret in the clear: write it with https")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Endpoint {
    /// Fetches a token. Blocks, for [`LIMIT`] at most.
    pub(super) fn fetch(&self, secret: &SecretString, conceal: &dyn Fn(&SecretString)) -> Result<Token, Failure> {
        let url = address(&self.url)?;
        let asked = now();
        // librdkafka's thread may be anybody's, a runtime's too: a thread of its own can always block.
        let answer = thread::scope(|scope| scope.spawn(|| self.exchange(&url, secret)).join());
        let answer =
            answer.unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, "asking for a token panicked")))?;
        let text = SecretString::from(answer.access_token);
        conceal(&text);
        let life = answer.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let token = Token::of(text, asked, life).map_err(|failure| failure.at(self.place()))?;
        if token.until <= now() {
            return Err(self.failure(FailureKind::Protocol, "gave a token that has expired already: see its clock"));
        }
        Ok(token)
    }

    fn exchange(&self, url: &Url, secret: &SecretString) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(FailureKind::Internal, format!("cannot ask for a token: {error}")))?;
        runtime.block_on(async {
            let (status, body) = self.post(url, secret).await?;
            if status == StatusCode::OK {
                // The error's own words could quote the token.
                return serde_json::from_slice(&body).map_err(|_| {
                    self.failure(FailureKind::Protocol, "answers with something that has no access_token")
                });
            }
            Err(self.refusal(status, &body))
        })
    }

    async fn post(&self, url: &Url, secret: &SecretString) -> Result<(StatusCode, Vec<u8>), Failure> {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .client(url)?
            .post(url.clone())
            .basic_auth(encoded(&self.client_id), Some(encoded(secret.expose_secret())))
            .header("accept", "application/json")
            .form(&form);
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(self.failure(FailureKind::Protocol, "answers with far more than a token"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), body))
    }

    fn client(&self, url: &Url) -> Result<Client, Failure> {
        let mut builder = Client::builder()
            .user_agent(concat!("jumpcloud-adr/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(LIMIT);
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.ca_file {
            let certificates = crate::files::certificates(path, "ca_file")?;
            for der in certificates {
                let certificate = Certificate::from_der(&der).map_err(|_| {
                    self.failure(FailureKind::Config, "cannot be asked: a certificate in `ca_file` is broken")
                })?;
                builder = builder.tls_certs_merge([certificate]);
            }
        }
        builder.build().map_err(|error| self.unreachable(&error))
    }

    /// The innermost reason: the outer ones only say that something failed.
    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            return self.failure(FailureKind::Timeout, &format!("does not answer within {} s", LIMIT.as_secs()));
        }
        let mut reason: Option<&dyn Error> = error.source();
        while let Some(source) = reason.and_then(Error::source) {
            reason = Some(source);
        }
        // The error's own words name the whole address.
        let reason = reason.map_or_else(|| "no reason is given".to_owned(), ToString::to_string);
        self.failure(
            FailureKind::Unreachable,
            &format!("cannot be reached ({reason}): see `token_endpoint` and the network"),
        )
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> Failure {
        // The code only: descriptions may repeat what was sent.
        let code = serde_json::from_slice(body)
            .ok()
            .map(|Refusal { error }| error)
            .filter(|code| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        let said = code.map_or_else(|| status.to_string(), |code| format!("{status}, {code}"));
        let (kind, next) = match status.as_u16() {
            400 | 401 => (FailureKind::Unauthorized, "see `client_id`, `client_secret` and `scope`"),
            403 => (FailureKind::Forbidden, "see what the client may do there"),
            404 | 405 => (FailureKind::Config, "see `token_endpoint`"),
            429 => (FailureKind::RateLimited, "it is asked again"),
            300..=399 => {
                (FailureKind::Protocol, "credentials are not sent on to where it points; see `token_endpoint`")
            }
            500.. => (FailureKind::Unavailable, "it is asked again"),
            _ => (FailureKind::Protocol, "see `token_endpoint`"),
        };
        self.failure(kind, &format!("gives no token ({said}): {next}"))
    }

    /// Without a query, which may hold anything.
    fn place(&self) -> String {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        format!("token endpoint {url}")
    }

    fn failure(&self, kind: FailureKind, what: &str) -> Failure {
        Failure::new(kind, format!("{} {what}", self.place()))
    }
}
