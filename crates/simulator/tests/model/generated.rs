//! Made-up events and the worlds they fill.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use adr_core::Timestamp;
use adr_simulator::{Access, Directory, EventGenerator, Generated, Span, Twists};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::{KEY, NOW, ORG, all, at, read_all, time};

const DAY: i64 = 86_400;

fn span(days: i64) -> Span {
    Span { start: at(days * DAY), end: NOW }
}

fn generated(count: u64, span: Span, twists: Twists) -> Generated {
    Generated::new(Arc::new(EventGenerator::new(5)), 0, ORG, count, span).with_twists(twists)
}

fn directory(events: Generated) -> Directory {
    let mut directory = Directory::new(2);
    let org = directory.add_organization(ORG);
    directory.add_key(KEY, Access::Organization(org));
    directory.generate(org, events);
    directory
}

fn ledger(directory: &Directory) -> Vec<adr_simulator::LedgerEntry> {
    let org = directory.organization(ORG).expect("it is there");
    directory.ledger(org).collect()
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_one_does_not() {
    let write = |seed| {
        let generator = EventGenerator::new(seed);
        let mut out = Vec::new();
        for number in 0..500 {
            generator.write(number, NOW, ORG, &mut out);
        }
        out
    };
    assert_eq!(write(1), write(1));
    assert_ne!(write(1), write(2));
    // Event 77 is the same whatever was written before it.
    let generator = EventGenerator::new(1);
    assert_eq!(generator.event(77, NOW, ORG), EventGenerator::new(1).event(77, NOW, ORG));
    // The bytes are part of what this crate promises: a change here changes every recorded run.
    let (text, _) = generator.event(3, time("2026-01-26T08:15:30.123456789Z"), ORG);
    let event: Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(event["organization"], ORG);
}

/// What the timestamps of a service look like.
fn digits(event: &Value) -> usize {
    let text = event["timestamp"].as_str().expect("a timestamp");
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len() - 1)
}

#[test]
fn a_hundred_thousand_events_look_like_a_tenant() {
    let generator = EventGenerator::new(11);
    let (mut bytes, mut ids, mut types) = (0, HashSet::new(), BTreeMap::<(String, String), usize>::new());
    let mut precisions: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let (mut sso_success, mut changes_objects, mut large) = (0, 0, 0);
    let mut providers = [0; 4];
    for number in 0..100_000u64 {
        let when = Timestamp::from_nanos(NOW.as_nanos() - 1_000_000_007 * i64::try_from(number).expect("small") - 13);
        let (text, said) = generator.event(number, when, ORG);
        bytes += text.len();
        assert!(!text.contains(&b'\n'));
        let event: Value =
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
        assert_eq!(time(event["timestamp"].as_str().expect("a timestamp")), said);
        assert!(ids.insert(event["id"].as_str().expect("an id").to_owned()), "every id is another");
        let service = event["service"].as_str().expect("a service").to_owned();
        precisions.entry(service.clone()).or_default().insert(digits(&event));
        let kind = event["event_type"].as_str().expect("a type").to_owned();
        sso_success += usize::from(kind == "sso_auth" && event.get("success").is_some());
        changes_objects += usize::from(event["changes"].is_object());
        large += usize::from(text.len() > 70_000);
        providers[match event.get("provider") {
            None => 0,
            Some(Value::Null) => 1,
            Some(Value::String(text)) if text.is_empty() => 2,
            Some(_) => 3,
        }] += 1;
        *types.entry((service, kind)).or_default() += 1;
    }
    let mean = bytes as f64 / 100_000.0;
    assert!((900.0..1_200.0).contains(&mean), "{mean} bytes an event");
    let missing: Vec<_> = EventGenerator::event_types()
        .filter(|(service, kind)| !types.contains_key(&((*service).to_owned(), (*kind).to_owned())))
        .collect();
    assert!(missing.is_empty(), "{missing:?} never occur");
    let unknown: usize = types
        .iter()
        .filter(|((_, kind), _)| !EventGenerator::event_types().any(|(_, known)| known == kind))
        .map(|(_, count)| count)
        .sum();
    assert!((50..200).contains(&unknown), "{unknown} events of undocumented types");
    assert_eq!(precisions["directory"], BTreeSet::from([3]));
    assert_eq!(precisions["radius"], BTreeSet::from([0]));
    assert!(precisions["sso"].len() > 2 && precisions["sso"].contains(&9), "{precisions:?}");
    assert_eq!(sso_success, 0, "sso has sso_token_success only");
    assert!(changes_objects > 10 && (1..20).contains(&large), "{changes_objects} {large}");
    assert!(providers.iter().all(|count| *count > 500), "{providers:?}");
    let most = types.iter().max_by_key(|(_, count)| **count).expect("some");
    assert_eq!(most.0.1, "sso_auth");
}

