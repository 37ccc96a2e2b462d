//! The process ends at each step of each change.

use adr_core::Failure;

use super::{Scene, form, key, later, now, seal, shown};
use crate::files::crash;
use crate::{Device, Folder};

/// Every device with its key.
fn whole(folder: &Folder) -> Vec<(Device, String)> {
    let contents = folder.read().unwrap();
    assert_eq!(contents.problems, [], "no file is torn");
    let with_key = |device: Device| {
        let secret = folder.secret(&device).expect("no device is without its key");
        (device, shown(&secret).to_owned())
    };
    contents.devices.into_iter().map(with_key).collect()
}

/// Cuts `change` off at every step: the folder is as before or as after, and the next change leaves nothing over.
fn at_every_step(change: impl Fn(&Folder) -> Result<(), Failure>) {
    let (mut as_before, mut as_after, mut left_over) = (0, 0, 0);
    for steps in 0.. {
        assert!(steps < 200, "it never ends");
        let scene = Scene::sealed_by((steps % 2 == 0).then(|| seal("a")));
        scene.add(&form("Acme"));
        scene.add(&form("Beta"));
        let before = whole(&scene.folder);
        let cut_off = crash::after(steps, || change(&scene.folder));
        let found = whole(&scene.folder);
        let unreferred = |scene: &Scene| scene.key_files().len() - whole(&scene.folder).len();
        left_over += u32::from(unreferred(&scene) > 0);
        if let Some(done) = cut_off {
            done.unwrap();
            assert!(found != before, "it changes nothing");
            assert!(as_before > 0 && as_after > 0, "cut off before and after it took effect: {as_before}, {as_after}");
            assert!(left_over > 0, "there was never anything to tidy");
            return;
        }
        if found == before {
            as_before += 1;
        } else {
            // As after: the same as what the whole change makes of it.
            as_after += 1;
            let other = Scene::sealed_by((steps % 2 == 0).then(|| seal("a")));
            other.add(&form("Acme"));
            other.add(&form("Beta"));
            change(&other.folder).unwrap();
            assert!(found == whole(&other.folder), "after step {steps} it is neither");
        }
        // Whichever change comes next.
        match steps % 3 {
            0 => drop(scene.folder.set_paused("beta", true).unwrap()),
            1 => drop(scene.add(&form("Gamma"))),
            _ => drop(scene.folder.rotate("beta", &key("key-of-beta"), None, later(9)).unwrap()),
        }
        assert_eq!(unreferred(&scene), 0, "after step {steps}: {:?}", scene.key_files());
        let rest: Vec<String> = scene.files().into_iter().chain(scene.key_files()).collect();
        assert!(rest.iter().all(|name| !name.ends_with(".new")), "after step {steps}: {rest:?}");
        assert_eq!(whole(&scene.folder).iter().filter(|(device, _)| device.id != "gamma").count(), found.len());
    }
}

#[test]
fn adding() {
    at_every_step(|folder| Ok(folder.add(&form("New"), &key("key-of-new"), now()).map(drop)?));
}

#[test]
fn rotating() {
    at_every_step(|folder| Ok(folder.rotate("acme", &key("key-2"), Some(later(99)), later(1)).map(drop)?));
}

#[test]
fn removing() {
    at_every_step(|folder| folder.remove("acme"));
}

#[test]
fn the_first_device_of_all() {
    for steps in 0.. {
        let scene = Scene::new();
        let cut_off = crash::after(steps, || scene.folder.add(&form("Acme"), &key("key-1"), now()));
        assert!(whole(&scene.folder).iter().all(|(_, secret)| secret == "key-1"));
        if cut_off.is_some() {
            return assert_eq!(scene.ids(), ["acme"]);
        }
        scene.folder.add(&form("Beta"), &key("key-2"), now()).unwrap();
        assert_eq!(scene.key_files().len(), scene.ids().len(), "after step {steps}");
    }
}

#[test]
fn a_change_that_the_disk_refuses_leaves_all_as_it_was() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    let before = whole(&scene.folder);
    // A folder stands where the key would be written.
    std::fs::create_dir_all(scene.path("keys/.acme-1796428801.key.new/x")).unwrap();
    scene.folder.rotate("acme", &key("key-2"), None, later(1)).unwrap_err();
    assert!(whole(&scene.folder) == before);
    assert!(!scene.path("keys/acme-1796428801.key").exists());
}
