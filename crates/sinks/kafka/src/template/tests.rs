use adr_core::Meta;

use super::*;

fn event(body: &str) -> Event {
    let meta = Meta {
        id: "u-1".into(),
        time: None,
        tenant: "org-1".into(),
        kind: "sso_auth".into(),
        severity: Severity::High,
    };
    Event { meta, body: body.to_owned().into() }
}

fn rendered(template: &str, body: &str) -> Option<String> {
    let (template, event) = (Template::parse(template).unwrap(), event(body));
    let mut scratch = b"left over".to_vec();
    let text = template.render(&event, &mut scratch).ok()?;
    Some(String::from_utf8(text.to_vec()).unwrap())
}

#[test]
fn facts_and_fields_stand_in_plain_text() {
    let body = r#"{"class_name":"Authentication","n":{"deep":{"er":"x"}},"code":30.50,"yes":true}"#;
    for (template, expected) in [
        ("plain", "plain"),
        ("{{ tenant }}", "org-1"),
        ("{{kind}}/{{  uid  }}", "sso_auth/u-1"),
        ("adr-{{ severity }}", "adr-high"),
        ("adr-{{ .class_name }}-x", "adr-Authentication-x"),
        ("{{ .n.deep.er }}{{ .code }}{{ .yes }}", "x30.50true"),
    ] {
        assert_eq!(rendered(template, body).as_deref(), Some(expected), "{template}");
    }
}

#[test]
fn what_has_no_text_is_missing() {
    let body = r#"{"object":{"a":1},"array":[{"a":1}],"nothing":null,"empty":"","text":"t"}"#;
    for template in [
        "{{ .object }}",
        "{{ .array }}",
        "{{ .nothing }}",
        "{{ .empty }}",
        "{{ .none }}",
        "{{ .text.a }}",
        "{{ .array.a }}",
        "{{ .object.b }}",
    ] {
        assert_eq!(rendered(template, body), None, "{template}");
    }
    let mut nameless = event(body);
    nameless.meta.id = "".into();
    for template in ["{{ uid }}", "a-{{ uid }}"] {
        let template = Template::parse(template).unwrap();
        assert_eq!(template.render(&nameless, &mut Vec::new()).map_err(ToString::to_string), Err("uid".to_owned()));
    }
}

#[test]
fn the_place_that_is_missing_is_named() {
    let template = Template::parse("{{ tenant }}-{{ .a.b }}").unwrap();
    assert_eq!(template.render(&event("{}"), &mut Vec::new()).map_err(ToString::to_string), Err(".a.b".to_owned()));
    assert_eq!(template.to_string(), "{{ tenant }}-{{ .a.b }}");
}

#[test]
fn a_scan_is_not_misled_by_what_stands_before() {
    let body = concat!(
        r#" { "a" : "} ] { [ \" , \\" , "b":{"want":"inner"}, "c":[1,{"want":"no"},"]\"",[[]]],"#,
        r#""d":"\"want\":\"no\"","e":-1.5e3 , "want" : "yes" , "want":"second"}"#
    );
    assert_eq!(rendered("{{ .want }}", body).as_deref(), Some("yes"));
    assert_eq!(rendered("{{ .b.want }}", body).as_deref(), Some("inner"));
    assert_eq!(rendered("{{ .e }}", body).as_deref(), Some("-1.5e3"));
    assert_eq!(rendered("{{ .a }}", body).as_deref(), Some(r#"} ] { [ " , \"#));
}

#[test]
fn escapes_are_decoded_in_names_and_values() {
    let body = r#"{"caf\u00e9":"\u00fc\ud83d\ude00\n\/\t\ud800x\udc00","bad":"\x","short":"\u12"}"#;
    assert_eq!(rendered("{{ .café }}", body).as_deref(), Some("ü😀\n/\t\u{fffd}x\u{fffd}"));
    assert_eq!(rendered("{{ .bad }}", body), None);
    assert_eq!(rendered("{{ .short }}", body), None);
}

/// Whatever the text is: no panic, and the same as a parser says where it is JSON.
#[test]
fn every_beginning_of_a_text_is_taken_calmly() {
    let body = r#"{"a":{"b":"\ud83d\ude00\\","c":[1,"x",{}]},"d":"end","e":12}"#;
    for cut in 0..body.len() {
        for template in ["{{ .a.b }}", "{{ .d }}", "{{ .a.c.d }}", "{{ .e }}"] {
            let _ = rendered(template, &body[..cut]);
        }
    }
    let parsed: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(rendered("{{ .a.b }}", body).as_deref(), parsed["a"]["b"].as_str());
    assert_eq!(rendered("{{ .d }}", body).as_deref(), parsed["d"].as_str());
}

#[test]
fn what_is_no_template_is_refused_with_words() {
    for (text, expected) in [
        ("a-{{ tenant", "without }} after it"),
        ("a }} b", "without {{ before it"),
        ("{{ tenannt }}", "nothing known"),
        ("{{ }}", "nothing known"),
        ("{{ . }}", "no path"),
        ("{{ .a..b }}", "no path"),
        ("{{ .a b }}", "no path"),
        ("{{ .a[0] }}", "no path"),
    ] {
        let fault = Template::parse(text).unwrap_err();
        assert!(fault.contains(expected), "{text}: {fault}");
    }
}
