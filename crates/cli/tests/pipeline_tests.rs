//! `jumpcloud-adr test`: the tests of pipelines, and what a person reads of them.

mod common;

use std::path::Path;

use common::{Done, folder, program, run};

const PIPELINE: &str = "\
sources:
  in: { type: stdin }
  not_read: { type: jumpcloud, secret_key: { env: NOT_SET }, configuration: { org_id: x }, ca_file: /nowhere/ca.pem }
transforms:
  adr: { type: adr, inputs: [in, not_read] }
  twice: { type: dedupe, inputs: [adr, tidy] }
  tidy: { type: remap, inputs: [adr], program: '.n += 1 | if .fail then error(\"it failed\") else . end' }
  split:
    type: route
    inputs: [tidy]
    routes: { ok: .status_id == 1, odd: .n == 3 }
sinks:
  out: { type: stdout, inputs: [split.ok, twice] }
";

/// Runs these tests of [`PIPELINE`].
fn test(tests: &str) -> Done {
    let folder = folder();
    std::fs::write(folder.path().join("p.yaml"), PIPELINE).expect("writes");
    std::fs::write(folder.path().join("tests.yaml"), format!("tests:\n{tests}")).expect("writes");
    run(program().current_dir(folder.path()).args(["test", "-c", "p.yaml", "-c", "tests.yaml"]))
}

/// One test: its inputs, and what is expected.
fn one(inputs: &str, expected: &str) -> Done {
    test(&format!("  - name: one\n    inputs: [{inputs}]\n    {expected}\n"))
}

#[test]
fn what_is_as_expected_passes() {
    for (inputs, expected) in [
        // Values are compared, not texts.
        (
            "{insert_at: tidy, events: [{b: [1.0, 2e0], n: 1, a: null}]}",
            "outputs: [{extract_from: tidy, events: ['{\"a\":null,\"b\":[1,2],\"n\":2.0}']}]",
        ),
        (
            "{insert_at: tidy, events: [{n: 1, id: 12345678901234567890123}]}",
            "outputs: [{extract_from: tidy, events: [{n: 2, id: 12345678901234567890123}]}]",
        ),
        // Parts of events.
        (
            "{insert_at: tidy, events: [{n: 1, a: {b: 1, c: 2}}, {n: 5}]}",
            "outputs: [{extract_from: tidy, contains: [{a: {c: 2}}, {n: 6}]}]",
        ),
        // All ways that lead there, outputs that nobody reads among them.
        (
            "{insert_at: tidy, events: [{n: 2, status_id: 1}]}",
            "outputs: [{extract_from: split.ok, contains: [{n: 3}]}, {extract_from: split.odd, contains: [{n: 3}]}]\n    no_outputs_from: [split._unmatched]",
        ),
        (
            "{insert_at: [tidy, twice], events: [{n: 2, metadata: {uid: a}}]}",
            "outputs: [{extract_from: twice, contains: [{n: 2}]}]",
        ),
        // What travels beside an event is what its text says, or the test.
        (
            "{insert_at: tidy, events: [{n: 0, metadata: {event_code: sso_auth}, severity_id: 4}]}",
            "outputs: [{extract_from: tidy, conditions: ['$meta.kind == \"sso_auth\"', '$meta.severity == 4']}]",
        ),
        (
            "{insert_at: tidy, events: [{n: 0}], meta: {kind: k, tenant: t, id: i, severity: 99, time: '2026-01-31T00:00:00Z'}}",
            "outputs: [{extract_from: tidy, conditions: ['$meta == {id: \"i\", kind: \"k\", tenant: \"t\", severity: 99, time: \"2026-01-31T00:00:00Z\"}']}]",
        ),
        // Rejections.
        (
            "{insert_at: adr, events: ['no json']}",
            "rejected: [{extract_from: adr, events: ['no json'], reason: not JSON}]",
        ),
        (
            "{insert_at: tidy, events: [{n: 0, fail: true}, {n: 1}]}",
            "rejected: [{extract_from: tidy, contains: [{fail: true}], conditions: ['.n == 0'], reason: it failed}]\n    outputs: [{extract_from: tidy, contains: [{n: 2}]}]",
        ),
        // A dollar sign is one.
        (
            "{insert_at: tidy, events: [{n: 0, a: \"${NOT_SET}\"}]}",
            "outputs: [{extract_from: tidy, contains: [{a: \"${NOT_SET}\"}]}]",
        ),
    ] {
        let done = one(inputs, expected);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{inputs}: {}", done.stdout);
        assert_eq!(done.stdout, "ok      one\n1 test passed\n");
    }
}

