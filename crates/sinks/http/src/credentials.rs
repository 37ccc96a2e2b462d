use adr_core::{ExposeSecret, Failure, FailureKind, SecretRef, SecretString, Secrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::answer::SLOWLY;
use crate::{Auth, Settings};

/// The headers that hold secrets, and what must not be repeated of them.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) headers: HeaderMap,
    secrets: Vec<SecretString>,
}

impl Credentials {
    /// Reads all secrets.
    pub(crate) fn read(settings: &Settings, secrets: &dyn Secrets) -> Result<Self, Failure> {
        let mut credentials = Self::default();
        match &settings.auth {
            Some(Auth::Bearer(reference)) => {
                let token = credentials.secret(reference, secrets)?;
                let value = header(&format!("Bearer {}", token.expose_secret()), reference)?;
                credentials.headers.insert(AUTHORIZATION, value);
            }
            Some(Auth::Basic(user, reference)) => {
                let password = credentials.secret(reference, secrets)?;
                let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
                credentials.headers.insert(AUTHORIZATION, header(&format!("Basic {pair}"), reference)?);
                credentials.secrets.push(pair.into());
            }
            None => {}
        }
        for (name, reference) in &settings.secret_headers {
            let value = credentials.secret(reference, secrets)?;
            credentials.headers.insert(name, header(value.expose_secret(), reference)?);
        }
        Ok(credentials)
    }

    fn secret(&mut self, reference: &SecretRef, secrets: &dyn Secrets) -> Result<SecretString, Failure> {
        let secret = secrets.resolve(reference)?;
        // Files end with a line feed.
        let secret: SecretString = secret.expose_secret().trim().to_owned().into();
        if secret.expose_secret().is_empty() {
            let message = format!("the secret in {reference} is empty: put it there, alone");
            return Err(Failure::new(FailureKind::Config, message).after(SLOWLY));
        }
        self.secrets.push(secret.clone());
        Ok(secret)
    }

    /// Takes secrets out of a text that the receiver wrote.
    pub(crate) fn redact(&self, text: String) -> String {
        self.secrets
            .iter()
            .map(ExposeSecret::expose_secret)
            .fold(text, |text, secret| if secret.len() < 4 { text } else { text.replace(secret, "[redacted]") })
    }
}

fn header(text: &str, reference: &SecretRef) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let message = format!("the secret in {reference} cannot be sent in a header: put it there in one line, alone");
        Failure::new(FailureKind::Config, message).after(SLOWLY)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
