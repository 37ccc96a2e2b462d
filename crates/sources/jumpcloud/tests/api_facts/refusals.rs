//! What the API may answer instead of a page.

use super::*;

#[test]
fn http_400_passes_on_what_the_api_says_about_services() {
    let failure = refused(400, &[], r#"{"message":"invalid service 'foo', supported: all, sso, ldap"}"#);
    assert_eq!((failure.kind, failure.retry), (FailureKind::BadRequest, SLOW));
    assert!(failure.message.starts_with("JumpCloud (organization 5a2af2a82cf2b0010053ea41): "), "{failure}");
    assert!(failure.message.contains("supported: all, sso, ldap") && failure.message.contains("Organization Profile"));
}

#[test]
fn http_401_names_the_key_and_where_to_find_it() {
    let failure = refused(401, &[], r#"{"message":"Unauthorized"}"#);
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unauthorized, SLOW));
    assert!(failure.message.contains("Profile > My API Key") && failure.message.contains("Unauthorized"));
}

#[test]
fn a_good_key_for_another_organization_is_told_apart_from_a_bad_key() {
    let texts = ["ID not included for multi-tenant admin", "x-org-id and Organization path ID do not match"];
    for (status, text) in [400, 401].into_iter().zip(texts) {
        let failure = refused(status, &[], &format!(r#"{{"message":"{text}"}}"#));
        assert_eq!((failure.kind, failure.retry), (FailureKind::WrongOrganization, SLOW), "{failure}");
        assert!(failure.message.contains("Organization Profile") && failure.message.contains(text), "{failure}");
    }
}

#[test]
fn an_api_that_repeats_the_key_does_not_make_us_print_it() {
    for status in [400, 401, 402, 403, 500, 418] {
        let body = format!(r#"{{"message":"bad key {KEY}"}}"#);
        let failure = refused(status, &[], &body);
        assert!(!failure.message.contains(KEY) && failure.message.contains("[redacted]"), "{failure}");
    }
}

#[test]
fn http_402_is_a_state() {
    let failure = refused(402, &[], "");
    assert_eq!((failure.kind, failure.retry), (FailureKind::NotLicensed, SLOW));
    assert!(failure.message.contains("not enabled"));
}

#[test]
fn http_403_is_a_role_as_json_and_a_firewall_as_html() {
    let role = refused(403, &[("content-type", "application/json")], r#"{"message":"forbidden"}"#);
    let wall =
        refused(403, &[("content-type", "text/html")], "<html>your IP has been blocked due to suspected abuse</html>");
    assert!(
        role.message.contains("directoryinsights.readonly") && wall.message.contains("firewall"),
        "{role} / {wall}"
    );
    assert!(!wall.message.contains("<html>"));
    for failure in [role, wall] {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Forbidden, SLOW));
    }
}

#[test]
fn http_404_is_a_wrong_address() {
    let failure = refused(404, &[], "");
    assert!(failure.retry == SLOW && failure.message.contains("base_url"));
}

#[test]
fn http_429_waits_as_long_as_it_is_told_or_backs_off() {
    assert_eq!(refused(429, &[("Retry-After", "17")], "").retry, Retry::After(Duration::from_secs(17)));
    assert_eq!(
        refused(429, &[("Retry-After", "Sun, 01 Mar 2026 00:02:00 GMT")], "").retry,
        Retry::After(Duration::from_secs(120))
    );
    assert_eq!(
        refused(429, &[("Retry-After", "99999999")], "").retry,
        Retry::After(Duration::from_secs(3600)),
        "within reason"
    );
    assert_eq!(refused(429, &[("Retry-After", "soon")], "").retry, Retry::BackOff);
    assert_eq!(refused(429, &[], "").retry, Retry::BackOff);
    assert_eq!(refused(429, &[], "").kind, FailureKind::RateLimited);
}

#[test]
fn http_5xx_backs_off_whatever_its_body_is() {
    for status in [500, 502, 503, 504] {
        let failure = refused(status, &[("content-type", "text/html")], "<html><h1>Bad Gateway</h1></html>");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Unavailable, Retry::BackOff));
        assert!(!failure.message.contains('<'), "{failure}");
    }
    assert_eq!(refused(503, &[("retry-after", "5")], "").retry, Retry::After(Duration::from_secs(5)));
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let failure = refused(302, &[("location", "https://elsewhere.example.com/login?next=x")], "");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, SLOW));
    assert!(failure.message.contains("elsewhere.example.com") && !failure.message.contains("next="), "{failure}");
}

#[test]
fn no_answer_backs_off() {
    for (error, kind) in [
        (TransportError::Timeout, FailureKind::Timeout),
        (TransportError::Connect("refused".to_owned()), FailureKind::Unreachable),
        (TransportError::Cut("reset".to_owned()), FailureKind::Unreachable),
    ] {
        let (mut driver, _) = driver(PLAIN, vec![Err(error)]);
        let failure = driver.pull().err().unwrap();
        assert_eq!((failure.kind, failure.retry), (kind, Retry::BackOff));
    }
}

#[test]
fn after_a_failure_the_same_page_is_asked_for_again() {
    let busy = || Ok(response(503, &[], ""));
    let (mut driver, script) =
        driver(PLAIN, vec![Ok(page(&many(0, 10), 10, C1)), busy(), busy(), Ok(page(&many(10, 12), 10, C2))]);
    driver.pull().unwrap();
    driver.step().err().unwrap();
    driver.step().err().unwrap();
    driver.drain(2);
    let queries = script.queries();
    assert!(queries[1] == queries[2] && queries[2] == queries[3]);
    assert_eq!(ids(&driver).len(), 12);
}

#[test]
fn a_key_changed_in_its_place_is_picked_up_after_a_refusal() {
    struct Rotating(std::sync::atomic::AtomicUsize);
    impl adr_core::Secrets for Rotating {
        fn resolve(&self, _: &adr_core::SecretRef) -> Result<adr_core::SecretString, Failure> {
            Ok(format!("key{}", self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).into())
        }
    }
    let clock = ManualClock::new(DAY);
    let script = Script::new([Ok(page(&many(0, 5), 5, C1)), Ok(response(401, &[], "")), Ok(page(&[], 5, ""))]);
    let mut surroundings = support::surroundings(clock.clone(), script.clone());
    surroundings.secrets = std::sync::Arc::new(Rotating(0.into()));
    let mut driver = Driver::new(support::lane(&support::settings(PLAIN), &surroundings), clock);
    for _ in 0..4 {
        let _ = driver.step();
    }
    let keys: Vec<_> =
        script.requests().iter().map(|request| header(request, "x-api-key").unwrap().to_owned()).collect();
    assert_eq!(keys, ["key0", "key0", "key1"]);
}
