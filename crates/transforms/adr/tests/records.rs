//! What records look like: headers, keys, severities, and whole records that stay as they are.

mod support;

use adr_core::{Detail, Encoding, Event, Severity};
use bytes::Bytes;
use support::decode::Record;
use support::encode::{FORMS, encode, event};
use support::{EVENTS, Tree, map, schema_errors, validate_ocsf};

fn cef(body: &str) -> String {
    encode(&event(body), Encoding::Cef, Detail::Whole)
}

fn leef(body: &str) -> String {
    encode(&event(body), Encoding::Leef, Detail::Whole)
}

/// A small ADR event with more in it.
fn small(more: &str) -> String {
    format!(
        r#"{{"class_uid":3001,"class_name":"Account Change","activity_name":"Lock","metadata":{{"uid":"u1","event_code":"user_lockout"}}{more}}}"#
    )
}

/// A sample by what stands in it.
fn sample(holds: &str, nth: usize) -> String {
    map(EVENTS.lines().filter(|line| line.contains(holds)).nth(nth).expect(holds)).0
}

#[test]
fn golden_records_stay_as_they_are() {
    for (name, holds, nth) in [
        ("admin_login_failed", "\"admin_login_attempt\"", 1),
        ("sso", "\"sso_auth\"", 0),
        ("device_login", "\"login_attempt\"", 0),
        ("member_added", "\"association_change\"", 0),
        ("alert", "\"alert_created\"", 0),
        ("unknown", "\"vault_checkout\"", 0),
    ] {
        let adr = sample(holds, nth);
        // Tabs are shown as what they are: a snapshot of blanks would hide them.
        let records = FORMS.map(|form| encode(&event(&adr), form, Detail::Whole).replace('\t', "<tab>"));
        insta::assert_snapshot!(format!("record_{name}"), records.join("\n\n"));
    }
    let hostile = small(
        r#","message":"a|b=c\\d\ne\r \"]😀\u202e","status_detail":"tab\there","user":{"name":"ends in a space "},"unmapped":{"k=|":"\u0000\n\\="}"#,
    );
    let records = FORMS.map(|form| encode(&event(&hostile), form, Detail::Whole).replace('\t', "<tab>"));
    insta::assert_snapshot!("record_hostile", records.join("\n\n"));
    let records = FORMS.map(|form| encode(&event(&sample("sso_auth", 0)), form, Detail::WithoutUnmapped));
    insta::assert_snapshot!("record_shortened", records.join("\n\n").replace('\t', "<tab>"));
}

#[test]
fn every_severity_has_its_place_on_every_scale() {
    for (severity, id, on_cef, on_leef) in [
        (Severity::Unknown, "0", "0", "1"),
        (Severity::Informational, "1", "1", "1"),
        (Severity::Low, "2", "3", "3"),
        (Severity::Medium, "3", "5", "5"),
        (Severity::High, "4", "8", "8"),
        (Severity::Critical, "5", "9", "9"),
        (Severity::Fatal, "6", "10", "10"),
        (Severity::Other, "99", "5", "5"),
    ] {
        let said = small(&format!(",\"severity_id\":{id}"));
        assert_eq!(Record::cef(&cef(&said)).header[6], on_cef);
        assert_eq!(Record::leef(&leef(&said)).pairs["sev"], on_leef);
        // Where the event does not say, what travels beside it does.
        let mut silent = event(&small(",\"severity_id\":7"));
        silent.meta.severity = severity;
        assert_eq!(Record::cef(&encode(&silent, Encoding::Cef, Detail::Whole)).header[6], on_cef);
        assert_eq!(Record::leef(&encode(&silent, Encoding::Leef, Detail::Whole)).pairs["sev"], on_leef);
    }
}

#[test]
fn a_header_says_what_happened() {
    let header = |body: &str| Record::cef(&cef(body)).header;
    let own = ["CEF:0", "JumpCloud", "Directory Insights", "1", "user_lockout", "Account Change: Lock", "2"];
    assert_eq!(header(&small(",\"severity_id\":2"))[..6], own[..6]);
    assert_eq!(
        Record::leef(&leef(&small(""))).header,
        ["LEEF:2.0", "JumpCloud", "Directory Insights", "1", "user_lockout", "x09"]
    );
    let product = r#"{"class_uid":1,"metadata":{"uid":"u","product":{"vendor_name":"A|\\","name":"=b"}}}"#;
    assert_eq!(header(product)[1..3], ["A|\\", "=b"]);
    assert!(cef(product).starts_with("CEF:0|A\\|\\\\|=b|1|1|user_update|3|"));
    assert!(leef(product).starts_with("LEEF:2.0|JumpCloud|=b|1|1|x09|"));
}

