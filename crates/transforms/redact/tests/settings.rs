//! Settings that are refused, that are warned of, and the secret that never shows.

mod support;

use adr_transform_redact::Factory;
use support::{SECRET, Variables, redact, settings};

#[test]
fn mistakes_are_named() {
    for (text, named) in [
        ("{}", "neither `remove`"),
        (r#"{"remove":[]}"#, "`remove` is empty"),
        (r#"{"replace":{}}"#, "`replace` is empty"),
        (r#"{"hash":["a"]}"#, "`key` is missing"),
        (r#"{"remove":["a"],"key":{"env":"KEY"}}"#, "`key` has no effect"),
        (r#"{"remove":["a..b"]}"#, r#"`remove` has "a..b""#),
        (r#"{"remove":["a.b"],"replace":{"a.b":"x"}}"#, r#"`replace` has "a.b", which was named before"#),
        (r#"{"remove":["a[]","a[*]"]}"#, "named before"),
        (r#"{"delete":["a"]}"#, "delete"),
        (r#"{"hash":["a"],"key":"secret-in-line"}"#, "never written into the configuration"),
    ] {
        let message = settings(text).unwrap_err();
        assert!(message.contains(named), "{text}: {message}");
        assert!(!message.contains("secret-in-line"), "{message}");
    }
}

#[test]
fn what_is_easily_overlooked_is_said() {
    let warned = |text: &str| settings(text).unwrap().warnings();
    assert!(warned(r#"{"remove":["user.name"]}"#).is_empty());
    for (text, named) in [
        (r#"{"remove":["user.name"],"everywhere":false}"#, "`everywhere` is false"),
        (r#"{"remove":["metadata.tenant_uid"]}"#, "tenant also travels"),
        (r#"{"remove":["time"]}"#, "time also travels"),
        (r#"{"remove":["metadata.uid"]}"#, "receivers tell repeated events"),
        (r#"{"remove":["raw_data.user"]}"#, "raw_data is a text"),
    ] {
        let warnings = warned(text);
        assert!(warnings.len() == 1 && warnings[0].contains(named), "{text}: {warnings:?}");
    }
}

#[test]
fn the_secret_is_needed_long_and_never_shown() {
    let with = |name: &str| format!(r#"{{"hash":["a"],"key":{{"env":"{name}"}}}}"#);
    let short = redact(&with("SHORT")).unwrap_err();
    assert!(short.contains("fewer than 16 bytes") && !short.contains("too little"), "{short}");
    let missing = redact(&with("NONE")).unwrap_err();
    assert_eq!(missing, "`key`: environment variable NONE is missing");
    let factory = Factory::new(settings(&with("KEY")).unwrap(), &Variables).unwrap();
    let shown = format!("{:?} {factory:?} {:?}", settings(&with("KEY")), factory.build());
    assert!(shown.contains("Key(..)") && !shown.contains(SECRET), "{shown}");
}
