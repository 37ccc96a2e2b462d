//! Certificates and keys in PEM files.

use std::path::Path;

use adr_core::{Failure, FailureKind};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A failure that only a change of the configuration or of its files can mend.
pub(super) fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

/// All certificates of the file that `setting` names; at least one.
pub(super) fn certificates(path: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = read(path, setting)?;
    let fault = |what: &str| config(format!("`{setting}` {}: {what}", path.display()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        // The first byte of a certificate in DER form.
        Ok(_) if text.first() == Some(&0x30) => Err(fault(
            "is not PEM but seems to be DER: convert it with openssl x509 -inform der -in FILE -out FILE.pem",
        )),
        Ok(_) => Err(fault("has no certificate: it must hold PEM with -----BEGIN CERTIFICATE-----")),
        Err(error) => Err(fault(&format!("is broken PEM ({error}): export the certificate again"))),
    }
}

/// The private key in the file: PKCS#8, PKCS#1 or SEC1.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    let text = read(path, "key_file")?;
    let fault = |what: &str| config(format!("`key_file` {}: {what}", path.display()));
    // In the label (PKCS#8), or in a header line within (the older form of OpenSSL).
    let lines = || text.split(|byte| *byte == b'\n');
    if lines().any(|line| line.starts_with(b"-----BEGIN ENCRYPTED") || line.starts_with(b"Proc-Type: 4,ENCRYPTED")) {
        return Err(fault(
            "is encrypted, and nobody is here to type its passphrase: decrypt it with openssl pkey -in FILE -out \
             FILE.plain, and let only this service read that",
        ));
    }
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        Err(rustls_pki_types::pem::Error::NoItemsFound) => {
            Err(fault("has no private key: it must hold PEM with -----BEGIN PRIVATE KEY----- (or RSA, or EC)"))
        }
        // The error's own words could quote the file.
        Err(_) => Err(fault("is broken PEM: export the key again")),
    }
}

fn read(path: &Path, setting: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        config(format!(
            "`{setting}` {}: cannot be read: {error}; see whether it exists and may be read",
            path.display()
        ))
    })
}
