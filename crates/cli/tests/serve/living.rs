//! Devices that come, go, move, break and get other keys while it runs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::CANARY;
use crate::scene::{LIMIT, Scene, find};

#[test]
fn devices_come_and_go_while_it_runs_and_each_reaches_its_cce_alone() {
    let mut scene = Scene::new(2_000, false);
    scene.serve();
    scene.until("running without a device", |devices| devices == &serde_json::json!([]));

    let added = scene.add("Acme", "192.0.2.5", 0);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(added.stdout.starts_with("acme: Acme is saved"), "{}", added.stdout);
    let device = scene.state("acme", "active");
    assert_eq!((&device["name"], &device["org_id"]), (&"Acme".into(), &scene.options.organization_id(0).into()));
    assert!(device["key"]["added"].is_string() && device["key"]["age_days"] == 0, "{device:#}");

    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    scene.state("bolt", "active");

    // Paused, nothing is asked; resumed, it goes on where it was.
    assert_eq!(scene.device(&["pause", "bolt"], "").code, Some(0));
    scene.state("bolt", "paused");
    scene.state("acme", "active");
    assert_eq!(scene.device(&["pause", "acme"], "").code, Some(0));
    scene.state("acme", "paused");
    let asked = scene.jumpcloud.admin("GET", "tally", "");
    // That nothing happens can only be seen by waiting for it: three polls.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(scene.jumpcloud.admin("GET", "tally", ""), asked);
    assert_eq!(scene.device(&["resume", "acme"], "").code, Some(0));
    let paused_at = scene.delivered("192.0.2.6").len();
    assert_eq!(scene.device(&["resume", "bolt"], "").code, Some(0));
    scene.state("bolt", "active");
    let begun = Instant::now();
    while scene.delivered("192.0.2.6").len() <= paused_at {
        assert!(begun.elapsed() < LIMIT, "nothing more came: {}", scene.log());
        std::thread::sleep(Duration::from_millis(50));
    }

    assert_eq!(scene.device(&["remove", "acme"], "").code, Some(0));
    scene.until("acme gone", |devices| find(devices, "acme").is_null());
    assert!(std::fs::read_dir(scene.path().join("devices/keys")).expect("keys").count() == 1, "its key went with it");

    for (cce, number) in [("192.0.2.5", 0), ("192.0.2.6", 1)] {
        let delivered = scene.delivered(cce);
        let orgs: BTreeSet<_> = delivered.iter().map(|(org, _)| org.clone()).collect();
        assert_eq!(orgs, BTreeSet::from([scene.options.organization_id(number)]), "{cce} has its own events alone");
        let ids: BTreeSet<_> = delivered.iter().map(|(_, id)| id).collect();
        assert!(ids.len() == delivered.len() && ids.len() > 800, "each once: {} of {}", ids.len(), delivered.len());
    }
    let audit = std::fs::read_to_string(scene.path().join("devices/audit.ndjson")).expect("an audit log");
    let entries: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["add", "add", "pause", "pause", "resume", "resume", "remove"]);
    assert!(entries.iter().all(|entry| entry["outcome"] == "done" && entry["at"].is_string()), "{audit}");
    assert!(!audit.contains(CANARY) && !scene.log().contains(CANARY), "the key is nowhere");
}

#[test]
fn a_device_that_moves_to_another_cce_goes_on_where_it_was() {
    let mut scene = Scene::new(2_000, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    assert_eq!(scene.add("Bolt", "192.0.2.5", 1).code, Some(0));
    scene.serve();
    scene.state("acme", "active");
    scene.state("bolt", "active");
    let file = scene.path().join("devices/acme.yaml");
    let text = std::fs::read_to_string(&file).expect("reads").replace("192.0.2.5", "192.0.2.7");
    std::fs::write(scene.path().join("next"), text).expect("writes");
    std::fs::rename(scene.path().join("next"), &file).expect("renames");
    let begun = Instant::now();
    while scene.delivered("192.0.2.7").is_empty() {
        assert!(begun.elapsed() < LIMIT, "nothing came there: {}", scene.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let acme = scene.options.organization_id(0);
    let mut ids: Vec<_> = [scene.delivered("192.0.2.5"), scene.delivered("192.0.2.7")].concat();
    ids.retain(|(org, _)| *org == acme);
    let once: BTreeSet<_> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "nothing twice");
    assert!(scene.delivered("192.0.2.7").iter().all(|(org, _)| *org == acme));
    assert_eq!(scene.log().matches("no checkpoint yet").count(), 2, "each began once");
}

#[test]
fn a_key_that_dies_is_seen_and_another_one_takes_its_place_at_once() {
    let mut scene = Scene::new(2_000, true);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    let keys = |scene: &Scene| -> Vec<String> {
        let entries = std::fs::read_dir(scene.path().join("devices/keys")).expect("keys");
        entries.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("reads")).collect()
    };
    assert!(keys(&scene)[0].starts_with("jumpcloud-adr-sealed:") && !keys(&scene)[0].contains(CANARY));
    scene.serve();
    scene.state("acme", "active");
    scene.jumpcloud.admin("POST", "keys", &format!("{{\"old\": \"{CANARY}\", \"new\": \"another-canary-77\"}}"));
    let device = scene.state("acme", "authentication_failed");
    assert!(device["last_error"]["message"].as_str().expect("why").contains("My API Key"), "{device:#}");

    let refused = scene.device(&["rotate-key", "acme"], "not-the-right-one");
    assert_eq!(refused.code, Some(77), "{}", refused.stderr);
    assert!(refused.stderr.contains("refused the API key") && !refused.stderr.contains("not-the-right-one"));
    let rotated = scene.device(&["rotate-key", "acme", "--key-expires", "2099-01-31"], "another-canary-77");
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    let device = scene.state("acme", "active");
    assert!(device["key"]["expires"].as_str().expect("an end").starts_with("2099-01-31"), "{device:#}");
    assert_eq!(keys(&scene).len(), 1, "the old one is gone");
    assert_eq!(scene.device(&["test", "acme"], "").code, Some(0));
    let ids = scene.delivered("192.0.2.5");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "nothing twice");
}

#[test]
fn one_broken_device_harms_no_other_and_is_shown() {
    let mut scene = Scene::new(2_000, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    std::fs::write(scene.path().join("devices/broken.yaml"), "device_name: [\n").expect("writes");
    let file = scene.path().join("devices/bolt.yaml");
    let text = std::fs::read_to_string(&file).expect("reads");
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("cce_ip:")).collect();
    std::fs::write(&file, without.join("\n") + "\n").expect("writes");
    scene.serve();
    scene.state("acme", "active");
    let broken = scene.state("broken", "failed");
    assert!(broken["last_error"]["message"].as_str().expect("why").contains("broken.yaml:1:"), "{broken:#}");
    let bolt = scene.state("bolt", "failed");
    assert!(bolt["last_error"]["message"].as_str().expect("why").contains("no CCE IP"), "{bolt:#}");
    // Mended, it runs.
    let text = std::fs::read_to_string(&file).expect("reads") + "cce_ip: 192.0.2.6\n";
    std::fs::write(&file, text).expect("writes");
    scene.state("bolt", "active");
}
