//! The form, sent in.

use std::fs;

use adr_core::{Failure, FailureKind, SecretRef, Timestamp};

use super::{ORG, Scene, form, key, later, mode, now, shown};
use crate::{Field, NewDevice, Provider, Refused};

fn faults(refused: Refused) -> Vec<(Field, String)> {
    match refused {
        Refused::Form(faults) => faults.into_iter().map(|fault| (fault.field, fault.message)).collect(),
        Refused::Failed(failure) => panic!("{failure}"),
    }
}

#[test]
fn all_fields_come_back_as_they_were_sent_in() {
    let scene = Scene::new();
    let sent = NewDevice {
        device_name: " Acme, Inc. ".to_owned(),
        cce_ip: "192.0.2.5:514".to_owned(),
        access_id: "7d0c6b1e\n".to_owned(),
        configuration: format!("{{ \"org_id\": \"{ORG}\"}}"),
        region: "eu".to_owned(),
        base_url: "https://proxy.example.com".to_owned(),
        key_expires: "2027-11-24".to_owned(),
        provider: None,
    };
    let checked = scene.folder.check_new(&sent, &key("key-1"), now()).unwrap();
    assert!(scene.files().is_empty(), "checking saves nothing");
    let added = scene.folder.add(&sent, &key("  key-1\r\n"), now()).unwrap();
    assert!(added == checked);
    assert!(scene.again(None).read().unwrap().devices == [added.clone()]);
    assert_eq!((&*added.id, &*added.device_name), ("acme-inc", "Acme, Inc."));
    assert_eq!((added.cce_ip.as_deref(), &*added.access_id), (Some("192.0.2.5:514"), "7d0c6b1e"));
    assert_eq!((added.region.as_deref(), added.base_url.as_deref()), (Some("eu"), Some("https://proxy.example.com")));
    assert_eq!(added.configuration.org_id.as_deref(), Some(ORG));
    assert_eq!((added.key.added, added.key.expires), (Some(now()), Timestamp::parse(b"2027-11-24T00:00:00Z").ok()));
    assert!(!added.paused && added.provider.is_none());
    assert!(added.secret_key == SecretRef::File("keys/acme-inc-1796428800.key".into()));
    assert_eq!(shown(&scene.folder.secret(&added).unwrap()), "key-1");
    assert_eq!(scene.files(), [".lock", "acme-inc.yaml", "keys"]);
    assert_eq!(scene.key_files(), ["acme-inc-1796428800.key"]);
}

#[test]
fn a_providers_device_has_its_organizations_and_no_one_of_them() {
    let scene = Scene::new();
    let provider = Provider { include: vec![" Acme* ".to_owned()], exclude: vec!["Acme Test".to_owned()] };
    let sent = NewDevice { device_name: "MSP".to_owned(), provider: Some(provider), ..NewDevice::default() };
    let added = scene.folder.add(&sent, &key("key-1"), now()).unwrap();
    assert_eq!(added.provider.as_ref().unwrap().include, ["Acme*"]);
    assert!(scene.folder.read().unwrap().devices == [added]);
    let both = NewDevice { device_name: "Other".to_owned(), ..form("x") };
    let both = NewDevice { provider: Some(Provider::default()), ..both };
    let faults = faults(scene.folder.add(&both, &key("key-1"), now()).unwrap_err());
    assert_eq!(faults[0].0, Field::Configuration);
    assert!(faults[0].1.contains("provider's key is for all"), "{faults:?}");
}

#[test]
fn all_is_for_this_user_alone() {
    let scene = Scene::new();
    let added = scene.add(&form("Acme"));
    for (name, wanted) in [("", 0o700), ("keys", 0o700), ("acme.yaml", 0o600), (".lock", 0o600)] {
        assert_eq!(mode(&scene.path(name)), wanted, "{name}");
    }
    let first = scene.folder.key_file(&added).unwrap();
    assert_eq!(mode(&first), 0o600);
    let rotated = scene.folder.rotate("acme", &key("key-2"), None, now()).unwrap();
    let second = scene.folder.key_file(&rotated).unwrap();
    assert!(second != first && mode(&second) == 0o600);
    super::chmod(&scene.path("acme.yaml"), 0o644);
    scene.folder.set_paused("acme", true).unwrap();
    assert_eq!(mode(&scene.path("acme.yaml")), 0o600);
}

