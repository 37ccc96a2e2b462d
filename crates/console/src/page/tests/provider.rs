//! A provider and its organizations.

use std::sync::Arc;

use super::html::{Element, check, elements};
use super::*;

/// A provider with two organizations, and a device that belongs to none.
fn provider() -> Said {
    let of_provider = |id: &str, state| DeviceStatus { provider: Some("msp".to_owned()), ..device(id, state) };
    let msp = DeviceStatus {
        is_provider: true,
        organizations: 2,
        is_read: false,
        org_id: String::new(),
        last_event: None,
        last_poll: None,
        complete_until: None,
        lag_seconds: None,
        caught_up_in_seconds: None,
        ..device("msp", State::Idle)
    };
    let organizations = [of_provider("msp.1", State::Active), of_provider("msp.2", State::KeyExpiredOrRevoked)];
    let devices = [vec![device("alone", State::Active), msp], organizations.to_vec()].concat();
    Said { devices, ..Said::default() }
}

/// All that a page leads to.
fn targets(page: &str) -> Vec<String> {
    let target = |element: &Element| element.get("href").or(element.get("action")).map(str::to_owned);
    elements(page).iter().filter_map(target).collect()
}

#[tokio::test]
async fn an_organization_offers_no_change_that_would_be_refused_but_leads_to_its_provider() {
    let desk = Arc::new(provider());
    for id in ["msp%2E1", "msp%2E2"] {
        let page = ask(&desk, administrator(), get(&format!("/devices/{id}"))).await.text;
        check(&page);
        let targets = targets(&page);
        let offered = |rest: &str| targets.contains(&format!("/devices/{id}{rest}"));
        assert!(offered("/test"), "{targets:?}");
        assert!(!["/pause", "/resume", "/key", "/remove"].into_iter().any(offered), "{targets:?}");
        assert!(targets.contains(&"/devices/msp".to_owned()), "{targets:?}");
        assert!(page.contains("read with the key of its provider"), "{page}");
        for rest in ["key", "remove"] {
            let refusal = ask(&desk, administrator(), get(&format!("/devices/{id}/{rest}"))).await;
            assert_eq!(refusal.status, 403);
            assert!(refusal.text.contains("change the device msp instead"), "{}", refusal.text);
        }
    }
}

#[tokio::test]
async fn a_provider_is_changed_on_its_own_page_and_shows_no_flow() {
    let desk = Arc::new(provider());
    let page = ask(&desk, administrator(), get("/devices/msp")).await.text;
    check(&page);
    let targets = targets(&page);
    for rest in ["/test", "/pause", "/key", "/remove"] {
        assert!(targets.contains(&format!("/devices/msp{rest}")), "{rest}: {targets:?}");
    }
    assert!(targets.contains(&"/?provider=msp".to_owned()), "{targets:?}");
    assert!(page.contains("provider with 2 organizations"), "{page}");
    for words in ["Last event", "Organization ID", "Behind now", "No event has come", "no new events", "not read"] {
        assert!(!page.contains(words), "{words}");
    }
    let remove = ask(&desk, administrator(), get("/devices/msp/remove")).await.text;
    assert!(remove.contains("Collection of its 2 organizations ends"), "{remove}");
    let key = ask(&desk, administrator(), get("/devices/msp/key")).await.text;
    assert!(key.contains("only if it is of a provider"), "{key}");
}

#[tokio::test]
async fn a_provider_is_a_row_of_its_own_and_no_organization() {
    let desk = Arc::new(provider());
    let page = ask(&desk, None, get("/")).await.text;
    check(&page);
    let found = elements(&page);
    let summary = found.iter().find(|element| element.get("id") == Some("summary")).unwrap();
    assert!(summary.text.starts_with("3 devices and 1 provider, "), "{}", summary.text);
    let blank =
        |element: &&Element| element.get("class").is_some_and(|class| class.split(' ').any(|one| one == "blank"));
    let blank: Vec<_> = found.iter().filter(blank).map(|cell| cell.text.as_str()).collect();
    assert_eq!(blank, ["", "", "", "", "", ""]);
    assert!(page.contains("provider, 2 organizations"), "{page}");

    let said = |page: &str| {
        let rows = elements(page).into_iter().filter_map(|row| Some(row.get("data-said")?.to_owned()));
        rows.collect::<Vec<_>>()
    };
    let with = ask(&desk, None, get("/?provider=msp&sort=name")).await.text;
    assert_eq!(said(&with), ["msp Inc.", "msp.1 Inc.", "msp.2 Inc."]);
    let without = ask(&desk, None, get("/?provider=-")).await.text;
    assert_eq!(said(&without), ["alone Inc."]);
}
