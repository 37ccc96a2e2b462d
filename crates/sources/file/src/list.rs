//! What the folder says: which files are still there, under which names, and which are new.

use std::collections::{BTreeMap, BTreeSet};

use adr_core::Failure;

use crate::known::{Known, Meeting};
use crate::log::Log;
use crate::record::Id;
use crate::spot::{Found, Kind};
use crate::{StartAt, names, record};

/// A folder that changes all the time is listed no more than so many times at once.
const LISTINGS: u32 = 8;

impl Log {
    /// Finds each known file again, and every new one.
    pub(crate) fn list(&mut self) -> Result<(), Failure> {
        let mut found = self.found()?;
        let current = found.iter().find(|file| file.path == self.spot.path).cloned();
        let inodes: BTreeMap<u64, u64> = self.known.iter().map(|known| (known.mark.id.inode, known.number)).collect();
        let mut unknown = Vec::new();
        let mut met: BTreeSet<u64> = BTreeSet::new();
        let mut seen = BTreeSet::new();
        // A file may have two names: the one that the settings give counts.
        found.sort_by_key(|file| file.kind != Kind::Named);
        for file in found {
            if !seen.insert(file.shape.id) {
                continue;
            }
            match self.meet(&file, &inodes)? {
                Some(number) => drop(met.insert(number)),
                None if file.kind == Kind::Other => {}
                None => unknown.push(file),
            }
        }
        for at in (0..self.known.len()).rev() {
            let known = &mut self.known[at];
            if met.contains(&known.number) {
                continue;
            }
            known.place = None;
            if !known.is_open() {
                self.lose(at);
            }
        }
        self.take_new(unknown, current.as_ref())?;
        let begun = self.spot.is_file() || !self.known.is_empty();
        match (self.begun, begun) {
            (false, true) => self.changes.set(record::BEGUN, record::begun()),
            (true, false) => self.changes.remove(record::BEGUN),
            _ => {}
        }
        self.begun = begun;
        self.note_empty();
        let before = std::mem::replace(&mut self.current, current.as_ref().map(|file| file.shape.id));
        if self.current == before {
            self.rest();
            let base = current.map(|file| (file.shape.id, file.shape.changed));
            // What became current since is looked for until nothing changes meanwhile.
            if base.map(|(id, _)| id) != self.base.map(|(id, _)| id) {
                self.base = base.or(self.base);
            }
        }
        Ok(())
    }

    /// All files that may be this log's.
    fn found(&self) -> Result<Vec<Found>, Failure> {
        let inodes: BTreeSet<u64> = self.known.iter().map(|known| known.mark.id.inode).collect();
        let mut found = self.spot.list(Some(&inodes))?;
        let mut before_that = None;
        for times in 1..=LISTINGS {
            let current = found.iter().find(|file| file.path == self.spot.path).map(|file| file.shape.id);
            let moved = self.base.is_some_and(|(id, _)| current != Some(id));
            let there: BTreeSet<u64> = found.iter().map(|file| file.shape.id.inode).collect();
            let missing = |known: &Known| !known.is_open() && !there.contains(&known.mark.id.inode);
            // What is renamed while a folder is listed may be overlooked, and some file systems list other inodes than
            // they show. What preceded the current file was renamed before that was there, so it is listed once more.
            let sure = (!moved || before_that == Some(current)) && (times >= 3 || !self.known.iter().any(missing));
            if sure && self.spot.look()?.map(|shape| shape.id) == current {
                break;
            }
            before_that = Some(current);
            let before = std::mem::replace(&mut found, self.spot.list(None)?);
            let there: BTreeSet<Id> = found.iter().map(|file| file.shape.id).collect();
            found.extend(before.into_iter().filter(|file| !there.contains(&file.shape.id)));
        }
        Ok(found)
    }

    /// The number of the known file that this one is, which is one with its inode.
    fn meet(&mut self, file: &Found, inodes: &BTreeMap<u64, u64>) -> Result<Option<u64>, Failure> {
        let id = file.shape.id;
        let Some(number) = inodes.get(&id.inode) else { return Ok(None) };
        let Ok(at) = self.known.binary_search_by_key(number, |known| known.number) else { return Ok(None) };
        if self.known[at].is_open() && self.known[at].mark.id != id {
            return Ok(None);
        }
        let known = &mut self.known[at];
        let (offset, seen) = (known.mark.offset, known.mark.seen);
        match known.meet(file)? {
            Meeting::Same => {
                if known.mark.name != file.name {
                    tracing::info!(from = known.mark.name, to = %file.path.display(), offset, "a file was renamed");
                    known.mark.name.clone_from(&file.name);
                    known.renamed = true;
                    self.save(at);
                }
                if file.kind == Kind::Named {
                    self.known[at].mark.passed = false;
                }
            }
            Meeting::Rewritten => {
                known.begin_again(file);
                if known.mark.passed && file.kind != Kind::Named {
                    self.save(at);
                } else {
                    known.mark.passed = false;
                    self.tell_rewritten(at, offset, seen);
                }
            }
            Meeting::Another => {
                self.lose(at);
                return Ok(None);
            }
            Meeting::Unclear => {}
        }
        Ok(Some(self.known[at].number))
    }

    /// A file is gone.
    fn lose(&mut self, at: usize) {
        let known = self.known.remove(at);
        let mark = &known.mark;
        let file = self.spot.path.with_file_name(&mark.name);
        // Of one that was the current file when all this ended, nobody knows what else was written to it.
        let unknown = self.base.is_some_and(|(id, _)| id == mark.id) && !known.was_met();
        if known.has_rest() || (unknown && !mark.passed) {
            tracing::error!(
                file = %file.display(), offset = mark.offset, seen = mark.seen,
                "the file is gone: what was written to it after `offset` is lost, if anything was"
            );
        } else {
            tracing::debug!(file = %file.display(), offset = mark.offset, "the file is gone, and was read to its end");
        }
        self.changes.remove(record::key(known.number));
    }

    /// Numbers what was not known before, in the order in which it is to be read.
    fn take_new(&mut self, mut unknown: Vec<Found>, current: Option<&Found>) -> Result<(), Failure> {
        let is_current = |file: &Found| current.is_some_and(|current| current.shape.id == file.shape.id);
        unknown.sort_by(|one, other| {
            let order = |file| (is_current(file), file.shape.changed);
            order(one).cmp(&order(other)).then_with(|| names::age(&one.name).cmp(&names::age(&other.name)))
        });
        let since = self.base.filter(|(id, _)| current.is_none_or(|current| current.shape.id != *id));
        for file in unknown {
            let changed = file.shape.changed;
            let passed = !self.begun && file.kind == Kind::Rotated;
            let wanted = match file.kind {
                Kind::Named => true,
                // Made and renamed since we last looked.
                Kind::Rotated if self.begun => since.is_some_and(|(_, since)| changed >= since),
                // Rotated before, and not asked for: only to be told from those that come.
                Kind::Rotated => current.is_none_or(|current| changed >= current.shape.changed),
                Kind::Other => false,
            };
            if !wanted {
                continue;
            }
            let at_end = !self.begun && self.manner.start == StartAt::End;
            let number = self.known.last().map_or(1, |last| last.number + 1);
            let Some(mut known) = Known::new(number, &file, at_end || passed)? else { continue };
            known.mark.passed = passed;
            known.ended = self.manner.once;
            if !passed {
                tracing::info!(file = %file.path.display(), offset = known.mark.offset, "a new file");
            }
            self.known.push(known);
            self.save(self.known.len() - 1);
        }
        Ok(())
    }
}