#[test]
fn quirks_occur() {
    let generator = EventGenerator::new(4).with_large_share(0.01).with_unknown_share(0.2);
    let (mut api_key, mut upper, mut challenge, mut no_success, mut large, mut unknown) = (0, 0, 0, 0, 0, 0);
    for number in 0..5_000 {
        let (text, _) = generator.event(number, NOW, ORG);
        let event: Value = serde_json::from_slice(&text).expect("JSON");
        api_key += usize::from(event["auth_method"] == "api key");
        upper += usize::from(
            event["service"] == "radius"
                && event["id"].as_str().is_some_and(|id| id.len() == 36 && id == id.to_uppercase()),
        );
        challenge += usize::from(event["sso_token_success"] == false && event.get("error_message").is_none());
        no_success += usize::from(event["service"] == "directory" && event.get("success").is_none());
        large += usize::from((74_000..80_000).contains(&text.len()));
        unknown += usize::from(event["service"] == "pam");
    }
    for (what, count) in [
        ("api key", api_key),
        ("upper-case UUID", upper),
        ("MFA step", challenge),
        ("no success", no_success),
        ("76 KB", large),
        ("unknown service", unknown),
    ] {
        assert!(count > 10, "{what}: {count}");
    }
}

#[test]
fn nothing_in_the_events_belongs_to_anybody() {
    let generator = EventGenerator::new(8);
    let mut text = Vec::new();
    for number in 0..20_000 {
        generator.write(number, NOW, ORG, &mut text);
    }
    let text = String::from_utf8(text).expect("UTF-8");
    for (at, _) in text.match_indices('@') {
        let host = &text[at + 1..];
        assert!(
            ["example.com\"", "example.org\"", "version\"", "example.com)", "example.org "]
                .iter()
                .any(|own| host.starts_with(own)),
            "{}",
            &host[..30]
        );
    }
    for (at, _) in text.match_indices("_ip\":\"") {
        let ip = &text[at + 6..];
        assert!(["192.0.2.", "198.51.100.", "203.0.113."].iter().any(|net| ip.starts_with(net)), "{}", &ip[..20]);
    }
}

