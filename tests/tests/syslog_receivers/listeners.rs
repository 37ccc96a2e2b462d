//! The receivers themselves, from the examples: every listener takes what it should, and writes it down as it was.

use std::time::Duration;

use adr_tests::receivers::{Clients, Framing, Pki, Product, Receiver, Setup, Version, Wire};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::Case;
use crate::raw::{Tls, send};
use crate::samples::{body_of, hostile_bodies};

pub(crate) fn cases() -> Vec<Case> {
    use Framing::{Lines, OctetCounted};
    use Product::{Rsyslog, SyslogNg};
    let wires = [
        (Rsyslog, Wire::Tcp, OctetCounted),
        (Rsyslog, Wire::Tcp, Lines),
        (Rsyslog, Wire::Udp, OctetCounted),
        (Rsyslog, Wire::Tls, OctetCounted),
        (Rsyslog, Wire::Tls, Lines),
        (Rsyslog, Wire::Relp, OctetCounted),
        (Rsyslog, Wire::RelpTls, OctetCounted),
        (SyslogNg, Wire::Tcp, OctetCounted),
        (SyslogNg, Wire::Tcp, Lines),
        (SyslogNg, Wire::Udp, OctetCounted),
        (SyslogNg, Wire::Tls, OctetCounted),
        (SyslogNg, Wire::Tls, Lines),
    ];
    let mut cases: Vec<Case> = wires
        .into_iter()
        .map(|(product, wire, framing)| {
            let name = format!("listeners::{product:?}_{wire:?}_{framing:?}");
            Case::new(name, product, move || takes_all(&Setup::new(product, wire).framing(framing)))
        })
        .collect();
    cases.push(Case::new("listeners::rsyslog_tls_for_all", Rsyslog, || lets_in_all(Rsyslog)));
    cases.push(Case::new("listeners::syslog_ng_tls_for_all", SyslogNg, || lets_in_all(SyslogNg)));
    cases.push(Case::new("listeners::rsyslog_tls_by_name", Rsyslog, || refuses_strangers(Rsyslog, |_| Clients::Named)));
    cases.push(Case::new("listeners::rsyslog_tls_by_fingerprint", Rsyslog, || {
        refuses_strangers(Rsyslog, Clients::Pinned);
    }));
    cases.push(Case::new("listeners::syslog_ng_tls_by_authority", SyslogNg, || {
        refuses_strangers(SyslogNg, |_| Clients::Certified);
    }));
    cases.push(Case::new("listeners::rsyslog_in_parts", Rsyslog, || takes_apart(Rsyslog)));
    cases.push(Case::new("listeners::syslog_ng_in_parts", SyslogNg, || takes_apart(SyslogNg)));
    cases.push(Case::new("listeners::rsyslog_signals", Rsyslog, || obeys_signals(Rsyslog)));
    cases.push(Case::new("listeners::syslog_ng_signals", SyslogNg, || obeys_signals(SyslogNg)));
    cases
}

/// Header and byte order mark before each hostile body.
fn messages(wire: Wire) -> Vec<String> {
    let largest = if wire == Wire::Udp { 60_000 } else { 65_536 };
    let bodies = hostile_bodies().into_iter().chain([body_of(largest)]);
    bodies
        .map(|body| {
            format!("<134>1 2026-01-31T00:00:00.123456Z host.example.com adr - kind [a@32473 b=\"c\"] \u{feff}{body}")
        })
        .collect()
}

fn takes_all(setup: &Setup) {
    let pki = Pki::new();
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let messages = messages(setup.wire);
    let client = pki.client();
    let tls = Tls { pki: &pki, client: Some(&client), version: &TLS13 };
    send(setup, &receiver.address(), &tls, &messages).expect("they are sent");
    receiver.until("all of them", |records| records.len() >= messages.len());
    let mut records: Vec<String> =
        receiver.records().iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect();
    // Datagrams may be read by several threads.
    records.sort_by_key(|record| messages.iter().position(|message| message == record));
    assert_eq!(records, messages);
}

const VERSIONS: [(Version, &SupportedProtocolVersion); 2] = [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)];

