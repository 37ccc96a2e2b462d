//! What appears on standard error, and what does not.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use adr_core::SecretString;
use adr_telemetry::{Color, Format, InitError, Settings, register, subscriber};

#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(settings: &Settings, what: impl FnOnce()) -> Vec<String> {
    let sheet = Sheet::default();
    let (subscriber, telemetry) = subscriber(settings, sheet.clone()).expect("sets up");
    tracing::subscriber::with_default(subscriber, what);
    drop(telemetry);
    let text = sheet.0.lock().expect("no panic").clone();
    String::from_utf8(text).expect("text").lines().map(str::to_owned).collect()
}

fn say_everything() {
    tracing::error!(target: "adr_runtime", "e");
    tracing::warn!(target: "jumpcloud_adr::main", "w");
    tracing::info!(target: "adr_runtime", "i");
    tracing::debug!(target: "adr_runtime", "d");
    tracing::trace!(target: "adr_runtime", "t");
    tracing::info!(target: "hyper::client", "library i");
    tracing::warn!(target: "rustls", "library w");
    tracing::trace!(target: "h2", "library t");
}

#[test]
fn each_v_says_more_and_each_q_less() {
    let lines = |verbosity| logged(&Settings { verbosity, ..Settings::default() }, say_everything).len();
    assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(lines), [0, 1, 3, 4, 5, 6, 8]);
}

#[test]
fn a_filter_replaces_the_verbosity_and_a_wrong_one_is_named() {
    let settings = |filter: &str| Settings { verbosity: 2, filter: Some(filter.to_owned()), ..Settings::default() };
    let lines = logged(&settings("off,hyper=info"), say_everything);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with("INFO hyper::client: library i"), "{lines:?}");
    let Err(error) = subscriber(&settings("adr=loud"), Sheet::default()) else { panic!("no such level") };
    assert!(matches!(error, InitError::Filter { .. }));
    assert!(error.to_string().contains("adr=loud"), "{error}");
}

