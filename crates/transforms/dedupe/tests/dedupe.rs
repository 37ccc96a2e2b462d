//! What passes and what is dropped.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{HashMap, HashSet};

use adr_core::{Budget, Event, Meta, Output, Severity, Transform};
use adr_transform_dedupe::{Dedupe, DedupeConfig, Factory, Settings};
use bytes::Bytes;
use proptest::prelude::*;

fn factory(settings: &str) -> Factory {
    let config: DedupeConfig = serde_json::from_str(settings).unwrap();
    Factory::new(Settings::try_from(config).unwrap())
}

fn event(id: &str, body: &str) -> Event {
    let meta =
        Meta { id: id.into(), time: None, tenant: "t".into(), kind: Default::default(), severity: Severity::Unknown };
    Event { meta, body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// The bodies that pass of a page, and how many are dropped.
fn page(dedupe: &mut Dedupe, life: u64, events: &[Event]) -> (Vec<String>, u64) {
    let mut out = Output::default();
    dedupe.enter(life);
    for event in events {
        let _verdict = dedupe.apply(event, &mut out);
    }
    let product = out.finish(Budget::new(1000).nothing());
    assert!(product.rejected.is_empty());
    let bodies = product.events.iter().map(|event| String::from_utf8(event.body.to_vec()).unwrap());
    (bodies.collect(), product.discarded)
}

#[test]
fn copies_are_dropped_whichever_worker_sees_them() {
    let factory = factory("{}");
    let (mut one, mut other) = (factory.build(), factory.build());
    assert_eq!(
        page(&mut one, 1, &[event("a", "1"), event("b", "2"), event("a", "3")]),
        (vec!["1".into(), "2".into()], 1)
    );
    assert_eq!(page(&mut other, 1, &[event("b", "4"), event("c", "5")]), (vec!["5".into()], 1));
    let without = [event("", "1"), event("", "1")];
    assert_eq!(page(&mut one, 1, &without), (vec!["1".into(), "1".into()], 0), "without a uid all pass");
}

#[test]
fn two_branches_of_one_event_are_copies() {
    let mut dedupe = factory("{}").build();
    let one = event("a", "1");
    assert_eq!(page(&mut dedupe, 1, &[one.clone(), one]), (vec!["1".into()], 1));
}

#[test]
fn a_new_life_lets_everything_pass_again() {
    let factory = factory("{}");
    let (mut one, mut other) = (factory.build(), factory.build());
    let events = [event("a", "1"), event("a", "2")];
    for life in 1..5 {
        assert_eq!(page(&mut one, life, &events), (vec!["1".into()], 1), "life {life}");
        assert_eq!(page(&mut other, life, &events), (vec![], 2), "life {life}");
    }
}

#[test]
fn body_and_fields_are_keys_too() {
    let mut dedupe = factory(r#"{"by":"body"}"#).build();
    assert_eq!(page(&mut dedupe, 1, &[event("a", "{}"), event("b", "{}"), event("a", "{ }")]).1, 1);
    let mut dedupe = factory(r#"{"by":{"fields":["user.uid","time"]}}"#).build();
    let events = [
        event("a", r#"{"user":{"uid":"u"},"time":1}"#),
        event("b", r#"{"time":1,"x":2,"user":{"uid":"u"}}"#),
        event("c", r#"{"user":{"uid":"u"},"time":2}"#),
        event("d", r#"{"user":{}}"#),
        event("e", r#"{"user":{}}"#),
        event("f", "no JSON"),
        event("g", "no JSON"),
    ];
    assert_eq!(page(&mut dedupe, 1, &events).1, 1, "only b: those without any of the fields pass");
}

#[test]
fn no_more_than_max_events_are_remembered() {
    let mut dedupe = factory(r#"{"max_events":2}"#).build();
    let ids = ["a", "b", "a", "c", "a", "c"].map(|id| event(id, id));
    assert_eq!(page(&mut dedupe, 1, &ids).0, ["a", "b", "c", "a"], "c is remembered, a was forgotten for it");
}

proptest! {
    /// Whatever the order in which lanes, lives and workers take turns: of each key one passes in each life, the first.
    #[test]
    fn one_of_each_passes_in_each_life(pages in prop::collection::vec((0..4usize, 1..5u64, prop::collection::vec(0..20u8, 0..20)), 0..30)) {
        let factory = factory("{}");
        let mut workers: Vec<Dedupe> = (0..4).map(|_| factory.build()).collect();
        let mut passed: HashMap<u64, HashSet<u8>> = HashMap::new();
        for (worker, life, ids) in pages {
            let known = passed.entry(life).or_default();
            let expected: Vec<String> = ids.iter().filter(|id| known.insert(**id)).map(u8::to_string).collect();
            let events: Vec<Event> = ids.iter().map(|id| event(&id.to_string(), &id.to_string())).collect();
            prop_assert_eq!(page(&mut workers[worker], life, &events).0, expected);
        }
    }
}
