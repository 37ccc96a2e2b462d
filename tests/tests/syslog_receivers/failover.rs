//! Two receivers: when the first is gone the second gets the events, and when it is back the first gets them again.

use std::time::Duration;

use adr_tests::receivers::{Pki, Product, Receiver, Setup, Wire};
use serde_json::json;

use crate::Case;
use crate::flow::{Flow, Pages};
use crate::laws::Sent;
use crate::matrix::settings;
use crate::samples::plain_events;

const STREAM: Pages = Pages { of: 10, every: Duration::from_millis(2), in_flight: 16 };

pub(crate) fn cases() -> Vec<Case> {
    use Product::{Rsyslog, SyslogNg};
    let mut cases = Vec::new();
    for (product, wire) in
        [(Rsyslog, Wire::Tcp), (SyslogNg, Wire::Tls), (Rsyslog, Wire::Relp), (Rsyslog, Wire::RelpTls)]
    {
        let name = format!("{product:?}_{wire:?}").to_lowercase();
        cases.push(Case::new(format!("failover::{name}_and_back"), product, move || and_back(product, wire)));
        cases.push(Case::new(format!("failover::{name}_in_mid_stream"), product, move || in_mid_stream(product, wire)));
    }
    cases
}

struct Two {
    first: Receiver,
    second: Receiver,
    settings: serde_json::Value,
    _pki: Pki,
}

fn two(product: Product, wire: Wire) -> Two {
    let pki = Pki::new();
    let setup = Setup::new(product, wire);
    let first = Receiver::start(setup.clone(), &pki, &pki.server());
    let second = Receiver::start(setup.clone(), &pki, &pki.server());
    let mut settings = settings(&setup, "127.0.0.1", &pki, Some(&pki.client()));
    settings.as_object_mut().expect("settings").remove("address");
    settings["addresses"] = json!([first.address(), second.address()]);
    settings["health_check_interval"] = json!("500ms");
    Two { first, second, settings, _pki: pki }
}

/// In quiet: not one event is lost, sent twice, or even retried on the way there and back.
fn and_back(product: Product, wire: Wire) {
    let Two { mut first, mut second, settings, _pki } = two(product, wire);
    let (count, part) = (6000, 200);
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings, events, STREAM);
    flow.allow(part);
    flow.book.until_delivered(part);
    first.until("the first part", |records| records.len() == part);
    assert!(second.records().is_empty(), "the first comes first");

    first.kill();
    // Until the sink has the news, which cannot be seen from here. What is written before is lost or retried.
    std::thread::sleep(Duration::from_millis(300));
    flow.allow(2 * part);
    flow.book.until_delivered(2 * part);
    second.until("the second part", |records| records.len() == part);

    first.start_again();
    let mut allowed = 2 * part;
    first.until("more, as it is back", |records| {
        // Little by little, as events come: the way back opens between two of them.
        allowed += 10;
        flow.allow(allowed.min(count - part));
        records.len() > part
    });
    let before = second.records().len();
    let book = flow.finish();
    assert_eq!(book.faults(), Vec::<String>::new());
    first.until("the rest", |records| records.len() + second.records().len() >= count);
    let (back, away) = (sent.read(first.records()), sent.read(second.records()));
    let returned = part + away.numbers.len();
    assert!(away.numbers.iter().copied().eq(part..returned), "{:?}", away.runs());
    assert_eq!(back.runs(), [0..part, returned..count]);
    assert!(away.numbers.len() <= before + 160, "only what was in flight still went to the second");
}

/// The first is killed while the stream flows. What its kernel had acknowledged is lost with it, but for RELP.
fn in_mid_stream(product: Product, wire: Wire) {
    let Two { mut first, mut second, settings, _pki } = two(product, wire);
    let count = 3000;
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings, events, STREAM);
    flow.allow_all();
    flow.book.until_delivered(600);
    let delivered = flow.book.delivered();
    first.kill();
    let book = flow.finish();
    book.delivered_each_once(count);
    second.until("the last", |records| sent.read(records).numbers.last() == Some(&(count - 1)));
    let all = [first.records(), second.records()].concat();
    let arrived = sent.read(&all);
    arrived.broke_no_more_than(1, count);
    arrived.repeats_only(&book.written(), &delivered);
    if matches!(wire, Wire::Relp | Wire::RelpTls) {
        arrived.lost_nothing(count);
    }
}
