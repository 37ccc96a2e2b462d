//! The command `device`: what it takes, what it refuses and with which exit code.

use serde_json::Value;

use crate::common::CANARY;
use crate::scene::Scene;

#[test]
fn adding_says_which_of_key_and_organization_is_wrong_and_saves_nothing() {
    let scene = Scene::new(10, false);
    let url = scene.jumpcloud.url.clone();
    let org = scene.options.organization_id(0);
    let add = |org: &str, key: &str| {
        let words = ["add", "--device-name", "Acme", "--cce-ip", "192.0.2.5", "--org-id", org, "--base-url", &url];
        scene.device(&words, key)
    };
    for (org, key, says, code) in [
        (org.as_str(), "wrong-key-wrong-key", "refused the API key", 77),
        ("ffffffffffffffffffffffff", CANARY, "does not give this key that organization", 77),
        ("your_organization_id", CANARY, "org", 78),
    ] {
        let done = add(org, key);
        assert_eq!(done.code, Some(code), "{}", done.stderr);
        assert!(done.stderr.contains(says) && !done.stderr.contains(key), "{says}: {}", done.stderr);
    }
    assert_eq!(scene.device(&["list"], "").stdout, "no device yet: jumpcloud-adr device add\n");
    let refused = scene.device(&["add", "--device-name", "A", "--secret-key", "canary-in-argv"], "");
    assert_eq!(refused.code, Some(64), "{}", refused.stderr);
    assert!(!refused.stderr.contains("canary-in-argv"));

    assert_eq!(add(&org, CANARY).code, Some(0));
    assert_ne!(add(&org, CANARY).code, Some(0), "the same organization twice would deliver each event twice");
    let listed = scene.device(&["list"], "");
    assert!(listed.stdout.contains("acme") && listed.stdout.contains(&org) && !listed.stdout.contains(CANARY));
    let json: Value = serde_json::from_str(&scene.device(&["list", "--json"], "").stdout).expect("JSON");
    assert_eq!(json["devices"][0]["id"], "acme");
    assert!(!json.to_string().contains(CANARY));
}

#[test]
fn who_asks_in_a_script_knows_by_the_exit_code_what_to_do() {
    let scene = Scene::new(10, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    let rotate = |expires: &str| scene.device(&["rotate-key", "acme", "--key-expires", expires], CANARY);
    let said = rotate("soon");
    assert_eq!(said.code, Some(78), "{}", said.stderr);
    assert!(said.stderr.contains("2027-11-24"), "how it is written: {}", said.stderr);
    assert_eq!(scene.device(&["test", "nobody"], "").code, Some(78));
    scene.jumpcloud.faults(&["503"]);
    let said = scene.device(&["test", "acme"], "");
    assert_eq!(said.code, Some(69), "{}", said.stderr);
}

#[test]
fn who_lets_whom_sign_in_is_written_down() {
    let scene = Scene::new(1, false);
    let user =
        |words: &[&str], password: &str| scene.ask(&[&["user"], words, &["--devices", "devices"]].concat(), password);
    let password = format!("{CANARY}-and-longer");
    assert_eq!(user(&["add", "jane", "--role", "administrator"], &password).code, Some(0));
    assert_ne!(user(&["add", "jane", "--role", "viewer"], &password).code, Some(0), "she is there");
    assert_eq!(user(&["password", "jane"], &format!("{password}-2")).code, Some(0));
    assert_eq!(user(&["remove", "jane"], "").code, Some(0));
    let audit = std::fs::read_to_string(scene.path().join("devices/audit.ndjson")).expect("an audit log");
    let entries: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = entries.iter().map(|entry| (entry["action"].as_str(), entry["outcome"] == "done")).collect();
    let wanted = [("user-add", true), ("user-add", false), ("user-password", true), ("user-remove", true)];
    assert_eq!(told, wanted.map(|(action, done)| (Some(action), done)));
    assert!(entries.iter().all(|entry| entry["user"] == "jane") && !audit.contains(CANARY), "{audit}");
}
