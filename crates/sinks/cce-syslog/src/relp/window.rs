//! What is sent and not yet answered.

use std::collections::VecDeque;

use adr_core::Failure;
use tokio::sync::oneshot;

/// How many messages may be unanswered, as in librelp.
pub(super) const WINDOW: usize = 128;

/// After this number comes 1 again; 0 is for hints.
const LAST_TXNR: u32 = 999_999_999;

/// Tells whoever waits for a batch what became of it.
pub(super) type Answer = oneshot::Sender<Result<(), Failure>>;

/// The unanswered messages in the order they were numbered, and the batches that they belong to.
#[derive(Debug)]
pub(super) struct Window {
    /// From the oldest unanswered one to the newest.
    sent: VecDeque<Sent>,
    /// The number of the next one.
    next: u32,
    batches: VecDeque<Batch>,
    /// The serial number of the first of `batches`.
    first: u64,
}

#[derive(Debug)]
struct Sent {
    batch: u64,
    answered: bool,
}

#[derive(Debug)]
struct Batch {
    unanswered: usize,
    /// What the receiver said of a message that it did not take.
    refused: Option<Failure>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// More messages are to come.
    Sending,
    /// Somebody waits for the answers.
    Sent(Answer),
    /// All are answered, and it is told.
    Done,
}

/// An answer to nothing that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unasked;

impl Window {
    /// Nothing is sent; the first number is `next`.
    pub(super) fn new(next: u32) -> Self {
        Self { sent: VecDeque::with_capacity(WINDOW), next, batches: VecDeque::new(), first: 0 }
    }

    /// How many messages may be sent now.
    pub(super) fn room(&self) -> usize {
        WINDOW - self.sent.len()
    }

    /// A batch whose messages are about to be sent.
    pub(super) fn begin(&mut self) -> u64 {
        self.batches.push_back(Batch { unanswered: 0, refused: None, state: State::Sending });
        self.first + self.batches.len() as u64 - 1
    }

    /// Takes numbers for `count` messages of a batch, no more than there is [`room`](Window::room): the first of them.
    pub(super) fn take(&mut self, batch: u64, count: usize) -> u32 {
        let first = self.next;
        self.next = later(first, count);
        self.sent.extend(std::iter::repeat_n((), count).map(|()| Sent { batch, answered: false }));
        if let Some(batch) = self.batch(batch) {
            batch.unanswered += count;
        }
        first
    }

    /// All messages of a batch are sent. `answer` is told once all are answered, perhaps at once.
    pub(super) fn end(&mut self, batch: u64, answer: Answer) {
        let Some(batch) = self.batch(batch) else { return };
        batch.state = State::Sent(answer);
        batch.tell_if_done();
        self.forget_done();
    }

    /// A message was received, and taken or refused: that concerns its batch alone.
    pub(super) fn answered(&mut self, txnr: u32, taken: Result<(), Failure>) -> Result<(), Unasked> {
        let oldest = earlier(self.next, self.sent.len());
        let place = distance(oldest, txnr);
        let sent = self.sent.get_mut(place).filter(|sent| !sent.answered && txnr != 0).ok_or(Unasked)?;
        sent.answered = true;
        let batch = sent.batch;
        while self.sent.front().is_some_and(|sent| sent.answered) {
            self.sent.pop_front();
        }
        if let Some(batch) = self.batch(batch) {
            batch.unanswered -= 1;
            batch.refused = batch.refused.take().or(taken.err());
            batch.tell_if_done();
        }
        self.forget_done();
        Ok(())
    }

    /// Nothing more will be answered.
    pub(super) fn fail(&mut self, failure: &Failure) {
        for batch in self.batches.drain(..) {
            if let State::Sent(answer) = batch.state {
                // Nobody may be waiting any more.
                let _ = answer.send(Err(failure.clone()));
            }
        }
    }

    /// The number of a last frame, after all others.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Messages without an answer.
    pub(super) fn unanswered(&self) -> usize {
        self.sent.iter().filter(|sent| !sent.answered).count()
    }

    fn batch(&mut self, serial: u64) -> Option<&mut Batch> {
        let place = usize::try_from(serial.checked_sub(self.first)?).ok()?;
        self.batches.get_mut(place)
    }

    /// Drops batches from the front that are told. One that is still being sent has not ended, and stays.
    fn forget_done(&mut self) {
        while self.batches.front().is_some_and(|batch| matches!(batch.state, State::Done)) {
            self.batches.pop_front();
            self.first += 1;
        }
    }
}

impl Batch {
    fn tell_if_done(&mut self) {
        if self.unanswered > 0 || !matches!(self.state, State::Sent(_)) {
            return;
        }
        if let State::Sent(answer) = std::mem::replace(&mut self.state, State::Done) {
            // Nobody may be waiting any more.
            let _ = answer.send(self.refused.take().map_or(Ok(()), Err));
        }
    }
}

/// The number that is `by` after `txnr`.
pub(super) fn later(txnr: u32, by: usize) -> u32 {
    debug_assert!(by <= WINDOW, "a step within the window");
    #[expect(clippy::cast_possible_truncation, reason = "a step within the window")]
    let by = by as u32;
    (txnr - 1 + by) % LAST_TXNR + 1
}

