//! What a pipeline file may say.

use std::time::Duration;

use adr_core::{FailureKind, Retry};
use adr_sink_http::{Compression, HttpConfig, Settings};

fn settings(json: &str) -> Result<Settings, String> {
    let raw: HttpConfig = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Settings::try_from(raw).map_err(|failure| {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        failure.message
    })
}

#[test]
fn defaults_are_compressed_and_checked() {
    let settings = settings(r#"{"uri":"https://vector.example.com/adr"}"#).expect("sound");
    assert_eq!((settings.compression, settings.batch_bytes, settings.in_flight), (Compression::Gzip, 1 << 20, 4));
    assert_eq!((settings.timeout, settings.tls.verify), (Duration::from_secs(30), true));
    assert_eq!(settings.at_once(), 512);
    assert!(settings.warnings().is_empty());
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    const FAR: &str = r#""uri":"http://vector.example.com""#;
    const TLS: &str = r#""uri":"https://vector.example.com""#;
    for (json, words) in [
        ("{}".to_owned(), "uri"),
        (r#"{"uri":""}"#.into(), "`uri` is missing"),
        (r#"{"uri":"vector.example.com:80"}"#.into(), "no address of a web server"),
        (r#"{"uri":"ftp://vector.example.com"}"#.into(), "no address of a web server"),
        (r#"{"uri":"https://me:pw@vector.example.com"}"#.into(), "with `auth`"),
        (r#"{"uri":"https://vector.example.com/#a"}"#.into(), "#"),
        (
            format!(r#"{{{FAR},"auth":{{"bearer":{{"env":"A"}}}}}}"#),
            "`auth` would go in the clear to vector.example.com",
        ),
        (format!(r#"{{{FAR},"secret_headers":{{"x-key":{{"env":"A"}}}}}}"#), "`secret_headers` would go in the clear"),
        (format!(r#"{{{FAR},"tls":{{}}}}"#), "`tls` has no effect"),
        (format!(r#"{{{TLS},"auth":{{"bearer":"abc"}}}}"#), "never written into the configuration"),
        (format!(r#"{{{TLS},"auth":{{}}}}"#), "`auth` is empty"),
        (format!(r#"{{{TLS},"auth":{{"username":"u"}}}}"#), "no `password`"),
        (format!(r#"{{{TLS},"auth":{{"password":{{"env":"A"}}}}}}"#), "no `username`"),
        (format!(r#"{{{TLS},"auth":{{"bearer":{{"env":"A"}},"username":"u"}}}}"#), "one of the two"),
        (format!(r#"{{{TLS},"headers":{{"Authorization":"x"}}}}"#), "use `auth`"),
        (format!(r#"{{{TLS},"headers":{{"content-length":"1"}}}}"#), "says by itself"),
        (format!(r#"{{{TLS},"headers":{{"a b":"x"}}}}"#), "no name of a header"),
        (format!(r#"{{{TLS},"headers":{{"a":"x\ny"}}}}"#), "cannot be sent"),
        (format!(r#"{{{TLS},"headers":{{"a":"x"}},"secret_headers":{{"A":{{"env":"A"}}}}}}"#), "given twice"),
        (format!(r#"{{{TLS},"batch_bytes":1}}"#), "`batch_bytes` is 1"),
        (format!(r#"{{{TLS},"timeout":"0s"}}"#), "`timeout` is zero"),
        (format!(r#"{{{TLS},"in_flight":0}}"#), "`in_flight` is 0"),
        (format!(r#"{{{TLS},"tls":{{"crt_file":"/a"}}}}"#), "no `key_file`"),
        (format!(r#"{{{TLS},"tls":{{"verify":false,"ca_file":"/a"}}}}"#), "`ca_file` would not be looked at"),
    ] {
        let error = settings(&json).expect_err(&json);
        assert!(error.contains(words), "{json}: {error}");
        assert!(!error.contains("pw@") && !error.contains("abc"), "{error}");
    }
}

#[test]
fn a_secret_in_the_clear_stays_on_this_machine() {
    for host in ["localhost", "127.0.0.1:8080", "[::1]:8080"] {
        let json = format!(r#"{{"uri":"http://{host}/","auth":{{"bearer":{{"env":"A"}}}}}}"#);
        assert!(settings(&json).expect("allowed").warnings().is_empty());
    }
    for host in ["localhost.example.com", "10.0.0.1", "127.0.0.1.example.com"] {
        let json = format!(r#"{{"uri":"http://{host}/","auth":{{"bearer":{{"env":"A"}}}}}}"#);
        settings(&json).expect_err(host);
    }
}

#[test]
fn what_hurts_is_warned_of() {
    let warned = |json| settings(json).expect("allowed").warnings().join("\n");
    assert!(warned(r#"{"uri":"http://vector.example.com"}"#).contains("in the clear to vector.example.com"));
    assert!(warned(r#"{"uri":"https://a.example.com","tls":{"verify":false}}"#).contains("`verify` is false"));
    assert!(warned(r#"{"uri":"https://a.example.com","headers":{"x-api-key":"1"}}"#).contains("x-api-key"));
}
