//! Service accounts.

use super::*;

const ACCOUNT: &str = "service_account: { client_id: me, client_secret: { file: /x } }\nconfiguration: { org_id: 5a2af2a82cf2b0010053ea41 }\nstart: -1d\noverlap: 0s";

fn token(name: &str, life: &str) -> Answer {
    Ok(response(200, &[], &format!(r#"{{"access_token":"{name}"{life},"scope":"api","token_type":"bearer"}}"#)))
}

fn account(extra: &str, answers: Vec<Answer>) -> (Driver, std::sync::Arc<Script>) {
    let raw = support::config(&format!("{ACCOUNT}\n{extra}")).unwrap();
    let settings = adr_source_jumpcloud::Settings::try_from(raw).unwrap();
    let clock = ManualClock::new(DAY);
    let script = Script::new(answers);
    let mut driver =
        Driver::new(support::lane(&settings, &support::surroundings(clock.clone(), script.clone())), clock);
    driver.pull().unwrap();
    (driver, script)
}

fn empty() -> Answer {
    Ok(page(&[], 10, ""))
}

#[test]
fn a_token_is_fetched_with_basic_credentials_and_sent_as_bearer_with_the_org_id() {
    let (mut driver, script) = account("", vec![token("t1", ",\"expires_in\":3600"), empty()]);
    driver.pull().unwrap();
    let requests = script.requests();
    assert_eq!(requests[0].url, "https://admin-oauth.id.jumpcloud.com/oauth2/token");
    assert!(header(&requests[0], "authorization").unwrap().starts_with("Basic bWU6"));
    assert_eq!(&requests[0].body[..], b"grant_type=client_credentials&scope=api");
    assert_eq!(header(&requests[0], "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(&requests[1], "authorization"), Some("Bearer t1"));
    assert_eq!(header(&requests[1], "x-org-id"), Some("5a2af2a82cf2b0010053ea41"));
    assert!(!format!("{requests:?}").contains("t1"));
}

#[test]
fn the_token_endpoint_of_other_regions_is_unknown_so_it_can_be_set() {
    let (mut driver, script) = account("token_url: https://oauth.example.com/t", vec![token("t", ""), empty()]);
    driver.pull().unwrap();
    assert_eq!(script.requests()[0].url, "https://oauth.example.com/t");
}

#[test]
fn a_token_is_renewed_thirty_seconds_before_its_end() {
    for (life, seconds) in [(",\"expires_in\":120", 90), ("", 3570), (",\"expires_in\":20", 10)] {
        let (mut driver, script) =
            account("poll_interval: 1s", vec![token("t1", life), empty(), empty(), token("t2", life), empty()]);
        driver.pull().unwrap();
        driver.clock.advance(Duration::from_secs(seconds - 1));
        driver.pull().unwrap();
        assert_eq!(script.requests().len(), 3, "one second before: the first token still");
        driver.clock.advance(Duration::from_secs(1));
        driver.pull().unwrap();
        assert_eq!(header(script.requests().last().unwrap(), "authorization"), Some("Bearer t2"));
    }
}

#[test]
fn a_refused_token_is_renewed_once_and_the_request_sent_again() {
    let refusal = || Ok(response(401, &[], ""));
    let (mut driver, script) = account("", vec![token("t1", ""), refusal(), token("t2", ""), empty()]);
    driver.pull().unwrap();
    assert_eq!(header(&script.requests()[3], "authorization"), Some("Bearer t2"));
    assert_eq!(script.requests()[1].body, script.requests()[3].body);

    let (mut driver, script) = account("", vec![token("t1", ""), refusal(), token("t2", ""), refusal()]);
    let failure = driver.pull().err().unwrap();
    assert_eq!((failure.kind, failure.retry, script.left()), (FailureKind::Unauthorized, SLOW, 0));
}

#[test]
fn a_refused_client_is_a_state_and_its_secret_is_not_printed() {
    let said = format!(r#"{{"message":"no client {KEY}"}}"#);
    let (mut driver, _) = account("", vec![Ok(response(401, &[], &said))]);
    let failure = driver.pull().err().unwrap();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unauthorized, SLOW));
    assert!(failure.message.contains("client_secret") && !failure.message.contains(KEY), "{failure}");
}

#[test]
fn a_service_account_needs_an_organization_id() {
    let raw = support::config("service_account: { client_id: me, client_secret: { file: /x } }").unwrap();
    let failure = adr_source_jumpcloud::Settings::try_from(raw).unwrap_err();
    assert!(failure.message.contains("Settings > Organization Profile"), "{failure}");
}
