//! What the next process finds: after a clean end, after kill -9, and in files that are not right.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use adr_checkpoints::{MemoryStore, RedbStore, StateDir};
use adr_core::{Checkpoint, CheckpointStore, FailureKind, LaneId, Records};

fn lane(tenant: &str) -> LaneId {
    LaneId::new("jumpcloud", tenant)
}

fn checkpoint(writes: &[(&'static str, Option<&'static str>)]) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    for (key, value) in writes {
        match value {
            Some(value) => checkpoint.set(*key, *value),
            None => checkpoint.remove(*key),
        }
    }
    checkpoint
}

fn records(pairs: &[(&'static str, &'static str)]) -> Records {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[tokio::test]
async fn both_stores_keep_lanes_apart_in_key_order_and_apply_writes_in_order() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    let durable = RedbStore::open(&dir).expect("opens");
    let memory = MemoryStore::new();
    for store in [&durable as &dyn CheckpointStore, &memory] {
        assert_eq!(store.load(&lane("a")).await, Ok(Records::new()));
        let saves = [
            (lane("a"), checkpoint(&[("b", Some("1")), ("a", Some("2")), ("", Some("empty key"))])),
            (lane("ab"), checkpoint(&[("b", Some("other"))])),
            (lane("a"), checkpoint(&[("b", None), ("c", Some("3")), ("c", Some("4")), ("gone", None)])),
            (lane("a"), Checkpoint::default()),
        ];
        for (lane, checkpoint) in saves {
            store.save(&lane, checkpoint).await.expect("saves");
        }
        assert_eq!(store.load(&lane("a")).await, Ok(records(&[("", "empty key"), ("a", "2"), ("c", "4")])));
        assert_eq!(store.load(&lane("ab")).await, Ok(records(&[("b", "other")])));
    }
    drop(durable);
    let again = RedbStore::open(&dir).expect("opens again");
    assert_eq!(again.load(&lane("a")).await, Ok(records(&[("", "empty key"), ("a", "2"), ("c", "4")])));
    let mode = fs::metadata(dir.checkpoints_path()).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_left_open_to_others_is_made_private() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    drop(RedbStore::open(&dir).expect("opens"));
    fs::set_permissions(dir.checkpoints_path(), fs::Permissions::from_mode(0o644)).expect("chmod");
    drop(RedbStore::open(&dir).expect("opens"));
    let mode = fs::metadata(dir.checkpoints_path()).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Every file is refused as a matter of configuration (exit 78) and is afterwards what it was before.
#[tokio::test]
async fn damaged_foreign_and_newer_files_are_refused_and_left_as_they_are() {
    let good = good_file().await;
    let mut cases: BTreeMap<String, Vec<u8>> = BTreeMap::from([
        ("empty".into(), Vec::new()),
        ("text".into(), b"hello, this is not a database\n".repeat(300)),
        ("short text".into(), b"x".to_vec()),
        ("zeros".into(), vec![0; 100_000]),
        ("cut in half".into(), good[..good.len() / 2].to_vec()),
        ("cut to its header".into(), good[..320].to_vec()),
        ("foreign database".into(), other_database(None)),
        ("newer format".into(), other_database(Some(2))),
        ("format zero".into(), other_database(Some(0))),
    ]);
    let mut header = good.clone();
    header[64 + 8..64 + 16].fill(0xff);
    header[192 + 8..192 + 16].fill(0xff);
    cases.insert("damaged header".into(), header);
    let mut version = good.clone();
    (version[64], version[192]) = (9, 9);
    cases.insert("redb's own format is newer".into(), version);
    for at in pages_in_use(&good) {
        let mut page = good.clone();
        page[at + 100..at + 140].fill(0xa5);
        cases.insert(format!("damaged page at {at}"), page);
    }
    for (name, bytes) in cases {
        let root = tempfile::tempdir().expect("a directory");
        let dir = StateDir::open(root.path()).expect("locks");
        fs::write(dir.checkpoints_path(), &bytes).expect("writes");
        let refused = RedbStore::open(&dir).err().unwrap_or_else(|| panic!("{name}: opened"));
        assert_eq!(refused.kind, FailureKind::Config, "{name}: {refused}");
        assert_eq!(refused.retry, adr_core::Retry::Never, "{name}: {refused}");
        assert!(refused.message.contains("checkpoints.redb: "), "{name}: {refused}");
        if name == "newer format" {
            assert!(refused.message.contains("newer version"), "{refused}");
        }
        assert!(fs::read(dir.checkpoints_path()).expect("reads") == bytes, "{name}: the file was changed");
    }
}

async fn good_file() -> Vec<u8> {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    let store = RedbStore::open(&dir).expect("opens");
    for n in 0..200u32 {
        store.save(&lane(&n.to_string()), checkpoint(&[("cursor", Some("0123456789"))])).await.expect("saves");
    }
    drop(store);
    fs::read(dir.checkpoints_path()).expect("reads")
}

/// Offsets of pages that hold records still in use.
fn pages_in_use(file: &[u8]) -> Vec<usize> {
    let newest = 199u32.to_string();
    let position = |needle: &[u8]| file.windows(needle.len()).rposition(|window| window == needle);
    let found = position(format!("{newest}cursor").as_bytes()).expect("the last lane's record is there");
    vec![found / 4096 * 4096]
}

fn other_database(format: Option<u64>) -> Vec<u8> {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("other");
    let database = redb::Database::create(&path).expect("creates");
    let write = database.begin_write().expect("begins");
    let (name, key) = if format.is_some() { ("meta", "format") } else { ("prices", "apples") };
    let table = redb::TableDefinition::<&str, u64>::new(name);
    write.open_table(table).expect("a table").insert(key, format.unwrap_or(3)).expect("inserts");
    write.commit().expect("commits");
    drop(database);
    fs::read(path).expect("reads")
}

#[tokio::test]
async fn a_copy_taken_in_mid_life_opens_at_a_checkpoint_that_was_saved() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    let store = RedbStore::open(&dir).expect("opens");
    store.save(&lane("a"), checkpoint(&[("x", Some("1")), ("y", Some("1"))])).await.expect("saves");
    let other = tempfile::tempdir().expect("a directory");
    let other = StateDir::open(other.path()).expect("locks");
    fs::copy(dir.checkpoints_path(), other.checkpoints_path()).expect("copies");
    let repaired = RedbStore::open(&other).expect("repairs");
    assert_eq!(repaired.load(&lane("a")).await, Ok(records(&[("x", "1"), ("y", "1")])));
}

