//! Whoever writes events or programs can neither stop the process nor keep it busy.
#![allow(clippy::unwrap_used, reason = "a test that has nothing to unwrap has failed")]

mod scene;

use adr_transform_jq::{RemapConfig, RemapSettings};
use proptest::prelude::*;
use scene::{event, filter, made, remap, run};

/// Runs on a stack like that of a worker.
fn on_a_workers_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap();
    thread.join().expect("no panic");
}

#[test]
fn a_deep_event_is_rejected_and_a_less_deep_one_is_not() {
    on_a_workers_stack(|| {
        for program in
            [".", "walk(.)", "[paths] | {v: length}", "{v: (tojson | fromjson)}", "{v: [.. | type] | length}"]
        {
            let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
            assert!(made(program, &nested(127)).is_ok(), "{program}: {:?}", made(program, &nested(127)));
            for depth in [128, 1000, 1_000_000] {
                assert!(made(program, &nested(depth)).unwrap_err().contains("nested more than 128 deep"), "{program}");
            }
        }
        let inner = format!("{{\"a\":{:?}}}", "[".repeat(1_000_000));
        for program in [".a |= fromjson", ".a |= tonumber"] {
            assert!(made(program, &inner).unwrap_err().contains("nested more than 128 deep"));
        }
    });
}

#[test]
fn a_program_that_takes_too_much_ends() {
    on_a_workers_stack(|| {
        for program in [
            "{v: [range(1e12)] | length}",
            "{v: reduce range(1e12) as $x (0; .)}",
            "first(range(1e12) | select(false))",
            "{v: (\"x\" * 1000000000000)}",
            "{v: (reduce range(100) as $i (\"x\"; . + .))}",
            "{v: (reduce range(100) as $i ([1]; . + .))}",
            "{v: (reduce range(100) as $i (1; [., .])) | tojson}",
            "reduce range(60) as $i (.; {a: ., b: .})",
            "{v: (reduce range(100) as $i ([1]; [., .]) | . == (. | map(.)))}",
            "{v: (reduce range(100000) as $i (null; [.]))}",
            "{v: (reduce range(100000) as $i (null; {a: .}))}",
            "{v: reduce range(100000) as $i ({}; .a = {b: .})}",
            "{v: reduce range(100) as $i (7; . * .)}",
            "{v: ([limit(1e12; range(1e12))] | length)}",
            ".a[1000000000] = 1",
            ".a[9007199254740993] = 1",
            "{v: try (range(1e12) | select(false)) catch 1}",
            "{v: [range(1e12)?]}",
            "{v: [range(300) | tostring | . as $x | \"y\" | test($x)]} | range(1e9) | select(false)",
            "{v: ([range(9) | [range(9)]] | [combinations] | length)}",
            "{v: ([range(2000)] | [.[] as $a | .[] as $b | .[] as $c | 1] | length)}",
        ] {
            let before = std::time::Instant::now();
            let said = made(program, "{\"a\":[]}").expect_err(program);
            let ends = ["the program took too", "the program made a", "it made more than"];
            assert!(ends.iter().any(|end| said.contains(end)), "{program}: {said}");
            assert!(before.elapsed().as_secs() < 20, "{program}");
        }
    });
}

