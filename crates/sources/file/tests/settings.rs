//! What a person may write, and what they are told.

use std::time::Duration;

use adr_core::{FailureKind, Span};
use adr_source_file::{FileConfig, Settings, check};

fn paths(paths: &[&str]) -> FileConfig {
    FileConfig { paths: paths.iter().map(|path| (*path).to_owned()).collect(), ..FileConfig::default() }
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    for (config, words) in [
        (paths(&[]), ["`paths` is missing", "name at least one"]),
        (paths(&["app.log"]), ["app.log", "from the root on"]),
        (paths(&["/var/../app.log"]), ["/var/../app.log", "without .."]),
        (paths(&["/var/log/"]), ["/var/log/", "name of a file"]),
        (paths(&["/var/log/**"]), ["/var/log/**", "/var/log/**/*.ndjson"]),
        (paths(&["/var/log/[a-"]), ["/var/log/[a-", "no pattern"]),
        (paths(&["/var/log/a**.log"]), ["/var/log/a**.log", "no pattern"]),
        (paths(&["/a.log.gz"]), ["/a.log.gz", "compressed"]),
        (paths(&["/a.log", "/a.log"]), ["/a.log", "twice"]),
        (paths(&["/*.log", "/*.log"]), ["/*.log", "twice"]),
        (
            FileConfig { poll_interval: Some(Span(Duration::from_millis(1))), ..paths(&["/a"]) },
            ["`poll_interval`", "10ms"],
        ),
        (
            FileConfig { poll_interval: Some(Span(Duration::from_secs(9999))), ..paths(&["/a"]) },
            ["`poll_interval`", "1h"],
        ),
    ] {
        let failure = Settings::try_from(config).expect_err(words[0]);
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(words.iter().all(|word| failure.message.contains(word)), "{failure}");
    }
    assert!(Settings::try_from(paths(&["/a.log", "/*.log", "/**/b?[0-9].ndjson"])).is_ok());
}

#[test]
fn a_check_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["a.log", "a.log.1", "a.log.2.gz"] {
        std::fs::write(path(name), "{}\n").unwrap();
    }
    let said = |patterns: &[&str]| -> Vec<Result<String, String>> {
        let settings = Settings::try_from(paths(
            &patterns.iter().map(|name| path(name)).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>(),
        ))
        .unwrap();
        check(&settings).into_iter().map(|answer| answer.map_err(|failure| failure.message)).collect()
    };
    let there = said(&["a.log*"]);
    assert!(there[0].as_ref().is_ok_and(|words| words.contains("a.log can be read (2 files)")), "{there:?}");
    assert!(there[1].as_ref().is_ok_and(|words| words.contains("1 file compressed")), "{there:?}");
    assert!(said(&["b.log"])[0].as_ref().is_ok_and(|words| words.contains("b.log is not there yet")));
    assert!(said(&["b*.log"])[0].as_ref().is_ok_and(|words| words.contains("no file fits")));
    let nowhere = said(&["none/b.log"]);
    assert!(nowhere[0].as_ref().is_err_and(|words| words.contains("/none cannot be listed")), "{nowhere:?}");
    std::fs::create_dir(path("folder")).unwrap();
    assert!(said(&["folder"])[0].as_ref().is_err_and(|words| words.contains("is no regular file")));
}
