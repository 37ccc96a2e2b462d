//! What a pipeline file may say.

use adr_core::{FailureKind, Retry};
use adr_sink_file::{FileConfig, Mode, Settings};

fn settings(json: &str) -> Result<Settings, String> {
    let raw: FileConfig = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Settings::try_from(raw).map_err(|failure| {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        failure.message
    })
}

#[test]
fn defaults_lose_nothing_and_let_a_group_read() {
    let settings = settings(r#"{"path":"/spool/events.ndjson"}"#).expect("sound");
    assert_eq!((settings.max_bytes, settings.max_age, settings.keep), (100 << 20, None, None));
    assert_eq!(settings.mode, Mode(0o640));
    assert!(settings.warnings().is_empty());
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    for (json, words) in [
        ("{}", "path"),
        (r#"{"path":""}"#, "`path` is missing"),
        (r#"{"path":"events.ndjson"}"#, "from the root on"),
        (r#"{"path":"/spool/"}"#, "no name of a file"),
        (r#"{"path":"/spool/../etc/x"}"#, "without .."),
        (r#"{"path":"/a","max_bytes":"1KiB"}"#, "`max_bytes` 1024 is too small"),
        (r#"{"path":"/a","max_age":"0s"}"#, "`max_age`"),
        (r#"{"path":"/a","keep":0}"#, "`keep` is 0"),
        (r#"{"path":"/a","mode":640}"#, "between quotes"),
        (r#"{"path":"/a","mode":"rw"}"#, "octal"),
        (r#"{"path":"/a","mode":"0440"}"#, "keeps this program out"),
        (r#"{"path":"/a","mode":"0660"}"#, "lets others write"),
        (r#"{"path":"/a","mode":"0755"}"#, "for programs"),
        (r#"{"path":"/a","max_size":1}"#, "max_size"),
    ] {
        let error = settings(json).expect_err(json);
        assert!(error.contains(words), "{json}: {error}");
    }
}

#[test]
fn what_hurts_is_warned_of() {
    let settings = settings(r#"{"path":"/a","keep":3,"mode":"0644"}"#).expect("allowed");
    let warnings = settings.warnings().join("\n");
    assert!(warnings.contains("`keep` 3 deletes") && warnings.contains("`mode` 0644"), "{warnings}");
}
