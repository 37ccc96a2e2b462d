//! Over TLS: whom the sink trusts, what it says when it does not, and what a delivery proves.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adr_core::{Clock, Delivered, Failure, FailureKind, Retry, Sink, Timestamp};
use adr_sink_cce_syslog::{CceSyslog, Settings, check};
use common::certificates::{Files, Identity, Receiver, authority, self_signed};
use common::{Fixed, Plain, bodies, events, failure, numbered, settings, soon};
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

/// Settings for one receiver.
fn over_tls(address: std::net::SocketAddr, tls: Value) -> Settings {
    settings(&[address], json!({"framing": "newline", "tls": tls}))
}

fn build(settings: &Settings) -> Result<CceSyslog, Failure> {
    CceSyslog::new("cce", settings, Arc::new(Fixed), Box::new(Plain::default()))
}

/// Delivers three events to the receiver; what the sink says if it cannot.
async fn deliver(receiver: Receiver<'_>, tls: Value) -> Result<(), Failure> {
    let (listener, address) = receiver.listen().await;
    let mut sink = build(&over_tls(address, tls))?;
    let peer = async {
        match listener.accept().await {
            Ok(mut stream) => {
                assert_eq!(bodies(&mut stream, 3).await, numbered(0, 3));
                // Kept open until the delivery has resolved.
                std::future::pending().await
            }
            // What the receiver thinks of it is its own matter.
            Err(_) => std::future::pending::<()>().await,
        }
    };
    let delivery = async {
        let delivery = sink.write(&events(0, 3)).await?;
        assert_eq!(delivery.await?, Delivered::default());
        Ok(())
    };
    soon(async {
        tokio::select! {
            result = delivery => result,
            () = peer => unreachable!("it waits for ever"),
        }
    })
    .await
}

/// The sink refuses the receiver: it can be mended there, so it is tried again. What it says.
async fn refusal(receiver: Receiver<'_>, tls: Value) -> String {
    let failure = failure(deliver(receiver, tls).await);
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
    assert!(matches!(failure.retry, Retry::After(_)), "{failure:?}");
    failure.message
}

#[tokio::test]
async fn an_authority_in_ca_file_is_trusted_over_both_versions() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let identity = ca.sign(&["127.0.0.1"]);
    let ca_file = files.write("ca.pem", ca.pem());
    for version in [&TLS12, &TLS13] {
        let receiver = Receiver { versions: &[version], ..Receiver::new(&identity) };
        assert_eq!(deliver(receiver, json!({"ca_file": ca_file})).await, Ok(()), "{version:?}");
    }
}

#[tokio::test]
async fn an_old_version_is_refused_where_the_settings_ask_for_a_new_one() {
    let identity = self_signed(&["127.0.0.1"], 2100, false);
    let tls = json!({"fingerprint": identity.fingerprint(), "min_version": "1.3"});
    let message = refusal(Receiver { versions: &[&TLS12], ..Receiver::new(&identity) }, tls.clone()).await;
    assert!(message.contains("min_version"), "{message}");
    assert_eq!(deliver(Receiver { versions: &[&TLS13], ..Receiver::new(&identity) }, tls).await, Ok(()));
}

#[tokio::test]
async fn an_unknown_issuer_is_named_with_the_fingerprint_and_both_ways_out() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let identity = ca.sign(&["127.0.0.1"]);
    let other = files.write("ca.pem", authority("another CA").pem());
    let message = refusal(Receiver::new(&identity), json!({"ca_file": other})).await;
    assert!(message.contains("the CCE's certificate has an unknown issuer: set `ca_file`"), "{message}");
    assert!(message.contains(&format!("set `fingerprint` to {}", identity.fingerprint())), "{message}");
}

#[tokio::test]
async fn a_self_signed_certificate_that_nobody_knows_is_called_one() {
    let (files, identity) = (Files::new(), self_signed(&["127.0.0.1"], 2100, true));
    let ca_file = files.write("ca.pem", authority("CCE CA").pem());
    let message = refusal(Receiver::new(&identity), json!({"ca_file": ca_file})).await;
    assert!(message.contains("self-signed it seems, and not known here: set `ca_file` to it"), "{message}");
    assert!(message.contains(&format!("set `fingerprint` to {}", identity.fingerprint())), "{message}");
}