#[test]
fn what_is_written_belongs_to_whose_the_folder_is() {
    use std::os::unix::fs::{MetadataExt, chown};
    let scene = Scene::new();
    let mut owner = fs::metadata(scene.folder.path()).map(|folder| (folder.uid(), folder.gid())).unwrap();
    // Only root writes into a folder that is another's.
    if rustix::process::geteuid().is_root() {
        owner = (4711, 4712);
        chown(scene.folder.path(), Some(owner.0), Some(owner.1)).unwrap();
    }
    scene.add(&form("Acme"));
    scene.folder.rotate("acme", &key("key-2"), None, later(1)).unwrap();
    for name in ["acme.yaml", "keys", "keys/acme-1796428801.key", ".lock"] {
        let there = fs::metadata(scene.path(name)).unwrap();
        assert_eq!((there.uid(), there.gid()), owner, "{name}");
    }
}

#[test]
fn each_fault_is_that_of_its_field_and_all_are_told_at_once() {
    let scene = Scene::new();
    let good = || (form("Acme"), key("key-of-acme"));
    let with = |change: fn(&mut NewDevice)| {
        let (mut form, key) = good();
        change(&mut form);
        (form, key)
    };
    let patterns = |form: &mut NewDevice| {
        form.configuration.clear();
        form.provider = Some(Provider { include: vec![String::new()], exclude: Vec::new() });
    };
    for ((form, key), field, words) in [
        (with(|form| form.device_name = " ".to_owned()), Field::DeviceName, "is blank"),
        (with(|form| form.device_name = "a\u{0}b".to_owned()), Field::DeviceName, "one line"),
        (with(|form| form.cce_ip = "192.0.2".to_owned()), Field::CceIp, "192.0.2.5:514"),
        (with(|form| form.access_id = "a\nb".to_owned()), Field::AccessId, "one line"),
        ((good().0, key(" \n")), Field::SecretKey, "the key is empty"),
        ((good().0, key("a\nb")), Field::SecretKey, "as one line"),
        ((good().0, key("a\u{7}b")), Field::SecretKey, "as one line"),
        (with(|form| form.configuration = String::new()), Field::Configuration, "organization is missing"),
        (with(|form| form.configuration = "{}".to_owned()), Field::Configuration, "organization is missing"),
        (with(|form| form.configuration = "abc".to_owned()), Field::Configuration, "is not JSON"),
        (
            with(|form| form.configuration = "{ \"org_id\": \"your_organization_id\"}".to_owned()),
            Field::Configuration,
            "Settings > Organization Profile",
        ),
        (with(|form| form.region = "mars".to_owned()), Field::Region, "us, eu or in"),
        (with(|form| form.base_url = "proxy".to_owned()), Field::BaseUrl, "https://host/path"),
        (with(|form| form.key_expires = "soon".to_owned()), Field::KeyExpires, "2027-11-24"),
        (with(|form| form.key_expires = "2026-12-05".to_owned()), Field::KeyExpires, "has ended"),
        (with(patterns), Field::Organizations, "is blank"),
    ] {
        let checked = faults(scene.folder.check_new(&form, &key, now()).unwrap_err());
        let added = faults(scene.folder.add(&form, &key, now()).unwrap_err());
        assert_eq!(checked, added);
        assert_eq!(checked.len(), 1, "{checked:?}");
        assert_eq!(checked[0].0, field, "{checked:?}");
        assert!(checked[0].1.contains(words), "{checked:?}");
    }
    let nothing = faults(scene.folder.add(&NewDevice::default(), &key(""), now()).unwrap_err());
    let fields: Vec<Field> = nothing.iter().map(|fault| fault.0).collect();
    assert_eq!(fields, [Field::DeviceName, Field::SecretKey, Field::Configuration]);
    assert_eq!(scene.files(), [".lock"], "nothing was saved");
    let failure = Failure::from(scene.folder.add(&NewDevice::default(), &key(""), now()).unwrap_err());
    assert_eq!(failure.kind, FailureKind::Config);
    assert!(failure.message.contains("is blank") && failure.message.contains("is empty"), "{failure}");
}

