//! A program that was built without Kafka says so. `cargo test -p jumpcloud-adr --no-default-features --test no_kafka`
#![cfg(not(feature = "kafka"))]

mod common;

use common::{program, root, run};

const SAYS: &str = "this jumpcloud-adr was built without Kafka";

#[test]
fn a_pipeline_that_asks_for_kafka_is_told() {
    let file = root().join("pipelines/jumpcloud-to-kafka.yaml");
    let state = tempfile::tempdir().expect("a folder");
    for command in
        [&["validate"][..], &["check", "-c"], &["run", "--once", "-c"], &["verify", "-c"], &["cluster", "-c"]]
    {
        let done = run(program().args(command).arg(&file).env("JUMPCLOUD_ADR_STATE_DIR", state.path()));
        assert_eq!(done.code, Some(78), "{command:?}: {}", done.stderr);
        assert!(done.stderr.contains(SAYS) && done.stderr.contains("cargo feature `kafka`"), "{}", done.stderr);
    }
}

#[test]
fn every_other_pipeline_is_fine() {
    let file = root().join("pipelines/jumpcloud-to-cce.yaml");
    let done = run(program().arg("validate").arg(&file));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
