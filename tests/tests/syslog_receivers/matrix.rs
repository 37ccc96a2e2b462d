//! Receiver x transport x framing x header: every event arrives, once, in order, byte for byte.

use std::time::Duration;

use adr_core::{Detail, Encoding, Event};
use adr_tests::receivers::{Clients, Framing, Identity, Pki, Product, Receiver, Setup, Version, Wire};
use adr_transform::AdrConfig;
use serde_json::{Value, json};

use crate::Case;
use crate::flow::{Flow, Pages};
use crate::samples::{self, Parts, body_of, hostile_events, parts};

pub(crate) fn cases() -> Vec<Case> {
    use Framing::{Lines, OctetCounted};
    use Product::{Rsyslog, SyslogNg};
    let mut transports = vec![(Rsyslog, Wire::Relp, OctetCounted), (Rsyslog, Wire::RelpTls, OctetCounted)];
    for product in [Rsyslog, SyslogNg] {
        transports.push((product, Wire::Udp, OctetCounted));
        for wire in [Wire::Tcp, Wire::Tls] {
            transports.extend([(product, wire, OctetCounted), (product, wire, Lines)]);
        }
    }
    let mut cases = Vec::new();
    for (product, wire, framing) in transports {
        for header in ["rfc5424", "rfc3164"] {
            let setup = Setup::new(product, wire).framing(framing);
            cases.push(Case::new(format!("matrix::{}_{header}", name(&setup)), product, move || {
                arrives(&setup, header)
            }));
        }
    }
    for encoding in [Encoding::Cef, Encoding::Leef, Encoding::Flat] {
        for product in [Rsyslog, SyslogNg] {
            let name = format!("matrix::{product:?}_as_{encoding:?}").to_lowercase();
            cases.push(Case::new(name, product, move || arrives_as(product, encoding)));
        }
    }
    for (product, header) in [(Rsyslog, "rfc5424"), (Rsyslog, "rfc3164"), (SyslogNg, "rfc5424"), (SyslogNg, "rfc3164")]
    {
        let name = format!("matrix::{product:?}_reads_{header}").to_lowercase();
        cases.push(Case::new(name, product, move || is_read(product, header)));
    }
    for version in [Version::Tls12, Version::Tls13] {
        for product in [Rsyslog, SyslogNg] {
            let setup = Setup::new(product, Wire::Tls).clients(Clients::All).version(version);
            let name = format!("matrix::{product:?}_{version:?}_for_all_clients").to_lowercase();
            cases.push(Case::new(name, product, move || arrives(&setup, "rfc5424")));
        }
        let setup = Setup::new(Rsyslog, Wire::RelpTls).version(version);
        let name = format!("matrix::rsyslog_relptls_{version:?}").to_lowercase();
        cases.push(Case::new(name, Rsyslog, move || arrives(&setup, "rfc5424")));
    }
    cases
}

fn name(setup: &Setup) -> String {
    let framing = match (setup.wire, setup.framing) {
        (Wire::Tcp | Wire::Tls, framing) => format!("_{framing:?}"),
        _ => String::new(),
    };
    format!("{:?}_{:?}{framing}", setup.product, setup.wire).to_lowercase()
}

/// The sink's settings for a receiver.
pub(crate) fn settings(setup: &Setup, address: &str, pki: &Pki, client: Option<&Identity>) -> Value {
    let mode = match setup.wire {
        Wire::Tcp => "tcp",
        Wire::Udp => "udp",
        Wire::Tls => "tls",
        Wire::Relp => "relp_tcp",
        Wire::RelpTls => "relp",
    };
    let mut settings = json!({ "address": address, "mode": mode });
    if matches!(setup.wire, Wire::Tls | Wire::RelpTls) {
        settings["tls"] = json!({ "ca_file": pki.authority });
        if let Some(client) = client {
            settings["tls"]["crt_file"] = json!(client.certificate);
            settings["tls"]["key_file"] = json!(client.key);
        }
    }
    if setup.framing == Framing::Lines && matches!(setup.wire, Wire::Tcp | Wire::Tls) {
        settings["framing"] = json!("newline");
    }
    settings
}

/// Hostile bodies, and among them some of 64 KiB.
fn events(wire: Wire) -> Vec<Event> {
    let mut events = hostile_events(400);
    // A datagram holds no more than 65,507 bytes, header included.
    let largest = if wire == Wire::Udp { 65_000 } else { 65_536 };
    for number in [7, 150, 151, 399] {
        events[number] = samples::event(number, body_of(largest + number % 2));
    }
    events
}

fn message(header: &str, event: &Event) -> Vec<u8> {
    if header == "rfc5424" { samples::rfc5424(event) } else { samples::rfc3164(event) }
}

fn arrives(setup: &Setup, header: &str) {
    let pki = Pki::new();
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let client = (setup.clients != Clients::All).then(|| pki.client());
    let mut settings = settings(setup, &receiver.address(), &pki, client.as_ref());
    settings["header"] = json!(header);
    if setup.wire != Wire::Udp {
        settings["max_message_bytes"] = json!("256KiB");
    }
    let events = events(setup.wire);
    let messages: Vec<Vec<u8>> = events.iter().map(|event| message(header, event)).collect();
    let count = events.len();
    let pages = Pages { every: Duration::ZERO, ..Pages::default() };
    let flow = Flow::start(&settings, events, pages);
    if setup.wire == Wire::Udp {
        // Nothing but its reader keeps a datagram from being lost.
        for step in (0..=count).step_by(20) {
            flow.allow(step);
            receiver.until("all datagrams", |records| records.len() >= step);
        }
    }
    let book = flow.finish();
    assert_eq!(book.faults(), Vec::<String>::new());
    receiver.until("all of them", |records| records.len() >= count);
    let mut records = receiver.records().to_vec();
    if setup.wire == Wire::Udp {
        // Datagrams may be read by several threads.
        records.sort_by_key(|record| messages.iter().position(|message| message == record));
    }
    same(&records, &messages);
    book.delivered_each_once(count);
    assert!(book.dead().is_empty(), "{:?}", book.dead());
}

