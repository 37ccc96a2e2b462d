//! A log: its current file, those it was before, and the order in which they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Checkpoint, Failure, FailureKind, Page, Pull, Records, Reservation, Tally, split_lines};
use bytes::Bytes;

use crate::StartAt;
use crate::known::{Known, Read};
use crate::record::{self, Id};
use crate::spot::{Shape, Spot};

/// The most that is read for one page, unless a single line is longer.
const CHUNK: usize = 1 << 20;

/// The same for a log that was at its end.
const TRICKLE: usize = 64 << 10;

/// A line is longer than the memory reserved for its page: come back at once with a larger reservation.
const NEXT_RESERVATION: Duration = Duration::from_millis(1);

/// The log's folder is listed again after so many pages.
const PAGES: u32 = 64;

/// One wait counts as so many pages.
const WAIT: u32 = 16;

/// After so many waits without a word, nobody writes any more to a file that was renamed.
const QUIET: u32 = 60;

/// The most files that are held open besides the current one.
const OPEN: usize = 8;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a log is read with.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) tenant: Arc<str>,
    pub(crate) start: StartAt,
    pub(crate) poll_interval: Duration,
    /// Read up to the end, then end.
    pub(crate) once: bool,
}

/// A log that is read.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) spot: Spot,
    pub(crate) manner: Manner,
    /// What the next page may need.
    pub(crate) demand: usize,
    /// In the order in which they are read.
    pub(crate) known: Vec<Known>,
    /// Something of it was saved.
    pub(crate) begun: bool,
    /// There are records of files.
    pub(crate) resumed: bool,
    /// The current file, when the folder was listed last.
    pub(crate) current: Option<Id>,
    /// The last one whose successor was not looked for yet, and when it had been written to.
    pub(crate) base: Option<(Id, i64)>,
    /// What keeps a new file from being read.
    pub(crate) fault: Option<Failure>,
    /// Progress that no page carries yet.
    pub(crate) changes: Checkpoint,
    /// All files are gone, and nothing is left to read.
    pub(crate) empty: Arc<AtomicBool>,
    /// The folder is listed when this is used up.
    patience: u32,
    skipped: u64,
}

impl Log {
    /// A log, as far as its records know it.
    pub(crate) fn open(spot: Spot, manner: Manner, records: &Records, empty: Arc<AtomicBool>) -> Result<Self, Failure> {
        let (begun, files) = record::decode(records)?;
        let mut known: Vec<Known> = files.into_iter().map(|(number, mark)| Known::stored(number, mark)).collect();
        known.iter_mut().for_each(|known| known.ended = manner.once);
        let base = known.iter().rev().map(|known| &known.mark).find(|mark| !mark.passed);
        let base = base.map(|mark| (mark.id, mark.changed));
        let resumed = !known.is_empty();
        let (changes, demand, patience) = (Checkpoint::default(), TRICKLE, 0);
        let (current, fault, skipped) = (None, None, 0);
        Ok(Self {
            spot,
            manner,
            demand,
            known,
            begun,
            resumed,
            current,
            base,
            fault,
            changes,
            empty,
            patience,
            skipped,
        })
    }