#[test]
fn a_program_nested_too_deeply_to_run_ends() {
    on_a_workers_stack(|| {
        let defs: String = (1..900).map(|n| format!("def f{n}: [f{}];", n - 1)).collect();
        for program in [
            format!("{{v: {}1{}}}", "[".repeat(900), "]".repeat(900)),
            format!("{{v: {}1{}}}", "first(".repeat(900), ")".repeat(900)),
            format!("{{v: (1{})}}", "|1".repeat(5000)),
            format!("{{v: (1{})}}", "|(.|.)|=.".repeat(1000)),
            format!("{{v: ({}1)}}", "-".repeat(30_000)),
            format!("def f0: 1; {defs} {{v: f899}}"),
            format!("{{v: ({}1)}}", "1 as $x | ".repeat(6000)),
            format!("{{v: ({}1)}}", "try ".repeat(10_000)),
        ] {
            let config = RemapConfig { program: Some(program), ..RemapConfig::default() };
            let failure = RemapSettings::try_from(config).expect_err("too deep");
            assert!(failure.message.contains("nested more than 600 deep"), "{failure}");
        }
        // What is just allowed runs, or is stopped while it does.
        let defs: String = (1..190).map(|n| format!("def f{n}: [f{}];", n - 1)).collect();
        for program in [
            format!("{{v: {}1{}}}", "[".repeat(590), "]".repeat(590)),
            format!("{{v: {}1{}}}", "first(".repeat(590), ")".repeat(590)),
            format!("{{v: (1{})}}", "|1".repeat(590)),
            format!("{{v: (1{})}}", "|(.|.)|=.".repeat(290)),
            format!("{{v: ({}1)}}", "-".repeat(590)),
            format!("def f0: 1; {defs} {{v: f189}}"),
            format!("{{v: ({}1)}}", "1 as $x | ".repeat(590)),
            format!("{{v: ({}1)}}", "try ".repeat(590)),
            format!("{{v: {}1{}}}", "map(".repeat(590), ")".repeat(590)),
            format!("{{v: ([1] | {}1{})}}", "map(".repeat(590), ")".repeat(590)),
            format!("{{v: [path({}..{})]}}", "(.a | ".repeat(290), ")".repeat(290)),
            format!("{}.a{} |= 1", "(.a | ".repeat(290), ")".repeat(290)),
            format!("{{v: ({}1{})}}", "reduce 1 as $x (0; ".repeat(290), ")".repeat(290)),
            format!("{{v: ({}1{})}}", "walk(".repeat(590), ")".repeat(590)),
            format!("{{v: ({}1{})}}", "if . then ".repeat(590), " end".repeat(590)),
            format!("{{v: ({}1{})}}", "\"a\\(".repeat(290), ")\"".repeat(290)),
        ] {
            let _ended = made(&program, "{\"a\":[[]]}");
        }
        let or = format!("select(false{})", " or .a == 1".repeat(500));
        assert_eq!(made(&or, "{\"a\":2}").unwrap().len(), 0);
        assert_eq!(made(&or, "{\"a\":1}").unwrap().len(), 1);
    });
}

#[test]
fn a_transform_goes_on_after_an_event_that_it_could_not_take() {
    let mut remap = remap("if .n then {v: [range(.n)] | length} else . end");
    for _ in 0..3 {
        assert_eq!(run(&mut remap, &event("{\"n\":1e9}")).rejected.len(), 1);
        assert_eq!(&run(&mut remap, &event("{\"n\":5}")).events[0].body[..], b"{\"v\":5}");
    }
}

#[test]
fn a_small_event_does_not_become_a_large_one() {
    let split = ". as $r | .items[] | {item: ., account: $r.account}";
    let event =
        |account: &str, items: usize| format!("{{\"account\":{account},\"items\":[{}]}}", vec!["1"; items].join(","));
    let text = |length: usize| format!("\"{}\"", "x".repeat(length));
    // What is usual is not bounded.
    assert_eq!(made(split, &event(&text(500), 30)).unwrap().len(), 30);
    assert_eq!(made(".items[] | {n: .}", &event("0", 150)).unwrap().len(), 150);
    for (program, event) in [
        (split, event(&text(12_000), 500)),
        (split, event(&text(1000), 2000)),
        ("range(100000) | {}", "{}".to_owned()),
        ("{v: (\"x\" * 20000)}", "{}".to_owned()),
        ("{v: [range(9000)]}", "{}".to_owned()),
        ("{id: (\"x\" * 9000)}", "{}".to_owned()),
    ] {
        let mut remap = remap(program);
        let product = run(&mut remap, &scene::event(&event));
        assert!(product.events.is_empty());
        let reason = &product.rejected[0].reason;
        assert!(
            reason.starts_with("the program failed: it made more than ") && reason.ends_with("`max_output`"),
            "{reason}"
        );
    }
    let config = RemapConfig {
        program: Some(split.to_owned()),
        max_output: Some(adr_core::Size(7 << 20)),
        ..RemapConfig::default()
    };
    let mut more = adr_transform_jq::Remap::new(&RemapSettings::try_from(config).unwrap());
    assert_eq!(run(&mut more, &scene::event(&event(&text(12_000), 500))).events.len(), 500);
}

