//! Secrets: the only place that reads them from the environment and from files.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use adr_core::{Failure, FailureKind, SecretRef, SecretString, Secrets};
use zeroize::Zeroizing;

use crate::config::in_short;

/// More is no secret but the wrong file.
const LARGEST: u64 = 64 << 10;

/// Reads secrets from where their references say, anew each time.
#[derive(Debug, Default)]
pub(crate) struct SecretReader {
    warned: Mutex<HashSet<PathBuf>>,
}

impl Secrets for SecretReader {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        let secret = match reference {
            SecretRef::Env(name) => read_variable(name),
            SecretRef::File(path) => self.read_file(path, &format!("secret file {}", path.display())),
            SecretRef::Credential(name) => self.read_credential(name),
        }?;
        // No log line may show it from now on, whoever writes it.
        adr_telemetry::register(&secret);
        Ok(secret)
    }
}

impl SecretReader {
    fn read_file(&self, path: &Path, what: &str) -> Result<SecretString, Failure> {
        let fault = |why: &str| missing(format!("{what}: {why}"));
        let mut file = File::open(path).map_err(|error| {
            fault(&format!("{}; write the secret into it, readable by this user alone", in_short(&error)))
        })?;
        let metadata = file.metadata().map_err(|error| fault(&in_short(&error)))?;
        if !metadata.is_file() && metadata.is_dir() {
            return Err(fault("it is a folder; name the file that holds the secret"));
        }
        if metadata.is_file() && metadata.permissions().mode() & 0o044 != 0 {
            self.warn_once(path);
        }
        let mut text = Zeroizing::new(String::new());
        let read = file.by_ref().take(LARGEST + 1).read_to_string(&mut text);
        read.map_err(|error| fault(&format!("{}; it must hold the secret and nothing else", in_short(&error))))?;
        if text.len() as u64 > LARGEST {
            return Err(fault("it is too large for a secret; it must hold the secret and nothing else"));
        }
        secret(&text, what, "write the secret into it")
    }

    fn read_credential(&self, name: &str) -> Result<SecretString, Failure> {
        let what = format!("systemd credential {name}");
        if name.contains('/') || name == ".." {
            return Err(missing(format!(
                "{what}: it is the name of a credential, not a path; use {{ file: PATH }} for a path"
            )));
        }
        let Some(folder) = variable("CREDENTIALS_DIRECTORY") else {
            let next =
                format!("add LoadCredential={name}:PATH to the unit, or use {{ file: PATH }} outside of systemd");
            return Err(missing(format!("{what}: CREDENTIALS_DIRECTORY is not set; {next}")));
        };
        // Whom systemd lets read it is systemd's care: no warning.
        let path = Path::new(&folder).join(name);
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        self.read_file(&path, &what)
    }

    fn warn_once(&self, path: &Path) {
        if self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
            tracing::warn!("secret file {0} can be read by other users; run: chmod 600 {0}", path.display());
        }
    }
}

fn read_variable(name: &str) -> Result<SecretString, Failure> {
    // Somebody may have written the secret itself where its variable's name belongs.
    let legible = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let what = if legible {
        format!("environment variable {name}")
    } else {
        "the environment variable of a secret".to_owned()
    };
    let next = if legible {
        format!("export {name} before the start, or name a file: {{ file: PATH }}")
    } else {
        "`env` takes the variable's NAME, not the secret".to_owned()
    };
    let Some(text) = variable(name).map(Zeroizing::new) else {
        return Err(missing(format!("{what} is not set; {next}")));
    };
    secret(&text, &what, &next)
}

/// Trims the line break that editors and `echo` leave.
fn secret(text: &str, what: &str, next: &str) -> Result<SecretString, Failure> {
    let text = text.trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() {
        return Err(missing(format!("{what} is empty; {next}")));
    }
    if text.contains(['\n', '\r']) {
        return Err(missing(format!("{what} holds more than one line; it must hold the secret and nothing else")));
    }
    Ok(SecretString::from(text.to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads secrets from the environment")]
fn variable(name: &str) -> Option<String> {
    // What cannot be the name of a variable is none: asking for it may panic.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var(name).ok()
}

fn missing(message: String) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::ExposeSecret;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn resolve(reference: SecretRef) -> Result<String, String> {
        let secret = SecretReader::default().resolve(&reference);
        secret.map(|secret| secret.expose_secret().to_owned()).map_err(|failure| failure.message)
    }

    #[test]
    fn a_file_gives_its_one_line_without_the_line_break() {
        for content in ["abc", "abc\n", "abc\r\n", "abc\n\n"] {
            assert_eq!(resolve(SecretRef::File(file(content).path().to_owned())), Ok("abc".to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_a_secret_is_named_and_never_quoted() {
        for content in ["", "\n", " ", "canary\ncanary\n"] {
            let file = file(content);
            let error = resolve(SecretRef::File(file.path().to_owned())).unwrap_err();
            assert!(error.contains(file.path().to_str().unwrap()) && !error.contains("canary"), "{error}");
        }
        let error = resolve(SecretRef::File("/nowhere/key".into())).unwrap_err();
        assert!(error.contains("/nowhere/key") && error.contains("there is no such file"), "{error}");
        let error = resolve(SecretRef::Env("JUMPCLOUD_ADR_NEVER_SET".into())).unwrap_err();
        assert!(error.contains("JUMPCLOUD_ADR_NEVER_SET is not set"), "{error}");
        let error = resolve(SecretRef::Env("canary5f3a=".into())).unwrap_err();
        assert!(!error.contains("canary"), "the secret itself stood where its name belongs: {error}");
        let error = resolve(SecretRef::Credential("../key".into())).unwrap_err();
        assert!(error.contains("not a path"), "{error}");
    }
}
