use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;

use super::*;
use crate::web::tests::{HASH, PASSWORD};

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn entry(name: &str, role: &str) -> String {
    format!("  - name: {name}\n    role: {role}\n    password: {}\n", *HASH)
}

#[test]
fn users_are_added_changed_and_removed_in_a_private_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.yaml");
    let users = Users::open(&path).unwrap();
    assert!(users.list().is_empty());
    users.add("jane.doe@example.com", Role::Viewer, &secret(PASSWORD)).unwrap();
    users.add("joe", Role::Administrator, &secret(PASSWORD)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(PASSWORD) && text.contains("$argon2id$"), "{text}");
    let again = users.add("JOE", Role::Viewer, &secret(PASSWORD)).unwrap_err();
    assert!(again.message.contains("already: `user password`") && again.message.contains("`user remove`"), "{again:?}");

    let before = users.current()[0].password.clone();
    users.change("jane.doe@example.com", Some(Role::Administrator), None).unwrap();
    assert_eq!(users.current()[0].password, before);
    users.change("jane.doe@example.com", None, Some(&secret("another long password"))).unwrap();
    assert_ne!(users.current()[0].password, before);
    assert_eq!(users.list()[0], ("jane.doe@example.com".to_owned(), Role::Administrator));

    users.remove("jane.doe@example.com").unwrap();
    assert_eq!(Users::open(&path).unwrap().list(), [("joe".to_owned(), Role::Administrator)]);
    assert!(users.remove("jane.doe@example.com").is_err() && users.change("jane", None, None).is_err());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.len() == 2 && left.iter().any(|name| name == ".users.yaml.lock"), "{left:?}");
}

#[test]
fn names_and_passwords_that_will_not_do_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::open(folder.path().join("users.yaml")).unwrap();
    for name in ["", "jane doe", "jäne", "a/b", "a\nb", "<b>", &"a".repeat(65)] {
        assert!(users.add(name, Role::Viewer, &secret(PASSWORD)).is_err(), "{name}");
    }
    for password in ["", "eleven char", "jane.doe@example.com", "Jane.Doe@Example.com ", &"a".repeat(1025)] {
        let refused = users.add("jane.doe@example.com", Role::Viewer, &secret(password)).unwrap_err();
        assert!(password.is_empty() || !refused.message.contains(password), "{refused:?}");
        assert!(users.change("jane.doe@example.com", None, Some(&secret(password))).is_err());
    }
    assert!(users.add("jane", Role::Viewer, &secret("twelve chars")).is_ok());
}

#[test]
fn a_file_that_others_can_read_or_that_is_broken_is_refused_without_a_word_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.yaml");
    put(&path, &format!("users:\n{}", entry("jane", "viewer")));
    assert_eq!(Users::open(&path).unwrap().list(), [("jane".to_owned(), Role::Viewer)]);
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(Users::open(&path).unwrap_err().message.ends_with("is open to other users: chmod 600"));
    }
    let twice = format!("users:\n{}{}", entry("jane", "viewer"), entry("Jane", "viewer"));
    let plain = "users:\n  - name: jane\n    role: viewer\n    password: hunter2hunter2\n";
    let typed = "users:\n  - name: jane\n    role: hunter2hunter2\n    password: x\n";
    let texts = [
        "users: hunter2hunter2",
        "hunter2hunter2: 1",
        "users:\n  - [",
        &twice,
        plain,
        typed,
        &format!("users:\n{}", entry("a b", "viewer")),
    ];
    for text in texts {
        put(&path, text);
        let message = Users::open(&path).unwrap_err().message;
        assert!(!message.contains("hunter2") && !message.contains("argon2id$"), "{message}");
    }
    put(&path, "# nobody yet\n");
    assert!(Users::open(&path).unwrap().list().is_empty());
}