#[test]
fn spans_lend_their_fields_and_the_nearest_value_counts() {
    let lines = logged(&Settings::default(), || {
        let outer = tracing::info_span!(target: "adr", "lane", tenant = "outer", source = "jumpcloud", page = 1);
        let _outer = outer.enter();
        let inner = tracing::info_span!(target: "adr", "poll", tenant = "inner", state = tracing::field::Empty);
        let _inner = inner.enter();
        inner.record("state", "behind");
        tracing::info!(target: "adr", count = 3, page = 2, "page read");
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let (_, said) = line.split_once("  INFO ").expect("a level");
    assert_eq!(said, "page read count=3 page=2 tenant=inner state=behind source=jumpcloud");
}

#[test]
fn a_json_line_has_its_parts_in_their_places() {
    let settings = Settings { format: Format::Json, color: Color::Always, ..Settings::default() };
    let lines = logged(&settings, || {
        let error = io::Error::other("no route");
        tracing::warn!(target: "adr_x", error = &error as &dyn std::error::Error, retry = true, "poll failed");
    });
    let value: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
    assert_eq!(value["level"], "WARN");
    assert_eq!(value["message"], "poll failed");
    assert_eq!(value["target"], "adr_x");
    assert_eq!(value["fields"], serde_json::json!({"error": "no route", "retry": true}));
    let time = value["timestamp"].as_str().expect("text");
    assert!(adr_core::Timestamp::parse(time.as_bytes()).is_ok(), "{time}");
    assert_eq!(value.as_object().expect("an object").len(), 5);
}

#[test]
fn repeats_are_counted_and_not_written_but_for_debug() {
    let lines = logged(&Settings { verbosity: 1, ..Settings::default() }, || {
        for n in 0..100 {
            let tenant = if n % 2 == 0 { "acme" } else { "globex" };
            tracing::warn!(target: "adr", tenant, attempt = n, "poll failed");
            tracing::debug!(target: "adr", "seen {}", n / 10);
        }
    });
    let warnings: Vec<_> = lines.iter().filter(|line| line.contains("poll failed")).collect();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings[0].ends_with("tenant=acme attempt=0") && warnings[1].ends_with("tenant=globex attempt=1"));
    for tenant in ["acme", "globex"] {
        let told = warnings[2..].iter().filter(|line| line.contains(tenant) && line.ends_with("suppressed=49"));
        assert_eq!(told.count(), 1, "{warnings:?}");
    }
    assert_eq!(lines.iter().filter(|line| line.contains("seen")).count(), 100);
}

#[test]
fn a_secret_that_slips_in_anywhere_is_blotted_out() {
    register(&SecretString::from("jca_c4n4ry\"key"));
    register(&SecretString::from("40414243"));
    register(&SecretString::from("c4n4ry_target"));
    for format in [Format::Text, Format::Json] {
        let lines = logged(&Settings { format, verbosity: 3, ..Settings::default() }, || {
            let secret = "jca_c4n4ry\"key";
            let span = tracing::info_span!("request", header = secret);
            let _span = span.enter();
            tracing::info!(key = secret, debug = ?Some(secret), "the key is {secret}");
            tracing::trace!(target: "hyper", "x-api-key: {secret:?}");
            tracing::info!(target: "c4n4ry_target", pin = 40_414_243);
        });
        assert_eq!(lines.len(), 3);
        for line in lines {
            assert!(line.contains("[secret]") && !line.contains("c4n4ry") && !line.contains("40414243"), "{line}");
            assert!(format == Format::Text || serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
        }
    }
}

const CHILD: &str = "ADR_TELEMETRY_TEST_CHILD";

/// Sets up logging for its whole process and panics: only as the child of the test below.
#[test]
fn child_that_panics() {
    #[expect(clippy::disallowed_methods, reason = "a test that runs itself as a child process")]
    if std::env::var(CHILD).is_err() {
        return;
    }
    let settings = Settings { format: Format::Json, ..Settings::default() };
    let telemetry = adr_telemetry::init(&settings).expect("sets up");
    assert!(matches!(adr_telemetry::init(&settings), Err(InitError::Twice)));
    register(&SecretString::from("canary-in-a-panic"));
    let panicked = std::thread::spawn(|| panic!("got canary-in-a-panic")).join();
    assert!(panicked.is_err());
    drop(telemetry);
}

#[test]
fn a_panic_is_a_redacted_line_on_standard_error_and_standard_output_stays_clean() {
    let output = std::process::Command::new(std::env::current_exe().expect("this test's path"))
        .args(["--exact", "child_that_panics", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("runs");
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).expect("text");
    let value: serde_json::Value = serde_json::from_str(stderr.trim_end()).unwrap_or_else(|_| panic!("{stderr}"));
    assert_eq!((&value["level"], &value["message"]), (&"ERROR".into(), &"got [secret]".into()));
    assert!(value["fields"]["at"].as_str().is_some_and(|at| at.contains("logs.rs:")), "{stderr}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("canary"));
}

#[test]
fn a_log_file_is_for_its_user_alone_and_begins_anew_when_it_was_renamed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/adr.log");
    let settings = Settings { file: Some(path.clone()), ..Settings::default() };
    let telemetry = adr_telemetry::init(&settings).expect("the one subscriber of this test program");
    tracing::info!(target: "adr_runtime", "one");
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    let old = folder.path().join("below/adr.log.1");
    std::fs::rename(&path, &old).expect("renames");
    tracing::info!(target: "adr_runtime", "two");
    std::fs::remove_file(&path).expect("a new one was begun");
    tracing::info!(target: "adr_runtime", "three");
    drop(telemetry);
    let read = |path: &Path| std::fs::read_to_string(path).expect("text");
    assert!(read(&old).ends_with("INFO one\n") && read(&old).lines().count() == 1, "{}", read(&old));
    assert!(read(&path).ends_with("INFO three\n") && read(&path).lines().count() == 1, "{}", read(&path));

    let nowhere = Settings { file: Some("/proc/none/adr.log".into()), ..Settings::default() };
    let Err(error) = adr_telemetry::init(&nowhere) else { panic!("there can be no such file") };
    assert!(error.to_string().contains("log file /proc/none/adr.log: "), "{error}");
}
