//! What programs say and what they get: jq, with numbers and keys as they came.
#![allow(clippy::unwrap_used, reason = "a test that has nothing to unwrap has failed")]

mod scene;

use adr_transform_jq::{RemapConfig, RemapSettings};
use scene::{made, value};

#[test]
fn programs_mean_what_they_mean_in_jq() {
    for (program, input, output) in [
        (".a.b", r#"{"a":{"b":[1]}}"#, "[1]"),
        ("[.a[] | select(. > 1)] | map(. * 2)", r#"{"a":[1,2,3]}"#, "[4,6]"),
        ("to_entries", r#"{"b":1,"a":null}"#, r#"[{"key":"b","value":1},{"key":"a","value":null}]"#),
        ("with_entries(.key |= ascii_upcase)", r#"{"b":1}"#, r#"{"B":1}"#),
        ("from_entries", r#"[{"name":"x","value":false},{"k":1,"v":2}]"#, r#"{"x":false,"1":2}"#),
        ("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#),
        ("walk(if type == \"number\" then . + 1 else . end)", r#"{"a":[1,{"b":2}]}"#, r#"{"a":[2,{"b":3}]}"#),
        (".a |= test(\"^x.z$\"; \"i\")", r#"{"a":"xYZ"}"#, r#"{"a":true}"#),
        (".a | capture(\"(?<u>[^@]+)@(?<d>.+)\")", r#"{"a":"jo@example.com"}"#, r#"{"u":"jo","d":"example.com"}"#),
        (
            "[.a | match(\"b(x)?\"; \"g\")] | map([.offset, .length, .string, .captures[0].string])",
            r#"{"a":"äbabx"}"#,
            r#"[[1,1,"b",null],[3,2,"bx","x"]]"#,
        ),
        (".a | gsub(\"(?<c>[0-9])\"; \"<\\(.c)>\")", r#"{"a":"a1b2"}"#, r#""a<1>b<2>""#),
        ("[.a | scan(\"[a-z]+\")]", r#"{"a":"ab1cd"}"#, r#"["ab","cd"]"#),
        (".a | split(\", \")", r#"{"a":"x, y"}"#, r#"["x","y"]"#),
        (".a | split(\"[,;]\"; null)", r#"{"a":"x,y;z"}"#, r#"["x","y","z"]"#),
        (".a | join(\"-\")", r#"{"a":["x",1,null,true]}"#, r#""x-1--true""#),
        (".a | strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime", r#"{"a":"2026-01-01T00:00:00Z"}"#, "1767225600"),
        (".a | todate", r#"{"a":1767225600}"#, r#""2026-01-01T00:00:00Z""#),
        ("reduce .a[] as $x (0; . + $x)", r#"{"a":[1,2.5]}"#, "3.5"),
        ("[limit(2; .a[])], [range(3)], (.a | add), (.a | any(. == 3)), (.a | IN([3]))", r#"{"a":[3]}"#, ""),
        (".a as [$x, {b: $y}] | [$y, $x]", r#"{"a":[1,{"b":2}]}"#, "[2,1]"),
        ("def twice(f): f | f; .a | twice(. * 2)", r#"{"a":3}"#, "12"),
        ("try error(\"x\") catch .", "{}", r#""x""#),
        ("[.[] | tojson | fromjson]", r#"{"a":[1.10,{"b":null}]}"#, r#"[[1.10,{"b":null}]]"#),
        ("(.a, .b) |= (. // 0) + 1 | .c.d[1] = 2", r#"{"a":1}"#, r#"{"a":2,"b":1,"c":{"d":[null,2]}}"#),
        (
            "del(.a, .d.e, .x.y, .l[0, 2], .l[-9])",
            r#"{"a":1,"b":2,"c":3,"d":{"e":1},"l":[1,2,3]}"#,
            r#"{"b":2,"c":3,"d":{},"l":[2]}"#,
        ),
        (".l[1:2] = [\"x\",\"y\"] | .l[-1:] |= [] | .l[1.2]", r#"{"l":[1,2,3]}"#, r#""x""#),
        (".s[1:-1], .n[1:] | tojson", r#"{"s":"äbcd"}"#, ""),
        ("[.a % 3, .a / 2, -.a, (.b | length), (.c | length)]", r#"{"a":7,"b":"äb","c":-2.5}"#, "[1,3.5,-7,2,2.5]"),
        ("1 / 4 * 8 | ., tostring", "{}", ""),
        (".a | @csv, @json, @base64 \"x\\(.[0])\"", r#"{"a":["q\"",1]}"#, ""),
        ("[.a, .b] | sort, unique, group_by(.), min, (tojson | ascii_downcase)", r#"{"a":2,"b":1}"#, ""),
        (
            "$meta | [.id, .kind, .tenant, .time, .severity]",
            "{}",
            r#"["old-id","sso_auth","Acme","2026-01-01T00:00:00Z",3]"#,
        ),
        ("[\"a\",\"b\"] | index(\"b\"), inside([\"a\",\"b\",\"c\"])", "{}", ""),
        ("[nan, infinite, -infinite, 1e400]", "{}", "[null,1.7976931348623157e308,-1.7976931348623157e308,1e400]"),
        ("\"12\" | tonumber + 1", "{}", "13"),
        ("[.. | numbers]", r#"{"a":[1,{"b":2}]}"#, "[1,2]"),
        ("label $out | .a[] | if . > 1 then ., break $out else empty end", r#"{"a":[1,2,3]}"#, "2"),
    ] {
        match output {
            // Several outputs: it is enough that they are there.
            "" => assert!(made(&format!("{{v: ({program})}}"), input).unwrap().len() > 1, "{program}"),
            output => assert_eq!(value(program, input), output, "{program}"),
        }
    }
}

#[test]
fn what_a_program_does_not_touch_stays_as_it_was() {
    let text = r#"{"z":18446744073709551616,"a":1.10,"id":9007199254740993,"n":-0,"e":1E400,"m":{"y":"é\n","b":[]}}"#;
    assert_eq!(made(".", text).unwrap(), [text]);
    assert_eq!(made(".id += 1 | del(.a)", text).unwrap(), [text.replace("993", "994").replace("\"a\":1.10,", "")]);
}

#[test]
fn what_is_wrong_stands_in_the_failure_with_its_place() {
    for (program, words) in [
        (".a |", "`program` is wrong in line 1, column 5: term expected, not the end"),
        (".a and\n  .b ) ", "`program` is wrong in line 2, column 6: token expected, not `)`"),
        ("\"ä\" | foo(1)", "`program` is wrong in line 1, column 7: there is no function `foo` with 1 arguments"),
        (". as $x | $y", "`program` is wrong in line 1, column 11: there is no variable `$y`"),
        ("{\n a: now }", "`program` is wrong in line 2, column 5: `now` is not offered, as the same event must always"),
        ("def f: . | f; f", "`program` is wrong in line 1, column 12: `f` calls itself"),
        ("def f(g): def h: f(.); h; f(.)", "column 18: `f` calls itself"),
        ("[recurse(.a)]", "column 2: `recurse` is not offered, as a program must always end"),
        ("include \"x\"; .", "modules are not offered"),
        ("$ENV.HOME", "column 1: `$ENV` is not offered"),
        ("  ", "`program` is empty"),
    ] {
        let config = RemapConfig { program: Some(program.to_owned()), ..RemapConfig::default() };
        let failure = RemapSettings::try_from(config).expect_err(program);
        assert!(failure.message.contains(words), "{program}: {}", failure.message);
    }
    for refused in [
        "env",
        "input",
        "inputs",
        "debug",
        "debug(1)",
        "stderr",
        "halt",
        "halt_error(1)",
        "repeat(.)",
        "until(.; .)",
        "while(.; .)",
        "recurse(.; .)",
        "localtime",
        "\"\" | strflocaltime(\"\")",
        "combinations(2)",
        "jn(1; 2)",
        "\"\\(now)\"",
        "{(env): 1}",
        ". as {(now): $x} | 1",
        "if now then 1 end",
        "try now",
        "reduce now as $x (0; 1)",
        ".[now:]",
    ] {
        let config = RemapConfig { program: Some(refused.to_owned()), ..RemapConfig::default() };
        let failure = RemapSettings::try_from(config).expect_err(refused);
        assert!(failure.message.contains("is not offered"), "{refused}: {}", failure.message);
    }
    // Another function of the same name is the user's own affair, and is no recursion.
    assert_eq!(value("def now: 1; def f: 1; def f($x): f + $x; now + f(1)", "{}"), "3");
}
