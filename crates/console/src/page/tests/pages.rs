//! What is true of all pages.

use std::sync::Arc;

use super::html::{Element, check, elements};
use super::*;

const PAGES: [&str; 8] = [
    "/",
    "/?q=nothing-fits&state=trouble&provider=Northwind&sort=lag&order=asc",
    "/devices/active",
    "/devices/active/key",
    "/devices/active/remove",
    "/add-on-store",
    "/add-on-store/add",
    "/pipeline",
];

fn visitors() -> [Option<Visitor>; 3] {
    [None, Some(Visitor::default()), administrator()]
}

#[tokio::test]
async fn every_page_is_well_formed_whoever_looks() {
    let desks =
        [full(), Said { is_fixed: true, ..full() }, Said::default(), Said { is_fixed: true, ..Said::default() }];
    for desk in desks.map(Arc::new) {
        for visitor in visitors() {
            for path in PAGES {
                let answer = ask(&desk, visitor.clone(), get(path)).await;
                assert!([200, 403, 404].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
                check(&answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_device_is_well_formed_in_every_state() {
    let desk = Arc::new(full());
    for state in State::ALL {
        let answer = ask(&desk, administrator(), get(&format!("/devices/{}", state.as_str()))).await;
        check(&answer.text);
        let is_there = |text: &str| assert!(answer.text.contains(text), "{state:?} says nothing of: {text}");
        is_there(&format!("</svg>{}</span>", state.label()));
        let look = super::super::badge::look(state);
        [look.meaning].iter().chain(look.steps).for_each(|text| {
            is_there(&maud::html! { (text) }.into_string());
        });
    }
}

/// Texts that would break out of where they stand.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u{202e}${7*7}{{7*7}}";

#[tokio::test]
async fn texts_from_elsewhere_stay_texts() {
    let mut desk = full();
    let hostile = || HOSTILE.to_owned();
    for device in &mut desk.devices {
        (device.name, device.cce, device.org_id) = (hostile(), hostile(), hostile());
        (device.device_type, device.provider, device.id) = (hostile(), Some(hostile()), hostile());
        device.since = Some(hostile());
    }
    for occurrence in &mut desk.occurrences {
        *occurrence =
            Occurrence { since: hostile(), at: hostile(), kind: hostile(), message: hostile(), over: Some(hostile()) };
    }
    desk.devices[1].last_error = Some(desk.occurrences[0].clone());
    desk.sample = Some(Sample { raw: hostile(), mapped: Some(format!("{{\"{HOSTILE}\":{HOSTILE}")) });
    for node in &mut desk.graph.nodes {
        (node.name, node.kind, node.component_type) = (hostile(), hostile(), hostile());
        (node.failure, node.inputs) = (Some(hostile()), vec![hostile()]);
    }
    let mut of_provider = full();
    of_provider.devices = desk.devices.clone();
    for device in &mut desk.devices {
        device.provider = None;
    }
    let link = super::super::link::device(HOSTILE, "");
    let (desk, of_provider) = (Arc::new(desk), Arc::new(of_provider));
    let visitor = Some(Visitor { name: Some(hostile()), csrf: hostile(), ..administrator().unwrap() });
    let query = super::super::link::with("/", &[("q", HOSTILE), ("provider", HOSTILE), ("state", HOSTILE)]);
    let pages =
        ["/".to_owned(), query, link.clone(), format!("{link}/key"), format!("{link}/remove"), "/pipeline".to_owned()];
    for path in pages {
        let answer = ask(&desk, visitor.clone(), get(&path)).await;
        assert_eq!(answer.status, 200, "{path}");
        let of_provider = ask(&of_provider, visitor.clone(), get(&path)).await;
        for text in [&answer.text, &of_provider.text] {
            check(text);
            assert!(elements(text).iter().all(|element| element.get("src") != Some("x")), "{path}");
        }
    }
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do() {
    let desk = Arc::new(full());
    for path in ["/", "/devices/active", "/devices/none", "/nowhere", super::super::asset::style()] {
        let answer = ask(&desk, None, get(path)).await;
        let header = |name| answer.headers[name].to_str().unwrap();
        assert_eq!(header(header::CONTENT_SECURITY_POLICY), crate::CONTENT_SECURITY_POLICY);
        assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let is_asset = path.starts_with("/assets/");
        assert_eq!(header(header::CACHE_CONTROL).contains("immutable"), is_asset, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let desk = Arc::new(full());
    for path in ["/devices/none", "/devices/none/key", "/devices/none/remove", "/nowhere"] {
        let answer = ask(&desk, administrator(), get(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        check(&answer.text);
    }
    for path in ["test", "pause", "resume", "remove", "key"] {
        let answer = ask(&desk, administrator(), post(&format!("/devices/none/{path}"), &[("csrf", CSRF)])).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(ask(&desk, None, get("/assets/page-0.css")).await.status, 404);
    assert!(desk.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn all_that_a_page_loads_is_there() {
    let desk = Arc::new(full());
    let page = ask(&desk, None, get("/")).await.text;
    let assets: Vec<_> = elements(&page)
        .iter()
        .filter_map(|element| element.get("href").or(element.get("src")).map(str::to_owned))
        .filter(|path| path.starts_with("/assets/"))
        .collect();
    assert!(assets.len() >= 4, "{assets:?}");
    for path in assets {
        let answer = ask(&desk, None, get(&path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text.contains("https://") && !answer.text.contains("url("), "{path} loads something");
    }
}

#[tokio::test]
async fn the_script_gets_the_live_part_alone_with_the_same_parts() {
    let desk = Arc::new(full());
    for path in ["/", "/devices/active", "/pipeline", "/add-on-store"] {
        let whole = ask(&desk, administrator(), get(path)).await.text;
        let mut request = get(path);
        request.headers_mut().insert("x-fragment", "main".parse().unwrap());
        let part = ask(&desk, administrator(), request).await.text;
        assert!(part.starts_with("<main") && whole.contains(&part), "{path}");
        let parts: Vec<_> = elements(&part).into_iter().filter(|element| element.get("data-live").is_some()).collect();
        assert!(!parts.is_empty() && parts.iter().all(|part| part.get("id").is_some()), "{path}");
        let nested = |part: &Element| part.within.iter().filter(|name| *name == "form").count();
        assert!(parts.iter().all(|part| nested(part) == 0), "{path}: a live part within a form");
    }
}

#[tokio::test]
async fn the_page_of_one_device_does_not_look_at_all_of_them() {
    let desk = Arc::new(full());
    for path in ["/devices/active", "/devices/active/key", "/devices/active/remove", "/devices/none"] {
        ask(&desk, administrator(), get(path)).await;
    }
    assert_eq!(desk.lists.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_not_read_is_said_to_be_so() {
    let paused = DeviceStatus { last_event: None, last_poll: None, ..device("paused", State::Paused) };
    let new = DeviceStatus { last_event: None, last_poll: None, ..device("new", State::Starting) };
    let desk = Arc::new(Said { devices: vec![paused, new], ..Said::default() });
    let page = ask(&desk, None, get("/devices/paused")).await.text;
    assert!(page.contains("This device is not being read.") && page.contains("not read</span>"), "{page}");
    assert!(!page.contains("No event has come") && !page.contains("never</span>"), "{page}");
    let page = ask(&desk, None, get("/devices/new")).await.text;
    assert!(page.contains("No event has come") && page.contains("never</span>"), "{page}");
    let table = ask(&desk, None, get("/?q=paused")).await.text;
    assert!(table.contains("not read</span>") && !table.contains("never</span>"), "{table}");
}

#[tokio::test]
async fn no_page_says_of_a_key_what_is_not_known() {
    let desk = Arc::new(full());
    for path in ["/add-on-store/add", "/devices/active/key"] {
        let page = ask(&desk, administrator(), get(path)).await.text;
        assert!(page.contains("sealed where --seal is given") && !page.contains("kept sealed"), "{path}");
    }
}

#[tokio::test]
async fn an_event_that_did_not_go_on_may_have_been_discarded_or_rejected() {
    let page = ask(&Arc::new(full()), None, get("/devices/active")).await.text;
    assert!(page.contains("have discarded it, or it could not be mapped and is in the dead letter"), "{page}");
}
