//! What passed: hashes, the oldest forgotten first.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// From so many events on, the memory is divided: with fewer in each part, chance would fill one much earlier than another.
const LARGE: usize = 1 << 14;

const PARTS: usize = 16;

/// Hashes of events, shared by all workers.
#[derive(Debug)]
pub(crate) struct Memory {
    /// One, or a power of two.
    parts: Box<[Mutex<Part>]>,
}

#[derive(Debug)]
struct Part {
    known: HashSet<u128, BuildHasherDefault<AsIs>>,
    /// In the order of their coming. One that was taken back stays until its turn.
    order: VecDeque<u128>,
    most: usize,
}

/// What is hashed is a good hash already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u128 is hashed")
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

impl Memory {
    /// A memory of so many events.
    pub(crate) fn new(most: usize) -> Self {
        let parts = if most < LARGE { 1 } else { PARTS };
        let part = || Part { known: HashSet::default(), order: VecDeque::new(), most: most.div_ceil(parts) };
        Self { parts: (0..parts).map(|_| Mutex::new(part())).collect() }
    }

    /// Remembers a hash; false if it is known already.
    pub(crate) fn remember(&self, hash: u128) -> bool {
        let mut part = self.part(hash);
        if !part.known.insert(hash) {
            return false;
        }
        if part.order.len() == part.most
            && let Some(oldest) = part.order.pop_front()
        {
            part.known.remove(&oldest);
        }
        part.order.push_back(hash);
        true
    }

    /// Takes back what was remembered.
    pub(crate) fn forget(&self, hashes: &[u128]) {
        for hash in hashes {
            self.part(*hash).known.remove(hash);
        }
    }

    fn part(&self, hash: u128) -> MutexGuard<'_, Part> {
        // The upper half: the table inside goes by the lower one.
        let part = &self.parts[(hash >> 64) as usize & (self.parts.len() - 1)];
        // Whatever a panic leaves half done makes an event pass, never go missing: a hash is known before it is in order.
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like hashes.
    fn hash(number: u128) -> u128 {
        let hash = blake3::hash(&number.to_le_bytes());
        u128::from_le_bytes(hash.as_bytes()[..16].try_into().unwrap())
    }

    #[test]
    fn the_oldest_are_forgotten_first_and_no_more_than_asked_for_are_held() {
        let memory = Memory::new(3);
        assert!((1..=3).all(|number| memory.remember(number)));
        assert!(!memory.remember(1), "the oldest is still known");
        assert!(memory.remember(4));
        assert!(memory.remember(1), "the fourth took its place, although it was seen since");
        assert!(!memory.remember(3) && !memory.remember(4));

        let memory = Memory::new(LARGE);
        assert!((0..10 * LARGE as u128).all(|number| memory.remember(hash(number))));
        let held: usize = memory.parts.iter().map(|part| part.lock().unwrap().known.len()).sum();
        assert_eq!(held, LARGE);
        assert!((9 * LARGE as u128 + 2000..10 * LARGE as u128).all(|number| !memory.remember(hash(number))));
    }

    #[test]
    fn what_was_taken_back_is_new_again() {
        let memory = Memory::new(2);
        assert!(memory.remember(1) && memory.remember(2));
        memory.forget(&[1]);
        assert!(memory.remember(1));
        for number in 10..100 {
            assert!(memory.remember(number));
            assert!(memory.part(0).known.len() <= 2);
        }
    }

    #[test]
    fn of_many_who_bring_the_same_one_is_told_that_it_is_new() {
        let memory = Memory::new(100_000);
        let new: usize = std::thread::scope(|scope| {
            let worker = || scope.spawn(|| (0..20_000).filter(|number| memory.remember(hash(*number))).count());
            let workers = [worker(), worker(), worker(), worker()];
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(new, 20_000);
    }
}
