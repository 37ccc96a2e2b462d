use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{BoxFuture, Clock, Delivery, Encoder, Event, Failure, Sink};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::failover::Failover;
use crate::link::{Dialer, Link, Made, PROBATION, words};
use crate::message::Formatter;
use crate::pacing::Pacing;
use crate::{Mode, Settings};

/// Sends events to a CCE over syslog or RELP. The crate's doc says what its deliveries prove.
pub struct CceSyslog {
    /// The component's id in its pipeline, for logs.
    name: Arc<str>,
    dialer: Arc<Dialer>,
    formatter: Formatter,
    pacing: Pacing,
    failover: Failover,
    health_check_interval: Duration,
    is_udp: bool,
    current: Option<Current>,
    /// The address that was in use last.
    last: Option<usize>,
    /// Looks for a better address while the current one is not the best; ends with a connection to it.
    scout: JoinSet<(usize, Made)>,
    /// What the scout has found.
    found: Option<(usize, Made)>,
    /// Earlier connections whose last deliveries are still open.
    retiring: JoinSet<()>,
    /// Tells them not to wait for anybody any more.
    closing: watch::Sender<bool>,
}

/// How long a write that may stand still has once a better address is there.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// How long an earlier connection may take for its last deliveries.
const RETIREMENT: Duration = Duration::from_secs(30);

/// The connection in use.
#[derive(Debug)]
struct Current {
    index: usize,
    link: Link,
    /// Whether something was delivered on it, or it has lasted through the probation.
    proven: Arc<AtomicBool>,
    /// Each open delivery holds a clone of it.
    open: mpsc::Sender<Infallible>,
    /// Ends when the last of them is gone.
    settled: mpsc::Receiver<Infallible>,
}

