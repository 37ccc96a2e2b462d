//! Senders of a few lines each, to know that the receivers work before a sink is tested against them.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;

use adr_tests::receivers::{Framing, Identity, Pki, Setup, Wire};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

/// What a sender may need for TLS.
pub(crate) struct Tls<'a> {
    pub(crate) pki: &'a Pki,
    pub(crate) client: Option<&'a Identity>,
    pub(crate) version: &'static SupportedProtocolVersion,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Sends messages as the setup wants them. An error is what a client sees of a refusal.
pub(crate) fn send(setup: &Setup, address: &str, tls: &Tls<'_>, messages: &[String]) -> std::io::Result<()> {
    if setup.wire == Wire::Udp {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        return messages.iter().try_for_each(|message| socket.send_to(message.as_bytes(), address).map(drop));
    }
    let stream = TcpStream::connect(address)?;
    let mut stream: Box<dyn Stream> = match setup.wire {
        Wire::Tls | Wire::RelpTls => Box::new(secure(stream, tls)),
        _ => Box::new(stream),
    };
    match setup.wire {
        Wire::Relp | Wire::RelpTls => relp(&mut stream, messages),
        _ => {
            let frames: Vec<String> = messages.iter().map(|message| frame(setup.framing, message)).collect();
            stream.write_all(frames.concat().as_bytes())?;
            stream.flush()
        }
    }
}

fn frame(framing: Framing, message: &str) -> String {
    match framing {
        Framing::OctetCounted => format!("{} {message}", message.len()),
        Framing::Lines => format!("{message}\n"),
    }
}

fn relp(stream: &mut dyn Stream, messages: &[String]) -> std::io::Result<()> {
    let offers = "relp_version=0\nrelp_software=adr-tests\ncommands=syslog";
    let commands = std::iter::once(("open", offers)).chain(messages.iter().map(|message| ("syslog", message.as_str())));
    for (number, (command, data)) in commands.enumerate() {
        let number = number + 1;
        writeln!(stream, "{number} {command} {} {data}", data.len())?;
        let wanted = format!("{number} rsp ");
        let mut answer = Vec::new();
        // The first line of an answer ends, or its data does, in a line feed.
        while answer.last() != Some(&b'\n') {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&wanted) && answer.contains(" 200 OK"), "{answer}");
        if command == "open" {
            let length: usize = answer.split(' ').nth(2).and_then(|length| length.parse().ok()).expect("a length");
            let read = answer.splitn(4, ' ').nth(3).expect("data").len();
            stream.read_exact(&mut vec![0; length + 1 - read])?;
        }
    }
    Ok(())
}

fn secure(stream: TcpStream, tls: &Tls<'_>) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&tls.pki.authority)).expect("the authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[tls.version]).expect("TLS");
    let builder = builder.with_root_certificates(roots);
    let config = match tls.client {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
            builder.with_client_auth_cert(vec![certificate(&identity.certificate)], key).expect("an identity")
        }
    };
    let name = "127.0.0.1".try_into().expect("a name");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("TLS"), stream)
}

fn certificate(file: &std::path::Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).expect("a certificate")
}