#[tokio::test]
async fn an_authority_renewed_under_its_name_is_told_apart() {
    let (files, old, new) = (Files::new(), authority("CCE CA"), authority("CCE CA"));
    let message =
        refusal(Receiver::new(&new.sign(&["127.0.0.1"])), json!({"ca_file": files.write("ca.pem", old.pem())})).await;
    assert!(message.contains("may have been renewed under the same name: set `ca_file` to the new one"), "{message}");
}

#[tokio::test]
async fn a_certificate_for_another_name_needs_server_name() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let identity = ca.sign(&["cce.example.com", "192.0.2.7"]);
    let ca_file = files.write("ca.pem", ca.pem());
    let message = refusal(Receiver::new(&identity), json!({"ca_file": ca_file})).await;
    assert!(message.contains("is not valid for 127.0.0.1: it is for cce.example.com, 192.0.2.7"), "{message}");
    assert!(message.contains("`server_name`"), "{message}");
    for name in ["cce.example.com", "192.0.2.7"] {
        assert_eq!(deliver(Receiver::new(&identity), json!({"ca_file": ca_file, "server_name": name})).await, Ok(()));
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused_with_its_date() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let identity = ca.sign_expired(&["127.0.0.1"]);
    let ca_file = files.write("ca.pem", ca.pem());
    let message = refusal(Receiver::new(&identity), json!({"ca_file": ca_file})).await;
    assert!(message.contains("has expired since 2020-01-01T00:00:00Z"), "{message}");
}

/// A clock that is set by hand.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_certificate_that_has_expired_since_is_refused_at_the_next_connection() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let identity = ca.sign(&["127.0.0.1"]);
    let (listener, address) = Receiver::new(&identity).listen().await;
    // 2100-01-01T00:00:00Z
    let new_year = Timestamp::from_millis(4_102_444_800_000);
    let clock = Arc::new(Hand(AtomicI64::new(new_year.as_millis() - 5_000)));
    let settings = over_tls(address, json!({"ca_file": files.write("ca.pem", ca.pem())}));
    let mut sink = CceSyslog::new("cce", &settings, clock.clone(), Box::new(Plain::default())).unwrap();
    let batch = events(0, 3);
    let (written, accepted) = soon(async { tokio::join!(sink.write(&batch), listener.accept()) }).await;
    assert_eq!(soon(written.unwrap()).await, Ok(Delivered::default()));
    drop(accepted);
    tokio::time::sleep(Duration::from_millis(50)).await;

    clock.0.store(new_year.as_millis() + 5_000, Ordering::Relaxed);
    let (written, _) = soon(async { tokio::join!(sink.write(&batch), listener.accept()) }).await;
    let message = failure(written).message;
    assert!(message.contains("has expired since 2100-01-01T00:00:00Z"), "{message}");
}

#[tokio::test]
async fn a_pinned_certificate_is_accepted_whatever_its_name_and_age_and_no_other_is() {
    for identity in [self_signed(&["other.example.com"], 2100, true), self_signed(&["other.example.com"], 2020, false)]
    {
        let another = self_signed(&["127.0.0.1"], 2100, false);
        let both = json!({"fingerprint": [another.fingerprint(), identity.fingerprint()]});
        for version in [&TLS12, &TLS13] {
            let receiver = Receiver { versions: &[version], ..Receiver::new(&identity) };
            assert_eq!(deliver(receiver, both.clone()).await, Ok(()));
        }
        let message = refusal(Receiver::new(&identity), json!({"fingerprint": another.fingerprint()})).await;
        assert!(message.contains("is none of those in `fingerprint`"), "{message}");
        assert!(message.contains(&identity.fingerprint()), "{message}");
    }
}

