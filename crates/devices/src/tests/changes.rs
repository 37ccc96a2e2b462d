//! Keys exchanged, devices paused and removed.

use std::fs;

use adr_core::{Failure, FailureKind, SecretRef};

use super::{Scene, form, key, later, now, shown};

#[test]
fn another_key_is_another_reference_and_the_former_key_is_gone() {
    let scene = Scene::new();
    let before = scene.add(&form("Acme"));
    // In the same second, too.
    for (number, at) in [(2, now()), (3, now()), (4, later(100))] {
        let expires = (number == 2).then(|| later(1000));
        let former = scene.folder.device("acme").unwrap();
        let secret = format!("key-{number}");
        let rotated = scene.folder.rotate("acme", &key(&format!("{secret}\n")), expires, at).unwrap();
        assert!(rotated.secret_key != former.secret_key && rotated.secret_key != before.secret_key);
        assert!(scene.folder.device("acme").unwrap() == rotated);
        assert_eq!(shown(&scene.folder.secret(&rotated).unwrap()), secret);
        assert_eq!((rotated.key.added, rotated.key.expires), (Some(at), expires));
        assert_eq!(scene.key_files().len(), 1, "{:?}", scene.key_files());
        assert!(rotated.configuration == before.configuration && rotated.device_name == before.device_name);
    }
    assert_eq!(scene.key_files(), ["acme-1796428900.key"]);
}

#[test]
fn a_hand_edited_file_keeps_its_fields() {
    let scene = Scene::new();
    scene.write(
        "acme.yaml",
        "# by hand\nconfiguration: '{ \"org_id\":   \"5a2a\" }' # as pasted\nsecret_key: {file: ./keys/mine}\ndevice_name: \
         'Acme: the \"one\"'\nregion: in\n",
    );
    scene.write("keys/mine", "key-1\n");
    let before = scene.folder.device("acme").unwrap();
    let paused = scene.folder.set_paused("acme", true).unwrap();
    let text = fs::read_to_string(scene.path("acme.yaml")).unwrap();
    assert!(text.contains("./keys/mine"), "{text}");
    assert_eq!(paused.configuration.text.as_deref(), Some(r#"{ "org_id":   "5a2a" }"#));
    assert!(paused.paused && scene.folder.device("acme").unwrap() == paused);
    let resumed = scene.folder.set_paused("acme", false).unwrap();
    assert!(resumed == before && scene.folder.device("acme").unwrap() == before);
    let written = fs::metadata(scene.path("acme.yaml")).unwrap();
    scene.folder.set_paused("acme", false).unwrap();
    let again = fs::metadata(scene.path("acme.yaml")).unwrap();
    assert_eq!(written.modified().unwrap(), again.modified().unwrap(), "nothing to change, nothing written");
    scene.folder.rotate("acme", &key("key-2"), None, now()).unwrap();
    assert_eq!(scene.key_files(), ["acme-1796428800.key"], "the key lay in `keys`, whoever had put it there");
}

#[test]
fn a_removed_device_takes_its_key_along_and_no_other() {
    let scene = Scene::new();
    let acme = scene.add(&form("Acme"));
    let beta = scene.add(&form("Beta"));
    scene.folder.remove("acme").unwrap();
    assert_eq!((scene.ids(), scene.key_files()), (vec!["beta".to_owned()], vec!["beta-1796428800.key".to_owned()]));
    assert!(!scene.folder.key_file(&acme).unwrap().exists());
    assert_eq!(shown(&scene.folder.secret(&beta).unwrap()), "key-of-a-device");
}

#[test]
fn a_key_that_another_device_needs_stays() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    // One key of a provider for two organizations; the other file may even be broken.
    for other in [
        "device_name: Beta\nconfiguration: {org_id: b}\nsecret_key: {file: keys/acme-1796428800.key}\n",
        "{ keys/acme-1796428800.key",
    ] {
        scene.write("beta.yaml", other);
        let rotated = scene.folder.rotate("acme", &key("key-2"), None, later(5)).unwrap();
        assert_eq!(scene.key_files(), ["acme-1796428800.key", "acme-1796428805.key"]);
        assert_eq!(shown(&scene.folder.secret(&rotated).unwrap()), "key-2");
        scene.folder.remove("acme").unwrap();
        assert_eq!(scene.key_files(), ["acme-1796428800.key"]);
        fs::remove_file(scene.path("beta.yaml")).unwrap();
        fs::remove_file(scene.path("keys/acme-1796428800.key")).unwrap();
        scene.add(&form("Acme"));
    }
}

#[test]
fn names_that_end_alike_are_different_keys() {
    let scene = Scene::new();
    for name in ["Acme", "EU Acme"] {
        scene.add(&form(name));
    }
    assert_eq!(scene.key_files(), ["acme-1796428800.key", "eu-acme-1796428800.key"]);
    scene.folder.remove("acme").unwrap();
    assert_eq!(scene.key_files(), ["eu-acme-1796428800.key"]);
}

#[test]
fn keys_elsewhere_are_not_ours_to_remove() {
    let scene = Scene::new();
    fs::write(scene.outside("one.key"), "key-1").unwrap();
    scene.write("two.key", "key-2");
    scene.write("keys/three.key", "key-3");
    for reference in ["../one.key", "two.key", "keys/../two.key", "keys/../keys/three.key"] {
        let text = format!("device_name: A\nconfiguration: {{org_id: a}}\nsecret_key: {{file: {reference}}}\n");
        scene.write("acme.yaml", &text);
        let rotated = scene.folder.rotate("acme", &key("key-9"), None, now()).unwrap();
        assert!(rotated.secret_key == SecretRef::File("keys/acme-1796428800.key".into()));
        scene.write("acme.yaml", &text);
        scene.folder.remove("acme").unwrap();
        fs::remove_file(scene.path("keys/acme-1796428800.key")).ok();
    }
    assert!(
        scene.outside("one.key").exists() && scene.path("two.key").exists() && scene.path("keys/three.key").exists()
    );
}

#[test]
fn a_broken_device_can_be_removed_with_the_keys_that_were_made_for_it() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    scene.add(&form("Acme 17"));
    scene.write("acme.yaml", "device_name: [");
    scene.write("keys/acme-spare.key", "put there by somebody");
    let failure = scene.folder.set_paused("acme", true).unwrap_err();
    assert!(failure.message.starts_with("acme.yaml:") && failure.message.ends_with("mend the file first"), "{failure}");
    scene.folder.rotate("acme", &key("key"), None, now()).unwrap_err();
    scene.folder.remove("acme").unwrap();
    assert_eq!(
        (scene.ids(), scene.key_files()),
        (vec!["acme-17".to_owned()], vec!["acme-17-1796428800.key".to_owned(), "acme-spare.key".to_owned()])
    );
}

