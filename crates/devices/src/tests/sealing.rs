//! Keys at rest.

use std::fs;

use adr_core::{ExposeSecret, FailureKind};

use super::{Scene, form, key, later, now, seal, shown};
use crate::{NewDevice, Refused, Seal, unseal};

const SECRET: &str = "5f3a9c0e7b1d4f62-planted";

#[test]
fn a_sealed_key_is_of_no_use_without_its_seal_or_to_another_device() {
    let scene = Scene::sealed_by(Some(seal("a")));
    let acme = scene.folder.add(&form("Acme"), &key(SECRET), now()).unwrap();
    let beta = scene.folder.add(&form("Beta"), &key("key-of-beta"), now()).unwrap();
    let path = scene.folder.key_file(&acme).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("jumpcloud-adr-sealed:1:") && text.lines().count() == 1 && !text.contains(SECRET),
        "{text}"
    );
    assert_eq!(shown(&scene.folder.secret(&acme).unwrap()), SECRET);
    assert_eq!(shown(&scene.again(Some(seal("a"))).secret(&acme).unwrap()), SECRET);

    let wrong = scene.again(Some(seal("b"))).secret(&acme).unwrap_err();
    assert!(wrong.kind == FailureKind::Config && wrong.message.contains("does not open"), "{wrong}");
    let none = scene.again(None).secret(&acme).unwrap_err();
    assert!(none.message.contains("no key to open it was given"), "{none}");

    fs::copy(&path, scene.folder.key_file(&beta).unwrap()).unwrap();
    let moved = scene.folder.secret(&beta).unwrap_err();
    assert!(moved.message.contains("for another device"), "{moved}");

    fs::write(&path, text.replacen(":1:", ":2:", 1)).unwrap();
    assert!(scene.folder.secret(&acme).unwrap_err().message.contains("another version"));
    for damaged in
        [format!("{}A", text.trim()), text.trim()[..text.len() - 5].to_owned(), "jumpcloud-adr-sealed:1:".to_owned()]
    {
        fs::write(&path, damaged).unwrap();
        assert!(scene.folder.secret(&acme).unwrap_err().message.contains("does not open"));
    }
}

#[test]
fn plain_keys_stay_readable_and_the_next_one_is_sealed() {
    let scene = Scene::new();
    let plain = scene.folder.add(&form("Acme"), &key(SECRET), now()).unwrap();
    assert_eq!(fs::read_to_string(scene.folder.key_file(&plain).unwrap()).unwrap(), format!("{SECRET}\n"));
    let folder = scene.again(Some(seal("a")));
    assert_eq!(shown(&folder.secret(&plain).unwrap()), SECRET);
    folder.set_paused("acme", true).unwrap();
    assert_eq!(shown(&folder.secret(&plain).unwrap()), SECRET);
    let sealed = folder.rotate("acme", &key("key-2"), None, later(1)).unwrap();
    let text = fs::read_to_string(folder.key_file(&sealed).unwrap()).unwrap();
    assert!(text.starts_with("jumpcloud-adr-sealed:1:"), "{text}");
    assert_eq!(shown(&folder.secret(&sealed).unwrap()), "key-2");
}

#[test]
fn beside_sealed_keys_none_is_written_in_the_clear() {
    let scene = Scene::sealed_by(Some(seal("a")));
    scene.folder.add(&form("Acme"), &key(SECRET), now()).unwrap();
    let files = scene.files();
    let unsealed = scene.again(None);
    for refused in [
        unsealed.add(&NewDevice { configuration: r#"{"org_id":"b1"}"#.into(), ..form("Bolt") }, &key("key-2"), now()),
        unsealed.rotate("acme", &key("key-2"), None, later(1)),
    ] {
        let Refused::Failed(failure) = refused.unwrap_err() else { panic!("it is not about a field") };
        assert!(failure.kind == FailureKind::Config && failure.message.contains("--seal"), "{failure}");
    }
    assert_eq!(scene.files(), files);
    // Whoever has lost the seal seals anew.
    scene.again(Some(seal("b"))).rotate("acme", &key("key-3"), None, later(2)).unwrap();
}

#[test]
fn no_two_sealed_texts_are_alike() {
    let seal = seal("a");
    let texts: std::collections::HashSet<String> = (0..100).map(|_| seal.seal(&key(SECRET), "acme").unwrap()).collect();
    assert_eq!(texts.len(), 100);
    // Not even in what comes before the key's own bytes: the nonce.
    let starts: std::collections::HashSet<&str> = texts.iter().map(|text| &text[23..39]).collect();
    assert_eq!(starts.len(), 100);
}

#[test]
fn what_seals_is_long_enough_and_the_same_with_its_line_break() {
    let material = "0123456789abcdef0123456789abcdef";
    let refused = Seal::new(&key(&material[1..])).unwrap_err();
    assert!(refused.message.contains("openssl rand -base64 32"), "{refused}");
    Seal::new(&key(&format!("{}\n\n", &material[2..]))).unwrap_err();
    let sealed = Seal::new(&key(material)).unwrap().seal(&key(SECRET), "acme").unwrap();
    let with_break = Seal::new(&key(&format!("{material}\r\n"))).unwrap();
    assert_eq!(shown(&with_break.open(&sealed, "acme").unwrap()), SECRET);
}

/// Sealed by this program on its first day: must open for ever.
#[test]
fn what_was_sealed_long_ago_opens() {
    const SEALED: &str = "jumpcloud-adr-sealed:1:7HMo/oDwszhP+kqsHT72visOtJ8xlzKyBA+9xrEDmd5vV1By8ZlxinY=";
    let seal = Seal::new(&key("0123456789abcdef0123456789abcdef")).unwrap();
    assert_eq!(shown(&unseal(SEALED, "acme", Some(&seal)).unwrap()), "a-made-up-key");
}

#[test]
fn plain_and_sealed_are_told_apart() {
    assert_eq!(unseal(" key-1\r\n", "acme", Some(&seal("a"))).unwrap().expose_secret(), "key-1");
    assert_eq!(unseal("key-1", "acme", None).unwrap().expose_secret(), "key-1");
    for (text, words) in [(" \n", "is empty"), ("a\nb", "more than one line"), ("a\rb", "more than one line")] {
        assert!(unseal(text, "acme", None).unwrap_err().message.contains(words));
    }
    assert!(seal("a").open("key-1", "acme").unwrap_err().message.contains("is not sealed"));
}
