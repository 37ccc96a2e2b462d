//! Certificates that live as long as a test.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use tempfile::TempDir;

/// A private authority and the folder its files are in.
#[derive(Debug)]
pub struct Pki {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    /// The authority's certificate, PEM.
    pub authority: PathBuf,
}

/// A certificate with its key, both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// SHA-256 of the certificate: upper-case hexadecimal with colons.
    pub fingerprint: String,
}

/// The name that server certificates carry beside the address 127.0.0.1.
pub const SERVER: &str = "server.example.com";
/// The name that client certificates carry.
pub const CLIENT: &str = "client.example.com";

impl Pki {
    /// A new authority with a name of its own.
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        Self::named(&format!("authority {}", NUMBER.fetch_add(1, Ordering::Relaxed)))
    }

    /// A new authority of this name: two of them are what a site has that made its authority anew.
    pub fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut parameters = parameters(name, &[]);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let authority = write(folder.path(), "ca.pem", &certificate.pem());
        Self { folder, issuer: Issuer::new(parameters, key), authority }
    }

    /// A server's, for 127.0.0.1 and [`SERVER`].
    pub fn server(&self) -> Identity {
        self.issue("server", &parameters(SERVER, &[SERVER]))
    }

    /// A server's that has expired.
    pub fn expired_server(&self) -> Identity {
        let mut parameters = parameters(SERVER, &[SERVER]);
        parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
        self.issue("expired", &parameters)
    }

    /// A server's that names another host, and not 127.0.0.1.
    pub fn other_server(&self) -> Identity {
        let mut parameters = parameters("other", &["other.example.com"]);
        parameters.subject_alt_names.retain(|name| !matches!(name, SanType::IpAddress(_)));
        self.issue("other", &parameters)
    }

    /// A server's that no authority has signed.
    pub fn self_signed_server(&self) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters(SERVER, &[SERVER]).self_signed(&key).expect("a certificate");
        self.identity("self-signed", &certificate, &key)
    }

    /// A client's, for [`CLIENT`].
    pub fn client(&self) -> Identity {
        self.issue("client", &parameters(CLIENT, &[CLIENT]))
    }

    fn issue(&self, name: &str, parameters: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        self.identity(name, &certificate, &key)
    }

    fn identity(&self, name: &str, certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
        let folder = self.folder.path();
        Identity {
            certificate: write(folder, &format!("{name}.pem"), &certificate.pem()),
            key: write(folder, &format!("{name}.key"), &key.serialize_pem()),
            fingerprint: sha256(certificate.der()),
        }
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}

fn parameters(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut parameters = CertificateParams::new(names).expect("names of hosts");
    parameters.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    parameters
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a PEM file is written");
    path
}

fn sha256(bytes: &[u8]) -> String {
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else { panic!("it is a suite of TLS 1.3") };
    let hash = suite.common.hash_provider.hash(bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
