//! What holds for every event, whatever it is: lossless, valid, deterministic, one line, no null outside
//! `unmapped` (`support::check` asserts all of it).

mod support;

use proptest::prelude::*;
use support::generate::{json, mutated, object};
use support::{check, validate_ocsf};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_object_is_mapped(event in object(json())) {
        check(&event);
    }

    #[test]
    fn any_odd_event_is_mapped(event in mutated()) {
        check(&event);
    }
}

#[test]
fn generated_events_are_valid_ocsf() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (odd, any) = (mutated(), object(json()));
    let events: Vec<String> = (0..1500)
        .map(|at| {
            let tree = if at % 3 == 0 {
                any.new_tree(&mut runner).map(|tree| tree.current())
            } else {
                odd.new_tree(&mut runner).map(|tree| tree.current())
            };
            check(&tree.expect("a strategy without filters"))
        })
        .collect();
    validate_ocsf(&events);
}
