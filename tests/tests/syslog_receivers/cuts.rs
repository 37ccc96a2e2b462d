//! The connection is broken on its way, by a proxy.

use std::time::Duration;

use adr_tests::receivers::{Break, Pki, Proxy, Receiver, Setup, Wire};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::Case;
use crate::flow::{Flow, Pages};
use crate::laws::Sent;
use crate::matrix::settings;
use crate::samples::plain_events;

const STREAM: Pages = Pages { of: 10, every: Duration::from_millis(2), in_flight: 16 };

pub(crate) fn cases() -> Vec<Case> {
    crate::streams::cases("cuts", |_| {
        vec![
            ("closed_in_quiet", |setup| in_quiet(setup, Break::Close)),
            ("reset_in_quiet", |setup| in_quiet(setup, Break::Reset)),
            ("half_closed_in_mid_stream", half_closed),
            ("reset_in_mid_stream", reset),
        ]
    })
}

/// An idle connection ends: that is noticed before the next write, and nothing is sent twice.
fn in_quiet(setup: &Setup, how: Break) {
    let (pki, count, first) = (Pki::new(), 400, 200);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let proxy = Proxy::to(receiver.port(), []);
    let events = plain_events(count);
    let sent = Sent::of(&events);
    // The news of the end has as long as a page takes to reach the sink, on a busy machine too.
    let pages = Pages { of: 100, every: Duration::from_millis(300), ..STREAM };
    let flow = Flow::start(&settings(setup, &proxy.address(), &pki, Some(&pki.client())), events, pages);
    flow.allow(first);
    flow.book.until_delivered(first);
    receiver.until("the first part", |records| records.len() == first);
    proxy.break_all(how);
    proxy.until("broken", |passed| passed.iter().all(|line| line.over));
    let book = flow.finish();
    receiver.until("all of them", |records| records.len() >= count);
    sent.each_once(receiver.records());
    assert_eq!(book.faults(), Vec::<String>::new());
    assert_eq!(proxy.passed().len(), 2, "{:?}", proxy.passed());
}

/// Where three connections are cut, without regard to where a message or a TLS record ends: one in its first second,
/// when nothing is delivered yet, and two later. `SEED` in the environment makes it somewhere else.
#[expect(clippy::print_stdout, reason = "how to see a failure again")]
fn anywhere(how: Break) -> [(u64, Break); 3] {
    let seed = crate::setting("SEED").map_or(1, |seed| seed.parse().expect("SEED is a number"));
    let mut random = SmallRng::seed_from_u64(seed);
    let mut cut = |range: std::ops::Range<u64>| (random.random_range(range), how);
    let cuts = [cut(1..40_000), cut(90_000..300_000), cut(90_000..300_000)];
    if seed != 1 {
        println!("SEED={seed}: {cuts:?}");
    }
    cuts
}

/// The receiver's side ends while ours is still read: nothing is lost.
fn half_closed(setup: &Setup) {
    let (pki, count) = (Pki::new(), 3000);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let cuts = anywhere(Break::HalfClose);
    let proxy = Proxy::to(receiver.port(), cuts);
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &proxy.address(), &pki, Some(&pki.client())), events, STREAM);
    let book = flow.finish();
    book.delivered_each_once(count);
    assert!(proxy.passed().iter().filter(|line| line.broken).count() == cuts.len(), "{:?}", proxy.passed());
    receiver.until("the last", |records| sent.read(records).numbers.last() == Some(&(count - 1)));
    let arrived = sent.read(receiver.records());
    arrived.flowed_beside_no_more_than(cuts.len());
    arrived.repeats_only(&book.written(), &[]);
    arrived.lost_nothing(count);
}

/// The connection is reset.
fn reset(setup: &Setup) {
    /// What may come in between the last look at the socket and its reset, and a TLS record that was cut in two.
    const UNSEEN: u64 = 80 << 10;
    let (pki, count) = (Pki::new(), 3000);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let cuts = anywhere(Break::Reset);
    let proxy = Proxy::to(receiver.port(), cuts);
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &proxy.address(), &pki, Some(&pki.client())), events, STREAM);
    let book = flow.finish();
    book.delivered_each_once(count);
    let passed = proxy.passed();
    assert!(passed.iter().filter(|line| line.broken).count() == cuts.len(), "{passed:?}");
    receiver.until("the last", |records| sent.read(records).numbers.last() == Some(&(count - 1)));
    let arrived = sent.read(receiver.records());
    arrived.flowed_beside_no_more_than(cuts.len());
    arrived.repeats_only(&book.written(), &[]);
    if matches!(setup.wire, Wire::Relp | Wire::RelpTls) {
        arrived.lost_nothing(count);
    } else {
        // The kernel that acknowledges is the proxy's: what it threw away is what was lost, at most.
        let dropped: u64 = passed.iter().map(|line| line.dropped).sum();
        let lost = sent.bytes(&arrived.missing(count));
        assert!(lost <= dropped + UNSEEN, "{lost} bytes are lost, {dropped} were thrown away: {passed:?}");
    }
}
