use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn pair() -> (String, Vec<u8>, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["client.example.com".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), certificate.der().to_vec(), key.serialize_pem())
}

#[test]
fn files_that_fit_together_are_taken() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let (certificate, _, key) = pair();
    identity(&folder.put("crt", &certificate), &folder.put("key", &key), false).unwrap();
    let encrypted =
        folder.put("encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    identity(&folder.0.path().join("crt"), &encrypted, true).unwrap();
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_name() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let (certificate, der, key) = pair();
    let (_, _, another) = pair();
    let crt = folder.put("crt.pem", &certificate);
    let key = folder.put("key.pem", &key);
    let another = folder.put("another.pem", another);
    let encrypted = folder.put("encrypted.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    let broken = folder.put("broken.pem", "-----BEGIN PRIVATE KEY-----\ncanary\n");
    let der = folder.put("der.pem", der);
    let missing = folder.0.path().join("missing.pem");
    for (failure, name, words) in [
        (certificates(&missing, "ca_file").unwrap_err(), "missing.pem", "cannot be read"),
        (certificates(&der, "ca_file").unwrap_err(), "der.pem", "DER"),
        (certificates(&key, "ca_file").unwrap_err(), "key.pem", "no certificate"),
        (identity(&crt, &crt, false).unwrap_err(), "crt.pem", "no private key"),
        (identity(&crt, &another, false).unwrap_err(), "another.pem", "is not the key"),
        (identity(&crt, &encrypted, false).unwrap_err(), "encrypted.pem", "`key_password`"),
        (identity(&crt, &broken, false).unwrap_err(), "broken.pem", "broken PEM"),
    ] {
        assert!(failure.message.contains(name) && failure.message.contains(words), "{failure}");
        assert!(!failure.message.contains("canary"), "{failure}");
        assert_eq!(failure.kind, FailureKind::Config);
    }
}
