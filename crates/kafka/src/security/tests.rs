use serde_json::{Value, json};

use super::*;

fn tls(settings: Value) -> TlsConfig {
    serde_json::from_value(settings).unwrap()
}

fn sasl(settings: Value) -> SaslConfig {
    serde_json::from_value(settings).unwrap()
}

#[test]
fn what_cannot_work_or_has_no_effect_is_refused() {
    let password = json!({"env": "P"});
    for (settings, words) in [
        (json!({"crt_file": "a.pem"}), "`key_file`"),
        (json!({"key_file": "a.pem"}), "`crt_file`"),
        (json!({"key_password": password}), "`key_file`"),
        (json!({"ca_file": ""}), "`ca_file` is empty"),
        (json!({"ca_file": "ca.pem", "verify": false}), "`ca_file` would not be looked at"),
    ] {
        let failure = check(Some(&tls(settings)), None).unwrap_err();
        assert!(failure.message.contains(words), "{failure}");
    }
    for (settings, words) in [
        (json!({"mechanism": "plain", "password": password}), "`username` is missing"),
        (json!({"mechanism": "scram_sha_256", "username": "u"}), "`password` is missing"),
        (json!({"mechanism": "scram_sha_512", "username": "", "password": password}), "`username` is empty"),
        (
            json!({"mechanism": "plain", "username": "u", "password": password, "token": password}),
            "`token` has no effect",
        ),
        (json!({"mechanism": "plain", "username": "u", "password": password, "scope": "s"}), "`scope` has no effect"),
        (json!({"mechanism": "oauthbearer", "token": password, "username": "u"}), "`username` has no effect"),
        (json!({"mechanism": "oauthbearer"}), "has no token"),
        (json!({"mechanism": "oauthbearer", "token": password, "token_endpoint": "https://a.example.com"}), "not both"),
        (json!({"mechanism": "oauthbearer", "token": password, "client_id": "c"}), "`client_id` has no effect"),
        (
            json!({"mechanism": "oauthbearer", "token_endpoint": "https://a.example.com/", "client_id": "c"}),
            "`client_secret` is missing",
        ),
    ] {
        let failure = check(None, Some(&sasl(settings))).unwrap_err();
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[test]
fn a_client_secret_goes_over_https_or_nowhere() {
    let at = |url: &str| {
        let secret = json!({"env": "S"});
        let sasl =
            sasl(json!({"mechanism": "oauthbearer", "token_endpoint": url, "client_id": "c", "client_secret": secret}));
        check(None, Some(&sasl))
    };
    for url in ["https://login.example.com/token", "http://127.0.0.1:8080/token", "http://[::1]/", "http://localhost/"]
    {
        at(url).unwrap_or_else(|failure| panic!("{url}: {failure}"));
    }
    for url in ["http://login.example.com/", "http://localhost.example.com/", "ftp://127.0.0.1/", "nothing", ""] {
        assert!(at(url).is_err(), "{url}");
    }
    let failure = at("https://user:canary@login.example.com/").unwrap_err();
    assert!(failure.message.contains("holds credentials") && !failure.message.contains("canary"), "{failure}");
}

#[test]
fn what_is_allowed_and_should_be_known_is_warned_of() {
    let plain = sasl(json!({"mechanism": "plain", "username": "u", "password": {"env": "P"}}));
    let scram = sasl(json!({"mechanism": "scram_sha_512", "username": "u", "password": {"env": "P"}}));
    let token = sasl(json!({"mechanism": "oauthbearer", "token": {"env": "T"}}));
    let (checked, unchecked) = (tls(json!({})), tls(json!({"verify": false})));
    assert!(warnings(None, Some(&plain)).concat().contains("sends the password in the clear"));
    assert!(warnings(None, Some(&token)).concat().contains("sends the token in the clear"));
    assert_eq!(warnings(None, Some(&scram)), Vec::<String>::new());
    assert_eq!(warnings(Some(&checked), Some(&plain)), Vec::<String>::new());
    assert!(warnings(Some(&unchecked), None).concat().contains("`verify` is false"));
}
