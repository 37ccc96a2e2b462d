use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// The memory that events in flight may hold, over all lanes and stages of a process.
///
/// Memory is reserved before a page is fetched, corrected when it arrives, and given back when the last slice
/// of it is dropped. Waiters are served in order. A request larger than the whole budget passes when nothing
/// else is held: one oversized item passes alone.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    peak: usize,
    next_ticket: u64,
    waiting: VecDeque<(u64, Option<Waker>)>,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Shared { limit, state: Mutex::default() }))
    }

    /// Waits until `bytes` are free and every earlier waiter is served, then holds them.
    pub fn reserve(&self, bytes: usize) -> Reserve {
        Reserve { budget: self.clone(), bytes, ticket: None }
    }

    /// A reservation of nothing, to be [resized](Reservation::resize).
    pub fn nothing(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: 0 }
    }

    /// The configured limit.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.lock().used
    }

    /// The most bytes ever held.
    pub fn peak(&self) -> usize {
        self.lock().peak
    }

    /// Whose turn it is, by a number that no other waiter has: the same as before, if nobody was served since. None: nobody waits.
    pub fn first_waiting(&self) -> Option<u64> {
        self.lock().waiting.front().map(|(ticket, _)| *ticket)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is a few integers, right after every statement: a panic elsewhere cannot break it.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admits(&self, state: &State, bytes: usize) -> bool {
        state.used == 0 || state.used.saturating_add(bytes) <= self.0.limit
    }

    fn adjust(&self, from: usize, to: usize) {
        let mut state = self.lock();
        state.used = state.used - from + to;
        state.peak = state.peak.max(state.used);
        let waker = if to < from { state.waiting.front_mut().and_then(|(_, waker)| waker.take()) } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The future of [`Budget::reserve`].
#[derive(Debug)]
pub struct Reserve {
    budget: Budget,
    bytes: usize,
    ticket: Option<u64>,
}

impl Future for Reserve {
    type Output = Reservation;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reservation> {
        let budget = self.budget.clone();
        let mut state = budget.lock();
        let first = match self.ticket {
            None => state.waiting.is_empty(),
            Some(ticket) => state.waiting.front().is_some_and(|(front, _)| *front == ticket),
        };
        if first && budget.admits(&state, self.bytes) {
            if self.ticket.take().is_some() {
                state.waiting.pop_front();
            }
            state.used += self.bytes;
            state.peak = state.peak.max(state.used);
            // The next in line may fit as well.
            let next = state.waiting.front_mut().and_then(|(_, waker)| waker.take());
            drop(state);
            if let Some(next) = next {
                next.wake();
            }
            return Poll::Ready(Reservation { budget, bytes: self.bytes });
        }
        let waker = Some(cx.waker().clone());
        match self.ticket {
            None => {
                let ticket = state.next_ticket;
                state.next_ticket += 1;
                state.waiting.push_back((ticket, waker));
                self.ticket = Some(ticket);
            }
            Some(ticket) => {
                if let Some(entry) = state.waiting.iter_mut().find(|(other, _)| *other == ticket) {
                    entry.1 = waker;
                }
            }
        }
        Poll::Pending
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.budget.lock();
        state.waiting.retain(|(other, _)| *other != ticket);
        let next = state.waiting.front_mut().and_then(|(_, waker)| waker.take());
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }
}

/// Bytes held from a [`Budget`]; given back on drop.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: usize,
}

impl Reservation {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Corrects to what is really held. Never waits: a stage must not wait for memory that its own input holds.
    pub fn resize(&mut self, bytes: usize) {
        self.budget.adjust(self.bytes, bytes);
        self.bytes = bytes;
    }

    /// Grows to `bytes` if the budget has room, or if this is all that is held. Never waits.
    pub fn try_grow(&mut self, bytes: usize) -> bool {
        let mut state = self.budget.lock();
        let others = state.used - self.bytes;
        if others == 0 || others.saturating_add(bytes) <= self.budget.0.limit {
            state.used = others + bytes;
            state.peak = state.peak.max(state.used);
            drop(state);
            self.bytes = bytes;
            return true;
        }
        false
    }

    /// Takes `bytes` (at most all) out into a reservation of its own.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Reservation { budget: self.budget.clone(), bytes }
    }

    /// Makes `text` a [`Bytes`] that holds this reservation, corrected to the text's allocation, until its last
    /// slice is dropped.
    pub fn hold(mut self, text: Vec<u8>) -> Bytes {
        self.resize(text.capacity());
        Bytes::from_owner(Held { text, _memory: self })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.adjust(self.bytes, 0);
        }
    }
}

struct Held {
    text: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Wake;

    struct Noop;
    impl Wake for Noop {
        fn wake(self: Arc<Self>) {}
    }

    fn poll(reserve: &mut Reserve) -> Option<Reservation> {
        let waker = Waker::from(Arc::new(Noop));
        match Pin::new(reserve).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(reservation) => Some(reservation),
            Poll::Pending => None,
        }
    }

    #[test]
    fn waiters_are_served_in_order_and_a_small_one_does_not_overtake() {
        let budget = Budget::new(100);
        let first = poll(&mut budget.reserve(80)).expect("an empty budget admits");
        let (mut large, mut small) = (budget.reserve(50), budget.reserve(10));
        assert!(poll(&mut large).is_none());
        assert!(poll(&mut small).is_none(), "10 would fit, but the 50 came first");
        let whose = budget.first_waiting();
        assert!(whose.is_some());
        drop(first);
        assert!(poll(&mut small).is_none(), "still not its turn");
        assert_eq!(budget.first_waiting(), whose);
        let large = poll(&mut large).expect("80 are free again");
        assert!(budget.first_waiting().is_some_and(|next| Some(next) != whose));
        let small = poll(&mut small).expect("its turn, and it fits");
        assert_eq!(budget.first_waiting(), None);
        assert_eq!(budget.used(), 60);
        drop((large, small));
        assert_eq!((budget.used(), budget.peak()), (0, 80));
    }

    #[test]
    fn one_oversized_item_passes_alone() {
        let budget = Budget::new(100);
        let small = poll(&mut budget.reserve(1)).expect("fits");
        let mut huge = budget.reserve(1000);
        assert!(poll(&mut huge).is_none());
        drop(small);
        let huge = poll(&mut huge).expect("nothing else is held");
        assert!(poll(&mut budget.reserve(1)).is_none());
        drop(huge);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_waiter_that_leaves_lets_the_next_one_in() {
        let budget = Budget::new(100);
        let held = poll(&mut budget.reserve(60)).expect("fits");
        let mut large = budget.reserve(60);
        let mut small = budget.reserve(30);
        assert!(poll(&mut large).is_none() && poll(&mut small).is_none());
        drop(large);
        assert!(poll(&mut small).is_some());
        drop(held);
    }

    #[test]
    fn memory_is_held_until_the_last_slice_is_dropped() {
        let budget = Budget::new(1000);
        let reservation = poll(&mut budget.reserve(500)).expect("fits");
        let text = reservation.hold(vec![b'x'; 100]);
        assert_eq!(budget.used(), 100);
        let slice = text.slice(10..20);
        drop(text);
        assert_eq!(budget.used(), 100);
        drop(slice);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn growing_never_waits_and_respects_the_others() {
        let budget = Budget::new(100);
        let mut page = poll(&mut budget.reserve(40)).expect("fits");
        let other = poll(&mut budget.reserve(40)).expect("fits");
        assert!(!page.try_grow(70));
        assert!(page.try_grow(60));
        drop(other);
        assert!(page.try_grow(500), "all that is held may pass alone");
        assert_eq!(budget.used(), 500);
    }
}
