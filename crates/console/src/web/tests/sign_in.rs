//! Signing in and out.

use std::time::Duration;

use axum::body::Body;
use http::{StatusCode, header};

use super::PASSWORD;
use super::heard::Heard;
use super::site::{Browser, Place, Site};
use crate::page::Role;

#[tokio::test]
async fn who_signs_in_gets_a_new_session_and_goes_on_where_he_wanted() {
    for (place, name) in [(Place::Elsewhere, "__Host-jumpcloud_adr="), (Place::Loopback, "jumpcloud_adr_")] {
        let site = Site::new(place).await;
        let mut browser = Browser::default();
        let answer = browser.sign_in(&site, "jane", PASSWORD).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/pipeline"));
        let set: Vec<_> =
            answer.headers.get_all(header::SET_COOKIE).into_iter().map(|value| value.to_str().unwrap()).collect();
        assert!(set[0].starts_with(name) && set[0].contains("; HttpOnly; SameSite=Strict"), "{set:?}");
        assert_eq!(set[0].ends_with("; Secure"), place == Place::Elsewhere, "{set:?}");
        let page = browser.get(&site, "/").await;
        assert!(page.text.contains("jane") && page.text.contains("Sign out"));
        assert_eq!(browser.get(&site, "/sign-in?next=/pipeline").await.location(), "/pipeline");
    }
}

