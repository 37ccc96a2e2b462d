//! What hosts need in their configuration: the examples are what is printed, and avoid the hosts' traps.

mod common;

use std::fs;
use std::path::Path;

use common::{Done, folder, program, root, run};
use serde_json::Value;

/// Folder, what `generate` calls it, pipeline file, the host's file.
const EXAMPLES: [(&str, &str, &str); 6] = [
    ("vector", "pipeline.yaml", "vector.yaml"),
    ("vector", "pipeline-http.yaml", "vector-http.yaml"),
    ("fluent-bit", "pipeline.yaml", "fluent-bit.yaml"),
    ("fluent-bit", "pipeline-http.yaml", "fluent-bit-http.yaml"),
    ("telegraf", "pipeline.yaml", "telegraf.conf"),
    ("opentelemetry", "pipeline.yaml", "otelcol.yaml"),
];

fn generate(host: &str, pipeline: &Path, more: &[&str]) -> Done {
    run(program().args(["generate", host, "--binary", "/usr/bin/jumpcloud-adr", "-c"]).arg(pipeline).args(more))
}

/// What is printed for a pipeline file with these sections.
fn of(host: &str, text: &str, more: &[&str]) -> Done {
    let folder = folder();
    let file = folder.path().join("pipeline.yaml");
    fs::write(&file, text).expect("writes");
    generate(host, &file, more)
}

fn pipeline(sinks: &str) -> String {
    format!(
        "sources:\n  jumpcloud:\n    type: jumpcloud\n    secret_key: {{ env: KEY }}\n    configuration: {{ org_id: \
         5a2af2a82cf2b0010053ea41 }}\ntransforms:\n  adr: {{ type: adr, inputs: [jumpcloud] }}\nsinks:\n{sinks}"
    )
}

fn example(folder: &str, file: &str) -> String {
    fs::read_to_string(root().join("examples").join(folder).join(file)).expect("reads")
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

#[test]
fn the_examples_are_what_generate_prints() {
    for (host, pipeline, file) in EXAMPLES {
        let folder = fs::canonicalize(root().join("examples").join(host)).expect("the folder is there");
        let done = generate(host, &folder.join(pipeline), &[]);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
        let printed = done.stdout.replace(folder.to_str().expect("UTF-8"), "/etc/jumpcloud-adr");
        assert_eq!(example(host, file), printed, "examples/{host}/{file}");
    }
}

#[test]
fn vector_as_a_host_has_no_trap_left() {
    let source = yaml(&example("vector", "vector.yaml"))["sources"]["jumpcloud_adr_source"].clone();
    assert_eq!((&source["type"], &source["mode"]), (&"exec".into(), &"streaming".into()));
    assert_eq!(source["include_stderr"], false, "log lines would become events");
    assert_eq!(source["streaming"]["respawn_on_exit"], true);
    assert_eq!(source["framing"]["method"], "newline_delimited");
    assert!(source["framing"]["max_length"].is_null(), "long events would be dropped");
    assert_eq!(source["decoding"]["codec"], "json");
    let command: Vec<&str> = source["command"].as_array().expect("argv").iter().filter_map(Value::as_str).collect();
    let after = |flag: &str| command.iter().position(|word| *word == flag).map(|at| command[at + 1]);
    assert!(
        after("--state-dir").is_some_and(|dir| dir.starts_with("/var/lib/vector/")),
        "its unit may write there only"
    );
    assert!(
        after("--log-file").is_some_and(|file| file.starts_with("/var/lib/vector/")),
        "it throws away what is said"
    );
    let limit: u64 = after("--graceful-shutdown-limit-secs").and_then(|limit| limit.parse().ok()).expect("a limit");
    assert!(limit < 60, "Vector kills after 60 s");
    assert!(command.contains(&"--hosted"), "a bad file would be told every 5 s");
    let http = yaml(&example("vector", "vector-http.yaml"))["sources"]["jumpcloud_adr_source"].clone();
    assert_eq!(http["acknowledgements"]["enabled"], true);
    let transforms = yaml(&example("vector", "vector-http.yaml"))["transforms"].clone();
    assert_eq!(
        transforms.as_object().expect("transforms").len(),
        1,
        "dedupe would drop what is sent again after an error"
    );
}

#[test]
fn fluent_bit_and_the_collector_as_hosts_have_no_trap_left() {
    let input = yaml(&example("fluent-bit", "fluent-bit.yaml"))["pipeline"]["inputs"][0].clone();
    assert_eq!((&input["name"], &input["buf_size"], &input["threaded"]), (&"exec".into(), &"16M".into(), &true.into()));
    assert_eq!(input["storage.type"], "filesystem", "a full buffer would pause it, and lines would be lost");
    assert!(
        input["command"].as_str().is_some_and(|command| command.starts_with("exec ") && command.contains("--hosted"))
    );
    let collector = yaml(&example("opentelemetry", "otelcol.yaml"));
    let receiver = &collector["receivers"]["filelog/jumpcloud_adr"];
    assert_eq!(receiver["start_at"], "beginning");
    assert_eq!(receiver["retry_on_failure"]["enabled"], true);
    assert_eq!(receiver["max_log_size"], "16MiB");
    let storage = receiver["storage"].as_str().expect("a storage");
    assert!(collector["extensions"][storage].is_object());
    assert_eq!(collector["service"]["extensions"][0], storage);
}

#[test]
fn a_hosts_command_is_one_that_we_understand() {
    let source = yaml(&example("vector", "vector.yaml"))["sources"]["jumpcloud_adr_source"].clone();
    let folder = folder();
    let here = folder.path().to_str().expect("UTF-8");
    let words = source["command"].as_array().expect("argv").iter().skip(1).filter_map(Value::as_str);
    let words = words.filter(|word| *word != "--hosted").map(|word| word.replace("/var/lib/vector", here));
    let done = run(program().args(words));
    // It says nothing where Vector hears nothing.
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(78), "", ""));
    let log = fs::read_to_string(folder.path().join("jumpcloud-adr/jumpcloud-adr.log")).expect("the log is there");
    assert!(log.contains("/etc/jumpcloud-adr/pipeline.yaml"), "{log}");
}