/// The texts that each encoding makes of hostile events, and of real ones, pass as they are.
fn arrives_as(product: Product, encoding: Encoding) {
    let pki = Pki::new();
    let setup = Setup::new(product, Wire::Tcp);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let mut settings = settings(&setup, &receiver.address(), &pki, None);
    settings["encoding"] = json!(format!("{encoding:?}").to_lowercase());
    settings["max_message_bytes"] = json!("256KiB");
    let mut events = hostile_events(26);
    events.extend(adr_events(events.len()));
    let mut encoder = adr_transform::encoder(encoding);
    let messages: Vec<Vec<u8>> = events
        .iter()
        .map(|event| {
            let mut text = Vec::new();
            encoder.encode(event, Detail::Whole, &mut text).expect("it can be encoded");
            samples::rfc5424(&Event { body: text.into(), ..event.clone() })
        })
        .collect();
    Flow::start(&settings, events, Pages::default()).finish();
    receiver.until("all of them", |records| records.len() >= messages.len());
    same(receiver.records(), &messages);
}

/// The samples as the transform maps them, numbered on from `first`.
fn adr_events(first: usize) -> Vec<Event> {
    let mut adr = AdrConfig::default().build();
    let samples = include_str!("../../samples/events.ndjson").lines().filter(|line| !line.is_empty());
    let bodies = samples.map(|line| {
        let mut body = Vec::new();
        adr.map(line.as_bytes(), "5f00000000000000000000aa", &mut body).expect("a sample is an event");
        String::from_utf8(body).expect("text")
    });
    bodies.enumerate().map(|(number, body)| samples::event(first + number, body)).collect()
}

/// Panics with the first record that is not as it should be; in whole they would be megabytes.
pub(crate) fn same(records: &[Vec<u8>], messages: &[Vec<u8>]) {
    let short = |bytes: &Vec<u8>| String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    for (number, (record, message)) in records.iter().zip(messages).enumerate() {
        if record != message {
            let at = record.iter().zip(message).take_while(|(one, other)| one == other).count();
            panic!("record {number} differs from byte {at} on:\n{}\nshould be\n{}", short(record), short(message));
        }
    }
    assert_eq!(records.len(), messages.len());
}

/// The receiver finds in each header what was put there.
fn is_read(product: Product, header: &str) {
    let pki = Pki::new();
    // syslog-ng reads the old header on the old framing only.
    let framing = if header == "rfc3164" { Framing::Lines } else { Framing::OctetCounted };
    let setup = Setup::new(product, Wire::Tcp).framing(framing).in_parts();
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let mut settings = settings(&setup, &receiver.address(), &pki, None);
    settings["header"] = json!(header);
    let events = hostile_events(40);
    let wanted: Vec<Vec<u8>> = events.iter().map(|event| as_read(product, header, event).into_bytes()).collect();
    Flow::start(&settings, events, Pages::default()).finish();
    receiver.until("all of them", |records| records.len() >= wanted.len());
    let records: Vec<Vec<u8>> = receiver.records().iter().map(|record| without_year(record)).collect();
    same(&records, &wanted);
}

/// A record in parts, its time from the month on. An old header has no year: the receiver makes one up.
fn without_year(record: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(record);
    let (priority, rest) = text.split_once('\t').expect("parts");
    format!("{priority}\t{}", rest.split_once('-').expect("a date").1).into_bytes()
}

/// What a receiver makes of a message. rsyslog leaves the byte order mark and, after an old header, the space in the
/// body; syslog-ng takes both off.
fn as_read(product: Product, header: &str, event: &Event) -> String {
    let Parts { priority, time: (hour, minute, second, milli), structured_data, body } = parts(event);
    let (new, rsyslog) = (header == "rfc5424", product == Product::Rsyslog);
    let time = format!("T{hour:02}:{minute:02}:{second:02}");
    let time = match (new, rsyslog) {
        (true, true) => format!("01-31{time}.{milli:03}Z"),
        (true, false) => format!("01-31{time}.{milli:03}000+00:00"),
        (false, true) => format!("01-31{time}+00:00"),
        (false, false) => format!("01-31{time}.000000+00:00"),
    };
    let (app, kind) =
        if new { ("jumpcloud-adr", "sso_auth") } else { ("jumpcloudadr", if rsyslog { "-" } else { "" }) };
    let structured_data = match (new, rsyslog) {
        (true, _) => structured_data,
        (false, true) => "-".to_owned(),
        (false, false) => String::new(),
    };
    let before = match (rsyslog, new) {
        (true, true) if !body.is_ascii() => "\u{feff}",
        (true, false) => " ",
        _ => "",
    };
    format!("{priority}\t{time}\tjumpcloud\t{app}\t{kind}\t{structured_data}\t{before}{body}")
}