    /// The next page, or what to do until there is one.
    pub(crate) fn next(&mut self, memory: Reservation) -> Result<Pull, Failure> {
        self.fault = self.find().err();
        let ready = self.look()?;
        let mut memory = memory;
        for (at, mut shape) in ready {
            if !self.changes.writes.is_empty() {
                break;
            }
            if shape.is_none() && self.known[at].open()? {
                shape = self.look_into(at)?;
            }
            let Some(shape) = shape.filter(|_| self.changes.writes.is_empty()) else { continue };
            let known = &mut self.known[at];
            match known.read(shape, memory).inspect_err(|_| known.give_up())? {
                Read::Lines(text) => {
                    self.patience = self.patience.saturating_sub(1);
                    self.demand = if known.has_rest() { CHUNK } else { TRICKLE };
                    self.close_some();
                    return Ok(Pull::Page(self.page(at, &text)));
                }
                Read::NeedsMemory(bytes) => {
                    self.demand = bytes;
                    return Ok(Pull::Wait(NEXT_RESERVATION));
                }
                Read::Nothing(back) => memory = back,
            }
        }
        if !self.changes.writes.is_empty() {
            let checkpoint = std::mem::take(&mut self.changes);
            return Ok(Pull::Page(Page { checkpoint, ..Page::default() }));
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.demand = TRICKLE;
        if self.manner.once {
            return self.end();
        }
        self.patience = self.patience.saturating_sub(WAIT);
        self.let_go();
        Ok(Pull::Wait(self.manner.poll_interval))
    }

    /// Looks whether the log is still where it was, and at times at its whole folder. What fails is told when all that can
    /// be read is read.
    fn find(&mut self) -> Result<(), Failure> {
        if self.patience > 0 && self.spot.look()?.map(|shape| shape.id) == self.current {
            return Ok(());
        }
        self.patience = 0;
        self.list()
    }

    /// Which files have something to read, the oldest first. They are looked at from the newest on: a writer that has
    /// written to a new file does not write to the old one any more, so that what the old one has is all of it. The
    /// current file is held open, so that it can be read whatever becomes of its name; others only while they are read.
    fn look(&mut self) -> Result<Vec<(usize, Option<Shape>)>, Failure> {
        let mut ready = Vec::new();
        for at in (0..self.known.len()).rev() {
            let known = &mut self.known[at];
            if known.mark.passed {
                continue;
            }
            if Some(known.mark.id) == self.current
                && let Err(fault) = known.open()
            {
                self.fault.get_or_insert(fault);
            }
            if known.is_open() {
                let shape = self.look_into(at)?;
                ready.extend(shape.map(|shape| (at, Some(shape))));
            } else if known.due {
                ready.push((at, None));
            }
        }
        ready.reverse();
        Ok(ready)
    }

    /// The folder need not be listed for a while.
    pub(crate) fn rest(&mut self) {
        self.patience = PAGES + WAIT;
    }

    fn look_into(&mut self, at: usize) -> Result<Option<Shape>, Failure> {
        let known = &mut self.known[at];
        let (offset, seen) = (known.mark.offset, known.mark.seen);
        let (shape, truncated) = known.look().inspect_err(|_| known.give_up())?;
        if truncated {
            self.tell_rewritten(at, offset, seen);
        }
        Ok(shape)
    }

    /// Says what may be lost by a truncation, and keeps that the file begins anew.
    pub(crate) fn tell_rewritten(&mut self, at: usize, offset: u64, seen: u64) {
        let known = &self.known[at];
        tracing::warn!(
            file = %self.spot.path.with_file_name(&known.mark.name).display(), offset, seen,
            "the file was truncated or written anew: it is read from its beginning; what was written after `offset` and not \
             read before is not read any more: rotate by renaming"
        );
        self.save(at);
    }

    /// Keeps what is known of a file.
    pub(crate) fn save(&mut self, at: usize) {
        let known = &self.known[at];
        self.changes.set(record::key(known.number), record::encode(&known.mark));
    }

    fn page(&mut self, at: usize, text: &Bytes) -> Page {
        let known = &mut self.known[at];
        let bytes = text.len() as u64;
        // Some programs begin a text with one; it belongs to no line.
        let marked = known.mark.offset == bytes && text.starts_with(BYTE_ORDER_MARK);
        let lines = if marked { text.slice(BYTE_ORDER_MARK.len()..) } else { text.clone() };
        let (events, skipped) = split_lines(&lines, &self.manner.tenant);
        self.skipped += skipped;
        known.ended = self.manner.once;
        let mut checkpoint = Checkpoint::default();
        checkpoint.set(record::key(known.number), record::encode(&known.mark));
        let tally = Tally { received: events.len() as u64, duplicates: 0, bytes };
        Page { events, checkpoint, tally }
    }

    fn end(&self) -> Result<Pull, Failure> {
        if self.spot.is_file() && self.known.is_empty() && !self.resumed {
            let message = format!("`paths`: {} is not there: name a file that is", self.spot.path.display());
            return Err(Failure::fatal(FailureKind::Config, message));
        }
        if self.skipped > 0 {
            tracing::debug!(log = %self.spot.path.display(), count = self.skipped, "empty lines skipped");
        }
        Ok(Pull::End)
    }

    /// Files that were renamed and are silent have come to their end. Those that are still there need not be held open:
    /// should somebody write to them all the same, the next look at the folder shows it.
    fn let_go(&mut self) {
        for known in self.known.iter_mut().filter(|known| Some(known.mark.id) != self.current) {
            known.quiet = known.quiet.saturating_add(1);
            if known.quiet < QUIET {
                continue;
            }
            if known.has_rest() && (known.renamed || known.place.is_none()) {
                (known.ended, known.due) = (true, true);
            } else {
                known.close();
            }
        }
        self.close_some();
    }

    /// Keeps the number of open files low.
    fn close_some(&mut self) {
        let current = self.current;
        let open = self.known.iter_mut().rev().filter(|known| known.is_open() && Some(known.mark.id) != current);
        for known in open.skip(OPEN).filter(|known| known.place.is_some() && !known.due) {
            known.close();
        }
    }

    /// Tells the component whether the log is still of use.
    pub(crate) fn note_empty(&self) {
        self.empty.store(self.known.is_empty() && !self.spot.is_file(), Ordering::Release);
    }
}