#[tokio::test]
async fn with_ca_file_and_fingerprint_both_must_be_right() {
    let (files, ca) = (Files::new(), authority("CCE CA"));
    let (identity, sister) = (ca.sign(&["127.0.0.1"]), ca.sign(&["127.0.0.1"]));
    let tls = json!({"ca_file": files.write("ca.pem", ca.pem()), "fingerprint": identity.fingerprint()});
    assert_eq!(deliver(Receiver::new(&identity), tls.clone()).await, Ok(()));
    assert!(refusal(Receiver::new(&sister), tls.clone()).await.contains("none of those"));
    let stranger = self_signed(&["127.0.0.1"], 2100, false);
    let tls = json!({"ca_file": tls["ca_file"], "fingerprint": stranger.fingerprint()});
    assert!(refusal(Receiver::new(&stranger), tls).await.contains("unknown issuer"));
}

#[tokio::test]
async fn a_certificate_shown_without_its_key_is_never_accepted() {
    let (identity, thief) = (self_signed(&["127.0.0.1"], 2100, false), self_signed(&["127.0.0.1"], 2100, false));
    for tls in [json!({"fingerprint": identity.fingerprint()}), json!({"verify": false})] {
        for version in [&TLS12, &TLS13] {
            let receiver = Receiver { stolen: Some(&thief), versions: &[version], ..Receiver::new(&identity) };
            let message = refusal(receiver, tls.clone()).await;
            assert!(message.contains("cannot prove that it is its own"), "{version:?} {tls}: {message}");
        }
    }
}

#[tokio::test]
async fn a_self_signed_certificate_in_ca_file_is_trusted_for_its_name_and_time() {
    let files = Files::new();
    let ca_file = |identity: &Identity| json!({"ca_file": files.write("ca.pem", &identity.pem)});
    for is_ca in [false, true] {
        let good = self_signed(&["127.0.0.1"], 2100, is_ca);
        assert_eq!(deliver(Receiver::new(&good), ca_file(&good)).await, Ok(()), "is_ca: {is_ca}");
        let named = self_signed(&["cce.example.com"], 2100, is_ca);
        assert!(refusal(Receiver::new(&named), ca_file(&named)).await.contains("is not valid for 127.0.0.1"));
        let old = self_signed(&["127.0.0.1"], 2020, is_ca);
        assert!(refusal(Receiver::new(&old), ca_file(&old)).await.contains("has expired since 2020"));
    }
}

#[tokio::test]
async fn without_verification_anybody_is_accepted() {
    let identity = self_signed(&["other.example.com"], 2020, true);
    assert_eq!(deliver(Receiver::new(&identity), json!({"verify": false})).await, Ok(()));
}

#[tokio::test]
async fn mutual_tls_works_and_its_late_refusal_delivers_nothing() {
    let (files, ca, clients) = (Files::new(), authority("CCE CA"), authority("clients"));
    let (identity, client) = (ca.sign(&["127.0.0.1"]), clients.sign(&["sender.example.com"]));
    let ca_file = files.write("ca.pem", ca.pem());
    let both = json!({
        "ca_file": ca_file,
        "crt_file": files.write("crt.pem", &client.pem),
        "key_file": files.write("key.pem", &client.key_pem),
    });
    for versions in [&[&TLS12], &[&TLS13]] {
        let version = versions[0];
        let receiver = || Receiver { clients: Some(&clients), versions, ..Receiver::new(&identity) };
        assert_eq!(deliver(receiver(), both.clone()).await, Ok(()), "{version:?}");

        // Under 1.3 the handshake is over for us, and the events are written, before the receiver has seen anything.
        let refused = failure(deliver(receiver(), json!({"ca_file": ca_file})).await);
        assert_eq!(refused.kind, FailureKind::Unreachable);
        assert!(refused.message.contains("set `crt_file` and `key_file`"), "{version:?}: {refused}");

        let stranger = authority("strangers").sign(&["sender.example.com"]);
        let wrong = json!({
            "ca_file": ca_file,
            "crt_file": files.write("wrong.pem", &stranger.pem),
            "key_file": files.write("wrong.key", &stranger.key_pem),
        });
        let refused = failure(deliver(receiver(), wrong).await);
        assert!(refused.message.contains("refuses our certificate"), "{version:?}: {refused}");
    }
}

