//! What becomes of events: each family's facts stand where OCSF wants them.

mod support;

use support::{EVENTS, Tree, check, map, shared, validate_ocsf};

#[test]
fn every_sample_is_mapped_validly_and_losslessly() {
    let mapped: Vec<String> = EVENTS.lines().map(check).collect();
    assert_eq!(mapped.len(), 49);
    validate_ocsf(&mapped);
}

#[test]
fn the_corpus_is_mapped_validly_and_losslessly() {
    let Some(corpus) = shared("jumpcloud/corpus") else { return };
    let mut mapped = Vec::new();
    for entry in std::fs::read_dir(corpus).expect("the corpus is a folder") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            let text = std::fs::read_to_string(&path).expect("a readable corpus");
            mapped.extend(text.lines().filter(|line| !line.is_empty()).map(check));
        }
    }
    assert!(mapped.len() >= 8, "{}", mapped.len());
    validate_ocsf(&mapped);
}

#[test]
fn golden_events_stay_as_they_are() {
    for (name, kind, nth) in [
        ("admin_login", "\"admin_login_attempt\"", 0),
        ("admin_login_failed", "\"admin_login_attempt\"", 1),
        ("sso", "\"sso_auth\"", 0),
        ("sso_mfa_challenge", "\"sso_auth\"", 1),
        ("radius", "\"radius_auth_attempt\"", 0),
        ("ldap_bind", "\"ldap_bind\"", 0),
        ("ldap_search", "\"ldap_srch\"", 0),
        ("device_login", "\"login_attempt\"", 0),
        ("user_suspended", "\"user_update\"", 0),
        ("member_added", "\"association_change\"", 0),
        ("policy_update", "\"policy_update\"", 0),
        ("mdm", "\"mdm_command_result\"", 1),
        ("software", "\"software_add\"", 0),
        ("alert", "\"alert_created\"", 0),
        ("unknown", "\"vault_checkout\"", 0),
    ] {
        let event = EVENTS.lines().filter(|line| line.contains(kind)).nth(nth).expect(name);
        let adr: serde_json::Value = serde_json::from_str(&map(event).0).expect("JSON");
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&adr).expect("JSON"));
    }
}

fn mapped(event: &str) -> Tree {
    Tree::read(&check(event))
}

fn facts(event: &str, expected: &[(&str, &str)]) {
    let adr = mapped(event);
    for (path, value) in expected {
        let steps: Vec<&str> = path.split('.').collect();
        assert_eq!(adr.text(&steps), Some(*value), "{path} of {event}");
    }
}