impl CceSyslog {
    /// `name` is the component's id in its pipeline, for logs. Reads the TLS files; connects only when there is
    /// something to write. The settings' [`warnings`](Settings::warnings) are for the caller to tell.
    ///
    /// # Errors
    /// A TLS file that cannot be used: the failure names it, its setting, and the next step.
    pub fn new(
        name: &str,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        encoder: Box<dyn Encoder>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            name: name.into(),
            dialer: Arc::new(Dialer::new(settings, clock.clone())?),
            formatter: Formatter::new(settings, clock.clone(), encoder),
            pacing: Pacing::new(settings.rate_limit, clock),
            failover: Failover::new(&settings.addresses, RandomState::new().hash_one(())),
            health_check_interval: settings.health_check_interval,
            is_udp: settings.mode == Mode::Udp,
            current: None,
            last: None,
            scout: JoinSet::new(),
            found: None,
            retiring: JoinSet::new(),
            closing: watch::Sender::new(false),
        })
    }

    async fn deliver(&mut self, events: &[Event]) -> Result<Delivery, Failure> {
        while self.retiring.try_join_next().is_some() {}
        self.bury()?;
        self.return_to_better();
        if self.current.is_none() {
            self.connect().await?;
        }
        let Some(current) = &mut self.current else { return Err(self.failover.failure(Instant::now())) };
        let written = {
            let mut write = pin!(current.link.write(events, &mut self.formatter, &self.pacing));
            tokio::select! {
                biased;
                written = &mut write => Some(written),
                // A better address is there, and the write may be standing still: it gets a little more time.
                Some(found) = self.scout.join_next() => {
                    self.found = found.ok();
                    match self.found {
                        Some(_) => timeout(LAST_CHANCE, write).await.ok(),
                        None => Some(write.await),
                    }
                }
            }
        };
        let Some(written) = written else { return Err(self.leave()) };
        let delivery = written?;
        let (open, proven, count) = (current.open.clone(), current.proven.clone(), events.len());
        Ok(Box::pin(async move {
            let outcome = delivery.await;
            if outcome.as_ref().is_ok_and(|delivered| delivered.rejected.len() < count) {
                proven.store(true, Ordering::Relaxed);
            }
            drop(open);
            outcome
        }))
    }

    /// A connection that has ended is put away. One on which nothing was delivered speaks against its address.
    fn bury(&mut self) -> Result<(), Failure> {
        let Some(current) = self.current.take_if(|current| current.link.is_dead()) else { return Ok(()) };
        let index = current.index;
        let Some(failure) = current.link.death() else { return Ok(()) };
        let waited_for = current.open.strong_count() > 1;
        if !waited_for {
            // Else the runtime tells it, with the lane.
            tracing::info!(component_id = %self.name, "{failure}");
        }
        let proven = current.proven.load(Ordering::Relaxed);
        if proven {
            self.failover.proven(index);
        }
        // Over udp nothing else speaks against an address.
        if !proven || self.is_udp {
            let why = words::without_place(&failure, self.failover.address(index));
            self.failover.failed(index, Instant::now(), why);
        }
        // Batches before this one have failed with the connection, and whoever waits for them has not seen it yet. They
        // go first: a batch that overtakes them is sent twice.
        if waited_for { Err(failure) } else { Ok(()) }
    }

    /// Connects to the best address that can be had.
    async fn connect(&mut self) -> Result<(), Failure> {
        for index in self.failover.open(Instant::now()) {
            match self.dialer.dial(self.failover.address(index)).await {
                Ok(made) => {
                    self.tell(index, &made);
                    self.take(index, made, false);
                    return Ok(());
                }
                Err(why) => self.failover.failed(index, Instant::now(), why),
            }
        }
        Err(self.failover.failure(Instant::now()))
    }

    /// The receiver takes nothing, and a better one is there: what is open here fails, and goes there.
    fn leave(&mut self) -> Failure {
        let left = self.current.take().map(|current| self.failover.address(current.index).to_string());
        let left = left.unwrap_or_default();
        words::unreachable(format!("{left}: the receiver takes nothing, and a better one is back: that one is used"))
    }

    /// Uses a connection to a better address if one was found.
    fn return_to_better(&mut self) {
        if self.found.is_none() {
            match self.scout.try_join_next() {
                None => return,
                Some(found) => self.found = found.ok(),
            }
        }
        let Some((index, made)) = self.found.take().filter(|(_, made)| !made.link.is_dead()) else {
            return self.send_scout();
        };
        self.failover.proven(index);
        self.tell(index, &made);
        self.take(index, made, true);
    }

    fn take(&mut self, index: usize, made: Made, proven: bool) {
        let (open, settled) = mpsc::channel(1);
        let proven = Arc::new(AtomicBool::new(proven));
        let current = Current { index, link: made.link, proven, open, settled };
        if let Some(earlier) = self.current.replace(current) {
            self.retiring.spawn(retire(earlier, self.closing.subscribe()));
        }
        self.last = Some(index);
        self.send_scout();
    }

    /// Looks for a better address from now on, if there is one.
    fn send_scout(&mut self) {
        self.scout.abort_all();
        self.scout = JoinSet::new();
        let better = self.last.unwrap_or(0);
        // Over udp nobody answers a scout.
        if better == 0 || self.is_udp {
            return;
        }
        let addresses: Vec<_> = (0..better).map(|index| self.failover.address(index).clone()).collect();
        let (dialer, interval) = (self.dialer.clone(), self.health_check_interval);
        self.scout.spawn(async move {
            loop {
                sleep(interval).await;
                for (index, address) in addresses.iter().enumerate() {
                    if let Some(made) = sound(&dialer, address).await {
                        return (index, made);
                    }
                }
            }
        });
    }

    /// Says once what is connected now.
    fn tell(&self, index: usize, made: &Made) {
        let (name, address) = (&self.name, self.failover.address(index));
        let shown = address.to_string();
        let place = Some(made.place.to_string()).filter(|place| *place != shown);
        match self.last {
            Some(last) if index < last => tracing::info!(component_id = %name, place, "returned to {shown}"),
            last if index > last.unwrap_or(0) => {
                let better = |index| Some(format!("{}: {}", self.failover.address(index), self.failover.why(index)?));
                let because: Vec<String> = (0..index).filter_map(better).collect();
                tracing::warn!(component_id = %name, place, "failed over to {shown} because {}", because.join("; "));
            }
            _ => tracing::info!(component_id = %name, place, "connected to {shown}"),
        }
        if let Some(remark) = made.secured.as_ref().and_then(|secured| secured.remark.as_ref()) {
            tracing::warn!(component_id = %name, "{shown}: {remark}");
        }
    }
}

impl Sink for CceSyslog {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(self.deliver(events))
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.scout.shutdown().await;
            if let Some(current) = self.current.take() {
                self.retiring.spawn(retire(current, self.closing.subscribe()));
            }
            // Every delivery has resolved, even if one that was withdrawn is not dropped yet.
            self.closing.send_replace(true);
            while self.retiring.join_next().await.is_some() {}
            Ok(())
        })
    }
}

/// Ends a connection once nobody waits for anything on it.
async fn retire(current: Current, mut closing: watch::Receiver<bool>) {
    let Current { link, open, mut settled, .. } = current;
    drop(open);
    tokio::select! {
        _ = settled.recv() => {}
        _ = closing.wait_for(|closing| *closing) => {}
        // Dropped, its open deliveries fail: they go to the one in use.
        () = sleep(RETIREMENT) => return,
    }
    link.close().await;
}

/// A connection that lasts: a receiver that takes connections only to end them is not worth returning to.
async fn sound(dialer: &Dialer, address: &crate::Address) -> Option<Made> {
    let made = dialer.dial(address).await.ok()?;
    sleep(PROBATION).await;
    (!made.link.is_dead()).then_some(made)
}
