//! Certificates and keys in PEM files: librdkafka reads them itself, but says too little of what is wrong with them.

use std::path::Path;

use adr_core::{Failure, FailureKind};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Tried again, since files that are being exchanged may be missing or half written for a moment.
fn fault(setting: &str, path: &Path, what: &str) -> Failure {
    Failure::new(FailureKind::Config, format!("`{setting}` {}: {what}", path.display()))
}

/// All certificates of the file that `setting` names; at least one.
pub(crate) fn certificates(path: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = read(path, setting)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        // The first byte of a certificate in DER form.
        Ok(_) if text.first() == Some(&0x30) => {
            let next = "is not PEM but DER: convert it with openssl x509 -inform der -in FILE -out FILE.pem";
            Err(fault(setting, path, next))
        }
        Ok(_) => Err(fault(
            setting,
            path,
            "has no certificate: it must hold PEM that begins with -----BEGIN CERTIFICATE-----",
        )),
        Err(_) => Err(fault(setting, path, "is broken PEM: export the certificate again")),
    }
}

/// Our certificate and its key: both there, and belonging together as far as that can be seen without a password.
pub(crate) fn identity(certificate: &Path, key: &Path, has_password: bool) -> Result<(), Failure> {
    let chain = certificates(certificate, "crt_file")?;
    let text = read(key, "key_file")?;
    // In the label (PKCS#8), or in a header line within (the older form of OpenSSL).
    let mut lines = text.split(|byte| *byte == b'\n');
    if lines.any(|line| line.starts_with(b"-----BEGIN ENCRYPTED") || line.starts_with(b"Proc-Type: 4,ENCRYPTED")) {
        return if has_password { Ok(()) } else { Err(fault("key_file", key, "is encrypted: set `key_password`")) };
    }
    let parsed = match PrivateKeyDer::from_pem_slice(&text) {
        Ok(parsed) => parsed,
        Err(pem::Error::NoItemsFound) => {
            let next =
                "has no private key: it must hold PEM that begins with -----BEGIN PRIVATE KEY----- (or RSA, or EC)";
            return Err(fault("key_file", key, next));
        }
        // The error's own words could quote the file.
        Err(_) => return Err(fault("key_file", key, "is broken PEM: export the key again")),
    };
    // OpenSSL takes more kinds of keys than can be looked at here.
    let Ok(signing) = any_supported_type(&parsed) else { return Ok(()) };
    match CertifiedKey::new(chain, signing).keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            let what = format!("is not the key of the first certificate in `crt_file` {}", certificate.display());
            Err(fault("key_file", key, &what))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path, setting: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        fault(setting, path, &format!("cannot be read: {error}; see whether it exists and may be read"))
    })
}

#[cfg(test)]
mod tests;
