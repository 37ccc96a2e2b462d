//! TLS against a real server: a private authority is trusted by `ca_file`, and without it by nobody.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adr_source_jumpcloud::{HttpOptions, HttpTransport, Request, Response, Room, Transport, TransportError};
use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server for `name` whose certificate comes from an authority of its own: where it listens, and the authority's PEM.
async fn server(name: &str) -> (String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust us goes away in the handshake.
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let mut buffer = [0; 4096];
            let _ = socket.read(&mut buffer).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]").await;
            let _ = socket.shutdown().await;
        }
    });
    (format!("https://localhost:{port}/events"), pem)
}

async fn ask(url: &str, ca_file: Option<PathBuf>) -> Result<Response, TransportError> {
    let options = HttpOptions { ca_file, ..HttpOptions::with_timeout(Duration::from_secs(10)) };
    let transport = HttpTransport::new(&options).unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("x-api-key", "simulated-key-not-a-secret".parse().unwrap());
    let request = Request { method: http::Method::POST, url: url.to_owned(), headers, body: Bytes::from_static(b"{}") };
    transport.send(request, Room::fixed(1000)).await
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_ca_file_alone() {
    let (url, pem) = server("localhost").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let answer = ask(&url, Some(file)).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"[]".as_slice()));
    let refused = ask(&url, None).await.unwrap_err();
    assert!(
        matches!(&refused, TransportError::Connect(why) if why.to_lowercase().contains("certificate")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (url, pem) = server("elsewhere.example.com").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let refused = ask(&url, Some(file)).await.unwrap_err();
    assert!(matches!(&refused, TransportError::Connect(why) if why.contains("certificate")), "{refused}");
}
