//! The command line: answers, usage errors, exit codes.

mod common;

use common::{CANARY, call, folder, program, run};

#[test]
fn help_and_version_are_answers() {
    let done = call(&["--version"]);
    assert_eq!(done.code, Some(0));
    assert!(done.stdout.starts_with("jumpcloud-adr ") && done.stdout.contains("OCSF 1.8.0"), "{}", done.stdout);
    for arguments in [&["--help"][..], &["run", "--help"], &["source", "jumpcloud", "-h"], &["transform", "adr", "-h"]]
    {
        let done = call(arguments);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(done.stdout.contains("Usage: jumpcloud-adr"), "{arguments:?}");
    }
}

#[test]
fn a_wrong_command_line_is_64_and_says_what_is_wrong() {
    for (arguments, said) in [
        (&[][..], "Usage"),
        (&["rum"], "'run'"),
        (&["run"], "--config"),
        (&["demo", "--events", "many"], "many"),
        (&["demo", "--threads", "0"], "0"),
        (&["schema", "events"], "'event'"),
        (&["simulate", "--fault", "418"], "no fault is called `418`"),
        (&["source", "jumpcloud", "--start", "soon"], "-90d"),
        (&["source", "jumpcloud", "--region", "mars"], "us, eu or in"),
        (&["--log", "adr=loud", "schema", "event"], "adr=loud"),
        (&["-v", "-q", "schema", "event"], "cannot be used with"),
    ] {
        let done = call(arguments);
        assert_eq!(done.code, Some(64), "{arguments:?}: {}", done.stderr);
        assert_eq!(done.stdout, "", "{arguments:?}");
        assert!(done.stderr.contains(said), "{arguments:?}: {}", done.stderr);
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    for flag in ["--secret-key", "--api-key", "--client-secret"] {
        for arguments in [vec![flag.to_owned(), CANARY.to_owned()], vec![format!("{flag}={CANARY}")]] {
            let done = run(program().args(["source", "jumpcloud"]).args(&arguments));
            assert_eq!(done.code, Some(64), "{}", done.stderr);
            assert!(done.stderr.contains("-file PATH") && !done.stderr.contains("canary"), "{}", done.stderr);
        }
    }
}

#[test]
fn schemas_are_json_schemas() {
    for of in ["event", "config"] {
        let done = call(&["schema", of]);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
        let schema: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema");
        assert_eq!(schema["type"], "object", "{of}");
    }
}

#[test]
fn there_is_a_completion_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = call(&["completion", shell]);
        assert_eq!(done.code, Some(0));
        assert!(
            done.stdout.contains("jumpcloud-adr") && done.stdout.contains("graceful-shutdown-limit-secs"),
            "{shell}"
        );
        assert!(!done.stdout.contains("client-secret \\"), "{shell}");
    }
}

#[test]
fn every_flag_has_a_variable() {
    let folder = folder();
    let file = folder.path().join("p.yaml");
    std::fs::write(&file, "sinks: {}\n").expect("writes");
    let done = run(program().arg("run").env("JUMPCLOUD_ADR_CONFIG", &file));
    assert_eq!(done.code, Some(78));
    assert!(done.stderr.contains("the pipeline has no sources"), "{}", done.stderr);
    let done = run(program().args(["schema", "event"]).env("JUMPCLOUD_ADR_LOG", "adr=loud"));
    assert_eq!(done.code, Some(64));
}

#[test]
fn errors_are_json_where_json_is_wanted_and_silent_where_silence_is() {
    let done = call(&["run", "-c", "/nowhere.yaml", "--log-format", "json"]);
    let line: serde_json::Value = serde_json::from_str(done.stderr.trim()).expect("one line of JSON");
    assert!(line["message"].as_str().is_some_and(|message| message.contains("/nowhere.yaml")), "{line}");
    let done = call(&["run", "-c", "/nowhere.yaml", "-qqq"]);
    assert_eq!((done.code, done.stderr.as_str()), (Some(78), ""));
}

#[test]
fn with_a_log_file_standard_error_stays_empty_and_a_bad_one_is_told_there() {
    let folder = folder();
    let log = folder.path().join("below/adr.log");
    let to = |path: &std::path::Path, format: &str| {
        run(program().args(["run", "-c", "/nowhere.yaml", "--log-format", format, "--log-file"]).arg(path))
    };
    for format in ["text", "json", "telegraf"] {
        let done = to(&log, format);
        assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(78), "", ""), "{format}");
    }
    let text = std::fs::read_to_string(&log).expect("the log is there");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.contains("/nowhere.yaml")), "{text}");
    assert!(lines[0].contains(" ERROR ") && lines[1].starts_with('{') && lines[2].starts_with("E! "), "{text}");

    let done = to(folder.path(), "json");
    assert_eq!(done.code, Some(78));
    assert!(done.stderr.contains("log file") && done.stderr.contains("name a file"), "{}", done.stderr);
}