#[test]
fn what_is_not_as_expected_is_shown_with_its_place_and_the_difference() {
    for (inputs, expected, said) in [
        (
            "{insert_at: tidy, events: [{n: 1}]}",
            "outputs: [{extract_from: tidy, events: [{n: 1}]}]",
            "tests.yaml:4: `tidy`: what came out is not what was expected\n  --- expected\n  +++ came out\n  @@ -1,3 +1,3 @@\n   {\n  -  \"n\": 1\n  +  \"n\": 2\n   }\n",
        ),
        (
            "{insert_at: tidy, events: [{n: 1, a: 1}]}",
            "outputs: [{extract_from: tidy, events: [{n: 2}]}]",
            "  +  \"a\": 1,\n",
        ),
        (
            "{insert_at: tidy, events: [{n: 1}, {n: 2}]}",
            "outputs: [{extract_from: tidy, contains: [{n: 2}]}]",
            "2 events came out, 1 was expected",
        ),
        (
            "{insert_at: tidy, events: [{n: 1}]}",
            "outputs: [{extract_from: tidy, contains: [{a: null}]}]",
            "  -  \"a\": null\n",
        ),
        (
            "{insert_at: tidy, events: [{n: 9007199254740992}]}",
            "outputs: [{extract_from: tidy, events: [{n: 9007199254740992}]}]",
            "+  \"n\": 9007199254740993",
        ),
        ("{insert_at: tidy, events: [{n: 1}]}", "no_outputs_from: [tidy]", "1 event came out, none was expected"),
        (
            "{insert_at: tidy, events: [{n: 1}, {n: 2}]}",
            "outputs: [{extract_from: tidy, conditions: ['.n == 2']}]",
            "`tidy`: .n == 2 does not hold for event 2 of 2\n    {\n      \"n\": 3\n    }\n",
        ),
        (
            "{insert_at: tidy, events: [{n: 1}]}",
            "outputs: [{extract_from: tidy, conditions: ['.n | error']}]",
            ".n | error fails on the event: the condition failed: 2",
        ),
        (
            "{insert_at: tidy, events: [{n: 1}]}",
            "outputs: [{extract_from: split.ok, conditions: [.n]}]",
            "`split.ok`: no event came out",
        ),
        (
            "{insert_at: tidy, events: [{fail: true}]}",
            "no_outputs_from: [tidy]",
            "`tidy` rejected an event, which the test does not expect: the program failed: it failed\n    {\n      \"fail\": true\n    }\n",
        ),
        (
            "{insert_at: tidy, events: [{n: 1}]}",
            "rejected: [{extract_from: tidy, reason: failed}]",
            "`tidy`: no event was rejected",
        ),
        (
            "{insert_at: adr, events: ['no json']}",
            "rejected: [{extract_from: adr, reason: too deep}]",
            "`adr` rejected an event for another reason\n  --- expected\n  +++ came out\n  @@ -1 +1 @@\n  -too deep\n  +the event is not JSON",
        ),
    ] {
        let done = one(inputs, expected);
        assert_eq!((done.code, done.stderr.as_str()), (Some(65), ""), "{expected}: {}", done.stdout);
        assert!(done.stdout.starts_with("FAILED  one (tests.yaml:2)\n"), "{}", done.stdout);
        assert!(done.stdout.ends_with("1 of 1 test failed\n"), "{}", done.stdout);
        assert!(done.stdout.contains(said), "{said}\n{}", done.stdout);
    }
}

