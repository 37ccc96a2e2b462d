//! No message and no `Debug` says what may be a key.

use std::fmt::Debug;
use std::fs;

use super::{Scene, form, key, now, seal};
use crate::{NewDevice, Provider, Seal};

const CANARY: &str = "canary5f3a9c0e7b1d4f62";

fn clean(what: &(impl Debug + ?Sized), place: &str) {
    let said = format!("{what:?} {what:#?}");
    assert!(!said.contains("canary"), "{place}: {said}");
}

#[test]
fn wherever_in_a_file_somebody_has_put_it() {
    let rest = "device_name: A\nsecret_key: {env: K}\nconfiguration: {org_id: abc}\n";
    let fields =
        ["device_name", "cce_ip", "access_id", "secret_key", "configuration", "region", "base_url", "key", "paused"];
    let mut texts = Vec::new();
    for field in fields.iter().chain(&["provider"]) {
        let others: String =
            rest.lines().filter(|line| !line.starts_with(field)).map(|line| format!("{line}\n")).collect();
        for value in [
            CANARY.to_owned(),
            format!("'{CANARY}'"),
            format!("[{CANARY}]"),
            format!("{{{CANARY}: 1}}"),
            format!("{{org_id: '{CANARY}/'}}"),
            format!("{{org_id: {CANARY}}}"),
            format!("{{org_id: [{CANARY}]}}"),
            format!("'{{\"org_id\": \"{CANARY}/\"}}'"),
            format!("'{{\"{CANARY}\": 1}}'"),
            format!("'{{\"org_id\": {CANARY}}}'"),
            format!("{{file: {CANARY}}}"),
            format!("{{env: {CANARY}}}"),
            format!("{{added: {CANARY}}}"),
            format!("{{include: {CANARY}}}"),
            format!("{{include: [[{CANARY}]]}}"),
            format!("*{CANARY}"),
            format!("!{CANARY} x"),
            format!("!!bool {CANARY}"),
            format!("&{CANARY} [*{CANARY}]"),
            format!("\"{CANARY}"),
            format!("{CANARY}: {CANARY}"),
            format!("|\n {CANARY}\n{CANARY}"),
            format!("\"{CANARY}\\q\""),
            format!("${{{CANARY}}}"),
        ] {
            texts.push(format!("{others}{field}: {value}\n"));
        }
    }
    for line in [
        format!("{CANARY}: x"),
        format!("? {CANARY}"),
        CANARY.to_owned(),
        format!("{CANARY}: 1\n{CANARY}: 2"),
        format!("%{CANARY}"),
        format!("--- {CANARY}"),
        format!("\t{CANARY}"),
        format!("!include {CANARY}"),
    ] {
        texts.push(format!("{rest}{line}\n"));
        texts.push(format!("{line}\n{rest}"));
    }
    let scene = Scene::new();
    let mut refused = 0;
    for text in &texts {
        scene.write("acme.yaml", text);
        let contents = scene.folder.read().unwrap();
        let problems: Vec<String> = contents.problems.iter().map(ToString::to_string).collect();
        clean(&(&contents, problems), text);
        refused += contents.problems.iter().filter(|problem| problem.refused).count();
        for device in &contents.devices {
            clean(&(device, &device.configuration, scene.folder.secret(device).map(drop)), text);
        }
        clean(&scene.folder.set_paused("acme", true), text);
    }
    assert!(refused > 200, "only {refused} of {} were looked at as mistakes", texts.len());
}

#[test]
fn wherever_in_the_form_somebody_has_put_it() {
    let scene = Scene::new();
    for spoilt in [CANARY.to_owned(), format!("{CANARY}/"), format!("{CANARY}\n{CANARY}"), format!("{{\"{CANARY}\"}}")]
    {
        let all = NewDevice {
            device_name: format!("{spoilt}\0"),
            cce_ip: spoilt.clone(),
            access_id: spoilt.clone(),
            configuration: spoilt.clone(),
            region: spoilt.clone(),
            base_url: spoilt.clone(),
            key_expires: spoilt.clone(),
            provider: Some(Provider { include: vec![format!("{spoilt}\0")], exclude: Vec::new() }),
        };
        clean(&NewDevice { provider: None, ..all.clone() }, "the form");
        for secret in
            [CANARY.to_owned(), spoilt.clone(), format!("{CANARY}•"), format!("jumpcloud-adr-sealed:{CANARY}")]
        {
            let refused = scene.folder.add(&all, &key(&secret), now()).unwrap_err();
            clean(&(refused.to_string(), &refused), &spoilt);
            clean(&scene.folder.check_new(&form("Acme"), &key(&secret), now()), &spoilt);
        }
    }
}

#[test]
fn when_keys_do_not_open() {
    let scene = Scene::sealed_by(Some(seal("canary")));
    let device = scene.folder.add(&form("Acme"), &key(CANARY), now()).unwrap();
    clean(&scene.folder, "the folder with its seal");
    clean(&Seal::new(&key("canary")), "a short seal");
    clean(&(&device, scene.again(None).secret(&device), scene.again(Some(seal("b"))).secret(&device)), "another seal");
    let path = scene.folder.key_file(&device).unwrap();
    for text in [
        format!("{CANARY}\n{CANARY}"),
        format!("jumpcloud-adr-sealed:{CANARY}"),
        format!("jumpcloud-adr-sealed:1:{CANARY}"),
    ] {
        fs::write(&path, text).unwrap();
        clean(&scene.folder.secret(&device), "a spoilt key file");
    }
    fs::write(&path, [CANARY.as_bytes(), b"\xff"].concat()).unwrap();
    clean(&scene.folder.secret(&device), "a key file that is not text");
    clean(&scene.folder.device(CANARY), "a key where the id belongs");
    clean(&scene.folder.remove(CANARY), "a key where the id belongs");
}

/// Neither while it is written nor afterwards is a key in a file but its own.
#[test]
fn a_key_is_in_no_file_but_its_own() {
    let scene = Scene::new();
    let device = scene.folder.add(&form("Acme"), &key(CANARY), now()).unwrap();
    let own = scene.folder.key_file(&device).unwrap();
    for name in scene.files().iter().filter(|name| *name != "keys") {
        assert!(!fs::read_to_string(scene.path(name)).unwrap().contains(CANARY), "{name}");
    }
    assert!(fs::read_to_string(own).unwrap().contains(CANARY));
}