#[test]
fn the_file_is_read_again_when_it_has_changed_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.yaml");
    put(&path, &format!("users:\n{}", entry("jane", "viewer")));
    let users = Users::open(&path).unwrap();
    let other = Users::open(&path).unwrap();
    other.add("joe", Role::Viewer, &secret(PASSWORD)).unwrap();
    assert_eq!(users.list().len(), 2);
    put(&path, "users:\n  - broken");
    assert_eq!(users.list().len(), 2);
    put(&path, &format!("users:\n{}", entry("joe", "viewer")));
    assert_eq!(users.list(), [("joe".to_owned(), Role::Viewer)]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(users.list().len(), 1, "who is there stays, which is said");
    fs::remove_file(&path).unwrap();
    assert!(users.list().is_empty());
}

#[test]
fn nobody_who_adds_a_user_at_the_same_time_loses_him() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.yaml");
    std::thread::scope(|scope| {
        for index in 0..4 {
            let users = Users::open(&path).unwrap();
            scope.spawn(move || users.add(&format!("user{index}"), Role::Viewer, &secret(PASSWORD)).unwrap());
        }
    });
    assert_eq!(Users::open(&path).unwrap().list().len(), 4);
}

/// In a process of its own that may open few files: opens as many as there may be. None in the process that has run that one.
pub(in crate::web) fn few_files(test: &str) -> Option<impl Fn() -> Vec<File>> {
    const MARK: &str = "few-files";
    if Path::new(MARK).exists() {
        return Some(|| std::iter::from_fn(|| File::open("/dev/null").ok()).collect());
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(MARK), "").unwrap();
    let run = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&run.stderr));
    None
}

#[test]
fn a_file_that_cannot_be_read_now_is_read_the_next_time() {
    let Some(exhaust) = few_files("web::users::tests::a_file_that_cannot_be_read_now_is_read_the_next_time") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.yaml");
    put(&path, &format!("users:\n{}{}", entry("jane", "viewer"), entry("joe", "viewer")));
    let users = Users::open(&path).unwrap();
    put(&path, &format!("users:\n{}", entry("joe", "viewer")));
    let all = exhaust();
    assert_eq!(users.list().len(), 2, "nobody knows better yet");
    drop(all);
    assert_eq!(users.list(), [("joe".to_owned(), Role::Viewer)], "who was removed may not stay");
}

#[test]
fn a_lock_that_is_a_link_is_neither_opened_nor_given_away() {
    let root = tempfile::tempdir().unwrap();
    let (folder, victim) = (root.path().join("devices"), root.path().join("shadow"));
    fs::create_dir(&folder).unwrap();
    fs::write(&victim, "root:*:\n").unwrap();
    let owner = fs::metadata(&victim).unwrap().uid();
    // Only root writes into a folder that is another's.
    let is_root = chown(&folder, Some(4711), Some(4712)).is_ok();
    let users = Users::open(folder.join("users")).unwrap();
    let add = |name: &str| users.add(name, Role::Viewer, &secret(PASSWORD));
    let lock = folder.join(".users.lock");
    for target in [&victim, &root.path().join("not there yet")] {
        symlink(target, &lock).unwrap();
        let refused = add("jane").unwrap_err();
        assert!(refused.message.contains(".users.lock is a link"), "{refused:?}");
        fs::remove_file(&lock).unwrap();
    }
    if is_root {
        fs::hard_link(&victim, &lock).unwrap();
        assert!(add("jane").unwrap_err().message.contains(".users.lock is a link"));
        fs::remove_file(&lock).unwrap();
    }
    assert!(fs::metadata(&victim).unwrap().uid() == owner && !root.path().join("not there yet").exists());
    // A lock that was there keeps its owner; what is made is the folder's owner's.
    add("jane").unwrap();
    for file in ["users", ".users.lock"] {
        assert_eq!(fs::metadata(folder.join(file)).unwrap().uid(), fs::metadata(&folder).unwrap().uid(), "{file}");
    }
    chown(&lock, Some(owner), None).unwrap();
    add("joe").unwrap();
    assert_eq!(fs::metadata(&lock).unwrap().uid(), owner);
}

#[test]
fn a_pipe_in_the_place_of_the_file_holds_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let made = rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0);
    made.unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || said.send(Users::open(&path).unwrap_err().message));
    let message = heard.recv_timeout(std::time::Duration::from_secs(10)).expect("it does not wait for a writer");
    assert!(message.contains("is no file"), "{message}");
}
