//! Pipelines of several files and with variables, and the commands that show what was read.

mod common;

use std::fs;

use common::{program, run};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("writes");
    }
    folder
}

const SOURCE: &str = "sources:\n  raw: { type: stdin }\n";
const SINK: &str = "transforms:\n  adr: { type: adr, inputs: [raw] }\nsinks:\n  out: { type: stdout, inputs: [adr] }\n";

#[test]
fn a_folder_is_one_pipeline_and_runs() {
    let folder = folder(&[("a.yaml", SOURCE), ("b.yml", SINK), (".c.yaml", "nonsense"), ("d.txt", "nonsense")]);
    let valid = run(program().args(["validate", "--config-dir"]).arg(folder.path()));
    assert_eq!((valid.code, &*valid.stderr), (Some(0), ""));
    assert!(valid.stdout.ends_with(": ok (1 source, 1 transform, 1 sink)\n"), "{}", valid.stdout);
    let state = tempfile::tempdir().expect("a folder");
    let ran = run(program().arg("run").arg("--config-dir").arg(folder.path()).arg("--state-dir").arg(state.path()));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // The same as two files by name.
    let by_name = run(program().current_dir(folder.path()).args(["print-config", "-c", "a.yaml", "-c", "b.yml"]));
    let by_folder = run(program().args(["print-config", "--config-dir"]).arg(folder.path()));
    assert_eq!(by_name.stdout, by_folder.stdout);
    assert!(by_name.stdout.contains("type: stdin") && by_name.stdout.contains("type: stdout"), "{}", by_name.stdout);
}

#[test]
fn a_mistake_across_files_shows_both() {
    let folder = folder(&[("a.yaml", SOURCE), ("b.yaml", SINK), ("c.yaml", "sources:\n  raw: { type: stdin }\n")]);
    let done = run(program().current_dir(folder.path()).args(["validate", "--config-dir", "."]));
    assert_eq!(done.code, Some(78));
    assert!(done.stderr.contains("./c.yaml:2:3") && done.stderr.contains("./a.yaml:2:3"), "{}", done.stderr);
    let empty = tempfile::tempdir().expect("a folder");
    let done = run(program().args(["validate", "--config-dir"]).arg(empty.path()));
    assert_eq!(done.code, Some(78));
    assert!(done.stderr.contains("holds no `*.yaml`"), "{}", done.stderr);
}

#[test]
fn variables_are_values_and_never_structure() {
    let text = "sources:\n  raw: { type: stdin, tenant: \"${ADR_TEST_TENANT}\" }\nsinks:\n  out: { type: stdout, inputs: [raw] }\n";
    let folder = folder(&[("a.yaml", text)]);
    let evil = "x }\nsinks: { other: { type: stdout, inputs: [raw] } }\n#";
    let done =
        run(program().current_dir(folder.path()).env("ADR_TEST_TENANT", evil).args(["print-config", "-c", "a.yaml"]));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let printed: serde_json::Value = serde_saphyr::from_str(&done.stdout).expect("it prints YAML");
    assert_eq!(printed["sources"]["raw"]["tenant"], evil);
    assert_eq!(printed["sinks"].as_object().expect("sinks").len(), 1);
}

#[test]
fn what_is_printed_reads_as_the_same_pipeline_without_secrets() {
    let text = "sources:\n  jc: { type: jumpcloud, device_name: J, secret_key: { env: NAME }, \
                base_url: 'https://user:canary@example.com' }\nsinks:\n  out: { type: stdout, inputs: [jc] }\n";
    let folder = folder(&[("a.yaml", text)]);
    let done = run(program().current_dir(folder.path()).args(["print-config", "-c", "a.yaml"]));
    assert!(!done.stdout.contains("canary") && !done.stderr.contains("canary"), "{} {}", done.stdout, done.stderr);
    let plain = text.replace("user:canary@", "");
    let folder = self::folder(&[("a.yaml", &plain)]);
    let done = run(program().current_dir(folder.path()).args(["print-config", "-c", "a.yaml"]));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("env: NAME"), "a reference is no secret: {}", done.stdout);
    fs::write(folder.path().join("b.yaml"), &done.stdout).expect("writes");
    let again = run(program().current_dir(folder.path()).args(["print-config", "-c", "b.yaml"]));
    assert_eq!(again.stdout, done.stdout);
}

#[test]
fn the_graph_is_drawn() {
    let folder = folder(&[("a.yaml", SOURCE), ("b.yaml", SINK)]);
    let graph = |format: &str| {
        let done = run(program().current_dir(folder.path()).args(["graph", "--config-dir", ".", "--format", format]));
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done.stdout
    };
    let mermaid = "flowchart LR\n    c0([\"<b>raw</b><br/>source stdin\"])\n    c1[\"<b>adr</b><br/>transform adr\"]\n    \
                   c2[(\"<b>out</b><br/>sink stdout\")]\n    c0 --> c1\n    c1 --> c2\n";
    assert_eq!(graph("mermaid"), mermaid);
    let dot = graph("dot");
    assert!(dot.starts_with("digraph pipeline {") && dot.contains("c0 -> c1;\n    c1 -> c2;\n}\n"), "{dot}");
}
