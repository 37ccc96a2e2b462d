//! Who may see and change what, and where a page does not start.

use axum::body::Body;
use http::{StatusCode, header};

use super::PASSWORD;
use super::site::{Browser, Place, Site, TOKEN, open};
use crate::Users;

const PAGES: [&str; 5] = ["/", "/devices/acme", "/add-on-store", "/pipeline", "/nowhere"];

#[tokio::test]
async fn on_loopback_everybody_may_read_and_nobody_change() {
    let site = Site::new(Place::Loopback).await;
    let mut browser = Browser::default();
    for path in ["/", "/devices/acme", "/pipeline", "/status", "/metrics", "/livez"] {
        assert_eq!(browser.get(&site, path).await.status, StatusCode::OK, "{path}");
    }
    assert!(browser.get(&site, "/").await.text.contains("href=\"/sign-in\""));
    for path in ["/devices/acme/pause", "/metrics", "/echo"] {
        let answer = browser.post(&site, path, &[("csrf", "")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text);
    }
    assert!(site.desk.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn where_reading_is_not_open_strangers_see_the_sign_in_and_no_more() {
    for place in [Place::Elsewhere, Place::BehindProxy] {
        let site = Site::new(place).await;
        let mut browser = Browser::default();
        for path in PAGES {
            let answer = browser.get(&site, path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.location().starts_with("/sign-in") && answer.text.is_empty(), "{path}");
        }
        let deep = browser.get(&site, "/devices/acme?notice=1").await;
        assert_eq!(deep.location(), "/sign-in?next=%2Fdevices%2Facme%3Fnotice%3D1");
        for path in ["/status", "/metrics"] {
            let answer = browser.get(&site, path).await;
            assert_eq!(
                (answer.status, &answer.headers[header::WWW_AUTHENTICATE]),
                (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap())
            );
            assert!(!answer.text.contains("acme") && !answer.text.contains("figures"));
        }
        for path in ["/livez", "/health", "/sign-in"] {
            assert_eq!(browser.get(&site, path).await.status, StatusCode::OK, "{path}");
        }
        let sent = browser.post(&site, "/devices/acme/pause", &[]).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/sign-in"));
        assert_eq!(browser.post(&site, "/echo", &[]).await.status, StatusCode::UNAUTHORIZED);
        assert!(site.desk.asked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_sign_in_looks_like_the_pages_and_its_style_is_there() {
    let site = Site::new(Place::Elsewhere).await;
    let mut browser = Browser::default();
    let page = browser.get(&site, "/sign-in").await.text;
    assert!(page.contains("<title>Sign in - jumpcloud-adr</title>") && page.contains("color-scheme"), "{page}");
    assert!(!page.contains("Page not found"), "{page}");
    assert_eq!((page.matches("<main").count(), page.matches("<html").count(), page.matches("<h1").count()), (1, 1, 1));
    let links: Vec<_> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in links {
        let asset = browser.get(&site, link).await;
        assert_eq!(asset.status, StatusCode::OK, "{link}");
        assert!(asset.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }
}

#[tokio::test]
async fn an_administrator_may_change_and_a_viewer_not() {
    for place in [Place::Loopback, Place::Elsewhere, Place::BehindProxy] {
        let site = Site::new(place).await;
        let mut vic = Browser::default();
        assert_eq!(vic.sign_in(&site, "vic", PASSWORD).await.status, StatusCode::SEE_OTHER);
        let page = vic.get(&site, "/devices/acme").await;
        assert_eq!(page.status, StatusCode::OK);
        let csrf = page.field("csrf");
        assert_eq!(csrf.len(), 64);
        for path in ["/devices/acme/pause", "/echo"] {
            assert_eq!(vic.post(&site, path, &[("csrf", &csrf)]).await.status, StatusCode::FORBIDDEN);
        }

        let mut jane = Browser::default();
        jane.sign_in(&site, "Jane", PASSWORD).await;
        for csrf in ["", &csrf, &"0".repeat(64)] {
            let answer = jane.post(&site, "/devices/acme/pause", &[("csrf", csrf)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "another visitor's token");
        }
        assert!(site.desk.asked.lock().unwrap().is_empty());
        let csrf = jane.get(&site, "/devices/acme").await.field("csrf");
        let done = jane.post(&site, "/devices/acme/pause", &[("csrf", &csrf)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER);
        assert_eq!(*site.desk.asked.lock().unwrap(), ["jane"], "as the file has the name");
        for path in ["/status", "/metrics"] {
            assert_eq!(jane.get(&site, path).await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_program_reads_with_the_token_and_does_no_more_with_it() {
    let site = Site::new(Place::Elsewhere).await;
    let ask = async |method: &str, path: &str, says: &str| {
        let request = Browser::default().request(&site, method, path).header(header::ORIGIN, site.origin());
        site.send(request.header(header::AUTHORIZATION, says).body(Body::empty()).unwrap()).await.status
    };
    let right = format!("Bearer {TOKEN}");
    for path in ["/status", "/metrics"] {
        assert_eq!(ask("GET", path, &right).await, StatusCode::OK);
        for wrong in ["Bearer ", "Bearer x", TOKEN, &format!("Basic {TOKEN}"), &right[..right.len() - 1]] {
            assert_eq!(ask("GET", path, wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
        }
    }
    assert_eq!(ask("GET", "/", &right).await, StatusCode::SEE_OTHER);
    assert_eq!(ask("POST", "/metrics", &right).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn away_from_loopback_it_does_not_start_without_tls_or_without_a_user() {
    let refused = async |place, change: fn(&mut crate::Web)| open(change, place).await.map(|_| ()).unwrap_err().message;
    assert!(refused(Place::Elsewhere, |web| web.tls = None).await.contains("without TLS"));
    let nobody = "without anybody who may sign in";
    assert!(refused(Place::Elsewhere, |web| web.users = None).await.contains(nobody));
    assert!(refused(Place::BehindProxy, |web| web.users = None).await.contains(nobody));
    let empty = |web: &mut crate::Web| web.users = Some(Users::open("/nonexistent/users.yaml").unwrap());
    assert!(refused(Place::Elsewhere, empty).await.contains(nobody));
    assert!(refused(Place::Loopback, |web| web.token = Some("short".to_owned().into())).await.contains("too short"));
    assert!(
        refused(Place::Loopback, |web| web.public_origin = Some("http://a.example.com".to_owned()))
            .await
            .contains("public origin")
    );
    assert!(open(empty, Place::Loopback).await.is_ok(), "on loopback it may be read all the same");
    let hidden = refused(Place::Elsewhere, |web| web.tls.as_mut().unwrap().key = "/nonexistent".into()).await;
    assert!(hidden.contains("/nonexistent cannot be read"), "{hidden}");
}

#[tokio::test]
async fn where_there_is_nobody_the_sign_in_says_how_to_add_somebody() {
    let site = Site::changed(Place::Loopback, |web| web.users = None).await;
    let page = Browser::default().get(&site, "/sign-in").await;
    assert!(
        page.status == StatusCode::OK && page.text.contains("user add") && !page.text.contains("<form method"),
        "{}",
        page.text
    );
    let answer = Browser::default().post(&site, "/sign-in", &[("name", "jane"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
