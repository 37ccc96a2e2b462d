//! How many bytes may wait to be sent: one writer takes, delivery reports give back.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A writer takes so much at a time, so that it does not count each record where the reports do, and is not woken for each.
const PORTION: usize = 64 << 10;

/// Bytes that may be held.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    used: AtomicUsize,
    /// What the writer waits for; zero: it does not.
    wanted: AtomicUsize,
    freed: Notify,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), wanted: AtomicUsize::new(0), freed: Notify::new() }
    }

    /// What one writer has taken and not used yet. There is one at a time.
    pub(super) fn credit(&self) -> Credit<'_> {
        Credit { room: self, bytes: 0 }
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let used = self.used.fetch_sub(bytes, Ordering::SeqCst) - bytes;
        let wanted = self.wanted.load(Ordering::SeqCst);
        if wanted > 0 && self.fits(used, wanted) {
            self.freed.notify_one();
        }
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    /// What is larger than all the room passes alone.
    fn fits(&self, used: usize, wanted: usize) -> bool {
        used == 0 || used + wanted <= self.limit
    }

    async fn take(&self, bytes: usize) {
        while !self.fits(self.used.load(Ordering::SeqCst), bytes) {
            self.wanted.store(bytes, Ordering::SeqCst);
            // What was given back before it was known that somebody waits wakes nobody.
            if !self.fits(self.used.load(Ordering::SeqCst), bytes) {
                self.freed.notified().await;
            }
            self.wanted.store(0, Ordering::SeqCst);
        }
        self.used.fetch_add(bytes, Ordering::SeqCst);
    }
}

/// Bytes taken in advance; given back on drop.
pub(super) struct Credit<'a> {
    room: &'a Room,
    bytes: usize,
}

impl Credit<'_> {
    /// Takes `bytes` for a record; its report gives them back. Waits until there is room.
    pub(super) async fn spend(&mut self, bytes: usize) {
        if self.bytes < bytes {
            self.room.give_back(std::mem::take(&mut self.bytes));
            let portion = bytes.max(PORTION.min(self.room.limit / 16));
            self.room.take(portion).await;
            self.bytes = portion;
        }
        self.bytes -= bytes;
    }

    /// The record was not sent after all.
    pub(super) fn regain(&mut self, bytes: usize) {
        self.bytes += bytes;
    }
}

impl Drop for Credit<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.room.give_back(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_full_room_makes_the_writer_wait_until_enough_is_given_back() {
        let room = Room::new(160_000);
        let mut credit = room.credit();
        for _ in 0..160 {
            credit.spend(1000).now_or_never().expect("there is room");
        }
        let mut waiting = Box::pin(credit.spend(1000));
        assert!(waiting.as_mut().now_or_never().is_none());
        (0..9).for_each(|_| room.give_back(1000));
        assert!(waiting.as_mut().now_or_never().is_none(), "a portion is more than that");
        room.give_back(1000);
        assert!(waiting.as_mut().now_or_never().is_some());
        drop(waiting);
        drop(credit);
        (0..151).for_each(|_| room.give_back(1000));
        assert_eq!(room.used(), 0);
    }

    #[test]
    fn what_is_larger_than_the_room_passes_alone() {
        let room = Room::new(1000);
        let mut credit = room.credit();
        credit.spend(10).now_or_never().expect("there is room");
        assert!(credit.spend(5000).now_or_never().is_none());
        room.give_back(10);
        credit.spend(5000).now_or_never().expect("nothing else is held");
    }
}
