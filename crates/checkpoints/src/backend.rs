//! What redb reads and writes through.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// The file itself. It takes no locks of its own: the lock of the state directory is the one lock.
#[derive(Debug)]
pub(crate) struct Disk {
    file: File,
    #[cfg(test)]
    probe: std::sync::Arc<probe::Probe>,
}

impl Disk {
    #[cfg(not(test))]
    pub(crate) fn new(file: File) -> Self {
        Self { file }
    }

    #[cfg(test)]
    pub(crate) fn new(file: File, probe: std::sync::Arc<probe::Probe>) -> Self {
        Self { file, probe }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        #[cfg(test)]
        self.probe.on_write(0)?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        #[cfg(test)]
        self.probe.on_sync()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.probe.on_write(data.len() as u64)?;
        self.file.write_all_at(data, offset)
    }
}

/// A file that is read but never written: what redb writes while it opens, checks and repairs stays in memory.
/// So a damaged file can be told from a good one without touching it.
#[derive(Debug)]
pub(crate) struct DryRun {
    file: File,
    state: Mutex<Overlay>,
}

#[derive(Debug)]
struct Overlay {
    len: u64,
    blocks: HashMap<u64, Box<[u8]>>,
}

const BLOCK: u64 = 4096;

impl DryRun {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, state: Mutex::new(Overlay { len, blocks: HashMap::new() }) })
    }

    fn lock(&self) -> MutexGuard<'_, Overlay> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads as much as the file has; the rest are zeros.
    fn read_or_zero(&self, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        while !out.is_empty() {
            match self.file.read_at(out, offset) {
                Ok(0) => break,
                Ok(read) => {
                    out = &mut out[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        out.fill(0);
        Ok(())
    }
}

/// The parts of `offset..offset + len` by block: (block, start within it, range of the whole).
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0usize;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let at = offset + done as u64;
        let within = usize::try_from(at % BLOCK).expect("less than a block");
        let take = (len - done).min(BLOCK as usize - within);
        done += take;
        Some((at / BLOCK, within, done - take..done))
    })
}

impl StorageBackend for DryRun {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.lock();
        if offset.saturating_add(out.len() as u64) > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_or_zero(offset, out)?;
        for (block, within, range) in parts(offset, out.len()) {
            if let Some(text) = state.blocks.get(&block) {
                let len = range.len();
                out[range].copy_from_slice(&text[within..within + len]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.lock().len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        for (block, within, range) in parts(offset, data.len()) {
            let text = match state.blocks.entry(block) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let mut text = vec![0; BLOCK as usize].into_boxed_slice();
                    self.read_or_zero(block * BLOCK, &mut text)?;
                    unknown.insert(text)
                }
            };
            text[within..within + range.len()].copy_from_slice(&data[range]);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod probe {
    //! Counts what reaches the disk, and lets it fail.

    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

    #[derive(Debug)]
    pub(crate) struct Probe {
        /// Bytes written and not yet synced.
        pub(crate) unsynced: AtomicU64,
        pub(crate) written: AtomicU64,
        pub(crate) syncs: AtomicU64,
        /// From now on no byte fits.
        pub(crate) full: AtomicBool,
        /// How many more writes succeed before the disk is full; `u64::MAX` for no limit.
        pub(crate) writes_left: AtomicU64,
    }

    impl Default for Probe {
        fn default() -> Self {
            Self {
                unsynced: AtomicU64::new(0),
                written: AtomicU64::new(0),
                syncs: AtomicU64::new(0),
                full: AtomicBool::new(false),
                writes_left: AtomicU64::new(u64::MAX),
            }
        }
    }

    impl Probe {
        /// Lets so many more writes pass; then the disk is full until [`Probe::make_space`].
        pub(crate) fn full_after(&self, writes: u64) {
            self.writes_left.store(writes, SeqCst);
        }

        pub(crate) fn make_space(&self) {
            self.writes_left.store(u64::MAX, SeqCst);
            self.full.store(false, SeqCst);
        }

        pub(crate) fn on_write(&self, bytes: u64) -> io::Result<()> {
            if self.writes_left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
                self.full.store(true, SeqCst);
            }
            if self.full.load(SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.unsynced.fetch_add(bytes, SeqCst);
            self.written.fetch_add(bytes, SeqCst);
            Ok(())
        }

        pub(crate) fn on_sync(&self) -> io::Result<()> {
            if self.full.load(SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.unsynced.store(0, SeqCst);
            self.syncs.fetch_add(1, SeqCst);
            Ok(())
        }
    }
}