#[test]
fn variables_are_named_and_their_values_are_not_there() {
    let text = pipeline("  out: { type: stdout, inputs: [adr] }\n").replace(
        "{ env: KEY }",
        "{ env: \"${WHICH:-JC}_KEY\" }\n    base_url: \"http://${HOST}:8808\"\n    device_name: 'a $$ {b}'",
    );
    let folder = folder();
    let file = folder.path().join("pipeline.yaml");
    fs::write(&file, text).expect("writes");
    for host in ["vector", "fluent-bit", "telegraf"] {
        let mut command = program();
        command
            .args(["generate", host, "-c"])
            .arg(&file)
            .env("HOST", "canary.example.com")
            .env("JC_KEY", common::CANARY);
        let done = run(&mut command);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert!(done.stdout.contains("must hold: HOST, JC_KEY, WHICH\n"), "{}", done.stdout);
        assert!(!done.stdout.contains("canary"), "{}", done.stdout);
    }
}

#[test]
fn the_sink_decides_the_way() {
    let spool = pipeline("  spool: { type: file, inputs: [adr], path: /var/spool/adr/events.ndjson }\n");
    let source = yaml(&of("vector", &spool, &[]).stdout)["sources"]["jumpcloud_adr_source"].clone();
    assert_eq!((&source["type"], &source["include"][0]), (&"file".into(), &"/var/spool/adr/events*.ndjson".into()));
    assert_eq!(source["acknowledgements"]["enabled"], true);
    let input = yaml(&of("fluent-bit", &spool, &[]).stdout)["pipeline"]["inputs"][0].clone();
    assert_eq!((&input["name"], &input["path"]), (&"tail".into(), &"/var/spool/adr/events*.ndjson".into()));

    let sent = pipeline("  v: { type: http, inputs: [adr], uri: \"https://vector.example.com:8443/adr\" }\n");
    let source = yaml(&of("vector", &sent, &[]).stdout)["sources"]["jumpcloud_adr_source"].clone();
    assert_eq!((&source["address"], &source["path"]), (&"0.0.0.0:8443".into(), &"/adr".into()));
    assert_eq!(source["tls"]["enabled"], true);

    let text = pipeline("  out: { type: stdout, inputs: [adr], encoding: cef }\n");
    let stanza = yaml(&of("vector", &text, &[]).stdout);
    assert_eq!(stanza["sources"]["jumpcloud_adr_source"]["decoding"]["codec"], "bytes");
    assert_eq!(stanza["transforms"].as_object().expect("transforms").len(), 1, "there is no uid to tell repeats by");
    assert!(of("telegraf", &text, &[]).stdout.contains("data_format = \"value\""));

    let spaced =
        of("fluent-bit", &pipeline("  out: { type: stdout, inputs: [adr] }\n"), &["--state-dir", "/a folder/s"]);
    assert!(spaced.stdout.contains(" --state-dir '/a folder/s' "), "{}", spaced.stdout);
}

#[test]
fn what_cannot_be_is_78_and_says_the_next_step() {
    let stdout = "  out: { type: stdout, inputs: [adr] }\n";
    let file = "  spool: { type: file, inputs: [adr], path: /var/spool/adr/events.ndjson }\n";
    let http = "  h: { type: http, inputs: [adr], uri: \"http://127.0.0.1:1/\" }\n";
    let both = format!("{stdout}{file}");
    let cce = "  cce: { type: cce_syslog, inputs: [adr], mode: tcp, address: \"192.0.2.1:514\" }\n";
    for (host, sinks, more, said) in [
        ("vector", cce, &[][..], "add one, such as\n  out: { type: stdout, inputs: [adr] }"),
        ("telegraf", file, &[], "Telegraf, which takes events from a sink of type stdout"),
        ("opentelemetry", stdout, &[], "type: file, inputs: [adr], path:"),
        ("vector", &both, &[], "say which with --sink out or --sink spool"),
        ("vector", &both, &["--sink", "x"], "no sink `x` leads to Vector"),
        ("fluent-bit", http, &[], "headers: { content-type: application/json }"),
        ("telegraf", stdout, &["--state-dir", "/a\"b"], "characters that mean something"),
    ] {
        let done = of(host, &pipeline(sinks), more);
        assert_eq!((done.code, done.stdout.as_str()), (Some(78), ""), "{host}: {}", done.stderr);
        assert!(done.stderr.contains(said), "{host}: {}", done.stderr);
    }
    let done = of("vector", &pipeline(&both), &["--sink", "spool"]);
    assert!(done.stdout.contains("type: file"), "{}", done.stderr);
    let done = of("vector", "sources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout, inputs: [in] }\n", &[]);
    assert_eq!(done.code, Some(78));
    assert!(done.stderr.contains("source `in` reads standard input"), "{}", done.stderr);
}