#[tokio::test]
async fn a_file_whose_making_was_interrupted_does_not_stand_in_the_way() {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    let unfinished = root.path().join("checkpoints.redb.new");
    fs::write(&unfinished, [0; 5000]).expect("writes");
    let store = RedbStore::open(&dir).expect("makes its own");
    store.save(&lane("a"), checkpoint(&[("x", Some("1"))])).await.expect("saves");
    assert!(!unfinished.exists());
}

const CHILD: &str = "ADR_CHECKPOINTS_TEST_CHILD";

/// Saves for ever, saying after each save what has been saved. Only does so as the child of the test below.
#[tokio::test]
async fn child_that_saves_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "a test that runs itself as a child process")]
    let Ok(path) = std::env::var(CHILD) else { return };
    let dir = StateDir::open(path).expect("locks");
    let store = RedbStore::open(&dir).expect("opens");
    for n in 0..1_000_000u64 {
        let mut page = Checkpoint::default();
        page.set("cursor", n.to_string());
        page.set(format!("ids/{:04}", n % 50), vec![0; 5000]);
        page.set("twin", n.to_string());
        store.save(&lane("a"), page).await.expect("saves");
        println!("\nsaved {n}");
    }
}

#[tokio::test]
async fn kill_9_loses_no_save_that_was_answered_and_frees_the_lock() {
    let root = tempfile::tempdir().expect("a directory");
    let mut repaired = 0;
    for life in 0..15u64 {
        let mut child = Command::new(std::env::current_exe().expect("this test's path"))
            .args(["--exact", "child_that_saves_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = 0u64;
        for line in lines {
            let line = line.expect("reads");
            let Some(n) = line.strip_prefix("saved ") else { continue };
            said = n.parse().expect("a number");
            if said == 1 {
                // The lock is held: a second process is told by whom.
                let refused = StateDir::open(root.path()).expect_err("the child holds it");
                assert_eq!(refused.kind, FailureKind::Fenced);
                assert!(refused.message.contains(&format!("process {};", child.id())), "{refused}");
            }
            if said == 3 + life {
                child.kill().expect("kills");
            }
        }
        child.wait().expect("ends");
        assert!(said >= 3 + life, "life {life} ended early, at {said}");
        let dir = StateDir::open(root.path()).expect("the lock ended with its holder");
        let store = RedbStore::open(&dir).expect("opens after kill -9");
        repaired += 1;
        let found: BTreeMap<_, _> = store.load(&lane("a")).await.expect("loads").into_iter().collect();
        let number = |key: &str| {
            let text = std::str::from_utf8(&found[key.as_bytes()]).expect("text");
            text.parse::<u64>().expect("a number")
        };
        assert!(number("cursor") >= said, "life {life}: {said} was answered, {} found", number("cursor"));
        assert_eq!(number("cursor"), number("twin"), "one checkpoint, one write");
    }
    println!("{repaired} kills survived");
}
