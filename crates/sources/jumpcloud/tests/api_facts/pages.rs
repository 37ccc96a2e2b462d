//! How pages follow one another.

use super::*;

#[test]
fn a_page_with_fewer_rows_than_its_limit_ends_the_window() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 9), 10, C1))]);
    assert!(matches!(driver.pull(), Ok(Pulled::Page(9))));
    assert!(matches!(driver.pull(), Ok(Pulled::Wait(wait)) if wait == Duration::from_secs(60)), "caught up");
    assert_eq!(script.left(), 0);
}

#[test]
fn an_exact_multiple_of_the_limit_needs_one_more_request() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 10), 10, C1)), Ok(page(&[], 10, C1))]);
    assert!(matches!(driver.pull(), Ok(Pulled::Page(10))));
    assert!(matches!(driver.pull(), Ok(Pulled::Page(0))));
    assert!(matches!(driver.pull(), Ok(Pulled::Wait(wait)) if !wait.is_zero()));
    assert_eq!(script.left(), 0);
}

#[test]
fn headers_are_compared_as_numbers() {
    // The first exporters compared texts: "900" >= "1000".
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&many(0, 900), 1000, C1))]);
    driver.pull().unwrap();
    assert!(matches!(driver.pull(), Ok(Pulled::Wait(_))), "900 of 1000 is the last page");
}

#[test]
fn the_effective_limit_is_what_x_limit_says() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 100), 100, C1)), Ok(page(&[], 100, ""))]);
    driver.pull().unwrap();
    driver.pull().unwrap();
    assert_eq!(script.requests().len(), 2, "100 rows are a full page where 2730 were asked for");
}

#[test]
fn header_names_are_compared_without_case() {
    for name in ["X-Search_after", "X-Search_After", "x-search_after", "X-SEARCH_AFTER"] {
        let body = format!("[{}]", many(0, 10).join(","));
        let first = response(200, &[("x-LIMIT", "10"), (name, C1)], &body);
        let (mut driver, script) = driver(PLAIN, vec![Ok(first), Ok(page(&[], 10, ""))]);
        driver.pull().unwrap();
        driver.pull().unwrap();
        assert!(script.queries()[1].get("search_after").is_some(), "{name}");
    }
}

#[test]
fn an_empty_page_may_come_with_or_without_headers() {
    for empty in [page(&[], 10, C1), page(&[], 10, ""), response(200, &[], "[]"), response(200, &[], " [ ]\n")] {
        let (mut driver, _) = driver(PLAIN, vec![Ok(empty)]);
        assert!(matches!(driver.pull(), Ok(Pulled::Page(0))), "the day gone by is worth saving");
        assert!(matches!(driver.pull(), Ok(Pulled::Wait(_))));
    }
}

#[test]
fn without_any_header_pages_are_read_until_nothing_new_comes() {
    let bare = |rows: &[String]| Ok(response(200, &[], &format!("[{}]", rows.join(","))));
    let (mut driver, script) =
        driver(PLAIN, vec![bare(&many(0, 1000)), bare(&many(999, 1500)), bare(&many(1499, 1500))]);
    driver.drain(10);
    assert_eq!(ids(&driver).len(), 1500);
    assert_eq!(script.queries()[1]["start_time"], support::rfc3339(DAY - 3_600_000 + 999));
}

#[test]
fn a_full_page_without_a_cursor_goes_on_from_its_last_instant() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 10), 10, "")), Ok(page(&many(9, 12), 10, ""))]);
    driver.drain(10);
    assert_eq!(ids(&driver).len(), 12);
    assert_eq!(script.queries()[1]["start_time"], support::rfc3339(DAY - 3_600_000 + 9));
}

#[test]
fn a_cursor_that_repeats_on_a_full_page_is_not_followed() {
    let answers = vec![Ok(page(&many(0, 10), 10, C1)), Ok(page(&many(0, 10), 10, C1)), Ok(page(&many(9, 12), 10, C2))];
    let (mut driver, script) = driver(PLAIN, answers);
    driver.drain(10);
    assert_eq!(ids(&driver).len(), 12);
    assert!(script.queries()[2].get("search_after").is_none());
}

