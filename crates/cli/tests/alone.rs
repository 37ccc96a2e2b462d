//! Every component runs alone, between pipes: as it runs in a graph, whatever comes and whoever goes.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{CANARY, JumpCloud, call, folder, program, root, run};

/// Every transform there is, and settings that tell one event from another. Those of `ROUTE` have outputs.
const TRANSFORMS: &[(&str, &str)] = &[
    ("adr", "include_raw: true"),
    ("dedupe", ""),
    ("filter", "{kinds: [\"sso_*\", \"admin_*\"], min_severity: informational, condition: .status_id != 99}"),
    ("redact", "{remove: [src_endpoint.ip, client_ip], replace: {actor.user.name: somebody}}"),
    ("remap", "program: 'del(.raw_data, .geoip) | .seen = $meta.kind'"),
    ("route", "{routes: {ok: .status_id == 1, sso: {kinds: [\"sso_*\"]}}}"),
    ("sample", "rate: 2"),
];

/// What the component is called on a command line: an output where it has several.
fn named(name: &str) -> String {
    if name == "route" || name == "x_route" { format!("{name}.ok") } else { name.to_owned() }
}

/// Our own samples, each twice.
fn events() -> Vec<u8> {
    let text = std::fs::read(root().join("tests/samples/events.ndjson")).expect("reads");
    [text.clone(), text].concat()
}

/// The text of a pipeline with this transform, `x_<type>`, behind standard input or behind `adr`.
fn graph(kind: &str, settings: &str, behind_adr: bool) -> String {
    let (adr, input) = if behind_adr { ("  adr: {type: adr, inputs: [in]}\n", "adr") } else { ("", "in") };
    let settings = settings.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(settings);
    let comma = if settings.is_empty() { "" } else { ", " };
    let x = format!("x_{kind}");
    format!(
        "sources:\n  in: {{type: stdin}}\ntransforms:\n{adr}  {x}: {{type: {kind}, inputs: [{input}]{comma}{settings}}}\nsinks:\n  \
         out: {{type: stdout, inputs: [{}]}}\n",
        named(&x)
    )
}

/// What a filter makes of an input. It ends with 0.
fn through(command: &mut Command, input: Vec<u8>) -> Vec<u8> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    feeding.join().expect("no panic").expect("it takes all");
    output.stdout
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// A command with a state directory of its own.
fn with(arguments: &[&str], state: &Path) -> Command {
    let mut command = program();
    command.args(arguments).arg("--state-dir").arg(state);
    command
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("writes");
    file
}

