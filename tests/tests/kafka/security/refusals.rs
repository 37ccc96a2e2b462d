//! What is told when the brokers refuse us, or we them.

use std::time::{Duration, Instant};

use adr_core::FailureKind::{self, Unauthorized, Unreachable};
use adr_tests::kafka::{Broker, Listener, Security, USER, Version, unique};
use adr_tests::receivers::Pki;
use serde_json::{Value, json};

use super::scene::{Scene, by_name, login, path, token, trusted};
use super::{lines, no_secret, run};

/// `check` gives up after 10 s; a refusal is known sooner.
const LIMIT: Duration = Duration::from_secs(13);

const WRONG: &str = "another one's password";

struct Refusal {
    what: &'static str,
    address: String,
    settings: Value,
    kind: FailureKind,
    words: Vec<&'static str>,
}

fn refusals(broker: &Broker, others: &Pki) -> Vec<Refusal> {
    let at = |listener| broker.address(listener);
    let refusal = |what, address: String, settings: Value, kind, words: &[&'static str]| Refusal {
        what,
        address,
        settings,
        kind,
        words: words.to_vec(),
    };
    let tls = trusted(broker);
    let foreign = others.client();
    let mut shown = tls.clone();
    shown["crt_file"] = path(&foreign.certificate).into();
    shown["key_file"] = path(&foreign.key).into();
    let oauth = json!({"tls": tls, "sasl": {"mechanism": "oauthbearer", "token": {"env": "TOKEN"}}});
    let mut list = vec![
        refusal(
            "another authority",
            at(Listener::Tls),
            json!({"tls": {"ca_file": path(&others.authority)}}),
            Unreachable,
            &["certificate verify failed", "`ca_file`"],
        ),
        refusal(
            "the platform's authorities",
            at(Listener::Tls),
            json!({"tls": {}}),
            Unreachable,
            &["certificate verify failed", "`ca_file`"],
        ),
        refusal(
            "another name",
            by_name(broker, Listener::Tls),
            json!({"tls": tls}),
            Unreachable,
            &["certificate verify failed", "names in `bootstrap_servers`"],
        ),
        refusal(
            "no certificate of ours",
            at(Listener::MutualTls),
            json!({"tls": tls}),
            Unreachable,
            &["client certificate", "`crt_file`"],
        ),
        refusal(
            "a certificate of another authority",
            at(Listener::MutualTls),
            json!({"tls": shown}),
            Unreachable,
            &["certificate", "`crt_file`"],
        ),
        refusal(
            "TLS to a port without",
            at(Listener::Plaintext),
            json!({"tls": tls}),
            Unreachable,
            &["does not speak TLS here"],
        ),
        refusal("no TLS to a port with", at(Listener::Tls), json!({}), Unreachable, &["set `tls`"]),
        refusal("no login to a port with", at(Listener::Sasl), json!({"tls": tls}), Unreachable, &["set `sasl`"]),
        refusal(
            "a login to a port without",
            at(Listener::Tls),
            json!({"tls": tls, "sasl": login("scram_sha_256")}),
            Unauthorized,
            &["takes no login here"],
        ),
        refusal(
            "a mechanism that is not offered",
            at(Listener::Oauth),
            json!({"tls": tls, "sasl": login("plain")}),
            Unauthorized,
            &["OAUTHBEARER", "`mechanism`"],
        ),
        refusal("an expired token", at(Listener::Oauth), oauth.clone(), Unauthorized, &["has expired", "TOKEN"]),
        refusal("a token that is none", at(Listener::Oauth), oauth, Unauthorized, &["refuses the login"]),
        refusal("nobody there", "127.0.0.1:9".into(), json!({}), Unreachable, &["Connection refused"]),
        refusal(
            "no such name",
            "nowhere.invalid:9092".into(),
            json!({}),
            Unreachable,
            &["nowhere.invalid", "cannot be resolved"],
        ),
    ];
    for mechanism in ["plain", "scram_sha_256", "scram_sha_512"] {
        let settings = json!({"tls": tls, "sasl": login(mechanism)});
        list.push(refusal(
            "another password",
            at(Listener::Sasl),
            settings,
            Unauthorized,
            &["refuses the login", "`sasl`"],
        ));
    }
    list
}

pub(super) fn all(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    let others = Pki::new();
    run(async {
        for refusal in refusals(&broker, &others) {
            let what = refusal.what;
            let scene = Scene::at(&unique("none"), &refusal.address, &refusal.settings);
            let token = if what == "a token that is none" { "canary-token".to_owned() } else { token(USER, -5.0) };
            scene.vault.set("PASSWORD", WRONG);
            scene.vault.set("TOKEN", &token);
            let start = Instant::now();
            let failure = scene.check().await.expect_err(what);
            let took = start.elapsed();
            no_secret(&[WRONG, &token], &format!("{failure} {failure:?}"));
            let words = refusal.words.iter().all(|words| failure.message.contains(words));
            assert!(failure.kind == refusal.kind && words, "{what}: {:?}: {failure}", failure.kind);
            assert!(took < LIMIT, "{what}: {took:?}");
            // Once, although librdkafka tries again and again.
            let told = lines::told_by(&scene.name);
            assert!((1..=3).contains(&told.len()), "{what}: {told:?}");
        }
    });
}
