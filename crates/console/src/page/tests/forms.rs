//! What can be changed, by whom, and what a form remembers.

use std::sync::Arc;

use super::html::{check, elements};
use super::*;
use crate::desk::Field;
use crate::page::field;

const SECRET: &str = "s3cret-key-that-never-comes-back";
const CHANGES: [&str; 6] = [
    "/add-on-store/add",
    "/devices/active/test",
    "/devices/active/pause",
    "/devices/active/resume",
    "/devices/active/key",
    "/devices/active/remove",
];

fn filled() -> Vec<(&'static str, &'static str)> {
    vec![
        ("csrf", CSRF),
        ("device_name", "Acme <&> Sons"),
        ("cce_ip", "192.0.2.77:6514"),
        ("access_id", "client-7"),
        ("secret_key", SECRET),
        ("configuration", "{\n \"org_id\": \"5a2a\" }"),
        ("region", "eu"),
        ("base_url", "https://api.example.com"),
        ("key_expires", "2027-11-24"),
        ("provider", "yes"),
        ("include", "one\r\n\r\n two *\r\n"),
        ("exclude", "three"),
    ]
}

#[tokio::test]
async fn only_administrators_with_a_form_of_ours_change_anything() {
    let desk = Arc::new(full());
    let viewer = Some(Visitor { role: Role::Viewer, ..administrator().unwrap() });
    let blank = Some(Visitor { csrf: String::new(), ..administrator().unwrap() });
    let cases = [
        (None, &[("csrf", CSRF), ("secret_key", "k")][..]),
        (None, &[("csrf", "")]),
        (viewer, &[("csrf", CSRF), ("secret_key", "k")]),
        (blank, &[("csrf", ""), ("secret_key", "k")]),
        (administrator(), &[("secret_key", "k")]),
        (administrator(), &[("csrf", "wrong"), ("secret_key", "k")]),
        (administrator(), &[("csrf", "righ"), ("csrf", CSRF)]),
    ];
    for (visitor, fields) in cases {
        for path in CHANGES {
            let answer = ask(&desk, visitor.clone(), post(path, fields)).await;
            assert_eq!(answer.status, 403, "{path} {fields:?}");
            check(&answer.text);
        }
    }
    let json = Request::post("/devices/active/remove")
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from("csrf=right"));
    assert_eq!(ask(&desk, administrator(), json.unwrap()).await.status, 400);
    assert!(desk.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_stands_in_the_pipeline_file_is_not_changed_here() {
    let desk = Arc::new(Said { is_fixed: true, ..full() });
    for path in CHANGES {
        let answer = ask(&desk, administrator(), post(path, &[("csrf", CSRF), ("secret_key", "k")])).await;
        assert!([303, 422].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
    }
    assert!(desk.changes.lock().unwrap().is_empty());
    for path in ["/devices/active/key", "/devices/active/remove"] {
        assert_eq!(ask(&desk, administrator(), get(path)).await.status, 403);
    }
    let page = ask(&desk, administrator(), get("/devices/active")).await.text;
    assert!(!page.contains("/devices/active/"), "something is offered");
    assert!(ask(&desk, administrator(), get("/add-on-store/add")).await.text.contains("serve --devices"));
}

#[tokio::test]
async fn a_viewer_is_offered_nothing() {
    let desk = Arc::new(full());
    let page = ask(&desk, None, get("/devices/active")).await.text;
    assert!(!page.contains("<form") && !page.contains("/devices/active/"));
    assert!(!ask(&desk, None, get("/")).await.text.contains("/add-on-store/add"));
    assert_eq!(ask(&desk, None, get("/add-on-store/add")).await.status, 403);
}

#[tokio::test]
async fn changes_are_asked_for_in_the_name_of_who_asks_and_told_on_the_next_page() {
    let desk = Arc::new(Said { devices: vec![device("acme", State::Active)], ..full() });
    let site = routes(desk.clone());
    for (path, fields, to, expected) in [
        ("/devices/acme/test", vec![], "/devices/acme", "test acme"),
        ("/devices/acme/pause", vec![], "/devices/acme", "pause acme"),
        ("/devices/acme/resume", vec![], "/devices/acme", "resume acme"),
        ("/devices/acme/key", vec![("secret_key", SECRET)], "/devices/acme", "rotate acme "),
        (
            "/devices/acme/key",
            vec![("secret_key", SECRET), ("key_expires", "2027-11-24")],
            "/devices/acme",
            "rotate acme 2027-11-24",
        ),
        ("/devices/acme/remove", vec![], "/", "remove acme"),
        ("/add-on-store/add", filled(), "/devices/acme", "add Acme <&> Sons"),
    ] {
        let has_secret = fields.iter().any(|(name, _)| *name == "secret_key");
        let fields: Vec<_> = [("csrf", CSRF)].into_iter().chain(fields).collect();
        let moved = answer(site.clone(), administrator(), post(path, &fields)).await;
        assert_eq!(moved.status, 303, "{path}");
        let (page, notice) = moved.location().split_once("?notice=").unwrap();
        assert_eq!(page, to);
        assert!(!notice.is_empty() && !moved.location().contains("done"), "{}", moved.location());
        let shown = answer(site.clone(), administrator(), get(moved.location())).await;
        assert!(shown.text.contains("It is &lt;done&gt;."), "{}", shown.text);
        let (who, change) = desk.changes.lock().unwrap().pop().unwrap();
        assert_eq!(
            (who.as_str(), told(&change)),
            ("jane", (expected.to_owned(), if has_secret { SECRET } else { "" }.to_owned()))
        );
    }
    // Nobody can put words into a page by its address.
    let forged = answer(site, administrator(), get("/?notice=It%20is%20done")).await;
    assert!(!forged.text.contains("It is done"));
}

#[tokio::test]
async fn the_form_comes_whole() {
    let desk = Arc::new(full());
    ask(&desk, administrator(), post("/add-on-store/add", &filled())).await;
    let (_, change) = desk.changes.lock().unwrap().pop().unwrap();
    let Change::Add(form) = change else { panic!("{change:?}") };
    assert_eq!(
        (form.device_name.as_str(), form.cce_ip.as_str(), form.access_id.as_str()),
        ("Acme <&> Sons", "192.0.2.77:6514", "client-7")
    );
    assert_eq!(
        (form.region.as_str(), form.base_url.as_str(), form.key_expires.as_str()),
        ("eu", "https://api.example.com", "2027-11-24")
    );
    assert_eq!((form.configuration.as_str(), form.provider), ("{\n \"org_id\": \"5a2a\" }", true));
    assert_eq!((form.include, form.exclude), (vec!["one".to_owned(), "two *".to_owned()], vec!["three".to_owned()]));
}

/// Holds a form against what was filled into it.
fn remembers(page: &str) {
    assert!(!page.contains(SECRET), "the secret comes back");
    let elements = elements(page);
    for (name, value) in filled() {
        let element = elements.iter().find(|element| element.get("name") == Some(name)).unwrap();
        let kept = match (element.name.as_str(), name) {
            ("textarea", "include") => "one\ntwo *",
            ("textarea", _) => element.text.as_str(),
            ("select", _) => {
                elements.iter().find(|option| option.get("selected").is_some()).unwrap().get("value").unwrap()
            }
            (_, "provider") => element.get("checked").map_or("", |_| "yes"),
            _ => element.get("value").unwrap_or_default(),
        };
        let expected = match name {
            "secret_key" => "",
            "include" => element.text.as_str(),
            _ => value,
        };
        assert_eq!(kept, expected, "{name}");
    }
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_filled_in_but_never_the_secret() {
    let fields = [
        Field::DeviceName,
        Field::CceIp,
        Field::AccessId,
        Field::SecretKey,
        Field::Configuration,
        Field::Region,
        Field::BaseUrl,
        Field::KeyExpires,
        Field::Organizations,
    ];
    for wrong in fields {
        let refusal = Some(Refused::field(wrong, "this is <wrong>"));
        let desk = Arc::new(Said { refusal, ..full() });
        let answer = ask(&desk, administrator(), post("/add-on-store/add", &filled())).await;
        assert_eq!(answer.status, 422, "{wrong:?}");
        check(&answer.text);
        remembers(&answer.text);
        let elements = elements(&answer.text);
        let input = elements.iter().find(|element| element.get("id") == Some(field::name(wrong))).unwrap();
        assert_eq!(input.get("aria-invalid"), Some("true"), "{wrong:?}");
        assert!(input.get("autofocus").is_some(), "{wrong:?}");
        let about = input.get("aria-describedby").unwrap().split_whitespace().next().unwrap();
        let message = elements.iter().find(|element| element.get("id") == Some(about)).unwrap();
        assert_eq!(message.text.trim(), "This is &lt;wrong&gt;.".replace("&lt;", "<").replace("&gt;", ">"));
        let marked = elements.iter().filter(|element| element.get("autofocus").is_some()).count();
        assert_eq!(marked, 1, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_trial_saves_nothing_and_keeps_the_form() {
    let desk = Arc::new(full());
    let fields: Vec<_> = filled().into_iter().chain([("intent", "test")]).collect();
    let answer = ask(&desk, administrator(), post("/add-on-store/add", &fields)).await;
    assert_eq!(answer.status, 200);
    check(&answer.text);
    remembers(&answer.text);
    assert!(answer.text.contains("Nothing was saved yet."));
    assert_eq!(told(&desk.changes.lock().unwrap()[0].1).0, "try Acme <&> Sons");
}

#[tokio::test]
async fn a_new_key_that_is_refused_never_comes_back() {
    let refusal = Some(Refused::field(Field::SecretKey, "no"));
    let desk = Arc::new(Said { refusal, ..full() });
    let fields = [("csrf", CSRF), ("secret_key", SECRET), ("key_expires", "2027-11-24")];
    let answer = ask(&desk, administrator(), post("/devices/active/key", &fields)).await;
    assert_eq!(answer.status, 422);
    check(&answer.text);
    assert!(!answer.text.contains(SECRET) && answer.text.contains("2027-11-24"));
    let fields = [("csrf", CSRF), ("secret_key", " "), ("key_expires", "")];
    let asked = desk.changes.lock().unwrap().len();
    assert_eq!(ask(&desk, administrator(), post("/devices/active/key", &fields)).await.status, 422);
    assert_eq!(desk.changes.lock().unwrap().len(), asked);
}
