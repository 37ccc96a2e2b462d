//! Every file in `pipelines` and `examples` works as it stands.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{call, program, root, run};
use serde_json::Value;

/// The pipeline files. In a folder of a host stand the host's own files beside them.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [
        "pipelines",
        "examples",
        "examples/vector",
        "examples/fluent-bit",
        "examples/telegraf",
        "examples/opentelemetry",
    ] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            // The template of `serve` is no pipeline by itself.
            if name != "devices.yaml"
                && name.ends_with(".yaml")
                && (folder.matches('/').count() == 0 || name.starts_with("pipeline"))
            {
                files.push(path);
            }
        }
    }
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
fn the_template_is_one_and_no_pipeline() {
    let template = root().join("pipelines/devices.yaml");
    let done = run(program().args(["validate", "--template"]).arg(&template));
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    let done = run(program().args(["validate", "--template"]).arg(root().join("pipelines/jumpcloud-to-stdout.yaml")));
    assert_eq!(done.code, Some(78), "{}", done.stdout);
    assert!(done.stderr.contains("is what each device has itself"), "{}", done.stderr);
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
    for name in ["unknown-key", "unknown-top-key", "misspelt-type", "missing-type", "buffer", "no-sinks", "wrong-value"]
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
    // What every sink can have is shown in dead-letter.yaml.
    for name in component["properties"].as_object().expect("settings").keys().filter(|name| *name != "buffer") {
        let shown = !example[section][id][name.as_str()].is_null();
        assert!(shown || elsewhere.contains(&name.as_str()), "{kind}: `{name}` is not shown");
    }
}

#[test]
fn all_settings_is_all_settings() {
    let elsewhere = ["tenants", "service_account", "ca_file", "token_url"];
    shows_all("all-settings.yaml", "sources", "jumpcloud", "jumpcloud", &elsewhere);
    shows_all("all-settings.yaml", "transforms", "adr", "adr", &[]);
    shows_all("all-settings.yaml", "sinks", "stdout", "stdout", &[]);
    shows_all("cce-all-settings.yaml", "sinks", "cce_syslog", "cce", &["address"]);
    shows_all("kafka-all-settings.yaml", "sinks", "kafka", "kafka", &[]);
    shows_all("file-source.yaml", "sources", "file", "spool", &["tenant"]);
    shows_all("file-all-settings.yaml", "sinks", "file", "spool", &["keep"]);
    shows_all("http-all-settings.yaml", "sinks", "http", "vector", &[]);
    shows_all("kafka-to-kafka.yaml", "sources", "kafka", "raw", &[]);
}

/// Every file that has tests passes them, and two at least have some.
#[test]
fn the_tests_in_them_pass() {
    let tested: Vec<PathBuf> = files().into_iter().filter(|file| !read(file)["tests"].is_null()).collect();
    assert!(tested.len() >= 2, "{tested:?}");
    for file in tested {
        let done = run(program().args(["test", "-c"]).arg(&file));
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{}: {}", file.display(), done.stdout);
        assert!(done.stdout.contains(" passed\n"), "{}", done.stdout);
    }
}
