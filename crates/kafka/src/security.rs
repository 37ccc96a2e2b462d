//! TLS and SASL: what may stand together, and what librdkafka is told of it.

use adr_core::{ExposeSecret, Failure, FailureKind, SecretRef, SecretString, Secrets};
use rdkafka::config::ClientConfig;

use crate::access::Access;
use crate::config::{Mechanism, SaslConfig, TlsConfig};
use crate::told::Told;
use crate::{files, oauth};

impl Mechanism {
    /// The word for it in a pipeline file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::ScramSha256 => "scram_sha_256",
            Self::ScramSha512 => "scram_sha_512",
            Self::Oauthbearer => "oauthbearer",
        }
    }

    /// The word for it on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::Oauthbearer => "OAUTHBEARER",
        }
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

/// Refuses what cannot work and what would have no effect.
pub(crate) fn check(tls: Option<&TlsConfig>, sasl: Option<&SaslConfig>) -> Result<(), Failure> {
    if let Some(tls) = tls {
        check_tls(tls)?;
    }
    sasl.map_or(Ok(()), check_sasl)
}

fn check_tls(tls: &TlsConfig) -> Result<(), Failure> {
    match (&tls.crt_file, &tls.key_file) {
        (Some(_), None) => return Err(config("`crt_file` has no `key_file` beside it: name the key's file as well")),
        (None, Some(_)) => {
            return Err(config("`key_file` has no `crt_file` beside it: name the certificate's file as well"));
        }
        (None, None) if tls.key_password.is_some() => {
            return Err(config("`key_password` has no `key_file` beside it: name the key's file, or leave it out"));
        }
        _ => {}
    }
    for (name, file) in [("ca_file", &tls.ca_file), ("crt_file", &tls.crt_file), ("key_file", &tls.key_file)] {
        let Some(file) = file else { continue };
        if file.as_os_str().is_empty() {
            return Err(config(format!("`{name}` is empty: name a file, or leave it out")));
        }
        // librdkafka takes text only, and that text.
        if file.to_str().is_none_or(|text| text.contains('\0') || text == "probe") {
            return Err(config(format!("`{name}` {}: give the file a name in plain letters", file.display())));
        }
    }
    if tls.verify == Some(false) && tls.ca_file.is_some() {
        return Err(config(
            "`verify` is false, so that `ca_file` would not be looked at: leave out `verify`, and it is",
        ));
    }
    Ok(())
}

fn check_sasl(sasl: &SaslConfig) -> Result<(), Failure> {
    let with_user = [("username", sasl.username.is_some()), ("password", sasl.password.is_some())];
    let with_token = [
        ("token", sasl.token.is_some()),
        ("token_endpoint", sasl.token_endpoint.is_some()),
        ("client_id", sasl.client_id.is_some()),
        ("client_secret", sasl.client_secret.is_some()),
        ("scope", sasl.scope.is_some()),
    ];
    let word = sasl.mechanism.as_str();
    let oauth = sasl.mechanism == Mechanism::Oauthbearer;
    let idle = if oauth { &with_user[..] } else { &with_token[..] };
    if let Some((name, _)) = idle.iter().find(|(_, given)| *given) {
        return Err(config(format!("`{name}` has no effect with mechanism {word}: leave it out, or see `mechanism`")));
    }
    if oauth {
        return oauth::check(sasl);
    }
    if let Some((name, _)) = with_user.iter().find(|(_, given)| !given) {
        return Err(config(format!("`{name}` is missing: mechanism {word} logs in by `username` and `password`")));
    }
    match sasl.username.as_deref() {
        Some("") => Err(config("`username` is empty: set the user that the brokers know")),
        Some(name) if name.contains('\0') => Err(config("`username` cannot hold a NUL character")),
        _ => Ok(()),
    }
}

/// What is allowed, but should be known.
pub(crate) fn warnings(tls: Option<&TlsConfig>, sasl: Option<&SaslConfig>) -> Vec<String> {
    let mut warnings = Vec::new();
    if tls.is_some_and(|tls| tls.verify == Some(false)) {
        warnings.push(
            "`verify` is false: anybody in between can pose as the brokers, read all events and take the login; set \
             `ca_file` to the authority of the brokers' certificates instead"
                .to_owned(),
        );
    }
    let gives_away = match sasl.map(|sasl| sasl.mechanism) {
        Some(Mechanism::Plain) => Some("the password"),
        Some(Mechanism::Oauthbearer) => Some("the token"),
        Some(Mechanism::ScramSha256 | Mechanism::ScramSha512) | None => None,
    };
    if let (None, Some(what), Some(sasl)) = (tls, gives_away, sasl) {
        warnings.push(format!(
            "`mechanism` {} without `tls` sends {what} in the clear: anybody in between can read and use it; set `tls`",
            sasl.mechanism.as_str()
        ));
    }
    warnings
}

/// Adds TLS and SASL to a client's settings. Reads the files, to say in words what is wrong with them, and the secrets.
pub(crate) fn set(
    config: &mut ClientConfig,
    access: &Access,
    secrets: &dyn Secrets,
    told: &Told,
) -> Result<(), Failure> {
    let (tls, sasl) = (access.tls.as_ref(), access.sasl.as_ref());
    config.set(
        "security.protocol",
        match (tls, sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        },
    );
    let read = |secret: &SecretRef, setting: &str| read(secrets, secret, setting, told);
    if let Some(tls) = tls {
        set_tls(config, tls, &read)?;
    }
    let Some(sasl) = sasl else { return Ok(()) };
    config.set("sasl.mechanisms", sasl.mechanism.name());
    if let (Some(username), Some(password)) = (&sasl.username, &sasl.password) {
        config.set("sasl.username", username);
        config.set("sasl.password", read(password, "password")?.expose_secret());
    }
    Ok(())
}

fn set_tls(
    config: &mut ClientConfig,
    tls: &TlsConfig,
    read: &dyn Fn(&SecretRef, &str) -> Result<SecretString, Failure>,
) -> Result<(), Failure> {
    let verify = tls.verify.unwrap_or(true);
    config.set("enable.ssl.certificate.verification", if verify { "true" } else { "false" });
    config.set("ssl.endpoint.identification.algorithm", if verify { "https" } else { "none" });
    match &tls.ca_file {
        Some(file) => {
            files::certificates(file, "ca_file")?;
            config.set("ssl.ca.location", file.to_string_lossy());
        }
        // Whatever OpenSSL was built with: the platform's store is looked for where platforms have it.
        None => {
            config.set("ssl.ca.location", "probe");
        }
    }
    if let (Some(certificate), Some(key)) = (&tls.crt_file, &tls.key_file) {
        files::identity(certificate, key, tls.key_password.is_some())?;
        config.set("ssl.certificate.location", certificate.to_string_lossy());
        config.set("ssl.key.location", key.to_string_lossy());
    }
    if let Some(password) = &tls.key_password {
        config.set("ssl.key.password", read(password, "key_password")?.expose_secret());
    }
    Ok(())
}

/// A secret as it is now. One that is being exchanged may be missing for a moment: that is tried again.
fn read(secrets: &dyn Secrets, secret: &SecretRef, setting: &str, told: &Told) -> Result<SecretString, Failure> {
    let found = secrets
        .resolve(secret)
        .map_err(|failure| Failure::new(failure.kind, format!("`{setting}`: {}", failure.message)))?;
    if found.expose_secret().contains('\0') {
        return Err(config(format!("`{setting}`: the secret in {secret} holds a NUL character: write it anew")));
    }
    told.conceal(&found);
    Ok(found)
}

#[cfg(test)]
mod tests;
