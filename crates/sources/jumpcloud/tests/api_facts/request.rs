//! What is asked, and how.

use super::*;

#[test]
fn a_query_has_services_start_end_limit_and_ascending_order() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&[], 2730, ""))]);
    driver.pull().unwrap();
    let request = &script.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("POST", "http://127.0.0.1:9/insights/directory/v1/events")
    );
    assert_eq!(header(request, "content-type"), Some("application/json"));
    assert_eq!(header(request, "x-api-key"), Some(KEY));
    assert_eq!(header(request, "x-org-id"), Some("5a2af2a82cf2b0010053ea41"));
    assert_eq!(
        script.queries()[0],
        serde_json::json!({
            "service": ["all"], "start_time": "2026-02-28T00:00:00.000Z", "end_time": "2026-02-28T23:59:00.000Z",
            "limit": 2730, "sort": "ASC",
        })
    );
}

#[test]
fn the_key_is_marked_sensitive_and_nothing_prints_it() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&[], 2730, ""))]);
    driver.pull().unwrap();
    let printed = format!("{:?}", script.requests());
    assert!(!printed.contains(KEY), "{printed}");
}

#[test]
fn a_key_of_any_shape_is_sent_as_it_is() {
    // JumpCloud's own exporter gave up on validating keys: 40 letters once, longer ones and `jcs_` ones now.
    for key in ["abc", "jcs_0123456789_ABCdef", &"k".repeat(200)] {
        let (_, header) = with_key(key);
        assert_eq!(header.as_deref(), Some(key));
    }
}

#[test]
fn a_line_break_at_the_end_of_a_key_file_is_no_part_of_the_key() {
    assert_eq!(with_key("abc\r\n").1.as_deref(), Some("abc"));
}

#[test]
fn a_key_that_no_header_can_carry_is_a_clear_error() {
    for key in ["", "two words", "two\nlines", "schl\u{fc}ssel"] {
        let failure = with_key(key).0.unwrap();
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, SLOW));
        assert!(
            failure.message.contains("environment variable KEY") && (key.is_empty() || !failure.message.contains(key))
        );
    }
}

fn with_key(key: &str) -> (Option<Failure>, Option<String>) {
    struct Given(String);
    impl adr_core::Secrets for Given {
        fn resolve(&self, _: &adr_core::SecretRef) -> Result<adr_core::SecretString, Failure> {
            Ok(self.0.clone().into())
        }
    }
    let clock = ManualClock::new(DAY);
    let script = Script::new([Ok(page(&[], 10, ""))]);
    let mut surroundings = support::surroundings(clock.clone(), script.clone());
    surroundings.secrets = std::sync::Arc::new(Given(key.to_owned()));
    let mut driver = Driver::new(support::lane(&support::settings(PLAIN), &surroundings), clock);
    driver.pull().unwrap();
    let failure = driver.pull().err();
    let sent = script.requests().first().and_then(|request| header(request, "x-api-key").map(str::to_owned));
    (failure, sent)
}

#[test]
fn start_is_never_at_or_after_end() {
    // Elastic #17209: such a query is a 400 for good.
    let (mut driver, script) = driver("start: now\nsettle: 60s\noverlap: 0s", vec![]);
    for _ in 0..40 {
        let Pulled::Wait(wait) = driver.pull().unwrap() else { panic!("nothing can be asked yet") };
        assert!(!wait.is_zero());
        driver.clock.advance(Duration::from_millis(1500));
    }
    assert!(driver.clock.millis() == DAY + 60_000 && script.requests().is_empty());
    driver.clock.advance(Duration::from_millis(1));
    script.then(Ok(page(&[], 10, "")));
    driver.pull().unwrap();
    let query = &script.queries()[0];
    assert_eq!(
        (&query["start_time"], &query["end_time"]),
        (&"2026-03-01T00:00:00.000Z".into(), &"2026-03-01T00:00:00.001Z".into())
    );
}

#[test]
fn no_more_than_10000_rows_are_asked_for() {
    // Events so small that far more of them would come to a page's worth of bytes.
    let small = |at: usize| (0..1000).map(|id| format!(r#"{{"id":{id}{at}}}"#)).collect::<Vec<_>>();
    let pages = (10..22).map(|at| Ok(page(&small(at), 1000, &format!("[{at}]")))).collect();
    let (mut driver, script) = driver(PLAIN, pages);
    while script.left() > 0 {
        driver.step().unwrap();
    }
    let limits: Vec<u64> = script.queries().iter().map(|query| query["limit"].as_u64().unwrap()).collect();
    assert!(limits.is_sorted() && limits.last() == Some(&10_000), "{limits:?}");
    let raw = support::config("secret_key: { env: K }\npage_limit: 10001").unwrap();
    assert!(adr_source_jumpcloud::Settings::try_from(raw).is_err());
}

#[test]
fn the_set_of_services_is_open_and_goes_out_as_written() {
    let extra = format!("{PLAIN}\nservices: [alerts, alert, pam, di_events]");
    let (mut driver, script) = driver(&extra, vec![Ok(page(&[], 10, ""))]);
    driver.pull().unwrap();
    assert_eq!(script.queries()[0]["service"], serde_json::json!(["alert", "alerts", "di_events", "pam"]));
}

#[test]
fn the_cursor_goes_back_exactly_as_it_came_numbers_or_strings() {
    for cursor in [C1, C2, r#"[1576181718000.0,"a",null,{"b":1e3}]"#] {
        let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 10), 10, cursor)), Ok(page(&[], 10, ""))]);
        driver.pull().unwrap();
        driver.pull().unwrap();
        let body = String::from_utf8(script.requests()[1].body.to_vec()).unwrap();
        assert!(body.contains(&format!("\"search_after\":{cursor}")), "{body}");
    }
}

#[test]
fn pages_of_a_window_are_the_very_same_query() {
    let (mut driver, script) =
        driver(PLAIN, vec![Ok(page(&many(0, 10), 10, C1)), Ok(page(&many(10, 20), 10, C2)), Ok(page(&[], 10, ""))]);
    for _ in 0..3 {
        driver.pull().unwrap();
        driver.clock.advance(Duration::from_secs(600));
    }
    let queries = script.queries();
    for name in ["service", "start_time", "end_time", "sort"] {
        assert!(queries.iter().all(|query| query[name] == queries[0][name]), "{name}");
    }
}

#[test]
fn each_region_has_its_host_and_a_base_url_overrides_it() {
    for (region, host) in [("us", "api.jumpcloud.com"), ("eu", "api.eu.jumpcloud.com"), ("in", "api.in.jumpcloud.com")]
    {
        let raw = support::config(&format!("secret_key: {{ env: K }}\nregion: {region}")).unwrap();
        let settings = adr_source_jumpcloud::Settings::try_from(raw).unwrap();
        assert_eq!(settings.tenants[0].base_url, format!("https://{host}/insights/directory/v1"));
    }
    for (given, used) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/insights/directory/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/insights/directory/v1"),
        ("https://proxy.example.com/jc/v1/", "https://proxy.example.com/jc/v1"),
    ] {
        let raw = support::config(&format!("secret_key: {{ env: K }}\nbase_url: {given}")).unwrap();
        assert_eq!(adr_source_jumpcloud::Settings::try_from(raw).unwrap().tenants[0].base_url, used);
    }
}
