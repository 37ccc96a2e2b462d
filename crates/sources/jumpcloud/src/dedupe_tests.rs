use std::collections::BTreeMap;

use super::*;

fn id(number: u64) -> IdKey {
    let mut key = [1; 17];
    key[9..].copy_from_slice(&number.to_be_bytes());
    key
}

fn dedupe() -> Dedupe {
    Dedupe::new(&HashKey([3; 16]))
}

/// A store: applies checkpoints, and counts what they write.
#[derive(Default)]
struct Store {
    records: BTreeMap<Bytes, Bytes>,
    written: usize,
}

impl Store {
    fn save(&mut self, checkpoint: Checkpoint) -> usize {
        let before = self.written;
        for write in checkpoint.writes {
            self.written += write.key.len() + write.value.as_ref().map_or(0, Bytes::len);
            match write.value {
                Some(value) => self.records.insert(write.key, value),
                None => self.records.remove(&write.key),
            };
        }
        self.written - before
    }

    fn load(&self) -> Dedupe {
        let mut dedupe = dedupe();
        for (key, value) in &self.records {
            dedupe.load(key, value).expect("a sound record");
        }
        dedupe
    }
}

fn write(dedupe: &mut Dedupe) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    dedupe.write(&mut checkpoint);
    checkpoint
}

#[test]
fn what_a_prefix_of_checkpoints_wrote_is_known_after_a_crash_and_no_more() {
    let (mut store, mut live) = (Store::default(), dedupe());
    let mut number = 0;
    let mut in_flight = Vec::new();
    for page in 0..200u64 {
        let from = number;
        for _ in 0..(page * 37 % 400) {
            live.insert(id(number), i64::try_from(number % 3).expect("small") - 1);
            number += 1;
        }
        in_flight.push((from..number, write(&mut live)));
        if page % 13 == 12 {
            // A crash: three pages were not committed.
            let lost = in_flight.split_off(in_flight.len() - 3);
            for (_, checkpoint) in in_flight.drain(..) {
                store.save(checkpoint);
            }
            live = store.load();
            for number in lost.into_iter().flat_map(|(ids, _)| ids) {
                for slice in -1..2 {
                    assert_eq!(live.find(&id(number), slice), Known::No);
                }
            }
            number = live.len() as u64 + 1_000_000 * page;
        }
    }
    in_flight.into_iter().for_each(|(_, checkpoint)| {
        store.save(checkpoint);
    });
    let loaded = store.load();
    assert_eq!(loaded.len(), live.len());
    for (slice, at) in &live.slices {
        assert!(at.ids.iter().all(|key| loaded.find(key, *slice) == Known::Yes));
    }
}

#[test]
fn a_page_writes_its_own_ids_and_not_what_is_known_already() {
    let (mut store, mut live) = (Store::default(), dedupe());
    for number in 0..500_000 {
        live.insert(id(number), i64::try_from(number / 50_000).expect("small"));
    }
    store.save(write(&mut live));
    for page in 0..100 {
        for number in 0..10 {
            live.insert(id(1_000_000 + page * 10 + number), 9);
        }
        let written = store.save(write(&mut live));
        assert!(written <= 13 + 17 * (10 + FULL_PART), "{written} bytes for ten ids");
    }
    assert!(store.records.len() <= 10 + 100 * 10 / FULL_PART + 1, "small pages share a record");
}

#[test]
fn a_slice_goes_as_a_whole_once_its_time_is_over() {
    let (mut store, mut live) = (Store::default(), dedupe());
    for number in 0..3000 {
        live.insert(id(number), i64::try_from(number % 3).expect("small"));
        if number % 100 == 0 {
            store.save(write(&mut live));
        }
    }
    store.save(write(&mut live));
    for (keep, left) in [(599_999, 3000), (600_000, 2000), (1_799_999, 1000), (1_800_000, 0)] {
        let mut checkpoint = Checkpoint::default();
        live.expire(Timestamp::from_millis(keep), &mut checkpoint);
        store.save(checkpoint);
        assert_eq!((live.len(), store.load().len()), (left, left));
    }
    assert!(store.records.is_empty());
}

#[test]
fn an_id_in_an_earlier_slice_is_known_but_not_for_long() {
    let mut live = dedupe();
    live.insert(id(1), 5);
    assert_eq!(live.find(&id(1), 5), Known::Yes);
    assert_eq!(live.find(&id(1), 4), Known::Yes);
    assert_eq!(live.find(&id(1), 6), Known::NotForLong);
    assert_eq!(live.find(&id(2), 5), Known::No);
}

#[test]
fn odd_times_make_no_slices_without_end() {
    let now = Timestamp::from_secs(1_772_323_200);
    let slices: std::collections::BTreeSet<i64> =
        (0..2_000_000).map(|hours| Dedupe::slice_of(now.plus(Duration::from_secs(hours * 3600)), now)).collect();
    assert!(slices.len() < 25 + 230, "{}", slices.len());
    for hours in [0, 23, 25, 9000, 1_000_000] {
        let time = now.plus(Duration::from_secs(hours * 3600));
        assert!(Dedupe::slice_of(time, now) >= Dedupe::slice_of(time, time), "never forgotten before its time");
    }
}

#[test]
fn a_damaged_record_is_refused() {
    let good = record_key(1, 0);
    for (key, value) in
        [(&good[..], &[1u8; 16][..]), (&good[..12], &[1; 17]), (b"i", b""), (&[&good[..], b"x"].concat(), &[1; 17])]
    {
        assert_eq!(dedupe().load(key, value).expect_err("damaged").kind, FailureKind::Storage);
    }
}

#[test]
fn keys_are_in_the_order_of_time() {
    let keys: Vec<Bytes> =
        [-5, -1, 0, 1, 300].into_iter().flat_map(|slice| [record_key(slice, 0), record_key(slice, 9)]).collect();
    assert!(keys.is_sorted());
    assert_eq!(parse_key(&keys[1]), Some((-5, 9)));
}