#[tokio::test]
async fn the_end_is_told_with_close_notify() {
    let identity = self_signed(&["127.0.0.1"], 2100, false);
    for version in [&TLS12, &TLS13] {
        let (listener, address) = Receiver { versions: &[version], ..Receiver::new(&identity) }.listen().await;
        let mut sink = build(&over_tls(address, json!({"fingerprint": identity.fingerprint()}))).unwrap();
        let peer = tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap();
            let mut text = String::new();
            // Without close_notify this is an error: the text might have been cut.
            stream.read_to_string(&mut text).await.map(|_| text)
        });
        let delivery = sink.write(&events(0, 3)).await.unwrap();
        soon(delivery).await.unwrap();
        soon(sink.close()).await.unwrap();
        assert_eq!(soon(peer).await.unwrap().unwrap().lines().count(), 3);
    }
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_told_apart_from_one_that_is_silent() {
    let (listener, address) = common::listener().await;
    let tls = json!({"verify": false});
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 hello\r\n").await.unwrap();
        }
    });
    let message = failure(build(&over_tls(address, tls.clone())).unwrap().write(&events(0, 1)).await).message;
    assert!(message.contains("does not speak TLS here: is mode tcp meant"), "{message}");

    let (_silent, address) = common::listener().await;
    let settings = settings(&[address], json!({"tls": tls, "connect_timeout": "200ms"}));
    let message = failure(soon(build(&settings).unwrap().write(&events(0, 1))).await).message;
    assert!(message.contains("no connection and TLS handshake within 200ms"), "{message}");
}

#[tokio::test]
async fn check_connects_and_says_what_it_saw() {
    let identity = self_signed(&["127.0.0.1"], 2100, false);
    let (listener, good) = Receiver::new(&identity).listen().await;
    tokio::spawn(async move {
        let mut stream = listener.accept().await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let clients = authority("clients");
    let (listener, late) = Receiver { clients: Some(&clients), ..Receiver::new(&identity) }.listen().await;
    tokio::spawn(async move { listener.accept().await.map(drop) });
    let nobody = common::nobody().await;
    let tls = json!({"fingerprint": identity.fingerprint()});
    let checked = soon(check(&settings(&[good, late, nobody], json!({"tls": tls})), Arc::new(Fixed))).await;
    let said: Vec<_> = checked.into_iter().map(|(address, result)| (address.to_string(), result)).collect();
    assert_eq!(said[0].0, good.to_string());
    let shown = said[0].1.as_ref().unwrap().to_string();
    assert_eq!(shown, format!("{good} answers over TLS 1.3 with certificate {}", identity.fingerprint()));
    assert!(said[1].1.as_ref().unwrap_err().message.contains("set `crt_file` and `key_file`"), "{:?}", said[1].1);
    assert!(said[2].1.as_ref().unwrap_err().message.contains("connection refused"), "{:?}", said[2].1);
}

#[tokio::test]
async fn a_stalled_receiver_is_waited_for_and_loses_nothing_over_tls() {
    let identity = self_signed(&["127.0.0.1"], 2100, false);
    let (listener, address) = common::tight_listener();
    let acceptor = Receiver::new(&identity).acceptor();
    let mut sink = build(&over_tls(address, json!({"fingerprint": identity.fingerprint()}))).unwrap();
    let accept = async { acceptor.accept(listener.accept().await.unwrap().0).await.unwrap() };
    let batch = common::large_events(60, 1000);
    let (mut stream, written) = soon(async { tokio::join!(accept, sink.write(&batch)) }).await;
    let mut delivery = written.unwrap();
    assert!(common::is_open_after(&mut delivery, Duration::from_millis(1500)).await);
    let (read, delivered) = soon(async { tokio::join!(bodies(&mut stream, 60), delivery) }).await;
    assert_eq!((read.len(), delivered), (60, Ok(Delivered::default())));
}
