//! Each fault, on its switch.

use std::time::Duration;

use adr_simulator::{Access, Endpoint, Fault, FaultKind, HeaderCase, Knobs, Request, Response, RetryAfter, When};

use crate::common::{EVENTS, KEY, NOW, all, ask, ask_at, ids, json, world};

fn struck(kind: FaultKind) -> Response {
    let (mut directory, _) = world(6);
    directory.add_fault(Fault::new(kind));
    ask(&mut directory, &all(r#""limit":4"#))
}

fn is_html(response: &Response) -> bool {
    response.header("content-type") == Some("text/html")
}

#[test]
fn errors_come_with_their_bodies() {
    for (kind, status, html) in [
        (FaultKind::TooManyRequests(RetryAfter::Absent), 429, false),
        (FaultKind::InternalError, 500, false),
        (FaultKind::BadGateway, 502, true),
        (FaultKind::Unavailable(RetryAfter::Absent), 503, true),
        (FaultKind::GatewayTimeout, 504, true),
        (FaultKind::BadRequest, 400, false),
        (FaultKind::Unauthorized, 401, false),
        (FaultKind::PaymentRequired, 402, false),
        (FaultKind::Forbidden, 403, false),
        (FaultKind::Firewall, 403, true),
        (FaultKind::NotJson, 200, true),
    ] {
        let response = struck(kind.clone());
        assert_eq!((response.status, is_html(&response)), (status, html), "{kind:?}");
        assert_eq!(response.header("retry-after"), None);
        let text = response.body.into_bytes();
        let message = serde_json::from_slice::<serde_json::Value>(&text)
            .ok()
            .and_then(|body| body["message"].as_str().map(str::len));
        assert_eq!(message.is_some(), !html, "{kind:?}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let seconds = struck(FaultKind::TooManyRequests(RetryAfter::Seconds(17)));
    assert_eq!(seconds.header("retry-after"), Some("17"));
    let date = struck(FaultKind::Unavailable(RetryAfter::Date(Duration::from_secs(60))));
    assert_eq!(date.header("retry-after"), Some("Mon, 26 Jan 2026 09:01:00 GMT"));
}

#[test]
fn a_redirect_points_elsewhere() {
    let response = struck(FaultKind::Redirect("http://elsewhere.example.com/".to_owned()));
    assert_eq!(response.status, 307);
    assert_eq!(response.header("location"), Some("http://elsewhere.example.com/insights/directory/v1/events"));
}

#[test]
fn hints_say_how_the_answer_travels() {
    assert!(struck(FaultKind::Reset).hints.reset);
    assert_eq!(struck(FaultKind::Delay(Duration::from_secs(3))).hints.delay, Duration::from_secs(3));
    assert_eq!(struck(FaultKind::SlowBody(500)).hints.bytes_per_second, Some(500));
    assert_eq!(struck(FaultKind::Cut(10)).hints.cut_after, Some(10));
    let whole = struck(FaultKind::Cut(u64::MAX));
    assert_eq!(whole.hints.cut_after, whole.body.length().map(|length| length - 1), "it always breaks before the end");
    let quiet = struck(FaultKind::SlowBody(1));
    assert_eq!((quiet.status, ids(quiet).len()), (200, 4), "the page itself is whole");
}

#[test]
fn broken_pages_are_broken_as_said() {
    let parse = |response: Response| serde_json::from_slice::<serde_json::Value>(&response.body.into_bytes());
    assert!(parse(struck(FaultKind::Truncated)).is_err());
    assert!(parse(struck(FaultKind::Garbage)).is_err());
    let empty = struck(FaultKind::EmptyBody);
    assert_eq!(empty.header("x-result-count"), Some("4"));
    assert_eq!(empty.body.into_bytes().len(), 0);
    let page = struck(FaultKind::NotObject);
    assert_eq!(page.header("x-result-count"), Some("5"));
    let page = json(page);
    assert_eq!(page.as_array().expect("an array").iter().filter(|element| element.is_string()).count(), 1);
    let page = json(struck(FaultKind::NoId));
    assert_eq!(page.as_array().expect("an array").iter().filter(|event| event.get("id").is_none()).count(), 1);
    assert_eq!(ids(struck(FaultKind::Unsorted)), ["id-00003", "id-00002", "id-00001", "id-00000"]);
}

#[test]
fn an_oversized_page_is_the_same_page_and_large() {
    let page = struck(FaultKind::Oversized(1_000_003));
    let length = page.body.length().expect("known");
    assert_eq!(length, struck(FaultKind::Delay(Duration::ZERO)).body.length().expect("known") + 1_000_003);
    let chunks: Vec<_> = page.clone().body.into_chunks().collect();
    assert_eq!(chunks.concat(), page.clone().body.into_bytes());
    assert_eq!(chunks.concat().len() as u64, length);
    assert_eq!(ids(page), ["id-00000", "id-00001", "id-00002", "id-00003"]);
    // 100 MB cost nothing before they are sent.
    assert_eq!(struck(FaultKind::Oversized(100_000_000)).body.length().map(|length| length / 1_000_000), Some(100));
}

#[test]
fn cursors_repeat_stick_and_expire() {
    let (mut directory, _) = world(6);
    let first = ask(&mut directory, &all(r#""limit":2"#));
    let cursor = first.header("x-search_after").expect("a cursor").to_owned();
    let next = all(&format!(r#""limit":2,"search_after":{cursor}"#));
    directory.set_faults(vec![Fault::new(FaultKind::RepeatedCursor)]);
    let repeated = ask(&mut directory, &next);
    assert_eq!(repeated.header("x-search_after"), Some(cursor.as_str()));
    assert_eq!(ids(repeated), ["id-00002", "id-00003"]);
    directory.set_faults(vec![Fault::new(FaultKind::Stuck)]);
    let stuck = ask(&mut directory, &next);
    assert_eq!(stuck.header("x-search_after"), Some(cursor.as_str()));
    assert_eq!(ids(stuck), ["id-00000", "id-00001"]);
    directory.set_faults(vec![Fault::new(FaultKind::CursorsExpire)]);
    assert_eq!(ask(&mut directory, &next).status, 400);
    assert_eq!(ask(&mut directory, &all("")).status, 200);
}

#[test]
fn each_header_can_be_missing_or_in_another_case() {
    for name in ["X-Result-Count", "X-Limit", "X-Sort", "x-search_after", "X-Request-Id", "Content-Type"] {
        assert!(struck(FaultKind::Delay(Duration::ZERO)).header(name).is_some());
        assert!(struck(FaultKind::NoHeader(name.to_owned())).header(name).is_none(), "{name}");
    }
    let names =
        |case| struck(FaultKind::HeaderCase(case)).headers.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    assert!(names(HeaderCase::Lower).contains(&"x-search_after".to_owned()));
    assert!(names(HeaderCase::Upper).contains(&"X-SEARCH_AFTER".to_owned()));
}

#[test]
fn keys_and_tokens_can_die_under_way() {
    let (mut directory, org) = world(1);
    directory.add_fault(Fault::new(FaultKind::KeyDies).when(When { after: 2, ..When::default() }));
    let status: Vec<u16> = (0..4).map(|_| ask(&mut directory, &all("")).status).collect();
    assert_eq!(status, [200, 200, 401, 401]);
    directory.add_key(KEY, Access::Organization(org));
    directory.set_faults(vec![Fault::new(FaultKind::TokenDies).when(When::first(1))]);
    directory.add_client("client", &["secret"], Access::Organization(org), Duration::from_secs(1000));
    let basic = Request::post("/oauth2/token", "grant_type=client_credentials")
        .with("authorization", "Basic Y2xpZW50OnNlY3JldA==");
    let mut query = || {
        let token = json(directory.handle(NOW, &basic))["access_token"].as_str().expect("a token").to_owned();
        let query = Request::post(EVENTS, all(""))
            .with("authorization", &format!("Bearer {token}"))
            .with("x-org-id", crate::common::ORG);
        directory.handle(NOW, &query).status
    };
    assert_eq!((query(), query()), (401, 200));
}

#[test]
fn faults_are_aimed_at_endpoints_and_organizations() {
    let (mut directory, _) = world(1);
    directory.set_faults(vec![Fault::new(FaultKind::InternalError).at(Endpoint::Count)]);
    assert_eq!(ask(&mut directory, &all("")).status, 200);
    assert_eq!(ask_at(&mut directory, "count", &all("")).status, 500);
    let other = directory.add_organization("5c86b6cf9fdce00001d3800b");
    directory.add_key("other", Access::Organization(other));
    directory.set_faults(vec![Fault::new(FaultKind::InternalError).only_for("5c86b6cf9fdce00001d3800b")]);
    assert_eq!(ask(&mut directory, &all("")).status, 200);
    assert_eq!(directory.handle(NOW, &Request::post(EVENTS, all("")).with("x-api-key", "other")).status, 500);
    assert_eq!(directory.faults().map(|(_, count)| count).collect::<Vec<_>>(), [1]);
}

#[test]
fn the_tally_counts_answers() {
    let (mut directory, _) = world(3);
    directory.set_faults(vec![Fault::new(FaultKind::Reset).when(When::first(1))]);
    for _ in 0..3 {
        ask(&mut directory, &all(""));
    }
    let tally = directory.tally();
    assert_eq!((tally.requests, tally.pages, tally.events), (3, 2, 6));
    assert_eq!(tally.by_status.iter().map(|(status, count)| (*status, *count)).collect::<Vec<_>>(), [(0, 1), (200, 2)]);
}

#[test]
fn seeds_decide_faults_and_knobs() {
    let texts = |seed| format!("{:?} {:?}", Fault::seeded(seed, 5, 0.1), Knobs::seeded(seed));
    assert_eq!(texts(4), texts(4));
    assert!((0..50).map(texts).collect::<std::collections::BTreeSet<_>>().len() == 50);
    let shares = (0..50).flat_map(|seed| Fault::seeded(seed, 3, 0.1)).filter_map(|fault| fault.when.share);
    assert!(shares.clone().all(|share| share > 0.0 && share <= 0.1));
    assert_eq!(shares.count(), 150);
}

#[test]
fn the_same_seed_and_calls_give_the_same_answers() {
    let run = || {
        let (mut directory, _) = world(50);
        directory.set_faults(Fault::seeded(9, 4, 0.4));
        (0..200)
            .map(|n| {
                format!("{:?}", {
                    let response = ask(&mut directory, &all(&format!(r#""limit":{}"#, n % 7 + 1)));
                    (response.status, response.headers, response.hints, response.body.into_bytes())
                })
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
