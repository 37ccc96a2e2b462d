//! A folder of somebody who puts links into it, used by root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;

use super::{Scene, form, key, later, mode, now};
use crate::dir::Dir;
use crate::lock::Lock;

/// A service's folder, where this is root: nobody else writes into one that is another's.
fn services() -> Scene {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    if rustix::process::geteuid().is_root() {
        for name in ["", ".lock", "acme.yaml", "keys", "keys/acme-1796428800.key"] {
            chown(scene.path(name), Some(4711), Some(4712)).unwrap();
        }
    }
    scene
}

/// A file that is not the service's.
fn victim(scene: &Scene) -> std::path::PathBuf {
    let victim = scene.outside("shadow");
    fs::write(&victim, "root:*:\n").unwrap();
    victim
}

fn unharmed(victim: &Path) {
    let there = fs::metadata(victim).unwrap();
    assert_eq!(there.uid(), rustix::process::geteuid().as_raw(), "it has another owner now");
    assert_eq!(fs::read_to_string(victim).unwrap(), "root:*:\n");
}

#[test]
fn a_log_that_is_a_link_is_not_written() {
    let scene = services();
    let victim = victim(&scene);
    for target in [victim.clone(), scene.outside("not there yet")] {
        symlink(&target, scene.path("audit.ndjson")).unwrap();
        let error = scene.folder.log("audit.ndjson", "{}").unwrap_err();
        assert!(error.to_string().contains("`audit.ndjson` in it is a link"), "{error}");
        fs::remove_file(scene.path("audit.ndjson")).unwrap();
    }
    unharmed(&victim);
    assert!(!scene.outside("not there yet").exists());
}

#[test]
fn another_name_of_somebody_elses_file_is_neither_a_log_nor_a_lock() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scene = services();
    let victim = victim(&scene);
    for name in ["audit.ndjson", ".lock"] {
        fs::remove_file(scene.path(name)).ok();
        fs::hard_link(&victim, scene.path(name)).unwrap();
    }
    scene.folder.log("audit.ndjson", "{}").unwrap_err();
    let failure = scene.folder.set_paused("acme", true).unwrap_err();
    assert!(failure.message.contains("`.lock` in it is a link"), "{failure}");
    unharmed(&victim);
    // His own file has as many names as he likes: a copy of the folder may be made of them.
    fs::remove_file(scene.path(".lock")).unwrap();
    scene.folder.set_paused("acme", true).unwrap();
    fs::hard_link(scene.path(".lock"), scene.outside("copy")).unwrap();
    scene.folder.set_paused("acme", false).unwrap();
}

#[test]
fn a_pipe_in_place_of_a_log_is_not_waited_for() {
    let scene = services();
    rustix::fs::mkfifoat(rustix::fs::CWD, scene.path("audit.ndjson"), rustix::fs::Mode::RWXU).unwrap();
    let error = scene.folder.log("audit.ndjson", "{}").unwrap_err();
    assert!(error.to_string().contains("no file of its own"), "{error}");
}

#[test]
fn what_is_not_made_just_now_keeps_its_owner() {
    let scene = services();
    let owner = |name: &str| fs::metadata(scene.path(name)).unwrap().uid();
    fs::write(scene.path("audit.ndjson"), "").unwrap();
    let before = owner("audit.ndjson");
    scene.folder.log("audit.ndjson", "{}").unwrap();
    assert_eq!(owner("audit.ndjson"), before);
    scene.folder.log("other.ndjson", "{}").unwrap();
    assert_eq!(owner("other.ndjson"), owner(""));
    assert_eq!(mode(&scene.path("other.ndjson")), 0o600);
}

#[test]
fn keys_that_are_elsewhere_are_neither_written_nor_removed() {
    let scene = services();
    let elsewhere = scene.outside("elsewhere");
    fs::rename(scene.path("keys"), &elsewhere).unwrap();
    symlink(&elsewhere, scene.path("keys")).unwrap();
    for name in ["ssh_host.key", ".half.key.new"] {
        fs::write(elsewhere.join(name), "another's").unwrap();
    }
    scene.write(".lock", "\nssh_host.key\n");
    let before = super::files(&elsewhere);
    // What has no part in keys goes on.
    scene.folder.set_paused("acme", true).unwrap();
    assert_eq!(scene.ids(), ["acme"]);
    for failure in [
        scene.folder.add(&form("Beta"), &key("key"), now()).map(drop).map_err(Into::into),
        scene.folder.rotate("acme", &key("key-2"), None, later(9)).map(drop).map_err(Into::into),
        scene.folder.remove("acme"),
    ] {
        let failure: adr_core::Failure = failure.unwrap_err();
        assert!(failure.message.contains("`keys` in it is no folder of its own"), "{failure}");
        assert_eq!(super::files(&elsewhere), before);
    }
}

#[test]
fn an_open_folder_is_the_same_wherever_its_name_leads() {
    let scene = services();
    let elsewhere = scene.outside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("acme-1796428800.key"), "another's").unwrap();
    let keys = Dir::open(scene.folder.path()).unwrap().sub("keys").unwrap();
    fs::rename(scene.path("keys"), scene.path("was")).unwrap();
    symlink(&elsewhere, scene.path("keys")).unwrap();
    keys.remove("acme-1796428800.key").unwrap();
    keys.write("beta-1.key", b"key").unwrap();
    assert_eq!(super::files(&elsewhere), ["acme-1796428800.key"]);
    assert_eq!(super::files(&scene.path("was")), ["beta-1.key"]);
    let owner = |path: &Path| fs::metadata(path).map(|there| (there.uid(), there.gid())).unwrap();
    assert_eq!(owner(&scene.path("was/beta-1.key")), owner(&scene.path("was")));
}

#[test]
fn folder_and_device_files_may_be_links() {
    let scene = services();
    let other = scene.outside("other");
    symlink(scene.folder.path(), &other).unwrap();
    fs::rename(scene.path("acme.yaml"), scene.outside("managed.yaml")).unwrap();
    let managed = fs::read_to_string(scene.outside("managed.yaml")).unwrap();
    symlink("../managed.yaml", scene.path("acme.yaml")).unwrap();
    let folder = crate::Folder::open(&other, None).unwrap();
    assert_eq!(folder.read().unwrap().devices.len(), 1);
    assert!(folder.set_paused("acme", true).unwrap().paused);
    assert_eq!(fs::read_to_string(scene.outside("managed.yaml")).unwrap(), managed, "no link is written through");
    assert!(folder.device("acme").unwrap().paused && !scene.path("acme.yaml").is_symlink());
}

#[test]
fn a_line_of_the_lock_is_the_name_of_a_key_file_or_nothing() {
    let scene = services();
    let keys = scene.path("keys");
    fs::create_dir(keys.join("sub")).unwrap();
    for name in ["sub/deep.key", "spare.key"] {
        fs::write(keys.join(name), "x").unwrap();
    }
    for line in ["sub/deep.key", "sub/.", "spare.key/.", "../acme.yaml", "..", ".", "", "/etc/passwd"] {
        assert!(!crate::keys::is_name(line), "{line}");
        scene.write(".lock", &format!("\n{line}\n"));
        assert_eq!(Lock::take(scene.folder.path()).unwrap().noted().unwrap(), Vec::<String>::new(), "{line}");
        scene.folder.set_paused("acme", true).unwrap();
        scene.folder.set_paused("acme", false).unwrap();
        assert!(keys.join("sub/deep.key").exists() && keys.join("spare.key").exists(), "{line}");
    }
}