#[test]
fn a_million_rows_are_found_without_being_kept() {
    let mut directory = directory(generated(1_000_000, span(90), Twists::default()));
    let near_the_end = format!(r#"{{"service":["all"],"start_time":"{}"}}"#, at(3_600));
    let (found, _) = read_all(&mut directory, &near_the_end, 100);
    assert!((300..700).contains(&found.len()), "{}", found.len());
}

#[test]
fn an_event_is_visible_when_its_time_has_come() {
    let live = Span { start: at(DAY), end: at(-DAY) };
    let mut directory = directory(generated(2_000, live, Twists::default()));
    let (found, _) = read_all(&mut directory, &all(""), 1_000);
    assert!((950..1_050).contains(&found.len()), "{}", found.len());
    let hidden = ledger(&directory).iter().filter(|entry| entry.visible_at > NOW).count();
    assert_eq!(found.len() + hidden, 2_000);
}

#[test]
fn twists_do_what_they_say() {
    let twists = Twists {
        latency: Duration::from_secs(10),
        late_share: 0.1,
        late_by: Duration::from_secs(3_600),
        duplicate_share: 0.05,
        future_share: 0.01,
        future_by: Duration::from_secs(7_200),
        burst_every: 1_000,
        burst_size: 300,
    };
    let entries = ledger(&directory(generated(20_000, span(20), twists)));
    let late =
        entries.iter().filter(|entry| entry.visible_at.since(entry.timestamp) >= Duration::from_secs(3_600)).count();
    assert!((1_600..2_400).contains(&late), "{late}");
    let distinct: HashSet<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    assert!((800..1_200).contains(&(20_000 - distinct.len())), "{}", distinct.len());
    let future = entries.iter().filter(|entry| entry.timestamp > entry.visible_at).count();
    assert!((150..=200).contains(&future), "{future}");
    // The first row of a burst may be the row before it once more.
    let mut per_millisecond: BTreeMap<i64, usize> = BTreeMap::new();
    entries.iter().for_each(|entry| *per_millisecond.entry(entry.timestamp.as_millis()).or_default() += 1);
    assert_eq!(per_millisecond.values().filter(|count| **count >= 295).count(), 20);
    let plain = ledger(&directory(generated(1_000, span(20), Twists::default())));
    assert!(plain.iter().all(|entry| entry.visible_at.since(entry.timestamp) < Duration::from_secs(1)));
}

#[test]
fn tenants_that_share_a_generator_share_no_event() {
    let generator = Arc::new(EventGenerator::new(5));
    let ids = |tenant| {
        let events = Generated::new(Arc::clone(&generator), tenant, ORG, 500, span(1));
        ledger(&directory(events)).into_iter().map(|entry| entry.id).collect::<HashSet<_>>()
    };
    assert!(ids(0).is_disjoint(&ids(1)));
}

fn twists() -> impl Strategy<Value = Twists> {
    (0u64..40, 0u64..25, 0.0..0.5f64, 0.0..0.3f64, 0.0..0.3f64).prop_map(
        |(burst_every, burst_size, late_share, duplicate_share, future_share)| Twists {
            latency: Duration::from_millis(burst_every),
            late_share,
            late_by: Duration::from_secs(3_600),
            duplicate_share,
            future_share,
            future_by: Duration::from_secs(60),
            burst_every,
            burst_size,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    /// Pages of any size, in either direction, give each visible row once, in the order of the ledger.
    #[test]
    fn pages_partition_a_generated_world(
        count in 0u64..300, seconds in 0i64..4_000, limit in 1u64..40, twists in twists(), down in any::<bool>()
    ) {
        let events = generated(count, Span { start: at(seconds), end: NOW }, twists);
        let mut directory = directory(events);
        let entries = ledger(&directory);
        let times: Vec<_> = entries.iter().map(|entry| entry.timestamp.as_millis()).collect();
        prop_assert!(times.is_sorted(), "rows are in order");
        let mut expected: Vec<_> = entries.into_iter().filter(|entry| entry.visible_at <= NOW).map(|entry| entry.id.expect("an id")).collect();
        if down {
            expected.reverse();
        }
        let query = all(if down { r#""sort":"DESC""# } else { "" });
        prop_assert_eq!(read_all(&mut directory, &query, limit).0, expected);
    }

    /// The same for rows inserted in any order, with equal instants and rows that are not visible yet.
    #[test]
    fn pages_partition_a_stored_world(
        rows in proptest::collection::vec((0i64..2_000_000_000, any::<bool>()), 0..120), limit in 1u64..20
    ) {
        let (mut directory, org) = crate::common::empty();
        for (number, (nanos, hidden)) in rows.iter().enumerate() {
            let when = Timestamp::from_nanos(at(100).as_nanos() + nanos);
            let text = crate::common::event(&number.to_string(), "sso", "sso_auth", when);
            directory.insert(org, text, when, if *hidden { at(-1) } else { when });
        }
        let expected: Vec<_> = ledger(&directory).into_iter().filter(|entry| entry.visible_at <= NOW).map(|entry| entry.id.expect("an id")).collect();
        prop_assert_eq!(read_all(&mut directory, &all(""), limit).0, expected);
    }
}
