//! What the signals of the operating system ask for.

use std::io;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals so close together are one request.
const ONE_REQUEST: Duration = Duration::from_millis(300);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGTERM or SIGINT: deliver what was read, then end.
    Drain,
    /// SIGHUP: read the pipeline again.
    Reload,
    /// SIGQUIT, or any of them a second time: end now.
    Now,
}

/// Listens for signals.
pub(crate) struct Signals {
    term: Signal,
    int: Signal,
    quit: Signal,
    hup: Signal,
    asked: Option<Instant>,
}

impl Signals {
    /// Listens from now on. Needs a tokio runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hup: signal(SignalKind::hangup())?,
            asked: None,
        })
    }

    /// The next thing asked for.
    pub(crate) async fn next(&mut self) -> Asked {
        loop {
            tokio::select! {
                _ = self.term.recv() => {}
                _ = self.int.recv() => {}
                _ = self.quit.recv() => return Asked::Now,
                _ = self.hup.recv() => return Asked::Reload,
            }
            let Some(first) = self.asked else {
                self.asked = Some(Instant::now());
                return Asked::Drain;
            };
            // Some programs signal a child and its process group: that is one request, not two.
            if first.elapsed() > ONE_REQUEST {
                return Asked::Now;
            }
        }
    }
}