#[test]
fn long_numbers_cost_what_they_are_long() {
    let digits = |count: usize| "7".repeat(count);
    let longer = format!("{{\"a\":{}}}", digits(1001));
    assert!(made(".", &longer).unwrap_err().contains("a number of more than 1000 characters"));
    assert!(made("{v: .a | tonumber}", &format!("{{\"a\":\"{}\"}}", digits(1001))).is_err());
    let event = format!("{{\"a\":{},\"b\":[{}]}}", digits(1000), vec![digits(1000); 10].join(","));
    assert_eq!(made(".", &event).unwrap()[0], event);
    // Each takes a tenth of the steps there are where a number takes one.
    for program in [
        ". as $e | [range(25000) | $e.a | tojson] | {v: length}",
        ". as $e | [range(40000) | -$e.a] | {v: length}",
        ". as $e | [range(40000) | $e.a + 1] | {v: length}",
        ". as $e | [range(40000) | $e.a == 1] | {v: length}",
        ". as $e | [range(40000) | $e.a < $e.b] | {v: length}",
        ". as $e | [range(4000) | $e.b == $e.b] | {v: length}",
        ". as $e | [range(40000) | $e.a | floor] | {v: length}",
        ". as $e | [range(4000) | $e.b | index($e.a)] | {v: length}",
        ". as $e | [range(20000) | $e.b | contains([$e.a])] | {v: length}",
    ] {
        let said = made(program, &event).err().unwrap_or_else(|| panic!("{program} has ended"));
        assert!(said.contains("took too many steps"), "{program}: {said}");
    }
}

#[test]
fn searches_that_look_at_the_whole_rest_each_time_end() {
    let event = |text: &str| format!("{{\"a\":\"{text}\"}}");
    // Each match is short, and is found only after all of the rest was looked at.
    let program = "{v: [.a | scan(\"<[^>]*>|<some words\")] | length}";
    let said = made(program, &event(&"<some words".repeat(15_000))).unwrap_err();
    assert!(said.contains("took too many steps"), "{said}");
    assert_eq!(made(program, &event(&"<some words".repeat(1000))).unwrap(), ["{\"v\":1000}"]);
    assert!(made("{v: .a | gsub(\" +\"; \"_\")}", &event(&"some words ".repeat(500))).is_ok());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Bits of programs, some of them hostile.
fn program() -> impl Strategy<Value = String> {
    let bits = [
        ".",
        "..",
        ".a",
        "[.[]?]",
        "map(.)",
        "|",
        ",",
        "(",
        ")",
        "[",
        "]",
        "{v: .}",
        "range(9)",
        "not",
        "=",
        "|=",
        "+",
        "*",
        "del(.a)",
        "try",
        "reduce",
        "as $x",
        "$x",
        "tojson",
        "fromjson?",
        "\"a\\(.)\"",
        "1e9",
        "-1",
        "[.]",
        "//",
        "def f: .;",
        "f",
        "def g(h): h;",
        "limit(3; ..)",
        "test(\"a*\")",
        "to_entries",
        "first",
        "//=",
        "walk(.)",
    ];
    prop::collection::vec(prop::sample::select(bits.to_vec()), 1..14).prop_map(|bits| bits.join(" "))
}

proptest! {
    #[test]
    fn a_filter_that_always_holds_changes_nothing(value in json()) {
        let event = event(&value.to_string());
        let product = run(&mut filter("true"), &event);
        prop_assert_eq!(&product.events[..], &[event][..]);
    }

    #[test]
    fn the_program_that_does_nothing_gives_what_it_got(value in json()) {
        let text = serde_json::json!({ "v": value }).to_string();
        let made = made(".", &text).unwrap();
        prop_assert_eq!(&made[0], &text);
        prop_assert!(!made[0].contains('\n'));
    }

    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), "[\\[\\]{}\",:0-9a-f\\\\u.-]{0,60}"]) {
        let product = run(&mut filter("true"), &event(&text));
        prop_assert_eq!(product.events.len() + product.rejected.len(), 1);
        prop_assert_eq!(product.events.len() == 1, serde_json::from_str::<serde_json::Value>(&text).is_ok()
            || (product.events.len() == 1 && text.contains(|letter: char| letter < ' ' || letter == '\\')));
    }

    #[test]
    fn no_program_panics_and_the_same_gives_the_same(program in program(), value in json()) {
        let text = value.to_string();
        on_a_workers_stack(move || {
            let config = RemapConfig { program: Some(program), ..RemapConfig::default() };
            if let Ok(settings) = RemapSettings::try_from(config) {
                let mut remap = adr_transform_jq::Remap::new(&settings);
                let first = run(&mut remap, &event(&text));
                let second = run(&mut remap, &event(&text));
                assert_eq!(first.events, second.events);
                assert_eq!(first.rejected, second.rejected);
                for made in &first.events {
                    assert!(serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&made.body).is_ok());
                }
            }
        });
    }
}
