//! Over TLS: whom it trusts, and who it says it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adr_core::{Failure, FailureKind, Retry, SecretRef, SecretString, Secrets};
use adr_sink_http::{Http, HttpConfig, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::scene::{Still, deliver, events};

struct None;

impl Secrets for None {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        panic!("no secret is asked for")
    }
}

struct Pki {
    folder: tempfile::TempDir,
    address: std::net::SocketAddr,
}

impl Pki {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A receiver that asks for a certificate, and the files that are needed to reach it.
async fn pki() -> Pki {
    let folder = tempfile::tempdir().expect("a folder");
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let leaf = |name: &str| {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        (params.signed_by(&key, &ca).expect("signed"), key)
    };
    let ((server, server_key), (client, client_key)) = (leaf("localhost"), leaf("client.example.com"));
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("writes");
    write("ca.pem", ca.pem());
    write("client.pem", client.pem());
    write("client.key", client_key.serialize_pem());
    write("other.key", KeyPair::generate().expect("a key").serialize_pem());
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).expect("an authority");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().expect("a verifier");
    let key = PrivateKeyDer::try_from(server_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server.der().clone()], key)
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut text = Vec::new();
            // A small request: it ends with the line feed of its only line.
            while !text.ends_with(b"}\n") && stream.read_buf(&mut text).await.is_ok_and(|count| count > 0) {}
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    Pki { folder, address }
}

fn sink(pki: &Pki, tls: &str) -> Result<Http, Failure> {
    let uri = format!("https://localhost:{}/", pki.address.port());
    let json = format!(r#"{{"uri":"{uri}","compression":"none","tls":{tls}}}"#);
    let raw: HttpConfig = serde_json::from_str(&json).expect("settings");
    Http::new(&Settings::try_from(raw)?, Arc::new(None), Arc::new(Still), Option::None)
}

fn files(ca: &Path, crt: &Path, key: &Path) -> String {
    format!(r#"{{"ca_file":{ca:?},"crt_file":{crt:?},"key_file":{key:?}}}"#)
}

#[tokio::test]
async fn certificates_are_checked_both_ways() {
    let pki = pki().await;
    let (ca, crt, key) = (pki.file("ca.pem"), pki.file("client.pem"), pki.file("client.key"));
    let batch = events(0, 1, 1);
    let mut ours = sink(&pki, &files(&ca, &crt, &key)).expect("sound");
    deliver(&mut ours, &batch).await.expect("delivered");
    let unverified = format!(r#"{{"verify":false,"crt_file":{crt:?},"key_file":{key:?}}}"#);
    deliver(&mut sink(&pki, &unverified).expect("sound"), &batch).await.expect("delivered");
    for (tls, what) in [
        (format!(r#"{{"crt_file":{crt:?},"key_file":{key:?}}}"#), "an authority that is not trusted"),
        (format!(r#"{{"ca_file":{ca:?}}}"#), "no certificate of ours"),
    ] {
        let failure = deliver(&mut sink(&pki, &tls).expect("sound"), &batch).await.expect_err(what);
        assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Retry::BackOff), "{what}: {failure}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_at_once() {
    let pki = pki().await;
    let at = |name: &str| pki.file(name);
    std::fs::write(at("empty.pem"), "").expect("writes");
    std::fs::write(at("locked.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").expect("writes");
    let (ca, crt) = (at("ca.pem"), at("client.pem"));
    for (tls, words) in [
        (files(&at("missing.pem"), &crt, &at("client.key")), "`ca_file`"),
        (files(&at("empty.pem"), &crt, &at("client.key")), "has no certificate"),
        (files(&ca, &crt, &at("locked.key")), "is encrypted"),
        (files(&ca, &at("empty.pem"), &at("client.key")), "no PEM that can be used"),
        (files(&ca, &crt, &at("other.key")), "`tls`"),
    ] {
        let failure = sink(&pki, &tls).err().expect(words);
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        assert!(failure.message.contains(words), "{failure}");
    }
}
