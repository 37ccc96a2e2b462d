//! Collection Status: search, filter, order and pages.

use std::sync::Arc;

use super::html::elements;
use super::*;
use crate::page::column::Column;

/// The names in the order of the rows.
async fn rows(desk: &Arc<Said>, path: &str) -> Vec<String> {
    let page = ask(desk, None, get(path)).await.text;
    elements(&page).into_iter().filter_map(|element| Some(element.get("data-said")?.to_owned())).collect()
}

fn three() -> Arc<Said> {
    let mut devices = vec![device("b", State::Active), device("a", State::Unreachable), device("C", State::Paused)];
    devices[0].provider = Some("Northwind".to_owned());
    devices[0].flow.events = 1000;
    devices[1].flow.events = 9;
    // The same instants with other digits: they are no texts.
    devices[0].last_event = Some("2027-01-15T08:00:00.5Z".to_owned());
    devices[1].last_event = Some("2027-01-15T08:00:00Z".to_owned());
    devices[2].last_event = None;
    devices[0].lag_seconds = None;
    devices[1].lag_seconds = Some(100);
    devices[2].lag_seconds = Some(20);
    devices[2].key.expires_in_days = Some(3);
    devices[1].key.age_days = Some(300);
    Arc::new(Said { devices, ..Said::default() })
}

#[tokio::test]
async fn columns_sort_both_ways_and_what_is_not_known_stands_last() {
    let desk = three();
    for (sort, expected) in [
        ("", ["a Inc.", "b Inc.", "C Inc."]),
        ("sort=name", ["a Inc.", "b Inc.", "C Inc."]),
        ("sort=name&order=desc", ["C Inc.", "b Inc.", "a Inc."]),
        ("sort=status&order=desc", ["C Inc.", "b Inc.", "a Inc."]),
        ("sort=events", ["b Inc.", "a Inc.", "C Inc."]),
        ("sort=events&order=asc", ["C Inc.", "a Inc.", "b Inc."]),
        ("sort=event", ["b Inc.", "a Inc.", "C Inc."]),
        ("sort=event&order=asc", ["a Inc.", "b Inc.", "C Inc."]),
        ("sort=lag", ["a Inc.", "C Inc.", "b Inc."]),
        ("sort=lag&order=asc", ["C Inc.", "a Inc.", "b Inc."]),
        ("sort=key", ["C Inc.", "a Inc.", "b Inc."]),
    ] {
        assert_eq!(rows(&desk, &format!("/?{sort}")).await, expected, "{sort}");
    }
}

#[tokio::test]
async fn every_column_says_how_it_is_sorted_and_leads_to_the_reverse() {
    let desk = three();
    for column in Column::ALL {
        let mut seen = Vec::new();
        let mut path = format!("/?sort={}&q=Inc", column.word());
        for _ in 0..2 {
            let page = ask(&desk, None, get(&path)).await.text;
            let elements = elements(&page);
            let sorted: Vec<_> = elements.iter().filter_map(|element| element.get("aria-sort")).collect();
            assert_eq!(sorted.len(), 1, "{path}");
            seen.push(sorted[0].to_owned());
            let head = elements.iter().position(|element| element.get("aria-sort").is_some()).unwrap();
            path = elements[head + 1].get("href").unwrap().to_owned();
            assert!(path.contains("q=Inc"), "the search is lost: {path}");
        }
        seen.sort();
        assert_eq!(seen, ["ascending", "descending"], "{column:?}");
    }
}

#[tokio::test]
async fn search_and_filters_leave_what_fits() {
    let desk = three();
    for (query, expected) in [
        ("q=%20B%20inc", &["b Inc."][..]),
        ("q=NORTHWIND", &["b Inc."]),
        ("q=192.0.2", &["a Inc.", "b Inc.", "C Inc."]),
        ("q=unreach", &["a Inc."]),
        ("state=paused", &["C Inc."]),
        ("state=trouble", &["a Inc."]),
        ("provider=Northwind", &["b Inc."]),
        ("provider=-", &["a Inc.", "C Inc."]),
        ("provider=-&state=paused&q=c", &["C Inc."]),
        ("q=nothing", &[]),
    ] {
        assert_eq!(rows(&desk, &format!("/?{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn counts_of_states_are_of_what_the_search_leaves() {
    let page = ask(&three(), None, get("/?q=a%20inc&state=paused")).await.text;
    let chips: Vec<_> = elements(&page).into_iter().filter(|element| element.get("class") == Some("chip")).collect();
    let texts: Vec<_> = chips.iter().map(|chip| chip.text.trim().to_owned()).collect();
    assert_eq!(texts, ["All 1", "Needs attention 1", "Unreachable 1"]);
    assert_eq!(chips[0].get("href"), Some("/?q=a+inc"));
}

#[tokio::test]
async fn a_thousand_devices_have_ten_pages() {
    let devices = (0..1000).map(|number| device(&format!("d{number:04}"), State::Active)).collect();
    let desk = Arc::new(Said { devices, ..Said::default() });
    let (first, last) = (rows(&desk, "/").await, rows(&desk, "/?page=10&q=d").await);
    assert_eq!((first.len(), first[0].as_str()), (100, "d0000 Inc."));
    assert_eq!((last.len(), last[99].as_str()), (100, "d0999 Inc."));
    // What is no page is the nearest that is.
    assert_eq!(rows(&desk, "/?page=11").await[0], "d0900 Inc.");
    assert_eq!(rows(&desk, "/?page=-1").await, first);
    let page = ask(&desk, None, get("/?page=2&q=d&sort=name")).await.text;
    let links = elements(&page);
    let link =
        |rel| links.iter().find(|element| element.get("rel") == Some(rel)).unwrap().get("href").unwrap().to_owned();
    assert_eq!((link("prev"), link("next")), ("/?q=d&sort=name".to_owned(), "/?q=d&sort=name&page=3".to_owned()));
    assert!(page.contains("101 to 200 of 1,000<"));
}

#[tokio::test]
async fn what_needs_attention_is_counted_whatever_is_searched_for() {
    let page = ask(&three(), None, get("/?q=b%20inc")).await.text;
    let summary = elements(&page).into_iter().find(|element| element.get("id") == Some("summary")).unwrap().text;
    assert!(summary.starts_with("3 devices, ") && summary.ends_with("1 needs attention."), "{summary}");
    assert!(!page.contains("state=trouble"), "none of what is left does");
}
