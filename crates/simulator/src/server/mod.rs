//! The directory behind HTTP.

mod admin;
mod answer;
mod socket;
mod stream;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adr_core::Clock;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Directory, FaultKind};
use socket::Socket;

/// A directory that many may hold: the server, and tests that change the world while it is served.
#[derive(Clone, Debug)]
pub struct SharedDirectory(Arc<Mutex<Directory>>);

impl SharedDirectory {
    /// Takes a directory in.
    pub fn new(directory: Directory) -> Self {
        Self(Arc::new(Mutex::new(directory)))
    }

    /// The directory, for a moment: the server waits meanwhile.
    pub fn lock(&self) -> MutexGuard<'_, Directory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server. Dropped, it stops at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    directory: SharedDirectory,
    stop: CancellationToken,
    tasks: TaskTracker,
    kill: CancellationToken,
}

#[derive(Clone)]
struct Shared {
    directory: SharedDirectory,
    clock: Arc<dyn Clock>,
}

impl Server {
    /// Serves a directory at the address that the listener has. Needs a tokio runtime.
    pub fn start(listener: TcpListener, directory: SharedDirectory, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, kill, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let shared = Shared { directory: directory.clone(), clock };
        let accept = accept(listener, shared, stop.clone(), kill.clone(), tasks.clone());
        tasks.spawn(accept);
        Ok(Self { address, directory, stop, tasks, kill })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that stands for JumpCloud's: both the API and the console, and the token endpoint.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The directory behind it.
    pub fn directory(&self) -> &SharedDirectory {
        &self.directory
    }

    /// Takes no new connection, ends the answers under way, and cuts off what is not done by the deadline.
    pub async fn stop(self, deadline: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(deadline, self.tasks.wait()).await.is_err() {
            self.kill.cancel();
            self.tasks.wait().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.kill.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    shared: Shared,
    stop: CancellationToken,
    kill: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let serve = serve(stream, shared.clone(), stop.clone());
                let kill = kill.clone();
                tasks.spawn(async move {
                    tokio::select! {
                        () = kill.cancelled() => {}
                        () = serve => {}
                    }
                });
            }
            // Out of file descriptors, most likely: let some connections end.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Shared, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    // hyper writes header names either in lower case or as `X-Search_after`, for a whole connection.
    let is_lower_case =
        shared.directory.lock().faults().any(|(fault, _)| matches!(fault.kind, FaultKind::HeaderCase(_)));
    let socket = Socket::new(stream);
    let breaks = socket.breaks();
    let service = service_fn(move |request| answer::answer(shared.clone(), breaks.clone(), request));
    let connection = http1::Builder::new()
        .title_case_headers(!is_lower_case)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}