#[test]
fn what_a_header_cannot_hold_gives_way_to_the_next_best() {
    let code = |code: &str| format!(r#"{{"class_uid":3001,"metadata":{{"event_code":{code}}}}}"#);
    let long = |length: usize| format!("\"{}\"", "x".repeat(length));
    for (written, on_cef, on_leef) in [
        ("\"a\\nb\"".to_owned(), "3001", "3001"),
        ("\"a\\u0000b\"".to_owned(), "3001", "3001"),
        ("\" a\"".to_owned(), "3001", "3001"),
        ("\"\"".to_owned(), "3001", "3001"),
        ("\"a|b\"".to_owned(), "a|b", "3001"),
        (long(255), &long(255)[1..256], &long(255)[1..256]),
        (long(256), &long(256)[1..257], "3001"),
        (long(1024), "3001", "3001"),
    ] {
        assert_eq!(Record::cef(&cef(&code(&written))).header[4], on_cef, "{written}");
        assert_eq!(Record::leef(&leef(&code(&written))).header[4], on_leef, "{written}");
    }
    let names = |class: usize, activity: usize| {
        let body = format!(
            r#"{{"class_uid":1,"metadata":{{"uid":"u"}},"class_name":{},"activity_name":{}}}"#,
            long(class),
            long(activity)
        );
        Record::cef(&cef(&body)).header[5].len()
    };
    assert_eq!((names(255, 255), names(255, 256), names(512, 1), names(513, 1)), (512, 255, 512, "user_update".len()));
}

#[test]
fn dictionary_keys_hold_what_they_may_hold() {
    let address = |ip: &str| Record::cef(&cef(&small(&format!(",\"src_endpoint\":{{\"ip\":\"{ip}\"}}")))).pairs;
    assert_eq!(address("203.0.113.9")["src"], "203.0.113.9");
    let six = address("2001:db8::1");
    assert_eq!((six["c6a2"].as_str(), six["c6a2Label"].as_str()), ("2001:db8::1", "Source IPv6 Address"));
    assert_eq!(address("nowhere")["adrSrcEndpointIp"], "nowhere");
    let name = |length: usize| small(&format!(",\"user\":{{\"name\":\"{}\"}}", "n".repeat(length)));
    let keys = |pairs: &std::collections::BTreeMap<String, String>| {
        ["duser", "accountName", "usrName", "adrUserName"].map(|key| pairs.contains_key(key))
    };
    assert_eq!(keys(&Record::cef(&cef(&name(1023))).pairs), [true, false, false, false]);
    assert_eq!(keys(&Record::cef(&cef(&name(1024))).pairs), [false, false, false, true]);
    assert_eq!(keys(&Record::leef(&leef(&name(255))).pairs), [false, true, true, false]);
    assert_eq!(keys(&Record::leef(&leef(&name(256))).pairs), [false, false, false, true]);
    let uid = |length: usize| format!(r#"{{"class_uid":1,"metadata":{{"uid":"{}"}}}}"#, "u".repeat(length));
    assert!(cef(&uid(40)).contains("|externalId=u") && cef(&uid(41)).contains("|adrMetadataUid=u"));
    for (time, on_cef, on_leef) in [
        ("1793664061236", "|start=1793664061236 rt=1793664061236 ", "\tdevTime=1793664061236"),
        ("999999999999", "|start=999999999999 rt=999999999999 ", "\tadrTime=999999999999"),
        ("0", " adrTime=0", "\tadrTime=0"),
        ("-5", " adrTime=-5", "\tadrTime=-5"),
        ("1.5", " adrTime=1.5", "\tadrTime=1.5"),
    ] {
        let body = small(&format!(",\"time\":{time}")).replace("\"uid\":\"u1\",", "");
        let record = cef(&body).replacen("|adrTime", "| adrTime", 1);
        assert!(record.contains(on_cef), "{record}");
        assert!(leef(&body).contains(on_leef), "{}", leef(&body));
    }
}

#[test]
fn an_event_that_is_not_adrs_is_known_by_what_travels_beside_it() {
    let raw = EVENTS.lines().next().expect("an event");
    let known = event(raw);
    let record = Record::cef(&cef(raw));
    assert_eq!(record.header[4..], ["user_update", "user_update", "3"]);
    let facts = ["rt", "externalId", "cs1", "cs2"].map(|key| record.pairs[key].as_str());
    assert_eq!(facts, ["1793664061236", "600000000000005f00aa1eef", support::TENANT, "user_update"]);
    assert_eq!(Record::leef(&leef(raw)).pairs["adrMetadataUid"], "600000000000005f00aa1eef");
    let flat = Tree::read(&encode(&known, Encoding::Flat, Detail::Whole));
    let facts = ["timestamp", "event_id", "tenant_id", "event_type_name"].map(|name| flat.text(&[name]));
    let expected = ["1793664061236", "600000000000005f00aa1eef", support::TENANT, "user_update"];
    assert_eq!(facts, expected.map(Some));
    // Nothing travels beside it, or nothing that can be written.
    for kind in ["", "a\nb\t\r\u{1}\"\\"] {
        let mut bare = known.clone();
        (bare.meta.id, bare.meta.time, bare.meta.kind) = ("".into(), None, kind.into());
        let flat = Tree::read(&encode(&bare, Encoding::Flat, Detail::Whole));
        assert_eq!(flat.text(&["event_type_name"]), Some(kind).filter(|kind| !kind.is_empty()));
        let record = Record::cef(&encode(&bare, Encoding::Cef, Detail::Whole));
        assert_eq!(record.header[4..6], ["unknown", "unknown"]);
        assert!(!record.pairs.contains_key("rt") && !record.pairs.contains_key("externalId"));
        assert_eq!(Record::leef(&encode(&bare, Encoding::Leef, Detail::Whole)).header[4], "unknown");
    }
}

#[test]
fn what_is_no_json_object_is_refused_and_nothing_is_written() {
    for (body, reason) in [
        (&b"[1]"[..], "the event is JSON, but not an object"),
        (b"{\"a\":", "the event is not JSON: the text ends where a value is due at byte 5"),
        (b"{\"a\":\"\xff\"}", "the event is not UTF-8 from byte 6 on"),
        (b"", "the event is not JSON: the text ends where a value is due at byte 0"),
    ] {
        for form in FORMS {
            for detail in [Detail::Whole, Detail::WithoutUnmapped, Detail::WithoutSource] {
                let mut out = b"before".to_vec();
                let event = Event { body: Bytes::from_static(body), ..event("") };
                let said = adr_transform::encoder(form).encode(&event, detail, &mut out).expect_err(reason);
                assert_eq!((said.as_ref(), out.as_slice()), (reason, &b"before"[..]));
            }
        }
    }
}

#[test]
fn a_shortened_event_is_valid_and_says_so() {
    let mut all = Vec::new();
    let mut with_raw = adr_transform::AdrConfig { include_raw: true }.build();
    for line in EVENTS.lines().chain([r#"{"id":"a1","id":"a2"}"#, r#"{"id":"a1","x":"\ud800"}"#]) {
        let mut out = Vec::new();
        with_raw.map(line.as_bytes(), support::TENANT, &mut out).expect("an event");
        let adr = event(std::str::from_utf8(&out).expect("text"));
        for detail in [Detail::WithoutUnmapped, Detail::WithoutSource] {
            let text = encode(&adr, Encoding::Json, detail);
            let tree = Tree::read(&text);
            assert!(tree.has_label("adr.shortened") && tree.has_label("adr.v1") && tree.at(&["unmapped"]).is_none());
            assert_eq!(tree.at(&["raw_data"]).is_some(), detail == Detail::WithoutUnmapped);
            assert_eq!(schema_errors(&text), Vec::<String>::new(), "{text}");
            let back = adr_transform::rebuild(&text);
            let expected = if detail == Detail::WithoutUnmapped {
                Ok(line.to_owned())
            } else {
                Err(adr_transform::RebuildError::Shortened)
            };
            assert_eq!(back, expected);
            for form in FORMS {
                assert!(encode(&adr, form, detail).contains("adr.shortened"), "{form:?}");
                assert!(!encode(&adr, form, Detail::Whole).contains("adr.shortened"), "{form:?}");
            }
            all.push(text);
        }
    }
    validate_ocsf(&all);
}
