//! Certificates made for one test, and receivers that show them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate with its key.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) key_pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    fn new(pem: String, der: &CertificateDer<'_>, key: &KeyPair) -> Self {
        let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Self { pem, key_pem: key.serialize_pem(), der: der.clone().into_owned(), key: secret }
    }

    /// As openssl shows it.
    pub(crate) fn fingerprint(&self) -> String {
        let suite = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let hash = suite.tls13().unwrap().common.hash_provider.hash(&self.der);
        let bytes: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!("sha256:{}", bytes.join(":"))
    }
}

/// An authority that signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
}

impl Authority {
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names.
    pub(crate) fn sign(&self, names: &[&str]) -> Identity {
        sign(&self.0, names, 2100)
    }

    /// One whose time is over.
    pub(crate) fn sign_expired(&self, names: &[&str]) -> Identity {
        sign(&self.0, names, 2020)
    }
}

fn sign(issuer: &Issuer<'_, KeyPair>, names: &[&str], until: i32) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names, until).signed_by(&key, issuer).unwrap();
    Identity::new(certificate.pem(), certificate.der(), &key)
}

fn params(names: &[&str], until: i32) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2010, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

/// A certificate that its own key signed, valid until `until`; as openssl makes it: an authority's.
pub(crate) fn self_signed(names: &[&str], until: i32, is_ca: bool) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = params(names, until);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = params.self_signed(&key).unwrap();
    Identity::new(certificate.pem(), certificate.der(), &key)
}

/// What a receiver shows and asks.
pub(crate) struct Receiver<'a> {
    pub(crate) identity: &'a Identity,
    /// The key it signs with, if it is not its certificate's.
    pub(crate) stolen: Option<&'a Identity>,
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
    /// Whose certificates it asks its clients for.
    pub(crate) clients: Option<&'a Authority>,
}

impl<'a> Receiver<'a> {
    pub(crate) fn new(identity: &'a Identity) -> Self {
        Self { identity, stolen: None, versions: rustls::ALL_VERSIONS, clients: None }
    }

    pub(crate) async fn listen(self) -> (Listener, SocketAddr) {
        let (listener, address) = super::listener().await;
        (Listener { listener, acceptor: self.acceptor() }, address)
    }

    pub(crate) fn acceptor(self) -> TlsAcceptor {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(self.versions).unwrap();
        let builder = match self.clients {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.0.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let key = &self.stolen.unwrap_or(self.identity).key;
        let key = provider.key_provider.load_private_key(key.clone_key()).unwrap();
        let shown = CertifiedKey::new(vec![self.identity.der.clone()], key);
        let config = builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A listener that speaks TLS.
pub(crate) struct Listener {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
}

impl Listener {
    pub(crate) async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await?;
        self.acceptor.accept(stream).await
    }
}

/// A folder with files, gone at the end of the test.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}
