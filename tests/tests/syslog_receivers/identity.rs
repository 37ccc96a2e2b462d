//! TLS: who the receiver is, and who we are to it. What is refused says why, delivers nothing, and loses nothing.

use adr_sink_cce_syslog::{Checked, check};
use adr_tests::receivers::{Clients, Identity, Pki, Product, Receiver, SERVER, Setup, Version, Wire};
use serde_json::{Value, json};

use crate::Case;
use crate::flow::{Flow, Pages, clock, settings_of};
use crate::laws::Sent;
use crate::matrix::settings;
use crate::samples::plain_events;

pub(crate) fn cases() -> Vec<Case> {
    use Product::{Rsyslog, SyslogNg};
    let mut cases = Vec::new();
    let transports = [(Rsyslog, Wire::Tls), (Rsyslog, Wire::RelpTls), (SyslogNg, Wire::Tls)];
    for (product, wire) in transports {
        for version in [Version::Tls12, Version::Tls13] {
            let setup = Setup::new(product, wire).version(version);
            let name = format!("{product:?}_{wire:?}_{version:?}").to_lowercase();
            let mut case = |what: &str, test: fn(&Setup)| {
                let setup = setup.clone();
                cases.push(Case::new(format!("identity::{name}_{what}"), product, move || test(&setup)));
            };
            case("without_client_certificate", |setup| refused_by_receiver(setup, false));
            case("with_a_strangers_certificate", |setup| refused_by_receiver(setup, true));
            case("that_expires", expires);
            case("that_is_checked", checks);
        }
        let setup = Setup::new(product, wire);
        let name = format!("{product:?}_{wire:?}").to_lowercase();
        let mut case = |what: &str, test: fn(&Setup)| {
            let setup = setup.clone();
            cases.push(Case::new(format!("identity::{name}_{what}"), product, move || test(&setup)));
        };
        case("of_another_authority", another_authority);
        case("of_a_renewed_authority", renewed_authority);
        case("of_another_name", another_name);
        case("of_another_fingerprint", another_fingerprint);
        case("self_signed_and_pinned", pinned);
    }
    cases.push(Case::new("identity::rsyslog_lets_in_by_name", Rsyslog, || lets_in(|_| Clients::Named)));
    cases.push(Case::new("identity::rsyslog_lets_in_by_fingerprint", Rsyslog, || {
        lets_in(|client| Clients::Pinned(client.fingerprint.clone()));
    }));
    cases
}

const COUNT: usize = 40;

/// Runs until the sink has said this about each of three attempts; nothing counts as delivered and nothing arrives.
fn nothing_gets_through(receiver: &mut Receiver, settings: &Value, words: &[&str]) {
    let flow = Flow::start(settings, plain_events(COUNT), Pages::default());
    flow.allow_all();
    flow.book.until_faults(3);
    for fault in flow.book.faults() {
        assert!(words.iter().all(|words| fault.contains(words)), "{words:?} is not in: {fault}");
        assert!(fault.contains(&receiver.address()), "which receiver? {fault}");
    }
    assert_eq!(flow.book.delivered(), Vec::<usize>::new(), "{:?}", flow.book);
    drop(flow);
    assert!(receiver.records().is_empty(), "{} records", receiver.records().len());
}

fn everything_gets_through(receiver: &mut Receiver, settings: &Value) {
    let events = plain_events(COUNT);
    let sent = Sent::of(&events);
    let book = Flow::start(settings, events, Pages::default()).finish();
    assert_eq!(book.faults(), Vec::<String>::new());
    receiver.until("all of them", |records| records.len() >= COUNT);
    sent.each_once(receiver.records());
}

/// Under TLS 1.3 (and with rsyslog under 1.2 too) the handshake and first writes succeed before the refusal comes, and
/// the receiver's kernel has acknowledged them: nothing of that may count.
fn refused_by_receiver(setup: &Setup, stranger: bool) {
    let (pki, elsewhere) = (Pki::new(), Pki::new());
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let client = stranger.then(|| elsewhere.client());
    let settings = settings(setup, &receiver.address(), &pki, client.as_ref());
    assert!(checked(&settings).is_err(), "`check` stays long enough to see the refusal");
    nothing_gets_through(&mut receiver, &settings, &[]);
}

/// What `check` says of the one address.
fn checked(settings: &Value) -> Result<Checked, String> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut checked = tokio.block_on(check(&settings_of(settings), clock()));
    let (_, outcome) = checked.pop().expect("one address");
    outcome.map_err(|failure| failure.message)
}