#[tokio::test]
async fn a_session_is_never_taken_over_from_before_the_sign_in() {
    let site = Site::new(Place::Elsewhere).await;
    let mut browser = Browser::default();
    let fixed = "f".repeat(64);
    browser.jar.push(("__Host-jumpcloud_adr".to_owned(), fixed.clone()));
    browser.sign_in(&site, "jane", PASSWORD).await;
    assert_ne!(browser.session(), Some(&*fixed));
    // Again, from the form that is still open in another window.
    let before = browser.clone();
    let token = "a".repeat(64);
    browser.jar.push(("__Host-jumpcloud_adr_form".to_owned(), token.clone()));
    browser.post(&site, "/sign-in", &[("name", "vic"), ("password", PASSWORD), ("form", &token)]).await;
    assert_ne!(browser.session(), before.session());
    assert!(browser.get(&site, "/").await.text.contains("vic"));
    assert_eq!(before.clone().get(&site, "/").await.status, StatusCode::SEE_OTHER, "the former one is over");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same_and_nothing_is_told_of_either() {
    let site = Site::new(Place::Elsewhere).await;
    let (heard, _guard) = Heard::listen();
    let mut pages = Vec::new();
    for (name, password) in [("jane", "a wrong password"), ("nobody", PASSWORD), (PASSWORD, "x"), ("vic", "<secret>&")]
    {
        let mut browser = Browser::default();
        let answer = browser.sign_in(&site, name, password).await;
        assert_eq!((answer.status, browser.session()), (StatusCode::FORBIDDEN, None));
        assert!(!answer.text.contains(password) || name == PASSWORD, "{}", answer.text);
        pages.push(answer.text.replace(&answer.field("form"), "").replace(&format!("value=\"{name}\""), ""));
    }
    assert!(pages.iter().all(|page| *page == pages[0] && page.contains("Name or password is wrong.")));
    assert_eq!(Browser::default().sign_in(&site, "jane", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let text = heard.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("sign")).collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("WARN") && lines[0].contains("user=jane") && lines[0].contains("address=192.0.2.1"));
    assert!(lines[1].starts_with("WARN") && !lines[1].contains("nobody") && lines[1].contains("address=192.0.2.1"));
    assert!(lines[4].starts_with("INFO") && lines[4].contains("user=jane") && lines[4].contains("address=192.0.2.1"));
    for secret in [PASSWORD, "a wrong password", "<secret>"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_form_that_is_not_from_here_signs_nobody_in() {
    let site = Site::new(Place::Elsewhere).await;
    let right = [("name", "jane"), ("password", PASSWORD)];
    let mut browser = Browser::default();
    let token = browser.get(&site, "/sign-in").await.field("form");
    assert_eq!(token.len(), 64);
    let mut without = Browser::default();
    for (browser, given) in
        [(&mut browser.clone(), ""), (&mut browser.clone(), &"a".repeat(64)), (&mut without, &token)]
    {
        let answer = browser.post(&site, "/sign-in", &[right[0], right[1], ("form", given)]).await;
        assert_eq!((answer.status, browser.session()), (StatusCode::FORBIDDEN, None));
        assert!(answer.text.contains("out of date"));
    }
    assert_eq!(browser.get(&site, "/sign-in").await.field("form"), token, "a second window has the same");
    let answer =
        browser.post(&site, "/sign-in", &[right[0], right[1], ("form", &token), ("next", "//evil.example.com")]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
}

#[tokio::test]
async fn who_fails_often_waits_and_who_is_signed_in_does_not() {
    let site = Site::new(Place::Elsewhere).await;
    let mut inside = Browser::default();
    inside.sign_in(&site, "jane", PASSWORD).await;
    for _ in 0..4 {
        assert_eq!(Browser::default().sign_in(&site, "jane", "a wrong password").await.status, StatusCode::FORBIDDEN);
    }
    let answer = Browser::default().sign_in(&site, "jane", PASSWORD).await;
    assert_eq!(
        (answer.status, &answer.headers[header::RETRY_AFTER]),
        (StatusCode::TOO_MANY_REQUESTS, &"1".parse().unwrap())
    );
    assert!(answer.text.contains("Try again in 1 second."), "{}", answer.text);
    assert_eq!(inside.get(&site, "/").await.status, StatusCode::OK);
    site.hand.pass(Duration::from_secs(1));
    assert_eq!(Browser::default().sign_in(&site, "jane", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn of_many_attempts_at_once_no_more_are_let_through() {
    let site = Site::new(Place::Elsewhere).await;
    let mut browser = Browser::default();
    let token = browser.get(&site, "/sign-in").await.field("form");
    let fields = [("name", "jane"), ("password", "a wrong password"), ("form", token.as_str())];
    let attempts = (0..20).map(|_| {
        let mut browser = browser.clone();
        let (site, fields) = (&site, &fields);
        async move { browser.post(site, "/sign-in", fields).await.status }
    });
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::FORBIDDEN).count(), 4, "{answers:?}");
}

#[tokio::test]
async fn signing_out_needs_the_sessions_own_token_and_ends_it() {
    for (place, end) in [(Place::Loopback, "/"), (Place::Elsewhere, "/sign-in")] {
        let site = Site::new(place).await;
        let mut browser = Browser::default();
        browser.sign_in(&site, "jane", PASSWORD).await;
        let csrf = browser.get(&site, "/").await.field("csrf");
        for wrong in ["", &"a".repeat(64)] {
            let answer = browser.post(&site, "/sign-out", &[("csrf", wrong)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        assert!(browser.get(&site, "/").await.text.contains("Sign out"), "still there");
        let copy = browser.clone();
        let answer = browser.post(&site, "/sign-out", &[("csrf", &csrf)]).await;
        assert_eq!((answer.status, answer.location(), browser.session()), (StatusCode::SEE_OTHER, end, None));
        assert!(
            !copy.clone().get(&site, "/").await.text.contains("Sign out"),
            "the session is over, not only its cookie"
        );
        assert_eq!(copy.clone().get(&site, "/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn sessions_end_with_their_user_his_password_and_his_role() {
    let site = Site::new(Place::Elsewhere).await;
    let (mut jane, mut vic) = (Browser::default(), Browser::default());
    jane.sign_in(&site, "jane", PASSWORD).await;
    vic.sign_in(&site, "vic", PASSWORD).await;
    let csrf = jane.get(&site, "/").await.field("csrf");
    site.users().change("jane", Some(Role::Viewer), None).unwrap();
    assert_eq!(jane.post(&site, "/devices/acme/pause", &[("csrf", &csrf)]).await.status, StatusCode::FORBIDDEN);
    site.users().change("jane", None, Some(&"another long password".to_owned().into())).unwrap();
    assert_eq!(jane.get(&site, "/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(vic.get(&site, "/").await.status, StatusCode::OK);
    site.users().remove("vic").unwrap();
    assert_eq!(vic.get(&site, "/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(Browser::default().sign_in(&site, "jane", "another long password").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_that_keeps_itself_up_to_date_does_not_keep_its_session() {
    let site = Site::new(Place::Elsewhere).await;
    let mut browser = Browser::default();
    browser.sign_in(&site, "jane", PASSWORD).await;
    for _ in 0..3 {
        site.hand.pass(Duration::from_mins(9));
        let request = browser.request(&site, "GET", "/").header("x-fragment", "main");
        assert_eq!(site.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::OK);
        assert_eq!(browser.get(&site, "/status").await.status, StatusCode::OK);
    }
    site.hand.pass(Duration::from_mins(3));
    assert_eq!(browser.get(&site, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_comes_by_a_link_from_elsewhere_has_a_way_on() {
    let site = Site::new(Place::Elsewhere).await;
    let browser = Browser::default();
    for (site_header, has) in [("cross-site", true), ("none", false)] {
        let request =
            browser.request(&site, "GET", "/sign-in?next=/devices/acme").header("sec-fetch-site", site_header);
        let page = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.text.contains("<a href=\"/devices/acme\">go on</a>"), has);
    }
}

/// Time is no good measure in a test; that there was work to do is, and without it an answer takes no time at all.
#[tokio::test]
async fn a_name_that_is_not_there_costs_a_hash_as_well() {
    use crate::web::users::{Passwords, User};
    let passwords = Passwords::new();
    let jane = User { name: "jane".to_owned(), role: Role::Viewer, password: super::HASH.clone() };
    assert!(passwords.is_right(Some(&jane), PASSWORD.to_owned().into()).await);
    assert!(!passwords.is_right(Some(&jane), "another".to_owned().into()).await);
    let began = std::time::Instant::now();
    assert!(!passwords.is_right(None, PASSWORD.to_owned().into()).await);
    assert!(began.elapsed() > Duration::from_millis(8), "32 MiB were not filled three times");
    // Both turns are taken: nobody gets a third.
    let taken = passwords.turns().clone().acquire_many_owned(2).await.unwrap();
    assert_eq!(passwords.turns().available_permits(), 0);
    let third = passwords.is_right(None, PASSWORD.to_owned().into());
    tokio::select! { biased; _ = third => panic!("three at a time"), () = tokio::task::yield_now() => {} }
    drop(taken);
}
