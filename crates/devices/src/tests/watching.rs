//! Whether something has changed, told without reading.

use std::fs;
use std::time::Instant;

use super::{Scene, chmod, form, key, later};

#[test]
fn each_change_gives_another_number_and_no_change_the_same() {
    let scene = Scene::new();
    let mut seen = vec![scene.folder.fingerprint()];
    let changed = |what: &str, seen: &mut Vec<u64>| {
        let number = scene.folder.fingerprint();
        assert!(!seen.contains(&number), "{what} was not seen");
        assert_eq!(number, scene.again(None).fingerprint(), "{what}: not the same twice");
        seen.push(number);
    };
    scene.add(&form("Acme"));
    changed("a device added", &mut seen);
    scene.folder.rotate("acme", &key("key-2"), None, later(1)).unwrap();
    changed("a key exchanged", &mut seen);
    scene.folder.set_paused("acme", true).unwrap();
    changed("a device paused", &mut seen);
    fs::write(scene.path("acme.yaml"), "device_name: By Hand").unwrap();
    changed("a file edited by hand", &mut seen);
    let key_file = scene.path("keys").join(&scene.key_files()[0]);
    fs::write(&key_file, "key-3-by-hand").unwrap();
    changed("a key edited by hand", &mut seen);
    // As long and as old as the one before: only its inode tells.
    let before = fs::metadata(&key_file).unwrap().modified().unwrap();
    fs::write(scene.path("keys/.other"), "key-4-by-hand").unwrap();
    fs::File::options().write(true).open(scene.path("keys/.other")).unwrap().set_modified(before).unwrap();
    fs::rename(scene.path("keys/.other"), &key_file).unwrap();
    changed("a key put in another's place", &mut seen);
    chmod(&key_file, 0o644);
    changed("a mode", &mut seen);
    chmod(&scene.path("keys"), 0o755);
    changed("the mode of the folder of keys", &mut seen);
    fs::rename(scene.path("acme.yaml"), scene.path("beta.yaml")).unwrap();
    changed("a device renamed", &mut seen);
    fs::remove_file(&key_file).unwrap();
    changed("a key removed", &mut seen);
    fs::remove_file(scene.path("beta.yaml")).unwrap();
    changed("a device removed", &mut seen);
    fs::remove_dir_all(scene.folder.path()).unwrap();
    assert!(!seen.contains(&scene.folder.fingerprint()), "the folder removed was not seen");
}

#[test]
fn a_key_that_is_kept_elsewhere_is_watched_once_its_device_was_read() {
    let scene = Scene::new();
    let (one, two) = (scene.outside("one.key"), scene.path("two.key"));
    let text = |key: &str| format!("device_name: A\nconfiguration: {{org_id: a}}\nsecret_key: {{file: {key}}}\n");
    scene.write("acme.yaml", &text(one.to_str().unwrap()));
    let before = scene.folder.fingerprint();
    assert_eq!(scene.ids(), ["acme"]);
    assert_eq!(scene.folder.fingerprint(), before, "nothing has changed: no second reading for its own sake");
    let mut seen = vec![before];
    let changed = |what: &str, seen: &mut Vec<u64>| {
        let number = scene.folder.fingerprint();
        assert!(!seen.contains(&number), "{what} was not seen");
        assert_eq!(number, scene.folder.fingerprint(), "{what}: not the same twice");
        assert_eq!(scene.ids(), ["acme"]);
        assert_eq!(number, scene.folder.fingerprint(), "{what}: seen twice");
        seen.push(number);
    };
    fs::write(&one, "key-1").unwrap();
    changed("a key put there", &mut seen);
    fs::write(&one, "key-1-by-hand").unwrap();
    changed("a key edited", &mut seen);
    fs::remove_file(&one).unwrap();
    changed("a key removed", &mut seen);
    scene.write("acme.yaml", &text("two.key"));
    changed("another place", &mut seen);
    fs::write(&two, "key-2").unwrap();
    changed("a key in the other place", &mut seen);
    let number = scene.folder.fingerprint();
    fs::write(&one, "of nobody").unwrap();
    assert_eq!(scene.folder.fingerprint(), number);
    scene.write("beta.yaml", &text("two.key").replace("org_id: a", "org_id: b"));
    assert_eq!(scene.ids(), ["acme", "beta"]);
    let number = scene.folder.fingerprint();
    fs::write(&two, "key-2 of two devices").unwrap();
    assert_eq!(scene.ids(), ["acme", "beta"]);
    assert_ne!(scene.folder.fingerprint(), number, "who else has read meanwhile hides no change");
}

#[test]
fn what_is_no_device_file_is_not_seen() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    let before = scene.folder.fingerprint();
    scene.write("README.md", "x");
    scene.write(".acme.yaml.swp", "x");
    scene.write("keys/.acme-1.key.new", "x");
    assert_eq!(scene.folder.fingerprint(), before);
}

#[test]
fn a_thousand_devices_are_looked_at_in_no_time() {
    let scene = Scene::new();
    for number in 0..1000 {
        let name = format!("site-{number}");
        scene.write(
            &format!("{name}.yaml"),
            &format!(
                "device_name: {name}\nsecret_key: {{file: keys/{name}.key}}\nconfiguration: {{org_id: o{number}}}\n"
            ),
        );
        scene.write(&format!("keys/{name}.key"), "key");
    }
    let start = Instant::now();
    let number = scene.folder.fingerprint();
    let looked = start.elapsed();
    let start = Instant::now();
    assert_eq!(scene.ids().len(), 1000);
    let read = start.elapsed();
    println!("1,000 devices: looked at in {looked:?}, read in {read:?}");
    assert_eq!(number, scene.folder.fingerprint());
    // Fifty times what it takes here; a bound, so that nobody makes it read the files.
    assert!(looked.as_millis() < 500, "{looked:?}");
}
