//! The certificate, which may be exchanged while the program runs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::rustls::crypto::aws_lc_rs::{self, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

use super::stamp::Stamp;

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the certificate first, then what leads from it to a root.
    pub cert: PathBuf,
    /// PEM: its key, without a password.
    pub key: PathBuf,
}

/// The pair that new connections get.
pub(crate) struct Certificate {
    files: TlsFiles,
    seen: Mutex<Seen>,
    pair: RwLock<Arc<CertifiedKey>>,
}

/// What was looked at last.
struct Seen {
    /// Of the files that were read, be they as they should.
    stamps: [Option<Stamp>; 2],
    /// Whether it was said that they cannot be read now.
    told: bool,
}

impl Certificate {
    pub(crate) fn open(files: TlsFiles) -> Result<Arc<Self>, Failure> {
        let seen = Seen { stamps: stamps(&files), told: false };
        let pair = read(&files)
            .and_then(|texts| pair(&files, texts))
            .map_err(|message| Failure::fatal(FailureKind::Config, message))?;
        Ok(Arc::new(Self { files, seen: Mutex::new(seen), pair: RwLock::new(Arc::new(pair)) }))
    }

    /// TLS 1.2 and 1.3 with HTTP/1.1 in it.
    pub(crate) fn config(self: &Arc<Self>) -> ServerConfig {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("the provider knows the usual versions");
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    /// Looks for another pair again and again.
    pub(crate) async fn keep(self: Arc<Self>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let certificate = Arc::clone(&self);
            // A panic of one look is not the next one's.
            let _ = tokio::task::spawn_blocking(move || certificate.look()).await;
        }
    }

    /// Takes over what has changed. A pair that is broken, such as one whose second half is still to come, changes nothing;
    /// one that cannot be read now (too many open files) is read the next time.
    pub(crate) fn look(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the files are read: what changes meanwhile is seen the next time.
        let now = stamps(&self.files);
        if seen.stamps == now {
            return;
        }
        let texts = match read(&self.files) {
            Ok(texts) => texts,
            Err(message) => {
                if !std::mem::replace(&mut seen.told, true) {
                    tracing::error!("{message}; the certificate that was there stays");
                }
                return;
            }
        };
        *seen = Seen { stamps: now, told: false };
        match pair(&self.files, texts) {
            Ok(pair) => {
                *self.pair.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                tracing::info!(cert = %self.files.cert.display(), "the page has a new certificate");
            }
            Err(message) => tracing::error!("{message}; the certificate that was there stays"),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.pair.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn stamps(files: &TlsFiles) -> [Option<Stamp>; 2] {
    [Stamp::of(&files.cert), Stamp::of(&files.key)]
}

/// The texts of certificate and key.
fn read(files: &TlsFiles) -> Result<[Vec<u8>; 2], String> {
    let text = |path: &Path| {
        fs::read(path).map_err(|error| {
            format!("{} cannot be read: {error}; see whether it exists and may be read", path.display())
        })
    };
    Ok([text(&files.cert)?, text(&files.key)?])
}

fn pair(files: &TlsFiles, [cert, text]: [Vec<u8>; 2]) -> Result<CertifiedKey, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&cert).collect();
    // The error's own words could quote the file.
    let chain = chain.map_err(|_| format!("{} is broken PEM: export the certificate again", files.cert.display()))?;
    if chain.is_empty() {
        let path = files.cert.display();
        return Err(format!(
            "{path} has no certificate: it must hold PEM that begins with -----BEGIN CERTIFICATE-----"
        ));
    }
    let path = files.key.display();
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound if text.windows(9).any(|part| part == b"ENCRYPTED") => {
            format!("the key {path} is encrypted: export it without a password, mode 0600")
        }
        pem::Error::NoItemsFound => {
            format!("{path} has no private key: it must hold PEM that begins with -----BEGIN PRIVATE KEY----- (or RSA, or EC)")
        }
        _ => format!("{path} is broken PEM: export the key again"),
    })?;
    let key = any_supported_type(&key)
        .map_err(|_| format!("the key {path} is of a kind that is not supported: use RSA, ECDSA or Ed25519"))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(Error::InconsistentKeys(_)) => {
            Err(format!("{path} is not the key of the first certificate in {}", files.cert.display()))
        }
        Err(_) => Err(format!("{} has a certificate that cannot be read: export it again", files.cert.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::users::few_files;

    #[test]
    fn a_certificate_that_cannot_be_read_now_is_read_the_next_time() {
        let Some(exhaust) = few_files("web::tls::tests::a_certificate_that_cannot_be_read_now_is_read_the_next_time")
        else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let write = || {
            let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            fs::write(&files.cert, pair.cert.pem()).unwrap();
            fs::write(&files.key, pair.signing_key.serialize_pem()).unwrap();
            pair.cert.der().to_vec()
        };
        let first = write();
        let certificate = Certificate::open(files.clone()).unwrap();
        let shown = || certificate.pair.read().unwrap().cert[0].to_vec();
        let second = write();
        let all = exhaust();
        certificate.look();
        assert_eq!(shown(), first);
        drop(all);
        certificate.look();
        assert_eq!(shown(), second);
    }
}
