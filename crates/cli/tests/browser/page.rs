//! The stories.

use crate::scene::{Browser, PASSWORD, Scene, key};

const NEXT_KEY: &str = "another-canary-4b1d77";

fn run(story: impl AsyncFnOnce(&Scene)) {
    let scene = Scene::new();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(story(&scene));
}

/// What an administrator does, from the first look to a key that is exchanged.
pub(crate) fn story() {
    run(async |scene| {
        let browser = Browser::start(true).await;
        browser.go(&scene.url("/")).await;
        assert_eq!(browser.text("h1").await, "Collection Status");
        sign_in(scene, &browser).await;

        browser.go(&scene.url("/add-on-store")).await;
        browser.click("Add").await;
        browser.fill("#device_name", "Acme").await;
        browser.fill("#cce_ip", "192.0.2.5").await;
        browser.fill("#secret_key", "wrong-key-wrong-key").await;
        browser.fill("#configuration", &format!("{{ \"org_id\": \"{}\" }}", scene.jumpcloud.org_id)).await;
        browser.click("Advanced").await;
        browser.fill("#base_url", &scene.jumpcloud.url).await;
        browser.click("Save").await;
        browser.until("#secret_key-wrong", "refused the API key").await;
        browser.fill("#secret_key", key()).await;
        browser.click("Save").await;
        browser.until("main", "Acme is saved").await;

        // Collection Status follows by itself.
        browser.go(&scene.url("/")).await;
        let row = "tr[data-key='acme']";
        browser.until(row, "Connected/Active").await;
        browser.until(row, "192-0-2-5").await;
        scene.jumpcloud.admin("POST", "keys", &format!("{{\"old\": \"{}\", \"new\": \"{NEXT_KEY}\"}}", key()));
        browser.until(row, "Authentication failed").await;

        browser.click("Acme").await;
        browser.until("#state", "Authentication failed").await;
        browser.until("main", "My API Key").await;
        // An event as it came, and as it went.
        browser.until("main", "\"organization\"").await;
        browser.until("main", "\"class_uid\"").await;
        browser.click("Rotate key").await;
        browser.fill("#secret_key", NEXT_KEY).await;
        browser.element("main form button[type=submit]").await.click().await.expect("it can be clicked");
        browser.until("main", "has another key").await;
        browser.go(&scene.url("/devices/acme")).await;
        browser.until("#state", "Connected/Active").await;

        browser.go(&scene.url("/pipeline")).await;
        browser.until("main", "cce.192-0-2-5").await;
        for secret in [key(), NEXT_KEY, PASSWORD] {
            assert!(!browser.client.source().await.expect("a page").contains(secret));
            assert!(!scene.log().contains(secret), "{}", scene.log());
        }
        let complaints = browser.complaints().await;
        // The wrong key and the form were answered with 422, which the browser tells.
        let other: Vec<_> = complaints.iter().filter(|text| !text.contains("422")).collect();
        assert!(other.is_empty(), "{other:#?}");
        browser.end().await;
    });
}

async fn sign_in(scene: &Scene, browser: &Browser) {
    browser.go(&scene.url("/sign-in")).await;
    browser.fill("input[name=name]", "jane").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.element("main button[type=submit]").await.click().await.expect("it can be clicked");
    browser.until("header", "jane").await;
}

/// A browser that runs no scripts reads all, and changes, too.
pub(crate) fn without_a_script() {
    run(async |scene| {
        let browser = Browser::start(false).await;
        sign_in(scene, &browser).await;
        fill_in(scene, &browser).await;
        browser.click("Save").await;
        browser.until("main", "Acme is saved").await;
        let mut said = String::new();
        for _ in 0..100 {
            browser.go(&scene.url("/?q=acme&state=active")).await;
            said = browser.text("main").await;
            if said.contains("Connected/Active") && said.contains("Acme") {
                break;
            }
        }
        assert!(said.contains("Acme"), "{said}");
        browser.go(&scene.url("/devices/acme")).await;
        browser.click("Pause").await;
        browser.until("main", "is paused").await;
        browser.end().await;
    });
}

async fn fill_in(scene: &Scene, browser: &Browser) {
    browser.go(&scene.url("/add-on-store/add")).await;
    browser.fill("#device_name", "Acme").await;
    browser.fill("#cce_ip", "192.0.2.5").await;
    browser.fill("#secret_key", key()).await;
    browser.fill("#configuration", &format!("{{ \"org_id\": \"{}\" }}", scene.jumpcloud.org_id)).await;
    browser.click("Advanced").await;
    browser.fill("#base_url", &scene.jumpcloud.url).await;
}

/// Somebody else answers in the program's place, then the answer is cut off after all was done.
pub(crate) fn without_an_answer() {
    run(async |scene| {
        let browser = Browser::start(true).await;
        sign_in(scene, &browser).await;
        fill_in(scene, &browser).await;
        browser.network("async () => new Response('upstream  timed out', { status: 504 })").await;
        browser.click("Save").await;
        browser.until("#add .notice", "Answered with 504: upstream timed out").await;
        assert_eq!(scene.asked("add"), 0);
        browser.network("async (...all) => { await real(...all); throw new TypeError('cut off'); }").await;
        browser.click("Save").await;
        browser.until("#add .notice", "it is not known whether this was done").await;
        assert_eq!(scene.asked("add"), 1, "it is not sent again");
        let kept = browser.element("#secret_key").await.prop("value").await.expect("a field");
        assert_eq!(kept.as_deref(), Some(key()), "what was filled in is there");
        browser.go(&scene.url("/devices/acme")).await;
        assert_eq!(browser.text("h1").await, "Acme");
        browser.end().await;
    });
}

/// The program goes and comes back while somebody looks.
pub(crate) fn while_it_is_gone() {
    run(async |scene| {
        let browser = Browser::start(true).await;
        browser.go(&scene.url("/")).await;
        browser.element("#theme").await.click().await.expect("it can be clicked");
        browser.element("html[data-theme=light] #theme[title='Theme: light']").await;
        browser.client.refresh().await.expect("it loads");
        browser.element("html[data-theme=light] #theme[title='Theme: light']").await;

        browser.until("#live", "Live").await;
        scene.kill();
        browser.until("#live.lost", "Not updated since").await;
        scene.serve();
        browser.until("#live:not(.lost)", "Live").await;
        browser.end().await;
    });
}
