//! The task beside each TCP or TLS connection: notices its end, and resolves deliveries as the peer's kernel
//! acknowledges their bytes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adr_core::{Delivered, Delivery, Failure, FailureKind};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep};

use super::counted::Wire;
use super::ledger::Ledger;
use super::path::Path;
use super::words;

/// How long after its first acknowledgement of a message a connection must last before anything written to it counts. A
/// receiver that refuses its peer after accepting it (access list, permitted peers, client certificate under TLS 1.3)
/// closes within this time.
pub(crate) const PROBATION: Duration = Duration::from_secs(1);

/// The kernel is asked this soon after a write, then ever less often.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What the writer of a connection and its monitor share.
#[derive(Debug)]
pub(crate) struct Watched {
    peer: Arc<str>,
    wire: Arc<Wire>,
    probation: Duration,
    patience: Duration,
    since: Instant,
    /// Bytes written before the first message: the handshake.
    before: u64,
    book: Mutex<Book>,
    /// Rung by the writer: there is something to watch.
    bell: Notify,
    dead: watch::Sender<Option<Failure>>,
}

#[derive(Debug)]
struct Book {
    ledger: Ledger<Batch>,
    writing: bool,
}

#[derive(Debug)]
struct Batch {
    delivered: Delivered,
    answer: oneshot::Sender<Result<Delivered, Failure>>,
}

impl Watched {
    /// A connection that is established now. Bytes that stay without any answer for `patience` end it.
    pub(crate) fn new(peer: Arc<str>, wire: Arc<Wire>, probation: Duration, patience: Duration) -> Arc<Self> {
        let book = Mutex::new(Book { ledger: Ledger::new(), writing: false });
        let dead = watch::Sender::new(None);
        let (since, before, bell) = (Instant::now(), wire.written(), Notify::new());
        Arc::new(Self { peer, wire, probation, patience, since, before, book, bell, dead })
    }

    /// Why the connection is dead, if it is.
    pub(crate) fn death(&self) -> Option<Failure> {
        self.dead.borrow().clone()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.borrow().is_some()
    }

    /// Waits until the connection is dead.
    pub(crate) async fn died(&self) -> Failure {
        let mut dead = self.dead.subscribe();
        match dead.wait_for(Option::is_some).await {
            Ok(failure) => failure.clone().expect("waited for it"),
            Err(_) => unreachable!("the sender is in self"),
        }
    }

    /// The writer starts (or ends) writing a batch: from now on the path is watched.
    pub(crate) fn writing(&self, writing: bool) {
        self.book().writing = writing;
        self.bell.notify_one();
    }

    /// All bytes of a batch are written and flushed: its delivery.
    pub(crate) fn written(&self, delivered: Delivered) -> Delivery {
        let (answer, outcome) = oneshot::channel();
        {
            let mut book = self.book();
            book.writing = false;
            // Under the lock, so that a connection that dies now fails this batch too.
            match self.death() {
                Some(failure) => drop(answer.send(Err(failure))),
                None => book.ledger.open(self.wire.written(), Batch { delivered, answer }),
            }
        }
        self.bell.notify_one();
        let peer = self.peer.clone();
        Box::pin(async move {
            outcome.await.unwrap_or_else(|_| {
                let message = format!("{peer}: the connection was given up before the batch was acknowledged");
                Err(Failure::new(FailureKind::Unreachable, message))
            })
        })
    }

    /// Ends the connection for everybody: open deliveries fail. Only the first reason counts.
    pub(crate) fn fail(&self, failure: Failure) {
        let mut book = self.book();
        if self.is_dead() {
            return;
        }
        self.dead.send_replace(Some(failure.clone()));
        for batch in book.ledger.fail() {
            // Nobody waits for a delivery that the runtime has withdrawn.
            drop(batch.answer.send(Err(failure.clone())));
        }
    }

    /// Runs until the connection is dead.
    pub(crate) async fn run(self: Arc<Self>, reader: impl AsyncRead + Unpin) {
        let failure = tokio::select! {
            // The peer's end first: what it refused must not be credited.
            biased;
            end = peers_end(reader) => words::ended(&self.peer, &end, self.since.elapsed() < self.probation),
            failure = self.watch_kernel() => failure,
        };
        self.fail(failure);
    }

