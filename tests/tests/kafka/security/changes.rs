//! Secrets and files that are exchanged in their places while the sink lives.

use adr_core::FailureKind::{Config, Unauthorized, Unreachable};
use adr_tests::kafka::{Broker, Listener, Security, USER, Version};
use adr_tests::receivers::Pki;
use serde_json::json;

use super::scene::{Scene, login, path, trusted};
use super::{no_secret, run};

const NEW: &str = "the new password";

pub(super) fn all(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    run(async {
        password(&broker).await;
        certificate(&broker).await;
    });
}

async fn password(broker: &Broker) {
    let settings = json!({"tls": trusted(broker), "sasl": login("scram_sha_512")});
    let scene = Scene::new(broker, &broker.address(Listener::Sasl), &settings);
    scene.send("before").await.expect("delivered");
    let users = ["--alter", "--entity-type", "users", "--entity-name", USER, "--add-config"];
    let mut arguments = users.to_vec();
    let change = format!("SCRAM-SHA-512=[password={NEW}]");
    arguments.push(&change);
    broker.tool("kafka.admin.ConfigCommand", &arguments);
    let refused = scene.send("between").await.expect_err("the brokers know another password");
    assert_eq!(refused.kind, Unauthorized, "{refused}");
    assert!(refused.message.contains("refuses the login"), "{refused}");
    scene.vault.set("PASSWORD", NEW);
    scene.send("after").await.expect("the password is read anew");
    no_secret(&[NEW, adr_tests::kafka::PASSWORD], &refused.message);
}

async fn certificate(broker: &Broker) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let put = |from: &std::path::Path, name: &str| std::fs::copy(from, place(name)).expect("a copy");
    let others = Pki::new();
    let (ours, theirs) = (broker.pki().client(), others.client());
    let mut tls = trusted(broker);
    tls["crt_file"] = path(&place("crt.pem")).into();
    tls["key_file"] = path(&place("key.pem")).into();
    let scene = Scene::new(broker, &broker.address(Listener::MutualTls), &json!({"tls": tls}));
    let missing = scene.check().await.expect_err("there is no file yet");
    assert!(
        missing.kind == Config && missing.message.contains("`crt_file`") && missing.message.contains("crt.pem"),
        "{missing}"
    );

    put(&theirs.certificate, "crt.pem");
    put(&ours.key, "key.pem");
    let mixed = scene.check().await.expect_err("half of the files are exchanged");
    assert!(mixed.kind == Config && mixed.message.contains("is not the key of"), "{mixed}");

    put(&theirs.key, "key.pem");
    let refused = scene.check().await.expect_err("another authority's");
    assert!(refused.kind == Unreachable && refused.message.contains("refuses our certificate"), "{refused}");

    put(&ours.certificate, "crt.pem");
    put(&ours.key, "key.pem");
    scene.send("now").await.expect("the files are read anew");
}
