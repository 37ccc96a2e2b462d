//! What a request must be like, and what stands in each answer.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};

use super::PASSWORD;
use super::site::{Browser, Place, Site};
use crate::page::CONTENT_SECURITY_POLICY;

fn is_guarded(headers: &HeaderMap, is_secure: bool, what: &str) {
    let expected = [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in expected {
        assert_eq!(headers.get(name).map(|value| value.to_str().unwrap()), Some(value), "{what}: {name}");
    }
    assert!(headers.get("permissions-policy").unwrap().to_str().unwrap().contains("camera=()"), "{what}");
    assert_eq!(headers.contains_key("strict-transport-security"), is_secure, "{what}");
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    for place in [Place::Loopback, Place::Elsewhere] {
        let site = Site::new(place).await;
        let mut browser = Browser::default();
        for path in
            ["/", "/nowhere", "/sign-in", "/status", "/metrics", "/kept", "/livez", "/assets/none", "/devices/acme"]
        {
            let answer = browser.get(&site, path).await;
            is_guarded(&answer.headers, place == Place::Elsewhere, path);
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
        }
        let odd = browser.request(&site, "PUT", "/").body(Body::empty()).unwrap();
        is_guarded(&site.send(odd).await.headers, place == Place::Elsewhere, "PUT");
        let signed_in = browser.sign_in(&site, "jane", PASSWORD).await;
        is_guarded(&signed_in.headers, place == Place::Elsewhere, "signed in");
        assert_eq!(signed_in.headers[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn a_request_for_another_host_is_refused() {
    let site = Site::new(Place::Loopback).await;
    for path in ["/", "/status", "/metrics", "/livez", "/sign-in", "/assets/none"] {
        let request = http::Request::get(path).header(header::HOST, "evil.example.com:8090");
        assert_eq!(
            site.send(request.body(Body::empty()).unwrap()).await.status,
            StatusCode::MISDIRECTED_REQUEST,
            "{path}"
        );
    }
    let proxied = Site::new(Place::BehindProxy).await;
    assert_eq!(Browser::default().get(&proxied, "/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn given_names_are_held_but_not_against_who_asks_for_health() {
    let site = Site::changed(Place::Elsewhere, |web| web.hosts = vec!["page.example.com".to_owned()]).await;
    let ask = async |host: &str, path: &str| {
        site.send(http::Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(ask("page.example.com:8443", "/sign-in").await, StatusCode::OK);
    assert_eq!(ask("192.0.2.5:8443", "/sign-in").await, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(ask("192.0.2.5:8443", "/livez").await, StatusCode::OK);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_whoever_sends_it() {
    let site = Site::new(Place::Elsewhere).await;
    let mut browser = Browser::default();
    browser.sign_in(&site, "jane", PASSWORD).await;
    let csrf = browser.get(&site, "/").await.field("csrf");
    let own = site.origin();
    let cases: [(&[(&str, &str)], bool); 6] = [
        (&[("origin", "https://evil.example.com")], false),
        (&[("origin", "null")], false),
        (&[], false),
        (&[("origin", own), ("sec-fetch-site", "cross-site")], false),
        (&[("origin", own), ("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-origin")], true),
    ];
    for (headers, is_right) in cases {
        let request = browser.request(&site, "POST", "/devices/acme/pause");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = site.send(request.body(Body::from(format!("csrf={csrf}"))).unwrap()).await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, is_right, "{headers:?}: {}", answer.status);
    }
    assert_eq!(site.desk.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn large_bodies_and_odd_methods_are_refused() {
    let site = Site::new(Place::Loopback).await;
    let mut browser = Browser::default();
    browser.sign_in(&site, "jane", PASSWORD).await;
    let send = async |body: Body, length: Option<usize>| {
        let request = browser.request(&site, "POST", "/echo").header(header::ORIGIN, site.origin());
        let request =
            length.into_iter().fold(request, |request, length| request.header(header::CONTENT_LENGTH, length));
        site.send(request.body(body).unwrap()).await
    };
    let fits = send(Body::from("a".repeat(64 * 1024)), Some(64 * 1024)).await;
    assert_eq!((fits.status, &*fits.text), (StatusCode::OK, "65536"));
    assert_eq!(
        send(Body::empty(), Some(64 * 1024 + 1)).await.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "before it is read"
    );
    let parts = stream::iter((0..65).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; 1024]))));
    assert_eq!(send(Body::from_stream(parts), None).await.status, StatusCode::PAYLOAD_TOO_LARGE, "without a length");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ODD"] {
        let request = browser.request(&site, method, "/nowhere").header(header::ORIGIN, site.origin());
        assert_eq!(
            site.send(request.body(Body::empty()).unwrap()).await.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn neither_a_body_nor_an_answer_is_waited_for_without_end() {
    let site = Site::new(Place::Loopback).await;
    let began = tokio::time::Instant::now();
    let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let request = Browser::default().request(&site, "POST", "/sign-in").header(header::ORIGIN, site.origin());
    let answer = site.send(request.body(never).unwrap()).await;
    assert_eq!(
        (answer.status, &answer.headers[header::CONNECTION]),
        (StatusCode::REQUEST_TIMEOUT, &"close".parse().unwrap())
    );
    assert!(began.elapsed() < Duration::from_secs(21));
    let answer = Browser::default().get(&site, "/stuck").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(began.elapsed() < Duration::from_secs(142));
}
