//! What becomes of the bytes of a file.

mod support;

use std::fs;

use adr_core::Pull;
use support::{Folder, Log, numbered, read};

#[tokio::test]
async fn lines_come_as_they_are_written_and_a_half_one_waits() {
    let folder = Folder::new();
    folder.append("app.log", "\u{feff}{\"n\":1}\r\n\n{\"n\":2}\n{\"n\"");
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=2));
    assert!(log.lines().await.is_empty());
    folder.append("app.log", ":3}\n");
    assert_eq!(log.lines().await, read(3..=3));
    assert_eq!(log.lane.id().tenant.as_ref(), folder.path("app.log").to_str().unwrap());
}

#[tokio::test]
async fn events_are_slices_of_a_page_that_the_budget_sees() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=3));
    let mut config = folder.config(&["app.log"]);
    config.tenant = Some("acme".to_owned());
    let mut log = Log::of(config, false).await;
    let page = log.page().await.expect("a page");
    assert_eq!((page.tally.received, page.tally.bytes), (3, 24));
    assert_eq!(&*page.events[0].meta.tenant, "acme");
    let (first, second) = (&page.events[0].body, &page.events[1].body);
    assert_eq!(first.as_ptr() as usize + 8, second.as_ptr() as usize, "one text");
    assert!((24..100).contains(&log.budget.used()), "{}", log.budget.used());
    drop(page);
    assert_eq!(log.budget.used(), 0);
}

#[tokio::test]
async fn lines_of_any_length_pass_and_the_budget_is_kept() {
    let folder = Folder::new();
    let long = |size: usize| format!("{{\"pad\":\"{}\"}}", "x".repeat(size));
    let lines: Vec<String> = [10, 70_000, 1 << 20, 5, 3_000_000, 7].map(long).to_vec();
    folder.append("app.log", lines.join("\n") + "\n{\"half\":\"" + &"y".repeat(2_000_000));
    let mut log = folder.log("app.log").await;
    log.budget = adr_core::Budget::new(4 << 20);
    assert!(log.lines().await == lines);
    assert!(log.budget.peak() <= 4 << 20, "{}", log.budget.peak());
    folder.append("app.log", "\"}\n");
    assert_eq!(log.lines().await, [format!("{{\"half\":\"{}\"}}", "y".repeat(2_000_000))]);
    // What others hold is respected: a longer reservation is asked for.
    folder.append("app.log", long(3_000_000) + "\n");
    let other = log.budget.reserve(2 << 20).await;
    assert!(matches!(log.pull().await, Ok(Pull::Wait(_))));
    assert!(log.source.demand() > 3_000_000, "{}", log.source.demand());
    drop(other);
    assert_eq!(log.lines().await, [long(3_000_000)]);
}

#[tokio::test]
async fn a_hole_before_a_line_is_none() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=2));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=2));
    // copytruncate under a writer that does not append: it goes on where it was.
    let file = fs::File::options().write(true).open(folder.path("app.log")).unwrap();
    file.set_len(0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"{\"n\":3}\n", 5_000_000).unwrap();
    assert_eq!(log.lines().await, read(3..=3));
    assert!(log.budget.peak() < 1 << 20, "{}", log.budget.peak());
    folder.append("app.log", b"\0\0\0{\"n\":4}\n");
    assert_eq!(log.lines().await, read(4..=4));
}

#[tokio::test]
async fn the_last_line_of_a_renamed_file_comes_at_last() {
    let folder = Folder::new();
    folder.append("app.log", "{\"n\":1}\n{\"to");
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=1));
    folder.rename("app.log", "app.log.1");
    folder.append("app.log", numbered(2..=2));
    assert_eq!(log.lines().await, read(2..=2));
    let mut last = Vec::new();
    for _ in 0..20 {
        last.extend(log.lines().await);
    }
    assert_eq!(last, ["{\"to"]);
}