#[test]
fn tests_know_nothing_of_each_other_and_are_chosen_by_name() {
    let tests = "\
- { name: first one, inputs: [{insert_at: twice, events: [{metadata: {uid: a}}]}], outputs: [{extract_from: twice, contains: [{}]}] }
- { name: second one, inputs: [{insert_at: twice, events: [{metadata: {uid: a}}]}], outputs: [{extract_from: twice, contains: [{}]}] }
- { name: third, inputs: [{insert_at: twice, events: [{}]}], no_outputs_from: [twice] }
";
    let done = test(tests);
    assert_eq!((done.code, done.stdout.lines().last()), (Some(65), Some("1 of 3 tests failed")), "{}", done.stdout);
    assert!(done.stdout.starts_with("ok      first one\nok      second one\nFAILED  third"), "{}", done.stdout);
    let folder = folder();
    let file = folder.path().join("p.yaml");
    std::fs::write(&file, format!("{PIPELINE}tests:\n{tests}")).expect("writes");
    let chosen = |names: &[&str]| run(program().args(["test", "-c"]).arg(&file).args(names));
    assert_eq!(chosen(&["one"]).stdout, "ok      first one\nok      second one\n2 tests passed\n");
    assert_eq!(chosen(&["first", "thi"]).code, Some(65));
    let none = chosen(&["fourth"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(64), ""));
    assert!(
        none.stderr.contains("no test has `fourth` in its name") && none.stderr.contains("`third`"),
        "{}",
        none.stderr
    );
    std::fs::write(&file, PIPELINE).expect("writes");
    let none = chosen(&[]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(78), ""), "a test that is not there has not passed");
    assert!(none.stderr.contains("no tests"), "{}", none.stderr);
}

#[test]
fn color_is_for_who_wants_it() {
    let folder = folder();
    let file = folder.path().join("p.yaml");
    let tests = "  - { name: x, inputs: [{insert_at: tidy, events: [{}]}], no_outputs_from: [tidy] }\n";
    std::fs::write(&file, format!("{PIPELINE}tests:\n{tests}")).expect("writes");
    let with = |color: &str| run(program().args(["--color", color, "test", "-c"]).arg(&file)).stdout;
    assert!(with("always").contains("\u{1b}[32m+{\u{1b}[0m"), "{}", with("always"));
    assert!(!with("auto").contains('\u{1b}') && !with("never").contains('\u{1b}'));
}

#[test]
fn secrets_are_stood_in_for_and_the_hash_is_the_same_everywhere() {
    let text = "\
sources: { in: { type: stdin } }
transforms: { hide: { type: redact, inputs: [in], hash: [a], key: { env: KEY } } }
sinks: { out: { type: stdout, inputs: [hide] } }
tests:
  - name: hash
    inputs: [{ insert_at: hide, events: [{ a: jane }] }]
    outputs: [{ extract_from: hide, events: [{ a: \"hash:HASH\" }] }]
";
    let folder = folder();
    let file = folder.path().join("p.yaml");
    std::fs::write(&file, text).expect("writes");
    let without = run(program().args(["test", "-c"]).arg(&file));
    let with = run(program().args(["test", "-c"]).arg(&file).env("KEY", "a-secret-of-this-machine"));
    assert_eq!(without.code, Some(65), "{}", without.stderr);
    assert_eq!(without.stdout, with.stdout);
    let hash =
        without.stdout.split("+  \"a\": \"hash:").nth(1).and_then(|rest| rest.split('"').next()).expect("a hash");
    std::fs::write(&file, text.replace("HASH", hash)).expect("writes");
    assert_eq!(run(program().args(["test", "-c"]).arg(&file)).code, Some(0));
}

/// What is wrong with tests is told by `validate` and `test`; `run` has no use for them.
#[test]
fn a_mistake_in_tests_stops_no_run() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/tests-names.yaml");
    let state = folder();
    let done = run(program().args(["run", "-c"]).arg(&file).arg("--state-dir").arg(state.path()));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let validate = run(program().arg("validate").arg(&file));
    let test = run(program().args(["test", "-c"]).arg(&file));
    assert_eq!((validate.code, test.code), (Some(78), Some(78)));
    assert_eq!(validate.stderr.trim(), test.stderr.trim());
}