/// The number that is `by` before `txnr`.
fn earlier(txnr: u32, by: usize) -> u32 {
    debug_assert!(by <= WINDOW, "a step within the window");
    #[expect(clippy::cast_possible_truncation, reason = "a step within the window")]
    let by = by as u32;
    (txnr - 1 + LAST_TXNR - by) % LAST_TXNR + 1
}

/// How far it is from one number on to another.
fn distance(from: u32, to: u32) -> usize {
    ((to + LAST_TXNR - from) % LAST_TXNR) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::FailureKind;
    use proptest::prelude::*;

    fn batch(window: &mut Window, count: usize) -> (Vec<u32>, oneshot::Receiver<Result<(), Failure>>) {
        let batch = window.begin();
        let first = window.take(batch, count);
        let (answer, told) = oneshot::channel();
        window.end(batch, answer);
        ((0..count).map(|by| later(first, by)).collect(), told)
    }

    #[test]
    fn numbers_go_round_without_zero() {
        let mut window = Window::new(999_999_998);
        let (numbers, mut told) = batch(&mut window, 4);
        assert_eq!(numbers, [999_999_998, 999_999_999, 1, 2]);
        assert_eq!(window.answered(0, Ok(())), Err(Unasked), "0 is not what comes before 1");
        for number in [1, 999_999_999, 2] {
            assert_eq!(window.answered(number, Ok(())), Ok(()));
        }
        assert!(told.try_recv().is_err());
        assert_eq!(window.answered(999_999_998, Ok(())), Ok(()));
        assert_eq!(told.try_recv(), Ok(Ok(())));
        assert_eq!((window.room(), window.next()), (WINDOW, 3));
    }

    #[test]
    fn what_was_not_asked_or_is_answered_twice_is_noticed() {
        let mut window = Window::new(1);
        assert_eq!(window.answered(1, Ok(())), Err(Unasked));
        let (_, _told) = batch(&mut window, 3);
        assert_eq!(window.answered(4, Ok(())), Err(Unasked));
        assert_eq!(window.answered(2, Ok(())), Ok(()));
        assert_eq!(window.answered(2, Ok(())), Err(Unasked));
        assert_eq!(window.answered(1, Ok(())), Ok(()));
        assert_eq!(window.answered(1, Ok(())), Err(Unasked), "long gone");
        assert_eq!(window.unanswered(), 1);
    }

    #[test]
    fn a_batch_is_not_done_while_it_is_being_sent() {
        let mut window = Window::new(1);
        let sending = window.begin();
        window.take(sending, 1);
        assert_eq!(window.answered(1, Ok(())), Ok(()));
        window.take(sending, 1);
        let (answer, mut told) = oneshot::channel();
        window.end(sending, answer);
        assert!(told.try_recv().is_err());
        assert_eq!(window.answered(2, Ok(())), Ok(()));
        assert_eq!(told.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn a_failure_is_told_to_all_that_wait_and_to_nobody_twice() {
        let mut window = Window::new(1);
        let (_, mut first) = batch(&mut window, 1);
        let (_, mut second) = batch(&mut window, 2);
        window.answered(1, Ok(())).unwrap();
        let failure = Failure::new(FailureKind::Unreachable, "gone");
        window.fail(&failure);
        assert_eq!(first.try_recv(), Ok(Ok(())));
        assert_eq!(second.try_recv(), Ok(Err(failure)));
        assert_eq!(window.answered(2, Ok(())), Ok(()), "an answer that comes late hurts nobody");
    }

    #[test]
    fn a_refused_message_concerns_its_batch_alone() {
        let mut window = Window::new(1);
        let (_, mut first) = batch(&mut window, 2);
        let (_, mut second) = batch(&mut window, 1);
        let refusal = Failure::new(FailureKind::Unavailable, "disk full");
        window.answered(1, Err(refusal.clone())).unwrap();
        window.answered(3, Ok(())).unwrap();
        assert!(first.try_recv().is_err(), "its other message has no answer yet");
        window.answered(2, Ok(())).unwrap();
        assert_eq!((first.try_recv(), second.try_recv()), (Ok(Err(refusal)), Ok(Ok(()))));
        assert_eq!(window.room(), WINDOW);
    }

    proptest! {
        #[test]
        fn in_whatever_order_answers_come_each_batch_is_told_exactly_when_its_last_is_there(
            sizes in prop::collection::vec(1usize..20, 1..6), start in 999_999_900u32..=999_999_999, order: u64,
        ) {
            let mut window = Window::new(start);
            let mut open: Vec<_> = sizes.iter().map(|size| batch(&mut window, *size)).collect();
            let mut all: Vec<u32> = open.iter().flat_map(|(numbers, _)| numbers.clone()).collect();
            // A shuffle by the given seed.
            let mut seed = order;
            for last in (1..all.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                all.swap(last, usize::try_from(seed >> 33).unwrap() % (last + 1));
            }
            for number in all {
                prop_assert_eq!(window.answered(number, Ok(())), Ok(()));
                for (numbers, told) in &mut open {
                    numbers.retain(|other| *other != number);
                    prop_assert_eq!(told.try_recv().is_ok(), numbers.is_empty());
                }
                open.retain(|(numbers, _)| !numbers.is_empty());
            }
            prop_assert_eq!(window.room(), WINDOW);
            prop_assert!(window.batches.is_empty());
        }
    }
}
