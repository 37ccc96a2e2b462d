//! Secrets are found where they are said to be, and seen nowhere else.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{CANARY, Done, JumpCloud, folder, program, run};

fn key_file(folder: &Path, content: &str, mode: u32) -> String {
    let path = folder.join("key");
    fs::write(&path, content).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("sets");
    path.display().to_string()
}

fn run_once(pipeline: &Path, variables: &[(&str, &str)]) -> Done {
    run(program().args(["run", "--once", "-vv", "-c"]).arg(pipeline).envs(variables.iter().copied()))
}

#[test]
fn a_secret_that_is_not_there_is_78_and_names_the_place_and_the_next_step() {
    let (jumpcloud, folder) = (JumpCloud::with_events(1), folder());
    let empty = key_file(folder.path(), "\n", 0o600);
    for (secret, said) in [
        ("{ env: NEVER_SET_KEY }", "environment variable NEVER_SET_KEY is not set; export NEVER_SET_KEY"),
        ("{ file: /nowhere/key }", "secret file /nowhere/key: there is no such file; write the secret into it"),
        (&format!("{{ file: {empty} }}"), "is empty; write the secret into it"),
        ("{ credential: key }", "CREDENTIALS_DIRECTORY is not set; add LoadCredential=key:PATH"),
    ] {
        let pipeline = jumpcloud.pipeline(folder.path(), secret);
        for command in ["run", "check"] {
            let done = run(program().args([command, "-c"]).arg(&pipeline));
            assert_eq!(done.code, Some(78), "{command} {secret}: {}", done.stderr);
            let words = format!("{}{}", done.stdout, done.stderr);
            assert!(words.contains(said), "{command} {secret}: {words}");
            assert_eq!(words.matches(said).count(), 1, "told once: {words}");
        }
    }
}

#[test]
fn a_file_that_others_can_read_is_warned_of_once_and_one_that_is_private_is_not() {
    let (jumpcloud, folder) = (JumpCloud::with_events(10), folder());
    for (mode, warnings) in [(0o644, 1), (0o640, 1), (0o600, 0), (0o400, 0)] {
        let key = key_file(folder.path(), &format!("{CANARY}\n"), mode);
        let pipeline = jumpcloud.pipeline(folder.path(), &format!("{{ file: {key} }}"));
        let done = run(program().args(["run", "--once", "-c"]).arg(&pipeline));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let warning = format!("secret file {key} can be read by other users; run: chmod 600 {key}");
        assert_eq!(done.stderr.matches(&warning).count(), warnings, "{mode:o}: {}", done.stderr);
    }
}

#[test]
fn a_systemd_credential_is_a_secret() {
    let (jumpcloud, folder) = (JumpCloud::with_events(10), folder());
    key_file(folder.path(), CANARY, 0o444);
    let pipeline = jumpcloud.pipeline(folder.path(), "{ credential: key }");
    let done = run_once(&pipeline, &[("CREDENTIALS_DIRECTORY", &folder.path().display().to_string())]);
    assert_eq!((done.code, done.stdout.lines().count()), (Some(0), 10), "{}", done.stderr);
    assert!(!done.stderr.contains("chmod"), "{}", done.stderr);
}

#[test]
fn the_key_is_seen_nowhere() {
    let (jumpcloud, folder) = (JumpCloud::with_events(50), folder());
    let key = key_file(folder.path(), CANARY, 0o600);
    let by_file = format!("{{ file: {key} }}");
    let mut seen = 0;
    for secret in ["{ env: KEY }", &by_file] {
        for format in ["text", "json"] {
            let pipeline = jumpcloud.pipeline(folder.path(), secret);
            let pipeline = pipeline.to_str().expect("UTF-8");
            let state = folder.path().join("state");
            let state = state.to_str().expect("UTF-8");
            let source = ["source", "jumpcloud", "--once", "--base-url", &jumpcloud.url, "--org-id", &jumpcloud.org_id];
            let credentials = if secret == by_file { ["--secret-key-file", &key] } else { ["--secret-key-env", "KEY"] };
            let source = [&source[..], &credentials, &["--state-dir", state]].concat();
            for arguments in [
                &["run", "--once", "-c", pipeline][..],
                &["check", "-c", pipeline],
                &["validate", pipeline],
                &source,
                &["schema", "config"],
                &["schema", "event"],
                &["demo", "--events", "20"],
                &["transform", "adr", "--state-dir", state],
                &["completion", "bash"],
            ] {
                let done = run(program().args(arguments).args(["-vvv", "--log-format", format]).env("KEY", CANARY));
                assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.stderr);
                assert!(!done.stdout.contains("canary"), "{arguments:?} prints it");
                assert!(!done.stderr.contains("canary"), "{arguments:?} logs it: {}", done.stderr);
                seen += done.stderr.len();
            }
            for entry in fs::read_dir(state).expect("the state folder is there") {
                let path = entry.expect("an entry").path();
                let bytes = fs::read(&path).expect("reads");
                assert!(!bytes.windows(6).any(|window| window == b"canary"), "{} holds it", path.display());
            }
        }
    }
    assert!(seen > 10_000, "trace level says a lot: {seen} bytes");
}