    async fn watch_kernel(&self) -> Failure {
        let (mut path, mut pause, mut seen) = (Path::new(self.patience), FIRST_PAUSE, 0);
        let mut first = None;
        loop {
            if !self.is_busy() {
                self.bell.notified().await;
                pause = FIRST_PAUSE;
                continue;
            }
            let look = match self.wire.look() {
                Ok(look) => look,
                Err(error) => return words::blind(&self.peer, &error),
            };
            let now = Instant::now();
            if look.reading.established && look.acked > self.before {
                let first = *first.get_or_insert(now);
                if now.duration_since(first) >= self.probation {
                    self.credit(look.acked);
                }
            }
            if path.is_lost(&look, now) {
                return words::path_lost(&self.peer, self.patience);
            }
            pause = if look.acked > seen { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            seen = look.acked;
            tokio::select! {
                () = self.bell.notified() => pause = FIRST_PAUSE,
                () = sleep(pause) => {}
            }
        }
    }

    fn credit(&self, acked: u64) {
        let mut book = self.book();
        while let Some(batch) = book.ledger.delivered(acked) {
            drop(batch.answer.send(Ok(batch.delivered)));
        }
    }

    fn is_busy(&self) -> bool {
        let book = self.book();
        book.writing || !book.ledger.is_empty()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads until the peer is done. A syslog receiver has nothing to say: what it says is ignored.
async fn peers_end(mut reader: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut ignored = [0; 512];
    while reader.read(&mut ignored).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::{AsyncWriteExt, split};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::yield_now;

    use super::super::counted::Counted;
    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);

    /// A connection without a monitor yet, and its peer.
    async fn connection(probation: Duration) -> (Arc<Watched>, Counted, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let wire = Wire::new(stream);
        let watched = Watched::new("192.0.2.1:514".into(), wire.clone(), probation, NEVER);
        (watched, Counted(wire), listener.accept().await.unwrap().0)
    }

    /// Writes a batch that the peer reads, so that its kernel has acknowledged it.
    async fn acknowledged(watched: &Watched, ours: &mut Counted, peer: &mut TcpStream) -> Delivery {
        ours.write_all(b"0123456789").await.unwrap();
        let delivery = watched.written(Delivered::default());
        peer.read_exact(&mut [0; 10]).await.unwrap();
        while watched.wire.look().unwrap().reading.unacked > 0 {
            yield_now().await;
        }
        delivery
    }

    #[tokio::test]
    async fn what_was_acknowledged_on_a_living_connection_is_delivered() {
        let (watched, mut ours, mut peer) = connection(Duration::ZERO).await;
        let delivery = acknowledged(&watched, &mut ours, &mut peer).await;
        let (reader, _writer) = split(ours);
        let monitor = tokio::spawn(watched.run(reader));
        assert_eq!(delivery.await, Ok(Delivered::default()));
        monitor.abort();
    }

    #[tokio::test]
    async fn a_dead_socket_delivers_nothing_whatever_it_says_of_its_queue() {
        let mut kept = Vec::new();
        for reset in [true, false] {
            let (watched, mut ours, mut peer) = connection(Duration::ZERO).await;
            let delivery = acknowledged(&watched, &mut ours, &mut peer).await;
            let half = socket2::SockRef::from(&peer);
            if reset {
                half.set_linger(Some(Duration::ZERO)).unwrap();
                drop(peer);
            } else {
                half.shutdown(std::net::Shutdown::Write).unwrap();
                kept.push(peer);
            }
            while watched.wire.look().unwrap().reading.established {
                yield_now().await;
            }
            assert_eq!(watched.wire.look().unwrap().reading.unacked, 0, "by its queue all is well");
            // Nobody reads, so that only the kernel's word counts.
            assert!(watched.watch_kernel().now_or_never().is_none());
            assert!(delivery.now_or_never().is_none());
        }
    }
}
