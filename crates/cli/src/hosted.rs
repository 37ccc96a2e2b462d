//! Life under a program that starts this one again whenever it ends, often at once: what would end it is told in one
//! line and tried again slowly, instead of by a new process each time.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adr_runtime::Handle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Paths;
use crate::drive::{Ended, outcome};
use crate::exit::{Exit, Outcome, Stop};
use crate::signals::{Asked, Signals};

/// The first pause; each next one is twice as long.
const FIRST: Duration = Duration::from_secs(30);
/// The same where it may pass by itself: the child of a host that was killed has the state directory for a moment longer.
const FIRST_OF_TEMPORARY: Duration = Duration::from_secs(1);
/// The longest pause. An attempt that ran for longer has worked: the pause after it is the first one again.
const LONGEST: Duration = Duration::from_secs(300);
/// How often to look at the files, and whether the host is still there.
const LOOK: Duration = Duration::from_secs(1);

/// What an attempt tells of itself.
#[derive(Default)]
pub(crate) struct Attempt {
    /// Something runs: what ends it before its report is a request to end.
    started: Cell<bool>,
    /// The host has let go of standard input.
    let_go: Arc<AtomicBool>,
}

impl Attempt {
    /// To be called once it runs. Where standard input is a pipe that `follow`s the host's life, its end is a request to
    /// drain: Telegraf asks like that first, and by a signal only later.
    pub(crate) fn runs(&self, handle: &Handle, follow: bool) {
        self.started.set(true);
        if !follow || !is_pipe(io::stdin().as_fd()) {
            return;
        }
        let (handle, let_go) = (handle.clone(), self.let_go.clone());
        tokio::spawn(async move {
            let mut tick = interval(LOOK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !other_end_gone(io::stdin().as_fd()) {
                tick.tick().await;
            }
            tracing::info!("stopping, as standard input was closed: delivering what was read");
            let_go.store(true, Ordering::Relaxed);
            handle.stop();
        });
    }

    /// Why it ended, if it was not asked to: the failure that makes it worth another attempt.
    fn failure(&self, ended: Result<Ended, Stop>) -> Result<Stop, Outcome> {
        match ended {
            Err(stop) if self.started.get() => Err(Err(stop)),
            Err(stop) => Ok(stop),
            Ok(ended) => match outcome(&ended.report) {
                Err(stop) if !ended.early && !self.let_go.load(Ordering::Relaxed) => Ok(stop),
                outcome => Err(outcome),
            },
        }
    }
}

/// Makes attempts until one ends as it should or the host asks for the end; the files are read anew by each.
pub(crate) fn persist(paths: &Paths, mut attempt: impl FnMut(&Attempt) -> Result<Ended, Stop>) -> Outcome {
    let fault = |error: io::Error| Stop::new(Exit::Temporary, format!("cannot start: {error}"));
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
    // From the first attempt on: a signal that comes between two of them is not lost.
    let mut signals = tokio.block_on(async { Signals::listen() }).map_err(fault)?;
    let mut pause = Duration::ZERO;
    loop {
        let (begin, seen, this) = (Instant::now(), paths.fingerprint(), Attempt::default());
        let stop = match this.failure(attempt(&this)) {
            Ok(stop) => stop,
            Err(outcome) => return outcome,
        };
        if begin.elapsed() > LONGEST {
            pause = Duration::ZERO;
        }
        let first = if stop.exit == Exit::Temporary { FIRST_OF_TEMPORARY } else { FIRST };
        pause = (pause * 2).clamp(first, LONGEST);
        tracing::error!(
            exit_code = stop.exit as u8,
            retry_in_secs = pause.as_secs(),
            "not running: {}; tried again later, and at once on SIGHUP or when a pipeline file has changed",
            if stop.message.is_empty() { "see the errors above" } else { &stop.message },
        );
        match tokio.block_on(wait(pause, &mut signals, paths, seen)) {
            Next::Again => {}
            Next::Asked => return Err(Stop::said(stop.exit)),
            Next::Alone => return Ok(()),
        }
    }
}

/// What comes after a pause.
enum Next {
    Again,
    /// A signal asks for the end.
    Asked,
    /// The host has gone away.
    Alone,
}

async fn wait(pause: Duration, signals: &mut Signals, paths: &Paths, tried: u64) -> Next {
    let over = sleep(pause);
    tokio::pin!(over);
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = tried;
    loop {
        tokio::select! {
            biased;
            asked = signals.next() => return match asked {
                Asked::Drain | Asked::Now => Next::Asked,
                Asked::Reload => Next::Again,
            },
            () = &mut over => return Next::Again,
            _ = tick.tick() => {
                let gone = |fd: BorrowedFd<'_>| is_pipe(fd) && other_end_gone(fd);
                if gone(io::stdout().as_fd()) || gone(io::stdin().as_fd()) {
                    return Next::Alone;
                }
                let now = paths.fingerprint();
                // A file is taken once it stays as it is: somebody may still be writing it.
                if std::mem::replace(&mut seen, now) == now && now != tried {
                    return Next::Again;
                }
            }
        }
    }
}

fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(fd).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
}

/// Whether the process at the other end of a pipe has closed it, without reading or writing.
fn other_end_gone(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::empty())];
    matches!(poll(&mut fds, Some(&Timespec::default())), Ok(1..))
        && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}
