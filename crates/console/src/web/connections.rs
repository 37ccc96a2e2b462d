//! Connections: how many there may be, and how long each of them may take for what.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::peer::{self, Peer};
use super::tls::Certificate;

/// The head of a request has so many bytes at most.
const HEAD: usize = 32 * 1024;

/// What a connection is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many at a time. Others wait in the kernel.
    pub(crate) connections: usize,
    /// So many of them from one address, so that nobody keeps all others out. What is more is closed at once.
    pub(crate) from_one: usize,
    pub(crate) handshake: Duration,
    /// Until the head of a request is there, also of the first and of the next one.
    pub(crate) head: Duration,
    /// After so long it ends with the answer that is under way, which is given
    pub(crate) life: Duration,
    /// so long.
    pub(crate) grace: Duration,
    /// How often the certificate's files are looked at.
    pub(crate) look: Duration,
}

impl Limits {
    pub(crate) const USUAL: Self = Self {
        connections: 256,
        from_one: 64,
        handshake: Duration::from_secs(10),
        head: Duration::from_secs(20),
        life: Duration::from_mins(10),
        grace: Duration::from_secs(5),
        look: Duration::from_mins(1),
    };
}

/// Answers until it is told to stop, then lets answers that are under way come to their end.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    certificate: Option<Arc<Certificate>>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let acceptor = certificate.as_ref().map(|certificate| TlsAcceptor::from(Arc::new(certificate.config())));
    let keep = async {
        match certificate {
            Some(certificate) => certificate.keep(limits.look).await,
            None => pending().await,
        }
    };
    let (ending, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    let accept = async {
        let slots = Arc::new(Semaphore::new(limits.connections));
        let seats = Seats::default();
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("it is never closed");
            let (stream, from) = next(&listener).await;
            let Some(seat) = seats.take(from.ip(), limits.from_one) else {
                tracing::debug!(%from, "one connection too many from this address");
                continue;
            };
            let talk = Talk { from, routes: routes.clone(), limits, ended: ended.clone() };
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let (_slot, _seat) = (slot, seat);
                talk.begin(stream, acceptor).await;
            });
            while let Some(done) = connections.try_join_next() {
                if done.is_err_and(|error| error.is_panic()) {
                    tracing::error!("an answer of the page has panicked: a bug");
                }
            }
        }
    };
    tokio::select! { () = stop => {} () = accept => {} () = keep => {} }
    drop(listener);
    ending.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// The next connection. What goes wrong with one is its own; where there are no more file descriptors, some may be free soon.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                tracing::warn!("the page takes no connections for the moment: {error}");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::ConnectionRefused | Kind::ConnectionAborted | Kind::ConnectionReset)
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address, until it is dropped.
struct Seat {
    seats: Seats,
    address: IpAddr,
}

impl Seats {
    fn take(&self, from: IpAddr, most: usize) -> Option<Seat> {
        let address = peer::network(from);
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(address).or_default();
        if *taken >= most {
            return None;
        }
        *taken += 1;
        Some(Seat { seats: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut taken) = seats.entry(self.address) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

/// One connection.
struct Talk {
    from: SocketAddr,
    routes: Router,
    limits: Limits,
    ended: watch::Receiver<bool>,
}

impl Talk {
    async fn begin(mut self, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
        // Answers are small; an error here is one of the connection, which shows itself.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = acceptor else { return self.go_on(stream).await };
        let handshake = tokio::select! {
            handshake = timeout(self.limits.handshake, acceptor.accept(stream)) => handshake,
            _ = self.ended.wait_for(|ended| *ended) => return,
        };
        match handshake {
            Ok(Ok(stream)) => self.go_on(stream).await,
            Ok(Err(error)) => tracing::debug!(from = %self.from, "no TLS connection: {error}"),
            Err(_) => tracing::debug!(from = %self.from, "no TLS connection in time"),
        }
    }

    async fn go_on(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
        let (from, routes) = (Peer(self.from), TowerToHyperService::new(self.routes));
        let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(from);
            routes.call(request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.limits.head).max_buf_size(HEAD);
        let mut talk = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let grace = tokio::select! {
            // How it ended is the other side's affair.
            _ = &mut talk => return,
            _ = self.ended.wait_for(|ended| *ended) => self.limits.grace,
            () = sleep(self.limits.life) => super::PATIENCE.answer,
        };
        talk.as_mut().graceful_shutdown();
        tokio::select! {
            _ = timeout(grace, &mut talk) => {}
            // Past its life it may be told to stop as well.
            () = async { let _ = self.ended.wait_for(|ended| *ended).await; sleep(self.limits.grace).await } => {}
        }
    }
}
