//! How fast batches go out: `cargo bench -p adr-sink-cce-syslog --bench throughput`. The sink, formatting included,
//! beside a plain loop of `write_all` of the same bytes, over connections to listeners that read and discard. Prints
//! one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use adr_core::{ByteString, Clock, Delivery, Detail, Encoder, Event, Meta, Severity, Sink, Timestamp};
use adr_sink_cce_syslog::{CceSyslog, CceSyslogConfig, Settings};
use bytes::Bytes;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, ServerName};

const ROUNDS: usize = 7;
const BATCH: usize = 1000;
/// As the program has it.
const AT_ONCE: usize = 256;
const IN_FLIGHT: usize = 32;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_449_600_000)
    }
}

struct Plain;

impl Encoder for Plain {
    fn encode(&mut self, event: &Event, _: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        out.extend_from_slice(&event.body);
        Ok(())
    }
}

/// Events of about 800 bytes, slices of one page as the poller makes them.
fn batch() -> Vec<Event> {
    let body = |n: usize| format!("{{\"id\":\"5f0c{n:08}\",\"pad\":\"{}\"}}", "x".repeat(770));
    let length = body(0).len();
    let page = Bytes::from((0..BATCH).map(body).collect::<String>());
    let tenant: Arc<str> = "5a2af2a82cf2b0010053ea41".into();
    let event = |n: usize| Event {
        meta: Meta {
            id: ByteString::from(format!("5f0c{n:08}")),
            time: Some(Timestamp::from_millis(1_795_449_000_000 + 37 * i64::try_from(n).unwrap())),
            tenant: tenant.clone(),
            kind: ByteString::from_static("sso_auth"),
            severity: Severity::Informational,
        },
        body: page.slice(n * length..(n + 1) * length),
    };
    (0..BATCH).map(event).collect()
}

/// What a listener has read from its connections.
#[derive(Clone, Default)]
struct Seen(Arc<AtomicU64>);

impl Seen {
    fn discard(&self, mut stream: impl Read) {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            self.0.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn wait_for(&self, bytes: u64) {
        while self.bytes() < bytes {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

/// A listener, with a thread for each connection.
fn listen(tls: Option<Arc<ServerConfig>>) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let shared = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, seen, tls) = (stream.unwrap(), shared.clone(), tls.clone());
            std::thread::spawn(move || match tls {
                None => seen.discard(stream),
                Some(config) => seen.discard(StreamOwned::new(ServerConnection::new(config).unwrap(), stream)),
            });
        }
    });
    (address, seen)
}

fn sink(address: SocketAddr, rest: &str) -> CceSyslog {
    let config: CceSyslogConfig = serde_json::from_str(&format!("{{\"address\":\"{address}\",{rest}}}")).unwrap();
    CceSyslog::new("cce", &Settings::try_from(config).unwrap(), Arc::new(Fixed), Box::new(Plain)).unwrap()
}

/// Writes the batch so often, in portions and with deliveries open as the runtime does; the time until the last is read.
async fn through_sink(sink: &mut CceSyslog, batch: &[Event], times: usize, seen: &Seen, bytes: u64) -> Duration {
    let (start, before) = (Instant::now(), seen.bytes());
    let mut open: VecDeque<Delivery> = VecDeque::new();
    for _ in 0..times {
        for portion in batch.chunks(AT_ONCE) {
            if open.len() == IN_FLIGHT {
                open.pop_front().unwrap().await.unwrap();
            }
            open.push_back(sink.write(portion).await.unwrap());
        }
    }
    for delivery in open {
        delivery.await.unwrap();
    }
    seen.wait_for(before + bytes * times as u64);
    start.elapsed()
}

fn through_plain(stream: &mut impl Write, text: &[u8], times: usize, seen: &Seen) -> Duration {
    let (start, before) = (Instant::now(), seen.bytes());
    for _ in 0..times {
        stream.write_all(text).unwrap();
    }
    stream.flush().unwrap();
    seen.wait_for(before + text.len() as u64 * times as u64);
    start.elapsed()
}

/// The bytes of one batch as the sink writes them.
async fn text(batch: &[Event]) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sink = sink(listener.local_addr().unwrap(), "\"mode\":\"tcp\"");
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut text).unwrap();
        text
    });
    sink.write(batch).await.unwrap().await.unwrap();
    sink.close().await.unwrap();
    reader.join().unwrap()
}

/// Both in turn, several times; the medians, and their ratio.
async fn compare(
    name: &str,
    sink: (&mut CceSyslog, &Seen),
    plain: (&mut impl Write, &Seen),
    text: &[u8],
    times: usize,
) {
    let batch = batch();
    // The first batch goes through the probation of the connection; the second warms what is reused.
    for _ in 0..2 {
        through_sink(sink.0, &batch, 1, sink.1, text.len() as u64).await;
        through_plain(plain.0, text, 1, plain.1);
    }
    let mut rates = (Vec::new(), Vec::new(), Vec::new());
    let rate = |took: Duration| (text.len() * times) as f64 / took.as_secs_f64() / 1e6;
    for _ in 0..ROUNDS {
        let ours = rate(through_sink(sink.0, &batch, times, sink.1, text.len() as u64).await);
        let theirs = rate(through_plain(plain.0, text, times, plain.1));
        rates.0.push(ours);
        rates.1.push(theirs);
        rates.2.push(100.0 * ours / theirs);
    }
    let median = |list: &mut Vec<f64>| {
        list.sort_by(f64::total_cmp);
        list[list.len() / 2]
    };
    println!(
        "{name}: sink {:.0} MB/s, plain write_all {:.0} MB/s, ratio {:.0} % (medians of {ROUNDS} rounds of {times} batches of {BATCH})",
        median(&mut rates.0),
        median(&mut rates.1),
        median(&mut rates.2),
    );
}

async fn tcp(text: &[u8], rest: &str, name: &str) {
    let ((address, seen), (plain_address, plain_seen)) = (listen(None), listen(None));
    let mut sink = sink(address, rest);
    let mut plain = TcpStream::connect(plain_address).unwrap();
    compare(name, (&mut sink, &seen), (&mut plain, &plain_seen), text, 400).await;
}

async fn tls(text: &[u8]) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], secret).unwrap();
    let server = Arc::new(server);
    let ((address, seen), (plain_address, plain_seen)) = (listen(Some(server.clone())), listen(Some(server)));

    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let client = ClientConnection::new(client, ServerName::try_from("127.0.0.1").unwrap()).unwrap();
    let mut plain = StreamOwned::new(client, TcpStream::connect(plain_address).unwrap());
    let mut sink = sink(address, "\"tls\":{\"verify\":false}");
    compare("tls", (&mut sink, &seen), (&mut plain, &plain_seen), text, 200).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let batch = batch();
    let text = text(&batch).await;
    println!("a batch of {BATCH} events is {} bytes on the wire", text.len());
    tcp(&text, "\"mode\":\"tcp\"", "tcp, json, octet counting").await;
    tls(&text).await;
}
