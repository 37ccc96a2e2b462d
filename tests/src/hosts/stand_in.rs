//! A host that treats its child as real ones do: it reads lines, sends one SIGTERM, reads on to the end, kills at its
//! limit, and starts the child again whatever its exit code was.

use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};

use super::record::{Line, Record, Stream};

/// What becomes of the child's standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// Its lines become events too.
    Mixed,
    /// Nobody sees it.
    ThrownAway,
}

/// What becomes of long lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// All are taken.
    Whole,
    /// A buffer of so many bytes, its end mark included, is an event when it is full.
    InPieces(usize),
    /// Longer ones are no events.
    Upto(usize),
}

/// How the child is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// By SIGTERM, and its output is read to the end.
    Signal,
    /// By the end of its standard input, by SIGTERM so much later; once it has ended nothing more is read.
    StdinFirst(Duration),
}

/// How a host treats its child.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Standard error.
    pub stderr: Stderr,
    /// Long lines.
    pub lines: Lines,
    /// How it asks for the end.
    pub farewell: Farewell,
    /// How long after SIGTERM it kills.
    pub limit: Duration,
    /// How long after a child's end the next one is started.
    pub respawn: Duration,
    /// How long it takes over a line.
    pub pace: Duration,
}

impl Manners {
    /// Of Vector, configured by our stanza: but for times, which are shorter.
    pub const VECTOR: Self = Self {
        stderr: Stderr::ThrownAway,
        lines: Lines::Whole,
        farewell: Farewell::Signal,
        limit: Duration::from_secs(20),
        respawn: Duration::from_millis(50),
        pace: Duration::ZERO,
    };
    /// Of Fluent Bit, likewise, under systemd, which signals the child.
    pub const FLUENT_BIT: Self = Self { lines: Lines::InPieces(16 << 20), ..Self::VECTOR };
    /// Of Telegraf, likewise.
    pub const TELEGRAF: Self =
        Self { farewell: Farewell::StdinFirst(Duration::from_secs(5)), limit: Duration::from_secs(5), ..Self::VECTOR };
}

enum Order {
    Stop,
    Vanish,
}

/// A running stand-in.
#[derive(Debug)]
pub struct StandIn {
    /// What it has seen.
    pub record: Record,
    orders: mpsc::Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts a host of `command`, whose pipes are the host's.
    pub fn start(manners: Manners, command: impl Fn() -> std::process::Command + Send + 'static) -> Self {
        let record = Record::default();
        let (orders, received) = mpsc::channel(1);
        let life = Life { manners, record: record.clone(), orders: received };
        let thread = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            tokio.block_on(life.run(command));
        });
        Self { record, orders, thread: Some(thread) }
    }

    /// A stop as it should be; all it has seen.
    pub fn stop(mut self) -> Record {
        self.end(Order::Stop);
        self.record.clone()
    }

    /// As by SIGKILL: the pipes have no other end from now on, and nobody tells the child, whose end is waited for.
    pub fn vanish(mut self) -> Record {
        self.end(Order::Vanish);
        self.record.clone()
    }

    fn end(&mut self, order: Order) {
        // It may have ended already.
        let _ = self.orders.try_send(order);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the host panicked");
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.end(Order::Stop);
    }
}

struct Life {
    manners: Manners,
    record: Record,
    orders: mpsc::Receiver<Order>,
}

impl Life {
    async fn run(mut self, command: impl Fn() -> std::process::Command) {
        loop {
            let mut command = Command::from(command());
            let stderr = if self.manners.stderr == Stderr::Mixed { Stdio::piped() } else { Stdio::null() };
            let stdin = if self.manners.farewell == Farewell::Signal { Stdio::null() } else { Stdio::piped() };
            let child = command.stdin(stdin).stdout(Stdio::piped()).stderr(stderr).spawn().expect("it starts");
            self.record.note(|seen| seen.children.push(child.id().expect("it runs")));
            if self.one_child(child).await {
                return;
            }
            tokio::select! {
                () = sleep(self.manners.respawn) => {}
                _ = self.orders.recv() => return,
            }
        }
    }