#[test]
fn a_full_page_of_one_millisecond_asks_for_more_and_never_loops_in_silence() {
    let same: Vec<String> = (0..5000).map(|at| event(&format!("{at:024x}"), DAY - 1_000_000)).collect();
    let stuck = || Ok(page(&same[..2000], 2000, ""));
    let (mut driver, script) =
        driver(&format!("{PLAIN}\npage_limit: 2000"), vec![stuck(), stuck(), Ok(page(&same, 10_000, ""))]);
    driver.pull().unwrap();
    let failure = driver.pull().err().expect("a second page of the same rows is an error");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::BackOff));
    driver.drain(10);
    assert_eq!(script.queries().last().unwrap()["limit"], 10_000);
    assert_eq!(ids(&driver).len(), 5000);
}

#[test]
fn cursors_that_go_in_circles_are_noticed() {
    let mut answers = vec![Ok(page(&many(0, 500), 500, C1)), Ok(page(&many(500, 1000), 500, C2))];
    for _ in 0..4 {
        answers.push(Ok(page(&many(0, 500), 500, C1)));
        answers.push(Ok(page(&many(500, 1000), 500, C2)));
    }
    let (mut driver, script) = driver("start: -1d\noverlap: 2h", answers);
    let mut asked_anew = false;
    while script.left() > 0 {
        let _ = driver.step();
        driver.commit_all();
        asked_anew |= script.queries().len() > 1 && script.queries().last().unwrap().get("search_after").is_none();
    }
    assert!(asked_anew, "the window is asked for anew");
    assert_eq!(ids(&driver).len(), 1000);
}

#[test]
fn a_refused_cursor_reopens_the_window_at_the_last_delivered_instant() {
    let refusal = response(400, &[], r#"{"message":"invalid search_after"}"#);
    let (mut driver, script) =
        driver(PLAIN, vec![Ok(page(&many(0, 10), 10, C1)), Ok(refusal), Ok(page(&many(9, 12), 10, C2))]);
    driver.pull().unwrap();
    let failure = driver.pull().err().unwrap();
    assert!(failure.retry == Retry::BackOff && failure.message.contains("invalid search_after"), "{failure}");
    driver.drain(10);
    assert_eq!(ids(&driver).len(), 12);
    let last = &script.queries()[2];
    assert_eq!((last.get("search_after"), &last["start_time"]), (None, &support::rfc3339(DAY - 3_600_000 + 9).into()));
}

#[test]
fn a_cursor_survives_a_restart_with_its_window() {
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&many(0, 10), 10, C1)), Ok(page(&many(10, 12), 10, C2))]);
    driver.pull().unwrap();
    driver.commit_all();
    driver.clock.advance(Duration::from_secs(3600));
    driver.crash();
    driver.drain(1);
    let queries = script.queries();
    assert_eq!(queries[1]["search_after"], serde_json::from_str::<serde_json::Value>(C1).unwrap());
    assert_eq!(queries[1]["end_time"], queries[0]["end_time"]);
    assert_eq!(ids(&driver).len(), 12);
}

#[test]
fn a_page_that_says_it_has_more_rows_than_it_has_is_not_believed() {
    let lying = response(200, &[("x-result-count", "3"), ("x-limit", "10")], "[{\"id\":1}]");
    let (mut driver, _) = driver(PLAIN, vec![Ok(lying)]);
    assert_eq!(driver.pull().err().unwrap().kind, FailureKind::Protocol);
}

#[test]
fn a_page_that_breaks_off_is_asked_for_again() {
    let whole = page(&many(0, 3), 10, C1);
    for cut in ["", "[", "[{\"id\"", "{\"message\":\"x\"}", "<html>", "[{}]x"] {
        let mut broken = whole.clone();
        broken.body = cut.as_bytes().to_vec();
        broken.headers.remove("x-result-count");
        let (mut driver, _) = driver(PLAIN, vec![Ok(broken), Ok(whole.clone())]);
        let failure = driver.pull().err().unwrap();
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert!(cut.len() < 5 || !failure.message.contains(cut), "{failure}");
        driver.drain(3);
        assert_eq!(ids(&driver).len(), 3);
    }
}

#[test]
fn descending_pages_do_not_lead_the_position() {
    let mut rows = many(0, 10);
    rows.reverse();
    let mut first = page(&rows, 10, C1);
    first.headers.insert("x-sort", "DESC".parse().unwrap());
    let refusal = response(400, &[], r#"{"message":"no"}"#);
    let (mut driver, script) = driver(PLAIN, vec![Ok(first), Ok(refusal), Ok(page(&many(0, 12), 20, C2))]);
    driver.pull().unwrap();
    driver.commit_all();
    driver.pull().err().unwrap();
    driver.drain(5);
    assert_eq!(script.queries()[2]["start_time"], script.queries()[0]["start_time"]);
    assert_eq!(ids(&driver).len(), 12);
}
