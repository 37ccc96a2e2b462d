//! Over real connections.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use super::site::{Place, open, tls_files};
use crate::web::Door;
use crate::web::connections::Limits;

const SOON: Duration = Duration::from_millis(50);
/// A test that waits longer has failed.
const FAR: Duration = Duration::from_secs(20);

/// A server that stops when it is told to.
struct Running {
    port: u16,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

fn run(mut door: Door, change: impl FnOnce(&mut Limits)) -> Running {
    change(&mut door.limits);
    let (stop, stopped) = oneshot::channel();
    let port = door.address().port();
    let ended = tokio::spawn(door.serve(async { drop(stopped.await) }));
    Running { port, stop, ended }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn connect_tls(&self, root: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec())).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
        connector.connect(ServerName::try_from("localhost").unwrap(), self.connect().await).await
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(FAR, self.ended).await.expect("it ends").unwrap();
    }
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains("\r\n\r\n") {
        let count = tokio::time::timeout(FAR, stream.read(&mut buffer)).await.expect("an answer").unwrap();
        assert!(count > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

/// Reads until the other side closes.
async fn closed(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = tokio::time::timeout(FAR, stream.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn it_answers_over_tls_and_takes_a_new_certificate_but_no_broken_one() {
    let (door, folder) = open(|_| {}, Place::Elsewhere).await.unwrap();
    let certificate = door.certificate.clone().unwrap();
    let running = run(door, |_| {});
    let first = pem(&folder.path().join("cert.pem"));
    let mut stream = running.connect_tls(&first).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    assert!(ask(&mut stream, "/livez").await.starts_with("HTTP/1.1 200"));
    let moved = ask(&mut stream, "/").await;
    assert!(moved.starts_with("HTTP/1.1 303") && moved.contains("strict-transport-security"), "{moved}");

    fs::write(folder.path().join("key.pem"), "broken").unwrap();
    certificate.look();
    assert!(running.connect_tls(&first).await.is_ok(), "the old pair stays");
    let (_, second) = tls_files(folder.path());
    let half = fs::read(folder.path().join("key.pem")).unwrap();
    tls_files(folder.path());
    let whole = fs::read(folder.path().join("key.pem")).unwrap();
    fs::write(folder.path().join("key.pem"), half).unwrap();
    certificate.look();
    assert!(running.connect_tls(&first).await.is_ok(), "a key of another certificate");
    fs::write(folder.path().join("key.pem"), whole).unwrap();
    certificate.look();
    let third = pem(&folder.path().join("cert.pem"));
    assert!(running.connect_tls(&third).await.is_ok());
    assert!(running.connect_tls(&first).await.is_err() && running.connect_tls(&second).await.is_err());
    assert!(ask(&mut stream, "/livez").await.starts_with("HTTP/1.1 200"), "who is connected stays so");
    drop(stream);
    running.end().await;
}

fn pem(path: &std::path::Path) -> Vec<u8> {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_file(path).unwrap().to_vec()
}

#[tokio::test]
async fn a_new_certificate_is_found_without_being_told() {
    let (door, folder) = open(|_| {}, Place::Elsewhere).await.unwrap();
    let running = run(door, |limits| limits.look = Duration::from_millis(5));
    let (_, second) = tls_files(folder.path());
    let found = async { while running.connect_tls(&second).await.is_err() {} };
    tokio::time::timeout(FAR, found).await.expect("it is found");
    running.end().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_keeps_nobody_out_and_is_dropped() {
    let (door, folder) = open(|_| {}, Place::Elsewhere).await.unwrap();
    let root = pem(&folder.path().join("cert.pem"));
    let running = run(door, |limits| limits.handshake = Duration::from_millis(500));
    let mut silent = running.connect().await;
    let mut talker = running.connect_tls(&root).await.unwrap();
    assert!(ask(&mut talker, "/livez").await.starts_with("HTTP/1.1 200"));
    assert_eq!(closed(&mut silent).await, "");
    let mut plain = running.connect().await;
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(!closed(&mut plain).await.contains("HTTP"), "nothing is said without TLS");
    drop(talker);
    running.end().await;
}

#[tokio::test]
async fn who_is_slow_with_a_request_or_with_the_next_one_is_dropped() {
    let (door, _folder) = open(|_| {}, Place::Loopback).await.unwrap();
    let running = run(door, |limits| limits.head = SOON);
    let mut slow = running.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n").await.unwrap();
    closed(&mut slow).await;
    closed(&mut running.connect().await).await;
    let mut idle = running.connect().await;
    assert!(ask(&mut idle, "/livez").await.starts_with("HTTP/1.1 200"));
    closed(&mut idle).await;
    running.end().await;
}

#[tokio::test]
async fn a_connection_ends_some_day_and_its_head_is_small() {
    let (door, _folder) = open(|_| {}, Place::Loopback).await.unwrap();
    let running = run(door, |limits| limits.life = SOON);
    let mut stream = running.connect().await;
    assert!(ask(&mut stream, "/livez").await.starts_with("HTTP/1.1 200"));
    closed(&mut stream).await;
    let mut large = running.connect().await;
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(60_000));
    let _ = large.write_all(head.as_bytes()).await;
    let answer = closed(&mut large).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn there_are_no_more_connections_than_allowed() {
    let (door, _folder) = open(|_| {}, Place::Loopback).await.unwrap();
    let running = run(door, |limits| limits.connections = 1);
    let mut first = running.connect().await;
    ask(&mut first, "/livez").await;
    let mut second = running.connect().await;
    second.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    for _ in 0..20 {
        ask(&mut first, "/livez").await;
    }
    let mut byte = [0];
    let early = tokio::select! { biased; _ = second.read(&mut byte) => true, () = tokio::task::yield_now() => false };
    assert!(!early, "it waits for its turn");
    drop(first);
    assert!(closed(&mut second).await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

#[tokio::test]
async fn one_address_cannot_keep_the_others_out() {
    let (door, _folder) = open(|_| {}, Place::Loopback).await.unwrap();
    let running = run(door, |limits| (limits.connections, limits.from_one) = (4, 2));
    let mut idle = [running.connect().await, running.connect().await];
    for stream in &mut idle {
        ask(stream, "/livez").await;
    }
    for _ in 0..4 {
        assert_eq!(closed(&mut running.connect().await).await, "", "one too many");
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let mut other = socket.connect(([127, 0, 0, 1], running.port).into()).await.unwrap();
    assert!(ask(&mut other, "/livez").await.starts_with("HTTP/1.1 200"));
    // One that has gone makes room for the next.
    drop(idle);
    let again = async {
        loop {
            let mut stream = running.connect().await;
            // It may be closed already.
            let request = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(request).await;
            if closed(&mut stream).await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    tokio::time::timeout(FAR, again).await.expect("there is room again");
    drop(other);
    running.end().await;
}

#[tokio::test]
async fn it_stops_at_once_for_who_asks_nothing() {
    let (door, folder) = open(|_| {}, Place::Elsewhere).await.unwrap();
    let root = pem(&folder.path().join("cert.pem"));
    let running = run(door, |limits| limits.grace = FAR * 9);
    let mut idle = running.connect_tls(&root).await.unwrap();
    ask(&mut idle, "/livez").await;
    let silent = running.connect().await;
    running.end().await;
    closed(&mut idle).await;
    drop(silent);
}