#[test]
fn a_token_refused_without_a_message_is_a_step_and_no_failure() {
    let sso = |rest: &str| {
        format!(
            r#"{{"service":"sso","event_type":"sso_auth","id":"a1","organization":"o1","timestamp":"2026-11-03T09:00:00Z","application":{{"id":"p1","name":"zoom"}},"initiated_by":{{"id":"u1","type":"user"}}{rest}}}"#
        )
    };
    for (rest, activity, status, severity) in [
        (r#","sso_token_success":true"#, "Logon", "Success", "1"),
        (r#","sso_token_success":true,"error_message":"""#, "Logon", "Success", "1"),
        (r#","sso_token_success":false"#, "Preauth", "MFA challenge", "1"),
        (r#","sso_token_success":false,"error_message":"""#, "Preauth", "MFA challenge", "1"),
        (r#","sso_token_success":false,"error_message":null"#, "Preauth", "MFA challenge", "1"),
        (r#","sso_token_success":false,"error_message":"denied""#, "Logon", "Failure", "2"),
        ("", "Logon", "Unknown", "1"),
        (r#","sso_token_success":"true""#, "Logon", "Unknown", "1"),
    ] {
        facts(&sso(rest), &[("activity_name", activity), ("status", status), ("severity_id", severity)]);
    }
}

#[test]
fn connections_have_the_class_of_what_they_connect() {
    for (op, from, to, type_uid) in [
        ("add", "user_group", "user", "300603"),
        ("remove", "user", "user_group", "300604"),
        ("add", "system_group", "user_group", "300607"),
        ("add", "USER_GROUP", "APPLICATION", "300601"),
        ("remove", "application", "user_group", "300602"),
        ("add", "user", "system", "300501"),
        ("remove", "user", "application", "300502"),
        ("add", "policy", "system_group", "300403"),
        ("swap", "user_group", "user", "300699"),
    ] {
        let event = format!(
            r#"{{"service":"directory","event_type":"association_change","id":"a1","organization":"o1","timestamp":"2026-11-03T09:00:00Z","association":{{"op":"{op}","connection":{{"from":{{"type":"{from}","object_id":"f1","name":"F"}},"to":{{"type":"{to}","object_id":"t1"}}}}}}}}"#
        );
        facts(&event, &[("type_uid", type_uid)]);
    }
}

#[test]
fn account_changes_have_an_activity_only_where_they_say_one_thing() {
    for (changes, activity) in [
        (r#"[{"field":"suspended","to":true}]"#, "5"),
        (r#"[{"field":"suspended","from":true,"to":false},{"field":"lastname","to":"x"}]"#, "2"),
        (r#"[{"field":"account_locked","to":false}]"#, "12"),
        (r#"[{"field":"totp_enabled","to":true}]"#, "10"),
        (r#"[{"field":"totp_enabled","to":false},{"field":"suspended","to":true}]"#, "99"),
        (r#"[{"field":"suspended","to":"true"}]"#, "99"),
        (r#"{"field":"suspended","to":true}"#, "99"),
        ("null", "99"),
    ] {
        let event = format!(
            r#"{{"service":"directory","event_type":"user_update","id":"a1","organization":"o1","timestamp":"2026-11-03T09:00:00Z","resource":{{"id":"u1","type":"user"}},"changes":{changes}}}"#
        );
        facts(&event, &[("activity_id", activity)]);
    }
}

#[test]
fn a_factor_stands_where_the_event_is_about_one() {
    let event = |kind| format!(r#"{{"event_type":"{kind}","id":"a1","initiated_by":{{"id":"u1","type":"user"}}}}"#);
    let factors = |kind| mapped(&event(kind)).at(&["auth_factors"]).cloned();
    let totp = Tree::read(r#"[{"factor_type_id":7,"factor_type":"OTP","is_totp":true}]"#);
    assert_eq!(factors("totp_finish_enrollment"), Some(totp.clone()));
    assert_eq!(factors("admin_totp_disable"), Some(totp));
    assert_eq!(factors("totp_start_enrollment"), None);
    let logon = EVENTS.lines().nth(3).expect("a sign-on with three methods");
    assert!(logon.contains("\"webauthn\":{\"success\":false}"));
    let password = r#"{"factor_type_id":11,"factor_type":"Password"}"#;
    let expected = format!(r#"[{{"factor_type_id":7,"factor_type":"OTP","is_totp":true}},{password}]"#);
    assert_eq!(mapped(logon).at(&["auth_factors"]), Some(&Tree::read(&expected)));
}

#[test]
fn what_a_class_requires_and_the_event_lacks_makes_a_base_event() {
    for event_type in ["user_delete", "user_admin_granted", "sso_auth", "software_add", "alert_updated", "ldap_srch"] {
        let event = format!(r#"{{"event_type":"{event_type}","id":"a1","timestamp":"2026-11-03T09:00:00Z"}}"#);
        let adr = mapped(&event);
        assert!(adr.has_label("adr.required_missing"), "{event_type}");
        facts(&event, &[("class_uid", "0"), ("type_uid", "99"), ("activity_name", event_type)]);
    }
}

#[test]
fn an_organization_that_is_not_there_is_not_invented() {
    let adr = mapped(r#"{"id":"a1"}"#);
    assert_eq!(adr.text(&["metadata", "tenant_uid"]), Some(support::TENANT));
    assert!(adr.has_label("adr.tenant_from_lane") && adr.has_label("adr.unknown_event_type"));
    for odd in [r#"{"organization":""}"#, r#"{"organization":null}"#, r#"{"organization":7}"#, "{}"] {
        assert!(mapped(odd).has_label("adr.tenant_from_lane"), "{odd}");
    }
}

#[test]
fn without_an_id_the_text_is_the_id() {
    let (one, other) = (mapped(r#"{"event_type":"x","n":1}"#), mapped(r#"{"event_type":"x","n":2}"#));
    let uid = |adr: &Tree| adr.text(&["metadata", "uid"]).map(str::to_owned);
    assert_ne!(uid(&one), uid(&other));
    assert!(uid(&one).is_some_and(|uid| uid.starts_with("blake3:") && uid.len() == 39));
    assert!(one.has_label("adr.uid_from_text"));
}

#[test]
fn timestamps_are_instants_and_stay_as_they_were_written() {
    for (written, millis) in [
        ("2023-03-07T13:01:19.21859368Z", "1678194079218"),
        ("2023-03-07T13:01:19Z", "1678194079000"),
        ("2023-03-07T14:01:19.2+01:00", "1678194079200"),
        ("yesterday", "0"),
    ] {
        let event = format!(r#"{{"id":"a1","timestamp":"{written}"}}"#);
        facts(&event, &[("time", millis), ("metadata.original_time", written)]);
        assert_eq!(mapped(&event).has_label("adr.time_missing"), millis == "0");
    }
    assert!(mapped(r#"{"timestamp":1678194079}"#).has_label("adr.time_missing"));
}

#[test]
fn odd_types_are_mapped_all_the_same() {
    let base = EVENTS.lines().next().expect("a login");
    for (was, is) in [
        (r#""client_ip":"203.0.113.44""#, r#""client_ip":"(unknown)""#),
        (r#""client_ip":"203.0.113.44""#, r#""client_ip":[1,{"a":null}]"#),
        (r#""latitude":50.1155"#, r#""latitude":"50.1155""#),
        (r#""latitude":50.1155"#, r#""latitude":50"#),
        (r#""latitude":50.1155"#, r#""latitude":1e400"#),
        (r#""latitude":50.1155"#, r#""latitude":-0"#),
        (r#""country_code":"DE","#, r#""country_code2":"DE","#),
        (r#""country_code":"DE","#, r#""country_code":"DE","country_code2":"DE","#),
        (r#""geoip":{"#, r#""geoip":{"geoip":{"country_code":"US"},"#),
        (r#""success":true"#, r#""success":"true""#),
        (r#""type":"admin""#, r#""type":"systemuser""#),
        (r#""type":"admin""#, r#""type":"Other""#),
        (r#""type":"admin""#, r#""type":"\u0061dmin""#),
        (r#""email":"ada@example.com""#, r#""email":"not an email""#),
        (r#""email":"ada@example.com""#, r#""email":"ada@example.com","username":"ada@example.com""#),
        (r#""email":"ada@example.com""#, r#""email":"ada@example.com","username":"\u0061da@example.com""#),
        (r#""mfa":true"#, r#""mfa":"yes","changes":{"a":[]},"__proto__":{},"":null"#),
        (r#""event_type":"#, r#""\u0065vent_type":"#),
        (r#""admin_login_attempt""#, r#""admin_login\u005fattempt""#),
        (r#""service":"directory""#, r#""service":"directory\u0020x""#),
        (r#""service":"directory","#, ""),
    ] {
        assert!(base.contains(was), "{was}");
        let adr = mapped(&base.replacen(was, is, 1));
        assert_eq!(adr.text(&["class_uid"]), Some("3002"), "{is}");
    }
    let initiators = base.replacen(r#""initiated_by":{"#, r#""initiated_by":[{"a":1}],"was":{"#, 1);
    assert!(mapped(&initiators).has_label("adr.required_missing"));
}

#[test]
fn white_space_between_tokens_goes_and_in_strings_stays() {
    let event = "{ \"id\" : \"a b\",\n\t\"event_type\":\"x\\ny\" , \"rest\": { \"a\" : [ 1 , { } , \"c  d\" ] } }\r\n";
    let adr = check(event);
    assert!(adr.ends_with(r#""unmapped":{"rest":{"a":[1,{},"c  d"]}}}"#), "{adr}");
}

#[test]
fn what_readers_disagree_on_is_kept_as_text() {
    let deep = format!(r#"{{"id":"a1","event_type":"sso_auth","x":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    let fits = format!(r#"{{"id":"a1","x":{}{}}}"#, "[".repeat(63), "]".repeat(63));
    assert!(mapped(&fits).at(&["raw_data"]).is_none());
    for (event, label) in [
        (r#"{"id":"a1","id":"a2"}"#, "adr.duplicate_key"),
        (r#"{"id":"a1","x":[{"k":1,"l":2,"k":3}]}"#, "adr.duplicate_key"),
        (r#"{"id":"a1","x":{"k":1,"\u006b":3}}"#, "adr.duplicate_key"),
        (r#"{"id":"a1","x":"half \ud83d pair"}"#, "adr.lone_surrogate"),
        (r#"{"id":"a1","half \uDE00":1}"#, "adr.lone_surrogate"),
        (deep.as_str(), "adr.too_deep"),
    ] {
        let adr = mapped(event);
        assert!(adr.has_label(label), "{event}");
        assert_eq!(adr.text(&["raw_data"]), Some(event));
        assert_eq!(adr.text(&["class_uid"]), Some("0"));
    }
    assert!(mapped(r#"{"id":"a1","id":"a2"}"#).has_label("adr.uid_from_text"));
    assert_eq!(mapped(&deep).text(&["metadata", "uid"]), Some("a1"));
    let many: Vec<String> = (0..40).map(|at| format!("\"k{}\":{at}", at % 39)).collect();
    assert!(mapped(&format!("{{{}}}", many.join(","))).has_label("adr.duplicate_key"));
    assert!(mapped(r#"{"id":"a1","emoji":"\ud83d\ude00"}"#).at(&["raw_data"]).is_none());
}

#[test]
fn every_row_of_the_table_is_mapped() {
    let mut mapped = Vec::new();
    for (service, event_type) in adr_transform::event_types() {
        let full = EVENTS.lines().nth(15).expect("an event with a resource");
        let with = full.replacen("\"user_update\"", &format!("\"{event_type}\""), 1);
        let with = with.replacen("\"directory\"", &format!("\"{service}\""), 1);
        assert!(with.contains(event_type) && with.contains(service));
        mapped.push(check(&with));
        let bare =
            format!(r#"{{"service":"{service}","event_type":"{event_type}","timestamp":"2026-11-03T09:00:00Z"}}"#);
        mapped.push(check(&bare));
    }
    assert_eq!(mapped.len(), 2 * 386);
    validate_ocsf(&mapped);
}
