//! Many who change the same folder.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Scene, form, key, later, now, shown};
use crate::lock::Lock;
use crate::{Folder, Refused};

#[test]
fn of_many_who_add_the_same_one_does() {
    let scene = Scene::new();
    const MANY: usize = 8;
    let start = Barrier::new(MANY);
    let added: Vec<Result<_, Refused>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..MANY)
            .map(|number| {
                let (folder, start) = (scene.again(None), &start);
                scope.spawn(move || {
                    start.wait();
                    folder.add(&form("Acme"), &key(&format!("key-{number}")), now())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1);
    assert!(added.iter().all(|added| !matches!(added, Err(Refused::Failed(_)))));
    assert_eq!((scene.ids(), scene.key_files().len()), (vec!["acme".to_owned()], 1));
}

#[test]
fn of_many_changes_none_is_lost() {
    let scene = Scene::new();
    scene.add(&form("Shared"));
    const MANY: usize = 6;
    let start = Barrier::new(MANY);
    thread::scope(|scope| {
        for number in 0..MANY {
            let (folder, start) = (scene.again(None), &start);
            scope.spawn(move || {
                start.wait();
                for turn in 0..5 {
                    // Ids after the same name: only the lock keeps them apart.
                    let form = crate::NewDevice {
                        device_name: format!("Acme {}", "!".repeat(number * 5 + turn + 1)),
                        ..form(&format!("{number}-{turn}"))
                    };
                    let added = folder.add(&form, &key(&format!("key-{number}-{turn}")), now()).unwrap();
                    folder.rotate("shared", &key(&format!("shared-{number}")), None, now()).unwrap();
                    if turn % 2 == 0 {
                        folder.set_paused(&added.id, true).unwrap();
                    } else {
                        folder.remove(&added.id).unwrap();
                    }
                }
            });
        }
        // Who reads meanwhile sees only whole devices.
        scope.spawn(|| {
            for _ in 0..50 {
                let contents = scene.folder.read().unwrap();
                assert_eq!(contents.problems, []);
                assert!(contents.devices.iter().any(|device| device.id == "shared"));
            }
        });
    });
    let devices = scene.folder.read().unwrap().devices;
    assert_eq!(devices.len(), 1 + MANY * 3);
    assert_eq!(scene.key_files().len(), devices.len());
    for device in devices.iter().filter(|device| device.id != "shared") {
        assert!(device.paused);
        let secret = scene.folder.secret(device).unwrap();
        let org_id = device.configuration.org_id.as_deref().unwrap();
        let wanted = shown(&secret).trim_start_matches("key-").to_owned();
        assert!(form(&wanted).configuration.contains(org_id), "each device has its own key");
    }
}

#[test]
fn a_change_waits_for_the_one_before() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    let held = Lock::take(scene.folder.path()).unwrap();
    let (tell, told) = mpsc::channel();
    let folder = scene.again(None);
    let change = thread::spawn(move || {
        folder.set_paused("acme", true).unwrap();
        tell.send(()).unwrap();
    });
    assert!(told.recv_timeout(Duration::from_millis(200)).is_err(), "it did not wait");
    assert!(!scene.folder.device("acme").unwrap().paused, "reading does not wait");
    drop(held);
    told.recv().unwrap();
    change.join().unwrap();
    assert!(scene.folder.device("acme").unwrap().paused);
}

/// The test runs itself as the other process, in a folder that says so.
#[test]
fn two_processes_take_turns() {
    const MARK: &str = "the-other-process";
    const EACH: u64 = 20;
    let rotate = |folder: &Folder, who: &str| {
        for turn in 0..EACH {
            folder.rotate("acme", &key(&format!("key-{who}-{turn}")), None, later(turn)).unwrap();
            let form = form(&format!("{who} {turn}"));
            folder.add(&form, &key("key"), now()).unwrap();
        }
    };
    if Path::new(MARK).exists() {
        let mut line = String::new();
        writeln!(std::io::stdout(), "\nready").unwrap();
        std::io::stdin().read_line(&mut line).unwrap();
        return rotate(&Folder::open(Path::new("devices"), None).unwrap(), "other");
    }
    let scene = Scene::new();
    scene.add(&form("Acme"));
    std::fs::write(scene.outside(MARK), "").unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::turns::two_processes_take_turns", "--nocapture"])
        .current_dir(scene.outside(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"), "the other process did not come up");
    other.stdin.take().unwrap().write_all(b"go\n").unwrap();
    rotate(&scene.folder, "one");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(other.wait().unwrap().success(), "{rest:?}");
    let ids = scene.ids();
    assert_eq!(ids.len() as u64, 1 + 2 * EACH);
    assert_eq!(scene.key_files().len(), ids.len());
    let acme = scene.folder.device("acme").unwrap();
    assert!(shown(&scene.folder.secret(&acme).unwrap()).ends_with(&format!("-{}", EACH - 1)));
}