#[test]
fn the_same_organization_and_the_same_name_are_refused() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    let same = NewDevice { device_name: "Other".to_owned(), ..form("Acme") };
    let same = NewDevice { configuration: same.configuration.to_uppercase().replace("ORG_ID", "org_id"), ..same };
    let organization = faults(scene.folder.add(&same, &key("key"), now()).unwrap_err());
    assert_eq!(organization[0].0, Field::Configuration);
    assert!(organization[0].1.contains("device acme is the same organization"), "{organization:?}");
    let same = NewDevice { device_name: "ACME ".to_owned(), ..form("Beta") };
    let name = faults(scene.folder.check_new(&same, &key("key"), now()).unwrap_err());
    assert_eq!(name, [(Field::DeviceName, "device acme has this name already: give another one".to_owned())]);
    assert_eq!((scene.ids().len(), scene.key_files().len()), (1, 1));
    scene.folder.remove("acme").unwrap();
    scene.add(&form("Acme"));
}

#[test]
fn no_id_is_given_to_what_is_there_however_broken() {
    let scene = Scene::new();
    scene.write("acme.yaml", "not: [yaml");
    fs::create_dir(scene.path("acme-2.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", scene.path("acme-3.yaml")).unwrap();
    assert_eq!(scene.add(&form("Acme")).id, "acme-4");
    assert_eq!(fs::read_to_string(scene.path("acme.yaml")).unwrap(), "not: [yaml");
}

#[test]
fn what_looks_like_a_path_is_a_name_in_the_folder() {
    let scene = Scene::new();
    for name in ["../../etc/passwd", "/etc/passwd", "..", ".hidden", "a/b", "-rf", "~root"] {
        let added = scene.add(&form(name));
        assert!(scene.path(&format!("{}.yaml", added.id)).is_file(), "{name}: {}", added.id);
        assert_eq!(shown(&scene.folder.secret(&added).unwrap()), "key-of-a-device");
    }
    assert_eq!((scene.ids().len(), scene.key_files().len()), (7, 7));
    assert_eq!(scene.problems(), Vec::<String>::new());
    assert_eq!(super::files(scene.outside("").as_path()), ["devices"]);
}

#[test]
fn a_key_in_a_wrong_field_is_not_saved_there() {
    let scene = Scene::new();
    let secret = "5f3a9c0e7b1d4f62";
    for (form, field) in [
        (NewDevice { access_id: secret.to_owned(), ..form("Acme") }, Field::AccessId),
        (NewDevice { device_name: format!("Acme {secret}"), ..form("Acme") }, Field::DeviceName),
        (NewDevice { configuration: format!("{{\"org_id\": \"{secret}\"}}"), ..form("Acme") }, Field::Configuration),
        (NewDevice { base_url: format!("https://api.example.com/{secret}"), ..form("Acme") }, Field::BaseUrl),
    ] {
        let faults = faults(scene.folder.add(&form, &key(secret), now()).unwrap_err());
        assert_eq!(faults.len(), 1);
        assert!(faults[0].0 == field && faults[0].1.contains("the key stands here as well"), "{faults:?}");
    }
}

#[test]
fn rotating_refuses_what_adding_would() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    for wrong in ["", " \n", "a\nb"] {
        let faults = faults(scene.folder.rotate("acme", &key(wrong), None, now()).unwrap_err());
        assert!(faults.len() == 1 && faults[0].0 == Field::SecretKey && faults[0].1.contains("the key"), "{faults:?}");
    }
    let ended = faults(scene.folder.rotate("acme", &key("key-2"), Some(now()), later(1)).unwrap_err());
    assert!(ended.len() == 1 && ended[0].0 == Field::KeyExpires && ended[0].1.contains("has ended"), "{ended:?}");
    let both = faults(scene.folder.rotate("acme", &key(""), Some(now()), later(1)).unwrap_err());
    assert_eq!(both.iter().map(|fault| fault.0).collect::<Vec<_>>(), [Field::SecretKey, Field::KeyExpires]);
    let unknown = scene.folder.rotate("beta", &key("key-2"), None, now()).unwrap_err();
    assert!(matches!(unknown, Refused::Failed(_)), "{unknown}");
    assert_eq!(scene.key_files(), ["acme-1796428800.key"]);
}