#[test]
fn a_device_that_is_not_there_is_told_with_those_that_are() {
    let scene = Scene::new();
    let message = |id: &str| {
        let messages = [
            scene.folder.device(id).map(drop),
            scene.folder.rotate(id, &key("key"), None, now()).map(drop).map_err(Failure::from),
            scene.folder.set_paused(id, true).map(drop),
            scene.folder.remove(id),
        ];
        let [first, rest @ ..] = messages.map(Result::unwrap_err);
        assert!(rest.iter().all(|other| *other == first) && first.kind == FailureKind::Config, "{first}");
        first.message
    };
    assert_eq!(message("acme"), "no device of that id: there is none yet");
    for name in ["Beta", "Gamma", "Acme"] {
        scene.add(&form(name));
    }
    assert_eq!(message("acne"), "no device of that id: there is acme, beta, gamma");
    for number in 1..=5 {
        scene.add(&form(&format!("Site {number}")));
    }
    let many = message("gama");
    assert!(many.starts_with("no device of that id: there is gamma, ") && many.ends_with(" and 3 more"), "{many}");
}

#[test]
fn ids_that_are_paths_lead_nowhere() {
    let scene = Scene::new();
    let text = "device_name: A\nconfiguration: {org_id: a}\nsecret_key: {env: K}\n";
    fs::write(scene.outside("victim.yaml"), text).unwrap();
    scene.write(".hidden.yaml", text);
    scene.write("sub/deep.yaml", text);
    let absolute = scene.outside("victim");
    for id in
        ["../victim", absolute.to_str().unwrap(), ".hidden", "sub/deep", "", ".", "..", "a\0b", "../devices/.hidden"]
    {
        scene.folder.device(id).unwrap_err();
        scene.folder.set_paused(id, true).unwrap_err();
        scene.folder.rotate(id, &key("key"), None, now()).unwrap_err();
        scene.folder.remove(id).unwrap_err();
    }
    for there in [scene.outside("victim.yaml"), scene.path(".hidden.yaml"), scene.path("sub/deep.yaml")] {
        assert_eq!(fs::read_to_string(there).unwrap(), text);
    }
    assert!(scene.key_files().is_empty());
}
