//! How connections end when the sink is closed: so that the receiver knows that nothing is missing.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::sync::Arc;

use adr_core::Sink;
use adr_tests::receivers::{Clients, Pki, Product, Receiver, Setup, Version, Wire};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use serde_json::json;

use crate::Case;
use crate::flow::{Flow, Pages, settings_of, sink};
use crate::matrix::settings;
use crate::raw::{Tls, send};
use crate::samples::{plain_events, rfc5424};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (version, protocol) in [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)] {
        let name = format!("{version:?}").to_lowercase();
        cases.push(Case::alone(format!("farewell::{name}_ends_with_close_notify"), move || close_notify(protocol)));
        cases.push(Case::new(format!("farewell::rsyslog_{name}_sees_a_proper_end"), Product::Rsyslog, move || {
            proper_end(version, protocol);
        }));
    }
    cases
}

/// A server of our own that reads to the end; without close_notify that is an error.
fn close_notify(version: &'static SupportedProtocolVersion) {
    let pki = Pki::new();
    let identity = pki.server();
    let certificate = CertificateDer::from_pem_file(&identity.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).expect("TLS");
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).expect("an identity");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket").to_string();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let tls = ServerConnection::new(Arc::new(config)).expect("TLS");
        let mut received = Vec::new();
        let end = StreamOwned::new(tls, stream).read_to_end(&mut received);
        (received, end.map_err(|error| error.kind()))
    });
    let settings = settings_of(&json!({ "address": address, "tls": { "ca_file": pki.authority } }));
    let events = plain_events(20);
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let mut sink = sink(&settings);
        let delivery = sink.write(&events).await.expect("it is written");
        delivery.await.expect("it is delivered");
        sink.close().await.expect("it closes");
    });
    let (received, end) = server.join().expect("the server does not panic");
    let frames = events.iter().map(|event| {
        let message = rfc5424(event);
        [format!("{} ", message.len()).into_bytes(), message].concat()
    });
    assert_eq!(end, Ok::<usize, ErrorKind>(received.len()), "without close_notify, the end is an error");
    assert!(received == frames.collect::<Vec<_>>().concat(), "all of it came before");
}

/// rsyslog complains of connections that end without close_notify: not of ours.
fn proper_end(version: Version, protocol: &'static SupportedProtocolVersion) {
    const COMPLAINT: &str = "non-properly terminated";
    let pki = Pki::new();
    let setup = Setup::new(Product::Rsyslog, Wire::Tls).clients(Clients::All).version(version);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let settings = settings(&setup, &receiver.address(), &pki, None);
    Flow::start(&settings, plain_events(20), Pages::default()).finish();
    receiver.until("all of them", |records| records.len() == 20);
    assert!(!receiver.log().contains(COMPLAINT), "{}", receiver.log());
    // A sender that just goes away, so that we know how rsyslog complains.
    let tls = Tls { pki: &pki, client: None, version: protocol };
    send(&setup, &receiver.address(), &tls, &["<134>1 - - - - - - one more".to_owned()]).expect("it is sent");
    receiver.until("the last", |records| records.len() == 21);
    receiver.stop();
    assert!(receiver.log().contains(COMPLAINT), "{}", receiver.log());
}
