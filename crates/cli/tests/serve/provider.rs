//! One key of a provider and its organizations.

use serde_json::Value;

use crate::common::CANARY;
use crate::scene::{Scene, find};

#[test]
fn a_provider_brings_its_organizations_and_those_that_come_later() {
    let mut scene = Scene::new(200, false);
    let url = scene.jumpcloud.url.clone();
    let add = |scene: &Scene, name: &str, key: &str, more: &[&str]| {
        let words = ["add", "--provider", "--device-name", name, "--cce-ip", "192.0.2.5", "--base-url", &url];
        scene.device(&[&words, more].concat(), key)
    };
    let refused = add(&scene, "MSP", CANARY, &[]);
    assert_eq!(refused.code, Some(77), "{}", refused.stderr);
    assert!(refused.stderr.contains("this key is of no provider"), "{}", refused.stderr);
    let second = scene.options.organization_id(1);
    let added = add(&scene, "MSP", &scene.options.provider_key(), &["--exclude", &second]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(added.stdout.contains("2 organizations, of which 1 are read"), "{}", added.stdout);

    scene.serve();
    let first = format!("msp.{}", scene.options.organization_id(0));
    let device = scene.state(&first, "active");
    assert_eq!((&device["provider"], &device["name"]), (&"msp".into(), &"Example Organization 1".into()));
    let new = "5a2af2a8aaaaaaaaaaaaaaaa";
    scene.jumpcloud.admin("POST", "organizations", &format!("{{\"id\": \"{new}\"}}"));
    let devices = scene.until("the new customer", |devices| find(devices, &format!("msp.{new}"))["state"] == "idle");
    assert_eq!(devices.as_array().expect("a list").len(), 3, "with the provider, without the excluded: {devices:#}");
    assert_eq!((&find(&devices, "msp")["last_error"], &find(&devices, "msp")["name"]), (&Value::Null, &"MSP".into()));

    // Another provider that reaches the same customers reads those that nobody reads yet.
    let other = add(&scene, "Other MSP", &scene.options.provider_key(), &[]);
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    scene.state(&format!("other-msp.{second}"), "active");
    let devices = scene.until("the first as before", |devices| find(devices, &first)["state"] == "active");
    assert_eq!(devices.as_array().expect("a list").len(), 5, "none is read twice: {devices:#}");
    assert_eq!(scene.device(&["remove", "other-msp"], "").code, Some(0));
    scene.until("the other gone", |devices| devices.as_array().is_some_and(|all| all.len() == 3));

    // A slip in the file of a customer's own device does not bring its events to the provider's CCE.
    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    scene.state("bolt", "active");
    let more = add(&scene, "Third MSP", &scene.options.provider_key(), &[]);
    assert_eq!(more.code, Some(0), "{}", more.stderr);
    scene.until("the third", |devices| find(devices, "third-msp").is_object());
    let file = scene.path().join("devices/bolt.yaml");
    let text = std::fs::read_to_string(&file).expect("reads");
    std::fs::write(&file, text.replace("cce_ip", "cce_pi")).expect("writes");
    let devices = scene.until("bolt refused", |devices| find(devices, "bolt")["state"] == "failed");
    assert!(find(&devices, &format!("third-msp.{second}")).is_null(), "{devices:#}");
    std::fs::write(&file, text).expect("writes");
    scene.until("bolt is read again", |devices| find(devices, "bolt")["last_poll"].is_string());
    assert_eq!(scene.device(&["remove", "third-msp"], "").code, Some(0));

    // Its key dies: its organizations fail, and the provider itself is shown. The last list is kept.
    let key = scene.options.provider_key();
    scene.jumpcloud.admin("DELETE", "keys", &format!("{{\"key\": \"{key}\"}}"));
    scene.state("msp", "authentication_failed");
    scene.state(&first, "authentication_failed");
    let refused = scene.device(&["pause", &first], "");
    assert!(refused.stderr.contains("exclude") && refused.code != Some(0), "{}", refused.stderr);
    assert_eq!(scene.device(&["pause", "msp"], "").code, Some(0));
    scene.state(&first, "paused");
}
