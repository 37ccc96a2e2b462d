//! The receiver is killed, stopped or stalled in mid-stream.

use std::time::Duration;

use adr_core::Event;
use adr_tests::receivers::{Pki, Receiver, Setup, Wire};

use crate::Case;
use crate::flow::{Flow, Pages};
use crate::laws::Sent;
use crate::matrix::settings;
use crate::samples::{event, plain_events};
use crate::streams::Named;

/// Small pages with pauses: a break finds the stream in its middle.
const STREAM: Pages = Pages { of: 10, every: Duration::from_millis(2), in_flight: 16 };

/// How a receiver's process ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    Stopped,
}

impl End {
    fn come_to(self, receiver: &mut Receiver) {
        match self {
            Self::Killed => receiver.kill(),
            Self::Stopped => receiver.stop(),
        }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    crate::streams::cases("breaks", |wire| {
        let mut tests: Vec<Named> = vec![
            ("killed_in_mid_stream", |setup| in_mid_stream(setup, End::Killed)),
            ("stopped_in_mid_stream", |setup| in_mid_stream(setup, End::Stopped)),
            ("killed_in_quiet", |setup| in_quiet(setup, End::Killed)),
            ("stopped_in_quiet", |setup| in_quiet(setup, End::Stopped)),
            ("stalled", stalled),
        ];
        if matches!(wire, Wire::Tcp | Wire::Tls) {
            tests.push(("killed_while_stalled", killed_while_stalled));
        }
        tests
    })
}

/// Twice its process ends while the stream flows, and is started again.
fn in_mid_stream(setup: &Setup, end: End) {
    let (pki, count) = (Pki::new(), 4000);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &receiver.address(), &pki, Some(&pki.client())), events, STREAM);
    flow.allow_all();
    flow.book.until_delivered(600);
    let delivered = flow.book.delivered();
    end.come_to(&mut receiver);
    receiver.start_again();
    flow.book.until_delivered(1500);
    end.come_to(&mut receiver);
    receiver.start_again();
    let book = flow.finish();
    book.delivered_each_once(count);
    receiver.until("the last", |records| sent.read(records).numbers.last() == Some(&(count - 1)));
    let arrived = sent.read(receiver.records());
    arrived.broke_no_more_than(2, count);
    arrived.repeats_only(&book.written(), &delivered);
    // Over TCP, what its kernel had acknowledged and it had not written down is lost with it. That this is no more than
    // the end of a run is checked above, how much it may be in `killed_while_stalled`.
    if matches!(setup.wire, Wire::Relp | Wire::RelpTls) {
        arrived.lost_nothing(count);
    }
}

/// Its process ends when it has read all that was sent, and is started again before there is more: not even a retry.
fn in_quiet(setup: &Setup, end: End) {
    let (pki, count, first) = (Pki::new(), 600, 300);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let events = plain_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &receiver.address(), &pki, Some(&pki.client())), events, STREAM);
    flow.allow(first);
    flow.book.until_delivered(first);
    receiver.until("the first part", |records| records.len() == first);
    end.come_to(&mut receiver);
    receiver.start_again();
    let book = flow.finish();
    receiver.until("all of them", |records| records.len() >= count);
    sent.each_once(receiver.records());
    assert_eq!(book.faults(), Vec::<String>::new(), "an idle connection that has ended is noticed before a write");
}

/// Events of two kilobytes: more than the kernels between will hold.
fn large_events(count: usize) -> Vec<Event> {
    (0..count).map(|number| event(number, format!(r#"{{"number":{number},"pad":"{}"}}"#, "x".repeat(2000)))).collect()
}

/// It reads nothing for a while: the stream stands, and then goes on as if nothing had been.
fn stalled(setup: &Setup) {
    let (pki, count) = (Pki::new(), 4000);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let events = large_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &receiver.address(), &pki, Some(&pki.client())), events, STREAM);
    flow.allow_all();
    flow.book.until_delivered(300);
    receiver.pause();
    flow.stands();
    let delivered = flow.book.delivered().len();
    assert!(delivered < count, "backpressure");
    receiver.resume();
    let book = flow.finish();
    receiver.until("all of them", |records| records.len() >= count);
    sent.each_once(receiver.records());
    assert_eq!(book.faults(), Vec::<String>::new());
}

/// It is killed with bytes in its kernel that it never read. This is what an acknowledgement by the kernel does not
/// reach: at most those bytes, and what it had read but not written down, are lost; not one event more.
fn killed_while_stalled(setup: &Setup) {
    /// What the receivers read at a time and have in hand.
    const IN_HAND: u64 = 256 << 10;
    let (pki, count) = (Pki::new(), 4000);
    let mut receiver = Receiver::start(setup.clone(), &pki, &pki.server());
    let events = large_events(count);
    let sent = Sent::of(&events);
    let flow = Flow::start(&settings(setup, &receiver.address(), &pki, Some(&pki.client())), events, STREAM);
    flow.allow_all();
    flow.book.until_delivered(300);
    receiver.pause();
    flow.stands();
    let (delivered, unread) = (flow.book.delivered(), receiver.unread());
    receiver.kill();
    receiver.start_again();
    let book = flow.finish();
    receiver.until("the last", |records| sent.read(records).numbers.last() == Some(&(count - 1)));
    let arrived = sent.read(receiver.records());
    arrived.broke_no_more_than(1, count);
    let missing = arrived.missing(count);
    assert!(!missing.is_empty(), "the kernel held {unread} bytes, and the process was killed");
    assert!(missing.iter().all(|number| delivered.contains(number)), "what was not delivered is sent again");
    let lost = sent.bytes(&missing);
    assert!(lost <= unread + IN_HAND, "{lost} bytes are lost, of {unread} that the kernel had");
    arrived.repeats_only(&book.written(), &delivered);
}