#[test]
fn every_transform_of_the_schema_is_in_the_table() {
    let schema: serde_json::Value = serde_json::from_str(&call(&["schema", "config"]).stdout).expect("JSON");
    let kinds = schema["properties"]["transforms"]["additionalProperties"]["oneOf"].as_array().expect("kinds");
    let kinds: Vec<&str> = kinds.iter().filter_map(|kind| kind["properties"]["type"]["const"].as_str()).collect();
    assert_eq!(kinds, TRANSFORMS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
}

#[test]
fn a_transform_of_a_pipeline_alone_equals_itself_in_the_graph() {
    let folder = folder();
    let mut outputs = Vec::new();
    for (kind, settings) in TRANSFORMS {
        let file = written(folder.path(), &format!("{kind}.yaml"), &graph(kind, settings, false));
        let file = file.to_str().expect("UTF-8");
        let whole = through(&mut with(&["run", "-c", file], folder.path()), events());
        let alone =
            through(&mut with(&["transform", &named(&format!("x_{kind}")), "-c", file], folder.path()), events());
        assert!(whole == alone, "{kind} alone differs from {kind} in a graph");
        outputs.push(whole);
    }
    outputs.dedup();
    assert!(outputs.len() >= 5, "the settings do nothing");
}

#[test]
fn a_pipe_of_transforms_equals_the_graph_with_what_travels_beside_the_events() {
    let folder = folder();
    let mapped = through(&mut with(&["transform", "adr"], folder.path()), events());
    for (kind, settings) in TRANSFORMS.iter().skip(1) {
        let file = written(folder.path(), &format!("{kind}.yaml"), &graph(kind, settings, true));
        let file = file.to_str().expect("UTF-8");
        let whole = through(&mut with(&["run", "-c", file], folder.path()), events());
        assert!(!whole.is_empty() && whole != mapped, "{kind}: the settings do nothing");
        let by_name = through(&mut with(&["transform", "adr", "-c", file], folder.path()), events());
        let by_name =
            through(&mut with(&["transform", &named(&format!("x_{kind}")), "-c", file], folder.path()), by_name);
        assert!(whole == by_name, "{kind} of the pipeline differs");
        let by_type = with(&["transform", &named(kind), "--settings", settings], folder.path());
        assert!(whole == through(&mut { by_type }, mapped.clone()), "{kind} by its type differs");
    }
}

#[test]
fn a_line_of_a_megabyte_passes_unharmed() {
    let folder = folder();
    let pad = "äx\\\"\\u00e9".repeat(1 << 17);
    let line = format!(
        r#"{{"id":"1","event_type":"sso_auth","service":"sso","timestamp":"2026-01-31T00:00:00Z","status_id":1,"severity_id":1,"success":true,"pad":"{pad}","metadata":{{"uid":"1","event_code":"sso_auth"}}}}"#
    );
    assert!(line.len() > 1 << 20);
    let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    for (kind, settings) in TRANSFORMS {
        let settings = if *kind == "sample" { "rate: 1" } else { settings };
        let out = through(
            &mut with(&["transform", &named(kind), "--settings", settings], folder.path()),
            line.clone().into(),
        );
        let out: serde_json::Value = serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let found = if *kind == "adr" { &out["unmapped"]["pad"] } else { &out["pad"] };
        assert!(*found == value["pad"], "{kind} has harmed it");
    }
    let out = through(&mut with(&["source", "stdin"], folder.path()), line.clone().into());
    assert!(out == format!("{line}\n").into_bytes(), "source stdin has harmed it");
}

/// A component that reads from a pipe which stays open, and has written a line.
struct Open {
    name: String,
    child: Child,
    reader: BufReader<std::process::ChildStdout>,
}

fn open(arguments: &[&str], state: &Path, input: &[u8]) -> Open {
    let name = arguments[..2].join(" ");
    let mut command = with(arguments, state);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.as_mut().expect("piped").write_all(input).expect("writes");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    assert!(reader.read_line(&mut String::new()).expect("a line") > 0, "{name}");
    Open { name, child, reader }
}

fn all_open(state: &Path, input: &[u8]) -> Vec<Open> {
    let settings = |kind: &str, settings: &'static str| if kind == "sample" { "rate: 1" } else { settings };
    // What lets every event through, or most.
    let mut all: Vec<Open> = TRANSFORMS
        .iter()
        .map(|(kind, text)| match *kind {
            "filter" => open(&["transform", "filter", "--settings", "condition: .id != null"], state, input),
            "route" => open(&["transform", "route.a", "--settings", "routes: {a: .id != null}"], state, input),
            kind => open(&["transform", kind, "--settings", settings(kind, text)], state, input),
        })
        .collect();
    all.push(open(&["source", "stdin"], state, input));
    all
}

#[test]
fn sigterm_while_the_input_is_open_delivers_what_was_read_and_ends_with_0() {
    let folder = folder();
    let input = std::fs::read(root().join("tests/samples/events.ndjson")).expect("reads");
    let lines = input.iter().filter(|byte| **byte == b'\n').count();
    let open = all_open(folder.path(), &input);
    open.iter().for_each(|open| signal(&open.child, "TERM"));
    for Open { name, mut child, mut reader } in open {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("UTF-8");
        let mut stderr = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
        assert_eq!(child.wait().expect("ends").code(), Some(0), "{name}: {stderr}");
        assert_eq!(1 + rest.lines().count(), lines, "{name}: {stderr}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_not_worth_a_word() {
    let folder = folder();
    let line = b"{\"id\":\"1\",\"event_type\":\"user_create\",\"timestamp\":\"2026-01-31T00:00:00Z\",\"a\":\"b\"}\n";
    for Open { name, mut child, reader } in all_open(folder.path(), line) {
        drop(reader);
        let mut stdin = child.stdin.take().expect("piped");
        // Until nobody reads that either.
        while stdin.write_all(line).is_ok() {}
        let output = child.wait_with_output().expect("ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{name}");
    }
}

#[test]
fn a_source_alone_equals_itself_in_a_graph() {
    let (jumpcloud, folder) = (JumpCloud::with_events(700), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let text = std::fs::read_to_string(&pipeline).expect("reads");
    let raw = written(folder.path(), "raw.yaml", &text.replace("inputs: [adr]", "inputs: [adr, jumpcloud]"));
    let state = |name: &str| folder.path().join(name);
    let key = |mut command: Command| run(command.env("KEY", CANARY));
    // Both the raw events and the mapped ones: the raw ones are the lines that a source alone gives.
    let whole = key(with(&["run", "--once", "-c", raw.to_str().expect("UTF-8")], &state("whole")));
    let whole: Vec<&str> = whole.stdout.lines().filter(|line| !line.contains("\"class_uid\":")).collect();
    assert_eq!(whole.len(), 700);
    let file = pipeline.to_str().expect("UTF-8");
    let by_name = key(with(&["source", "jumpcloud", "--once", "-c", file], &state("name")));
    let flags = ["--secret-key-env", "KEY", "--request-budget", "1000/s", "--base-url", &jumpcloud.url];
    let by_flags = [&["source", "jumpcloud", "--once", "--org-id", &jumpcloud.org_id], &flags[..]].concat();
    let by_flags = key(with(&by_flags, &state("flags")));
    let renamed =
        written(folder.path(), "renamed.yaml", &text.replace("jumpcloud:\n", "jc:\n").replace("[jumpcloud]", "[jc]"));
    let by_other_name = key(with(&["source", "jc", "--once", "-c", renamed.to_str().expect("UTF-8")], &state("other")));
    for done in [by_name, by_flags, by_other_name] {
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(done.stdout.lines().eq(whole.iter().copied()), "{}", done.stdout.lines().count());
    }
    let done = key(with(&["source", "jumpcloud", "--once", "-c", file], &state("name")));
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "what was read is known: {}", done.stderr);
}

#[test]
fn files_read_alone_equal_themselves_in_a_graph() {
    let folder = folder();
    let long = format!("{{\"id\":\"long\",\"text\":\"{}\"}}\n", "x".repeat(1 << 20));
    let log = [events(), long.into_bytes()].concat();
    std::fs::write(folder.path().join("log.ndjson"), &log).expect("writes");
    let paths = format!("paths: [{}/*.ndjson]", folder.path().display());
    let text =
        format!("sources:\n  logs: {{ type: file, {paths} }}\nsinks:\n  out: {{ type: stdout, inputs: [logs] }}\n");
    let file = written(folder.path(), "pipeline.yaml", &text);
    let file = file.to_str().expect("UTF-8");
    let state = |name: &str| folder.path().join(name);
    let whole = run(&mut with(&["run", "--once", "-c", file], &state("whole")));
    assert!(whole.stdout.as_bytes() == log, "a line of a megabyte too: {}", whole.stderr);
    let by_name = run(&mut with(&["source", "logs", "--once", "-c", file], &state("name")));
    let by_type = run(&mut with(&["source", "file", "--once", "--settings", &paths], &state("type")));
    for done in [by_name, by_type] {
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(done.stdout == whole.stdout, "{}", done.stderr);
    }
    let again = run(&mut with(&["source", "logs", "--once", "-c", file], &state("name")));
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "what was read is known: {}", again.stderr);
}

#[test]
fn sigterm_stops_a_source_of_a_pipeline_after_the_page_that_was_read() {
    let (jumpcloud, folder) = (JumpCloud::with_events(400), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let mut command = program();
    command.args(["source", "jumpcloud", "-c"]).arg(&pipeline).env("KEY", CANARY).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut String::new()).expect("a line");
    signal(&child, "TERM");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!((child.wait().expect("ends").code(), 1 + rest.lines().count()), (Some(0), 400));
}

#[test]
fn what_cannot_be_meant_is_a_wrong_command_line() {
    let folder = folder();
    let file = written(folder.path(), "p.yaml", &graph("route", TRANSFORMS[5].1, true));
    let file = file.to_str().expect("UTF-8");
    for (arguments, said) in [
        (&["transform"][..], "<NAME>"),
        (&["transform", "filtre"], "did you mean `filter`?"),
        (&["transform", "filtre"], "-c FILE"),
        (&["transform", "filter"], "lets everything through"),
        (&["transform", "filter", "--settings", "conditon: .a"], "did you mean `condition`?"),
        (&["transform", "filter", "--settings", "{"], "--settings:1"),
        (&["transform", "filter", "--settings", "[a]"], "settings are a mapping"),
        (&["transform", "filter.a", "--settings", "condition: .a"], "write `filter`"),
        (&["transform", "route", "--settings", "routes: {a: .a}"], "write `route._unmatched` or `route.a`"),
        (&["transform", "adr", "--include-raw", "-c", file], "cannot be used with"),
        (&["transform", "filter", "--settings", "condition: .a", "-c", file], "cannot be used with"),
        (&["transform", "x_rout", "-c", file], "no transform is named `x_rout`"),
        (&["transform", "x_route", "-c", file], "`x_route.ok`"),
        (&["transform", "in", "-c", file], "`in` is a source, not a transform: there is only `adr`"),
        (&["transform", "out", "-c", file], "`out` is a sink, not a transform"),
        (&["source", "inn", "-c", file], "did you mean `in`?"),
        (&["source", "kafak"], "there is no source of type `kafak`"),
        (&["source", "--once", "jumpcloud"], "behind the name"),
        (&["source", "jumpcloud", "--org-id", "5a2af2a82cf2b0010053ea41", "-c", file], "cannot be used with"),
    ] {
        let done = call(arguments);
        assert_eq!((done.code, done.stdout.as_str()), (Some(64), ""), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(said), "{arguments:?}: {}", done.stderr);
    }
    // An output that the pipeline reads nowhere runs all the same.
    let out = through(
        &mut with(&["transform", "x_route._unmatched", "-c", file], folder.path()),
        b"{\"status_id\":3}".to_vec(),
    );
    assert_eq!(out, b"{\"status_id\":3}\n");
}