fn lets_in_all(product: Product) {
    let pki = Pki::new();
    for (receivers, version) in VERSIONS {
        let setup = Setup::new(product, Wire::Tls).clients(Clients::All).version(receivers);
        let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
        let tls = Tls { pki: &pki, client: None, version };
        send(&setup, &receiver.address(), &tls, &messages(Wire::Tls)[..1]).expect("it is sent");
        receiver.until("one", |records| records.len() == 1);
        let (_, other) = VERSIONS[usize::from(receivers == Version::Tls12)];
        let tls = Tls { pki: &pki, client: None, version: other };
        assert!(send(&setup, &receiver.address(), &tls, &messages(Wire::Tls)[..1]).is_err());
    }
}

fn refuses_strangers(product: Product, clients: fn(String) -> Clients) {
    let (pki, elsewhere) = (Pki::new(), Pki::new());
    let (friend, stranger) = (pki.client(), elsewhere.client());
    let messages = messages(Wire::Tls);
    for (receivers, version) in VERSIONS {
        let setup = Setup::new(product, Wire::Tls).clients(clients(friend.fingerprint.clone())).version(receivers);
        let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
        for client in [None, Some(&stranger)] {
            // Whether the refusal comes before the last write is a matter of luck.
            let _ = send(&setup, &receiver.address(), &Tls { pki: &pki, client, version }, &messages[1..2]);
        }
        let tls = Tls { pki: &pki, client: Some(&friend), version };
        send(&setup, &receiver.address(), &tls, &messages[..1]).expect("it is sent");
        receiver.until("the friend's", |records| !records.is_empty());
        assert_eq!(receiver.records(), [messages[0].as_bytes()]);
    }
}

fn takes_apart(product: Product) {
    let pki = Pki::new();
    let setup = Setup::new(product, Wire::Tcp).in_parts();
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let messages = messages(Wire::Tcp);
    let tls = Tls { pki: &pki, client: None, version: &TLS13 };
    send(&setup, &receiver.address(), &tls, &messages).expect("they are sent");
    receiver.until("all of them", |records| records.len() >= messages.len());
    // rsyslog leaves the byte order mark in the body, syslog-ng takes it off.
    let (time, mark) = match product {
        Product::Rsyslog => ("2026-01-31T00:00:00.123456Z", "\u{feff}"),
        Product::SyslogNg => ("2026-01-31T00:00:00.123456+00:00", ""),
    };
    for (record, message) in receiver.records().iter().zip(&messages) {
        let body = message.split_once('\u{feff}').expect("a mark").1;
        let parts = format!("134\t{time}\thost.example.com\tadr\tkind\t[a@32473 b=\"c\"]\t{mark}{body}");
        assert_eq!(String::from_utf8_lossy(record), parts);
    }
}

fn obeys_signals(product: Product) {
    let pki = Pki::new();
    let setup = Setup::new(product, Wire::Tcp);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let tls = Tls { pki: &pki, client: None, version: &TLS13 };
    let messages = messages(Wire::Tcp);
    let mut wanted = 0;
    let mut deliver = |receiver: &mut Receiver| {
        send(&setup, &receiver.address(), &tls, &messages[..1]).expect("it is sent");
        wanted += 1;
        receiver.until("one more", |records| records.len() == wanted);
    };
    deliver(&mut receiver);
    receiver.kill();
    receiver.start_again();
    deliver(&mut receiver);
    receiver.stop();
    receiver.start_again();
    deliver(&mut receiver);
    receiver.pause();
    send(&setup, &receiver.address(), &tls, &messages[..1]).expect("the kernel takes it");
    let length = messages[0].len() as u64 + messages[0].len().to_string().len() as u64 + 1;
    let start = std::time::Instant::now();
    while receiver.unread() < length {
        assert!(start.elapsed() < Duration::from_secs(10), "{} unread, sent {length}", receiver.unread());
    }
    let records = receiver.records().to_vec();
    assert!(records.len() == 3, "it has read on: {records:?}\n{}", receiver.log());
    receiver.resume();
    receiver.until("the one that waited", |records| records.len() == 4);
}