    /// Reads a child to its end; whether that is the host's end too.
    async fn one_child(&mut self, mut child: Child) -> bool {
        let mut stdin = child.stdin.take();
        let mut out = Reading::of(child.stdout.take(), Stream::Out, self.manners.lines);
        let mut err = Reading::of(child.stderr.take(), Stream::Err, self.manners.lines);
        let (mut asked, mut over) = (false, false);
        let (mut term, mut kill) = (None, None);
        let abandons = self.manners.farewell != Farewell::Signal;
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv(), if !asked => {
                    asked = true;
                    match (order, self.manners.farewell) {
                        (Some(Order::Vanish), _) => {
                            drop((stdin, out, err));
                            self.record.note(|seen| seen.gone = Some(Instant::now()));
                            // The child is init's from now on; here that is us.
                            let status = child.wait().await.expect("it can be waited for");
                            self.record.note(|seen| seen.ends.push(status));
                            return true;
                        }
                        (_, Farewell::Signal) => term = Some(Instant::now()),
                        (_, Farewell::StdinFirst(pause)) => {
                            drop(stdin.take());
                            term = Some(Instant::now() + pause);
                        }
                    }
                }
                // It is gone, and what is left in its pipe with it.
                status = child.wait(), if abandons || over => {
                    let status = status.expect("it can be waited for");
                    self.record.note(|seen| seen.ends.push(status));
                    return asked;
                }
                () = until(term), if term.is_some() => {
                    term = None;
                    kill = Some(Instant::now() + self.manners.limit);
                    if let Some(id) = child.id() {
                        std::process::Command::new("kill").arg(id.to_string()).status().expect("kill runs");
                    }
                }
                () = until(kill), if kill.is_some() => {
                    kill = None;
                    child.start_kill().expect("it can be killed");
                }
                line = out.next(), if !out.ended => {
                    over = self.take(line, &mut out, &err);
                    sleep(self.manners.pace).await;
                }
                line = err.next(), if !err.ended => over = self.take(line, &mut err, &out),
            }
        }
    }

    /// Notes a line, or the end of the pipe; whether both pipes have ended.
    fn take(&self, line: Option<String>, from: &mut Reading, other: &Reading) -> bool {
        match line {
            Some(text) => {
                self.record.note(|seen| seen.lines.push(Line { at: Instant::now(), stream: from.stream, text }))
            }
            None => from.ended = true,
        }
        from.ended && other.ended
    }
}

async fn until(at: Option<Instant>) {
    sleep_until(at.unwrap_or_else(Instant::now).into()).await;
}

/// A pipe that is read by lines.
struct Reading {
    pipe: BufReader<Box<dyn AsyncRead + Unpin>>,
    stream: Stream,
    lines: Lines,
    line: Vec<u8>,
    ended: bool,
}

impl Reading {
    fn of(pipe: Option<impl AsyncRead + Unpin + 'static>, stream: Stream, lines: Lines) -> Self {
        let ended = pipe.is_none();
        let pipe: Box<dyn AsyncRead + Unpin> = match pipe {
            Some(pipe) => Box::new(pipe),
            None => Box::new(tokio::io::empty()),
        };
        // A small buffer: what is in it is the host's, all else is still in the pipe.
        Self { pipe: BufReader::with_capacity(4096, pipe), stream, lines, line: Vec::new(), ended }
    }

    /// The next event. May be given up at any await.
    async fn next(&mut self) -> Option<String> {
        loop {
            let buffer = self.pipe.fill_buf().await.unwrap_or_default();
            if buffer.is_empty() {
                return Some(std::mem::take(&mut self.line)).filter(|line| !line.is_empty()).map(text);
            }
            let room = match self.lines {
                Lines::InPieces(size) => size - 1 - self.line.len(),
                Lines::Whole | Lines::Upto(_) => usize::MAX,
            };
            let part = &buffer[..buffer.len().min(room)];
            let feed = part.iter().position(|byte| *byte == b'\n');
            self.line.extend_from_slice(&part[..feed.unwrap_or(part.len())]);
            let used = feed.map_or(part.len(), |feed| feed + 1);
            self.pipe.consume(used);
            let full = matches!(self.lines, Lines::InPieces(size) if self.line.len() == size - 1);
            if feed.is_some() || full {
                let line = std::mem::take(&mut self.line);
                match self.lines {
                    Lines::Upto(most) if line.len() > most => {}
                    _ if line.is_empty() => {}
                    _ => return Some(text(line)),
                }
            }
        }
    }
}

fn text(line: Vec<u8>) -> String {
    String::from_utf8_lossy(&line).into_owned()
}