/// `check` says what it has found, and leaves no event.
fn checks(setup: &Setup) {
    let pki = Pki::new();
    let server = pki.server();
    let mut receiver = Receiver::start(setup.clone(), &pki, &server);
    let settings = settings(setup, &receiver.address(), &pki, Some(&pki.client()));
    let secured = checked(&settings).expect("it works").tls.expect("TLS");
    assert_eq!(secured.version, if setup.version == Version::Tls12 { "TLS 1.2" } else { "TLS 1.3" });
    assert!(secured.fingerprint.to_string().contains(&server.fingerprint), "{secured:?}");
    receiver.stop();
    assert!(receiver.records().is_empty());
    assert!(checked(&settings).is_err_and(|failure| failure.contains("refused")));
}

/// The receiver comes back with a certificate that has expired. The error says so, and once the receiver has a good
/// one the stream goes on.
fn expires(setup: &Setup) {
    let (pki, count, first) = (Pki::new(), 200, 100);
    let good = pki.server();
    let mut receiver = Receiver::start(setup.clone(), &pki, &good);
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &receiver.address(), &pki, Some(&pki.client())), events, Pages::default());
    flow.allow(first);
    flow.book.until_delivered(first);
    receiver.until("the first part", |records| records.len() == first);
    let restart = |receiver: &mut Receiver, identity: &Identity| {
        receiver.stop();
        receiver.certificate(identity);
        receiver.start_again();
    };
    restart(&mut receiver, &pki.expired_server());
    flow.allow_all();
    flow.book.until_fault("has expired since 2002-01-01");
    assert_eq!(flow.book.delivered().len(), first);
    restart(&mut receiver, &good);
    flow.finish();
    receiver.until("all of them", |records| records.len() >= count);
    sent.each_once(receiver.records());
}

fn another_authority(setup: &Setup) {
    let (pki, elsewhere) = (Pki::new(), Pki::new());
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let settings = settings(setup, &receiver.address(), &elsewhere, Some(&pki.client()));
    nothing_gets_through(&mut receiver, &settings, &["unknown issuer", "ca_file"]);
}

/// The authority was made anew under its old name, and the sink still has the old one.
fn renewed_authority(setup: &Setup) {
    let (pki, old) = (Pki::named("the authority"), Pki::named("the authority"));
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let settings = settings(setup, &receiver.address(), &old, Some(&pki.client()));
    nothing_gets_through(&mut receiver, &settings, &["certificate", "ca_file"]);
}

/// Until the setting `server_name` says which name it has.
fn another_name(setup: &Setup) {
    let pki = Pki::new();
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.other_server());
    let mut settings = settings(setup, &receiver.address(), &pki, Some(&pki.client()));
    nothing_gets_through(&mut receiver, &settings, &["not valid for", "other.example.com", "server_name"]);
    settings["tls"]["server_name"] = json!("other.example.com");
    everything_gets_through(&mut receiver, &settings);
}

fn another_fingerprint(setup: &Setup) {
    let pki = Pki::new();
    let server = pki.server();
    let mut receiver = Receiver::start(setup.clone(), &pki, &server);
    let mut settings = settings(setup, &receiver.address(), &pki, Some(&pki.client()));
    settings["tls"]["fingerprint"] = json!(pki.other_server().fingerprint);
    // The message names the certificate that was seen.
    nothing_gets_through(&mut receiver, &settings, &["fingerprint", &server.fingerprint]);
    settings["tls"]["fingerprint"] = json!(server.fingerprint);
    everything_gets_through(&mut receiver, &settings);
}

/// A certificate that nobody signed is refused, unless its fingerprint is given, and then needs no authority.
fn pinned(setup: &Setup) {
    let pki = Pki::new();
    let server = pki.self_signed_server();
    let mut receiver = Receiver::start(setup.clone(), &pki, &server);
    let mut settings = settings(setup, &receiver.address(), &pki, Some(&pki.client()));
    nothing_gets_through(&mut receiver, &settings, &["certificate", &server.fingerprint]);
    settings["tls"].as_object_mut().expect("settings").remove("ca_file");
    settings["tls"]["fingerprint"] = json!(server.fingerprint);
    everything_gets_through(&mut receiver, &settings);
}

fn lets_in(clients: fn(&Identity) -> Clients) {
    let pki = Pki::new();
    let client = pki.client();
    let setup = Setup::new(Product::Rsyslog, Wire::Tls).clients(clients(&client));
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let mut settings = settings(&setup, &receiver.address(), &pki, Some(&client));
    settings["tls"]["server_name"] = json!(SERVER);
    everything_gets_through(&mut receiver, &settings);
}
