//! Tokens for OAUTHBEARER: as they stand in a secret's place, or from a token endpoint by client credentials.

mod endpoint;
mod jwt;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use adr_core::{ExposeSecret, Failure, FailureKind, SecretRef, SecretString, Secrets};
use rdkafka::client::OAuthToken;

use crate::config::{Mechanism, SaslConfig, TlsConfig};
use endpoint::Endpoint;

/// How long a token counts that does not say it.
const OPAQUE: Duration = Duration::from_secs(3600);

/// Refuses what cannot work and what would have no effect.
pub(crate) fn check(sasl: &SaslConfig) -> Result<(), Failure> {
    let config = |message: String| Err(Failure::fatal(FailureKind::Config, message));
    let url = match (&sasl.token, &sasl.token_endpoint) {
        (Some(_), Some(_)) => return config("give either `token` or `token_endpoint`, not both".to_owned()),
        (None, None) => {
            return config(
                "mechanism oauthbearer has no token: set `token`, or `token_endpoint`, `client_id` and `client_secret`"
                    .to_owned(),
            );
        }
        (Some(_), None) => None,
        (None, Some(url)) => Some(url),
    };
    let credentials = [("client_id", sasl.client_id.is_some()), ("client_secret", sasl.client_secret.is_some())];
    let Some(url) = url else {
        let idle = credentials.into_iter().chain([("scope", sasl.scope.is_some())]).find(|(_, given)| *given);
        return idle.map_or(Ok(()), |(name, _)| {
            config(format!("`{name}` has no effect with `token`: leave it out, or set `token_endpoint` instead"))
        });
    };
    if let Some((name, _)) = credentials.iter().find(|(_, given)| !given) {
        return config(format!(
            "`{name}` is missing: `token_endpoint` gives tokens to `client_id` with `client_secret`"
        ));
    }
    endpoint::address(url).map(drop)
}

/// Where tokens come from. One that was fetched serves all clients of the sink.
pub(crate) struct Tokens {
    from: From,
    secrets: Arc<dyn Secrets>,
    kept: Mutex<Option<Token>>,
    /// What is kept is of no use.
    refused: AtomicBool,
}

enum From {
    Secret(SecretRef),
    Endpoint(Endpoint),
}

/// A token, and from when to when it counts.
#[derive(Clone)]
struct Token {
    text: SecretString,
    principal: String,
    since: Duration,
    until: Duration,
}

impl Tokens {
    /// `None`: the settings ask for none.
    pub(crate) fn new(sasl: &SaslConfig, tls: Option<&TlsConfig>, secrets: &Arc<dyn Secrets>) -> Option<Self> {
        let from = match (sasl.mechanism, &sasl.token, &sasl.token_endpoint) {
            (Mechanism::Oauthbearer, Some(secret), _) => From::Secret(secret.clone()),
            (Mechanism::Oauthbearer, None, Some(url)) => {
                let ca_file: Option<PathBuf> = tls.and_then(|tls| tls.ca_file.clone());
                From::Endpoint(Endpoint {
                    url: url.clone(),
                    client_id: sasl.client_id.clone().unwrap_or_default(),
                    client_secret: sasl.client_secret.clone()?,
                    scope: sasl.scope.clone(),
                    ca_file,
                })
            }
            _ => return None,
        };
        Some(Self { from, secrets: secrets.clone(), kept: Mutex::default(), refused: AtomicBool::new(false) })
    }

    /// The brokers have refused us: a token that is kept is not used again. Waits for nobody: whoever tells it may hold
    /// what another needs to fetch one.
    pub(crate) fn refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Fails where the secret is missing that is the token, or that tokens are had with. Fetches nothing.
    pub(crate) fn ready(&self, conceal: &dyn Fn(&SecretString)) -> Result<(), Failure> {
        self.secret(conceal).map(drop)
    }

    fn secret(&self, conceal: &dyn Fn(&SecretString)) -> Result<SecretString, Failure> {
        let (secret, setting) = match &self.from {
            From::Secret(secret) => (secret, "`token`"),
            From::Endpoint(endpoint) => (&endpoint.client_secret, "`client_secret`"),
        };
        let found = self.secrets.resolve(secret).map_err(|failure| failure.at(setting))?;
        conceal(&found);
        Ok(found)
    }

    /// A token. Everything secret that is met on the way goes through `conceal` before anything else can be told of it.
    pub(crate) fn next(&self, conceal: &dyn Fn(&SecretString)) -> Result<OAuthToken, Failure> {
        let now = now();
        let token = match &self.from {
            From::Secret(secret) => {
                let token = Token::of(self.secret(conceal)?, now, None)?;
                if token.until <= now {
                    let ago = (now - token.until).as_secs();
                    let message = format!("the token in {secret} has expired {ago} s ago: renew it in its place");
                    return Err(Failure::new(FailureKind::Unauthorized, message));
                }
                token
            }
            From::Endpoint(endpoint) => {
                // Held while it is fetched: the others wait for the same token.
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                if self.refused.swap(false, Ordering::Relaxed) {
                    *kept = None;
                }
                match kept.as_ref().filter(|token| token.is_fresh(now)) {
                    Some(token) => token.clone(),
                    None => kept.insert(endpoint.fetch(&self.secret(conceal)?, conceal)?).clone(),
                }
            }
        };
        Ok(OAuthToken {
            token: token.text.expose_secret().to_owned(),
            principal_name: token.principal,
            lifetime_ms: i64::try_from(token.until.as_millis()).unwrap_or(i64::MAX / 1000),
        })
    }
}

impl Token {
    /// `says`: how long it counts, as whoever gave it says; else what the token itself says.
    fn of(text: SecretString, now: Duration, says: Option<Duration>) -> Result<Self, Failure> {
        // What may stand in an HTTP header, which is what the protocol takes it from.
        if !text.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "the token holds characters that no token has: see whether it is the right secret";
            return Err(Failure::new(FailureKind::Config, message));
        }
        let claims = jwt::claims(text.expose_secret());
        let until = says.map(|life| now + life).or(claims.expires).unwrap_or(now + OPAQUE);
        Ok(Self { text, principal: claims.subject.unwrap_or_else(|| "jumpcloud-adr".to_owned()), since: now, until })
    }

    /// librdkafka asks for another after four fifths of a token's life: what is kept then must not be the same.
    fn is_fresh(&self, now: Duration) -> bool {
        let life = self.until.saturating_sub(self.since);
        self.until.saturating_sub(now) > life / 3
    }
}

/// Since 1970, as librdkafka counts a token's life.
fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "librdkafka holds a token's end against the machine's own clock")]
    let now = std::time::SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}
