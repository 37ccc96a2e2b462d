use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use adr_runtime::Handle;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::args::Logging;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

const TEMPLATE: &str = "{bar:40.cyan} {human_pos}/{human_len} events  {rate}/s  {eta} left";

/// A progress bar on standard error, fed from the counts of a running pipeline until it is dropped.
pub(super) struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Draws one where it helps: on a terminal that does not show the events themselves.
    pub(super) fn start(handle: &Handle, events: u64, logging: &Logging) -> Option<Self> {
        if logging.quiet > 0 || !io::stderr().is_terminal() || io::stdout().is_terminal() {
            return None;
        }
        let handle = handle.clone();
        let (done, finished) = channel::<()>();
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            let bar = ProgressBar::with_draw_target(Some(events), ProgressDrawTarget::stderr());
            bar.set_style(style());
            while finished.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(handle.counts().get("stdout").map_or(0, |counts| counts.sent));
            }
            bar.finish_and_clear();
        });
        Some(Self { done: Some(done), thread: thread.ok() })
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, text: &mut dyn std::fmt::Write| {
        // A bar that cannot be written is not drawn.
        let _ = write!(text, "{}", HumanCount(state.per_sec().round() as u64));
    })
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            // A bar that broke is no reason for the demonstration to fail.
            let _ = thread.join();
        }
    }
}
