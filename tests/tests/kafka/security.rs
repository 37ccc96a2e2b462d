//! Who may talk to whom: TLS, certificates, logins, tokens and access rules, against real brokers.

mod changes;
mod lines;
mod outage;
mod refusals;
mod rules;
mod scene;
mod tokens;

use adr_tests::kafka::{Broker, Listener, PASSWORD, Security, USER, Version, read_all};
use serde_json::{Value, json};

use crate::Case;
use scene::{Scene, exactly_once, login, path, token, trusted};

pub(crate) fn cases() -> Vec<Case> {
    [
        Case::own("security: every certificate and login delivers", every_way),
        Case::own("security: a refusal says who refuses and what to do", refusals::all),
        Case::own("security: a password and a certificate that were changed are taken up", changes::all),
        Case::own("security: a token is renewed while its connection lives", tokens::renewed),
        Case::own("security: a token endpoint gives tokens", tokens::endpoint),
        Case::own("security: an access rule that forbids it is told with the way out", rules::all),
        Case::own("security: an outage is told once, and its end", outage::told_once),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn run(trial: impl Future<Output = ()>) {
    lines::keep();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    tokio.block_on(trial);
}

/// The ways in: a name, a listener, and the settings for it.
fn ways(broker: &Broker) -> Vec<(&'static str, Listener, Value)> {
    let client = broker.pki().client();
    let tls = trusted(broker);
    let mut mutual = tls.clone();
    mutual["crt_file"] = path(&client.certificate).into();
    mutual["key_file"] = path(&client.key).into();
    let sasl = |mechanism| json!({"tls": tls, "sasl": login(mechanism)});
    let token = json!({"tls": tls, "sasl": {"mechanism": "oauthbearer", "token": {"env": "TOKEN"}}});
    vec![
        ("plain TCP", Listener::Plaintext, json!({})),
        ("TLS", Listener::Tls, json!({"tls": tls})),
        ("TLS without a check", Listener::Tls, json!({"tls": {"verify": false}})),
        ("a certificate of ours", Listener::MutualTls, json!({"tls": mutual})),
        ("PLAIN", Listener::Sasl, sasl("plain")),
        ("SCRAM-SHA-256", Listener::Sasl, sasl("scram_sha_256")),
        ("SCRAM-SHA-512", Listener::Sasl, sasl("scram_sha_512")),
        ("OAUTHBEARER", Listener::Oauth, token),
    ]
}

fn every_way(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    run(async {
        for (name, listener, settings) in ways(&broker) {
            let scene = Scene::new(&broker, &broker.address(listener), &exactly_once(&broker, &settings));
            let token = token(USER, 600.0);
            scene.vault.set("TOKEN", &token);
            let said = scene.check().await.unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert!(said.contains("1 broker (127.0.0.1:"), "{name}: {said}");
            assert!(said.contains("for checkpoints with 1 partition"), "{name}: {said}");
            assert!(!name.starts_with("SCRAM") || said.contains(&format!("over TLS to {USER} by {name}")), "{said}");
            scene.commit(name).await.unwrap_or_else(|failure| panic!("{name}, exactly once: {failure}"));
            let plain = Scene::at(&scene.topic, &broker.address(listener), &settings);
            plain.vault.set("TOKEN", &token);
            plain.send(name).await.unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert_eq!(read_all(&broker.bootstrap(), &scene.topic).len(), 2, "{name}");
            for scene in [&scene, &plain] {
                let told = lines::told_by(&scene.name);
                assert!(told.is_empty(), "{name}: nothing was wrong: {told:?}");
            }
            no_secret(&[PASSWORD, &token], &said);
        }
    });
}

/// No line of any log and no message shows any of them.
fn no_secret(secrets: &[&str], message: &str) {
    for secret in secrets {
        assert!(!message.contains(secret), "{message}");
        for line in lines::all() {
            assert!(!line.text.contains(secret), "{line:?}");
        }
    }
}
