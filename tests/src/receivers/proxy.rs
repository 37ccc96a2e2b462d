//! A proxy that breaks connections on their way to a receiver.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, oneshot};

/// How a connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Reset (RST): what the proxy has taken in beyond the cut is thrown away.
    Reset,
    /// Closed to the client (FIN), while everything it still sends is passed on.
    HalfClose,
    /// Closed (FIN). With bytes in the way the kernel makes it a reset.
    Close,
}

/// What became of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes passed on to the receiver.
    pub forward: u64,
    /// Bytes that this kernel had acknowledged to the client and that were thrown away when it was broken.
    pub dropped: u64,
    /// Whether it was broken by the proxy.
    pub broken: bool,
    /// Whether it is over.
    pub over: bool,
}

/// The proxy. It ends when it goes out of scope.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: broadcast::Sender<Break>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    /// Each new connection takes the next: after so many bytes it is broken in this way.
    cuts: Mutex<VecDeque<(u64, Break)>>,
    passed: Mutex<Vec<Passed>>,
}

impl Proxy {
    /// A proxy to this port of 127.0.0.1. The connections that come are cut, one after the other, as `cuts` says;
    /// later ones are left alone.
    pub fn to(port: u16, cuts: impl IntoIterator<Item = (u64, Break)>) -> Self {
        let target = (Ipv4Addr::LOCALHOST, port).into();
        let cuts = Mutex::new(cuts.into_iter().collect());
        let shared = Arc::new(Shared { target, cuts, passed: Mutex::default() });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, super::ports::free())).expect("a free port");
        listener.set_nonblocking(true).expect("a socket of ours");
        let address = listener.local_addr().expect("a bound socket");
        let (orders, _) = broadcast::channel(16);
        let (stop, stopped) = oneshot::channel();
        let (state, order) = (shared.clone(), orders.clone());
        let thread = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            tokio.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket of ours");
                tokio::select! {
                    () = accept(listener, state, order) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, orders, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Breaks all connections there are, now.
    pub fn break_all(&self, how: Break) {
        // Nobody listens when there is no connection.
        let _ = self.orders.send(how);
    }

    /// Every connection there was, in order.
    pub fn passed(&self) -> Vec<Passed> {
        self.shared.passed().clone()
    }

    /// Waits until the connections are as wanted.
    pub fn until(&self, wanted: &str, is: impl Fn(&[Passed]) -> bool) {
        let start = std::time::Instant::now();
        while !is(&self.shared.passed()) {
            assert!(start.elapsed() < Duration::from_secs(30), "not {wanted}: {:?}", self.passed());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has shown in the test already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn passed(&self) -> MutexGuard<'_, Vec<Passed>> {
        self.passed.lock().expect("nobody panics with it")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, orders: broadcast::Sender<Break>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = {
            let mut passed = shared.passed();
            passed.push(Passed::default());
            passed.len() - 1
        };
        let cut = shared.cuts.lock().expect("nobody panics with it").pop_front();
        let (shared, orders) = (shared.clone(), orders.subscribe());
        tokio::spawn(async move {
            let mut line = Line { client, number, shared: shared.clone() };
            // Where the receiver is down, the client's connection ends at once.
            if let Ok(server) = TcpStream::connect(shared.target).await {
                line.pass(server, orders, cut).await;
            }
            drop(line);
            shared.passed()[number].over = true;
        });
    }
}

/// One connection of a client.
struct Line {
    client: TcpStream,
    number: usize,
    shared: Arc<Shared>,
}

impl Line {
    async fn pass(&mut self, mut server: TcpStream, mut orders: broadcast::Receiver<Break>, cut: Option<(u64, Break)>) {
        let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
        let mut left = cut.map_or(u64::MAX, |(after, _)| after);
        let mut closed = false;
        loop {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(up.len());
            let order = tokio::select! {
                biased;
                Ok(how) = orders.recv() => Some(how),
                read = self.client.read(&mut up[..room]) => match read {
                    Ok(0) | Err(_) => {
                        // What the receiver still has to say has no reader any more.
                        let _ = server.shutdown().await;
                        return;
                    }
                    Ok(count) => {
                        if server.write_all(&up[..count]).await.is_err() {
                            return;
                        }
                        left -= count as u64;
                        self.shared.passed()[self.number].forward += count as u64;
                        cut.filter(|_| left == 0).map(|(_, how)| how)
                    }
                },
                read = server.read(&mut down), if !closed => match read {
                    Ok(0) | Err(_) => return,
                    Ok(count) if self.client.write_all(&down[..count]).await.is_ok() => None,
                    Ok(_) => return,
                },
            };
            match order {
                None => {}
                Some(Break::HalfClose) => {
                    self.shared.passed()[self.number].broken = true;
                    // From now on there is no way back to the client.
                    let _ = self.client.shutdown().await;
                    (closed, left) = (true, u64::MAX);
                }
                Some(how) => return self.end(how),
            }
        }
    }

    /// The connection ends as told when the line is dropped.
    fn end(&mut self, how: Break) {
        let mut rest = vec![0; 65_536];
        let mut dropped = 0;
        if how == Break::Reset {
            socket2::SockRef::from(&self.client).set_linger(Some(Duration::ZERO)).expect("a socket of ours");
            while let Ok(count @ 1..) = self.client.try_read(&mut rest) {
                dropped += count as u64;
            }
        }
        let passed = &mut self.shared.passed()[self.number];
        (passed.dropped, passed.broken) = (dropped, true);
    }
}
