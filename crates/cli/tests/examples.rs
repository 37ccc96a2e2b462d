//! Every file in `pipelines` and `examples` works as it stands.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{call, program, root, run};
use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let folders = [root().join("pipelines"), root().join("examples")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the folder is there"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension == "yaml") && !path.ends_with("vector-exec.yaml")
    });
    files.sort();
    files
}

fn read(path: &std::path::Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).expect("reads")).expect("YAML")
}

#[test]
fn every_file_is_valid() {
    let files = files();
    assert!(files.len() >= 8);
    let done = run(program().arg("validate").args(&files));
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    assert_eq!(done.stdout.lines().filter(|line| line.contains(": ok (")).count(), files.len());
}

#[test]
fn every_file_is_valid_by_the_schema_that_editors_use_and_bad_ones_are_not() {
    let schema: Value = serde_json::from_str(&call(&["schema", "config"]).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for file in files() {
        let errors: Vec<String> = validator.iter_errors(&read(&file)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
    }
    let bad = root().join("crates/cli/tests/bad");
    for name in
        ["unknown-key", "unknown-top-key", "misspelt-type", "missing-type", "no-inputs", "no-sinks", "wrong-value"]
    {
        let file = bad.join(name).with_extension("yaml");
        assert!(!validator.is_valid(&read(&file)), "{name} passes the schema");
    }
}

/// Every setting that a component of the schema has stands in an example of it, but for those that exclude another.
fn shows_all(example: &str, section: &str, kind: &str, id: &str, elsewhere: &[&str]) {
    let schema: Value = serde_json::from_str(&call(&["schema", "config"]).stdout).expect("JSON");
    let example = read(&root().join("examples").join(example));
    let kinds = schema["properties"][section]["additionalProperties"]["oneOf"].as_array().expect("kinds");
    let component = kinds.iter().find(|found| found["properties"]["type"]["const"] == kind).expect("the kind");
    for name in component["properties"].as_object().expect("settings").keys() {
        let shown = !example[section][id][name.as_str()].is_null();
        assert!(shown || elsewhere.contains(&name.as_str()), "{kind}: `{name}` is not shown");
    }
}

#[test]
fn all_settings_is_all_settings() {
    let elsewhere = ["tenants", "service_account", "base_url", "ca_file", "token_url"];
    shows_all("all-settings.yaml", "sources", "jumpcloud", "jumpcloud", &elsewhere);
    shows_all("all-settings.yaml", "transforms", "adr", "adr", &[]);
    shows_all("all-settings.yaml", "sinks", "stdout", "stdout", &[]);
    shows_all("cce-all-settings.yaml", "sinks", "cce_syslog", "cce", &["address"]);
    shows_all("kafka-all-settings.yaml", "sinks", "kafka", "kafka", &[]);
}

/// Vector itself is not here: the traps of its exec source are looked for one by one.
#[test]
fn the_vector_example_avoids_the_traps_of_the_exec_source() {
    let example = read(&root().join("examples/vector-exec.yaml"));
    let source = &example["sources"]["jumpcloud"];
    assert_eq!(source["type"], "exec");
    assert_eq!(source["mode"], "streaming");
    assert_eq!(source["include_stderr"], false, "log lines would become events");
    assert_eq!(source["streaming"]["respawn_on_exit"], true);
    assert!(source["streaming"]["respawn_interval_secs"].as_u64() >= Some(60), "a refused key would spin");
    assert_eq!(source["framing"]["method"], "newline_delimited");
    assert!(source["framing"]["max_length"].is_null(), "long events would be dropped");
    assert_eq!(source["decoding"]["codec"], "json");
    let command = source["command"].as_array().expect("argv");
    let command: Vec<&str> = command.iter().filter_map(Value::as_str).collect();
    let ours = command.last().expect("a command");
    assert!(ours.starts_with("exec "), "the one SIGTERM must reach us and not a shell");
    assert!(ours.contains("2> >("), "the log goes somewhere");
    let words: Vec<&str> = ours.split_whitespace().collect();
    let after = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
    let data_dir = example["data_dir"].as_str().expect("data_dir");
    assert!(after("--state-dir").is_some_and(|dir| dir.starts_with(data_dir)), "Vector's unit may write there only");
    let limit: u64 = after("--graceful-shutdown-limit-secs").expect("a limit").parse().expect("a number");
    assert!(limit < 60, "Vector kills after 60 s");
    // The command line it runs is one that we understand.
    let arguments = words.iter().skip(2).take_while(|word| !word.starts_with("2>"));
    let done = run(program().args(arguments));
    assert_eq!(done.code, Some(78), "{}", done.stderr);
    assert!(done.stderr.contains("/etc/jumpcloud-adr/jumpcloud-to-stdout.yaml"), "{}", done.stderr);
}
