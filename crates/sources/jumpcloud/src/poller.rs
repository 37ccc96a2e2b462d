//! One tenant's source: what to ask for next, and what a page means.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{
    BoxFuture, Checkpoint, Clock, Failure, FailureKind, Pace, Page, Pull, Reach, Reservation, Source, Tally, Timestamp,
};

use crate::client::{Client, FetchError, Query};
use crate::dedupe::Dedupe;
use crate::id_key::HashKey;
use crate::intake::{Intake, Sighting, Taken};
use crate::progress::{self, Progress, Window};
use crate::settings::Tenant;
use crate::sizing::Sizing;
use crate::transport::Room;

/// Progress that brought no event is saved once it comes to so much.
const SAVE_AFTER: Duration = Duration::from_secs(300);
/// Before asking again for what there was no room for; then it waits for the room.
const NO_ROOM: Duration = Duration::from_millis(100);

/// A window that brought more known rows one after the other than this many times all that is known goes in circles.
const CIRCLE: usize = 2;

/// One tenant's stream of pages.
pub(crate) struct Poller {
    tenant: Arc<Tenant>,
    clock: Arc<dyn Clock>,
    client: Client,
    budgets: Vec<Arc<Pace>>,
    hash_key: HashKey,
    progress: Progress,
    dedupe: Dedupe,
    sizing: Sizing,
    /// The overlap's window, while it has more pages. In memory only: after a crash it begins at the settled mark.
    sweep: Option<Window>,
    /// When the tail is due; at once if `None`.
    next_poll: Option<Timestamp>,
    /// The next sweep begins no earlier.
    next_sweep: Option<Timestamp>,
    /// A tail window was finished since the last page of a sweep: so that neither starves the other.
    sweep_turn: bool,
    /// The marks as the last checkpoint has them; `None` before the first.
    saved: Option<(Timestamp, Timestamp)>,
    /// With `once`: the instant up to which to read.
    until: Option<Timestamp>,
    /// With `once`: the tail was read up to there.
    tail_done: bool,
    /// The latest time this lane was pulled at.
    looked: Timestamp,
    /// The places in the budgets' lines that are held for the next request.
    places: Vec<Timestamp>,
    caught_up: bool,
    /// When the API last gave a page.
    answered: Option<Timestamp>,
}

/// What a lane is opened with.
pub(crate) struct Opened {
    pub(crate) hash_key: HashKey,
    pub(crate) progress: Progress,
    pub(crate) dedupe: Dedupe,
    /// Whether there is a checkpoint already.
    pub(crate) saved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Save,
    Read(Kind),
    Wait(Duration),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tail,
    Sweep,
}

impl Poller {
    pub(crate) fn new(
        tenant: Arc<Tenant>,
        clock: Arc<dyn Clock>,
        client: Client,
        budgets: Vec<Arc<Pace>>,
        opened: Opened,
        until: Option<Timestamp>,
    ) -> Self {
        let Opened { hash_key, progress, dedupe, saved } = opened;
        Self {
            sizing: Sizing::new(tenant.page_limit),
            saved: saved.then_some((progress.front(), progress.settled)),
            until,
            tenant,
            clock,
            client,
            budgets,
            hash_key,
            progress,
            dedupe,
            sweep: None,
            next_poll: None,
            next_sweep: None,
            tail_done: false,
            sweep_turn: false,
            looked: Timestamp::from_nanos(i64::MIN),
            places: Vec::new(),
            caught_up: false,
            answered: None,
        }
    }

    /// What to do now.
    fn step(&self, now: Timestamp) -> Step {
        let Some((saved_front, saved_settled)) = self.saved else { return Step::Save };
        if self.progress.tail.is_some() {
            return Step::Read(Kind::Tail);
        }
        let watermark = self.progress.watermark;
        let end = self.tail_end(now);
        let sweeping = self.sweep.is_some() || self.sweep_due_at().is_some_and(|due| due <= self.until.unwrap_or(now));
        let due = match self.until {
            Some(_) => !self.tail_done,
            None => self.next_poll.is_none_or(|due| due <= now),
        };
        let polling = due && watermark < end;
        // Far behind, the sweep goes first and ends at the watermark: so that the ids of a long catch-up are not
        // kept until it is done.
        let behind = self.is_behind(now);
        if sweeping && (behind || !polling || self.sweep_turn) {
            return Step::Read(Kind::Sweep);
        }
        if polling {
            return Step::Read(Kind::Tail);
        }
        if self.until.is_some() {
            let saved = saved_front == self.progress.front() && saved_settled == self.progress.settled;
            return if saved { Step::End } else { Step::Save };
        }
        let poll = self.next_poll.unwrap_or(now).max(watermark.plus(self.tenant.settle + Duration::from_millis(1)));
        let due = self.sweep_due_at().map_or(poll, |sweep| sweep.min(poll));
        // However the clock is set, the tenant is looked at again within an interval.
        Step::Wait(due.since(now).min(self.tenant.poll_interval))
    }

    fn tail_end(&self, now: Timestamp) -> Timestamp {
        self.until.unwrap_or(now).minus(self.tenant.settle).floor_to_millis()
    }

    /// Whether the tail has more to do than polls at their usual pace leave it.
    fn is_behind(&self, now: Timestamp) -> bool {
        let usual = self.tenant.sweep_interval.max(self.tenant.poll_interval * 2);
        self.tail_end(now).since(self.progress.watermark) > usual
    }

    /// When a sweep will have enough to settle; never without an overlap.
    fn sweep_due_at(&self) -> Option<Timestamp> {
        let wanted = !self.tenant.overlap.is_zero() && self.progress.settled < self.progress.watermark;
        let due = self.progress.settled.plus(self.tenant.overlap).plus(self.tenant.sweep_interval);
        wanted.then(|| self.next_sweep.map_or(due, |next| next.max(due)))
    }

    /// The window to read a page of: the one that is open, or a new one.
    fn window(&self, kind: Kind, now: Timestamp) -> Window {
        let Progress { watermark, settled, .. } = self.progress;
        match kind {
            Kind::Tail => match &self.progress.tail {
                Some(window) => window.clone(),
                None => Window::new(watermark, Some(self.tail_end(now)), now),
            },
            Kind::Sweep => self
                .sweep
                .clone()
                .unwrap_or_else(|| Window::new(settled, self.is_behind(now).then_some(watermark), now)),
        }
    }

    /// How long until the next request may be made; keeps its places in the budgets' lines meanwhile.
    fn budget_wait(&mut self, now: Timestamp) -> Option<Duration> {
        while self.places.len() < self.budgets.len() {
            // One line after the other, so that nobody holds a place among all who is not allowed to use it.
            if let Some(place) = self.places.last()
                && *place > now
            {
                break;
            }
            self.places.push(self.budgets[self.places.len()].place(now));
        }
        let wait = self.places.iter().max().map_or(Duration::ZERO, |place| place.since(now));
        (!wait.is_zero()).then_some(wait)
    }

    async fn read(&mut self, kind: Kind, now: Timestamp, mut memory: Reservation) -> Result<Pull, Failure> {
        if let Some(wait) = self.budget_wait(now) {
            return Ok(Pull::Wait(wait));
        }
        self.places.clear();
        let window = self.window(kind, now);
        let query =
            Query { start: window.start, end: window.end, limit: self.sizing.limit(), cursor: window.cursor.clone() };
        tracing::debug!(
            tenant = &*self.tenant.name, ?kind, start = %query.start, end = ?query.end.map(|end| end.to_string()),
            limit = query.limit, cursor = query.cursor.is_some(), "asking for a page"
        );
        // A single event may be as large as the whole budget: there is nothing smaller to ask for.
        let cap = if query.limit == 1 { usize::MAX } else { self.tenant.max_response_bytes };
        let reply = match self.client.fetch(&query, Room::reserved(&mut memory, cap)).await {
            Ok(reply) => reply,
            // Nothing is wrong: the next request waits until there is as much room.
            Err(FetchError::NoRoom(wanted, failure)) => {
                tracing::debug!(tenant = &*self.tenant.name, "{failure}");
                self.sizing.want(wanted);
                return Ok(Pull::Wait(NO_ROOM));
            }
            Err(error) => return Err(self.not_fetched(kind, window, error)),
        };
        let intake = Intake {
            tenant: &self.tenant,
            dedupe: &self.dedupe,
            hash_key: &self.hash_key,
            window: &window,
            asked: query.limit,
            now,
        };
        match intake.take(reply, memory) {
            Ok(taken) => self.took(kind, window, taken, now),
            Err(unreadable) => {
                if unreadable.smaller_may_do {
                    self.sizing.shrink();
                }
                if unreadable.give_up_cursor {
                    self.reopen(kind, window);
                }
                Err(unreadable.failure.at(&self.tenant.device_name))
            }
        }
    }

    /// The events stay where they are; what is asked for next may change.
    fn not_fetched(&mut self, kind: Kind, window: Window, error: FetchError) -> Failure {
        match &error {
            FetchError::CursorRefused(_) => {
                self.reopen(kind, window);
                let mut failure = error.failure();
                // Nothing is wrong with the settings: a page was read with them just before.
                failure.kind = FailureKind::Protocol;
                failure.message.push_str("; the window goes on from the last delivered instant, without its cursor");
                failure.retry = adr_core::Retry::BackOff;
                return failure;
            }
            FetchError::TooMuch(_) => {
                self.sizing.shrink();
            }
            FetchError::NoRoom(..) | FetchError::Failed(_) => {}
        }
        error.failure()
    }

    /// Gives up a window's cursor: it goes on from its position.
    fn reopen(&mut self, kind: Kind, window: Window) {
        match kind {
            Kind::Tail => {
                self.progress.tail = Some(window);
                self.progress.give_up_tail();
                self.next_poll = None;
            }
            Kind::Sweep => {
                let start = window.resume_at();
                // What is left at the very end belongs to the tail, which begins there.
                self.sweep = window.end.is_none_or(|end| start < end).then_some(Window {
                    start,
                    position: start,
                    page_start: start,
                    cursor: None,
                    sorted: true,
                    barren: 0,
                    ..window
                });
            }
        }
    }

    /// Takes in a page: from here on nothing fails but what is said at once.
    fn took(&mut self, kind: Kind, window: Window, taken: Taken, now: Timestamp) -> Result<Pull, Failure> {
        let Taken { events, ids, tally, position, sorted, full, cursor, server_time } = taken;
        let rows = usize::try_from(tally.received).unwrap_or(usize::MAX);
        let fresh = !events.is_empty();
        let page_start = if position > window.position { window.position } else { window.page_start };
        let mut after = Window { position, page_start, sorted, cursor, ..window.clone() };
        after.barren = if fresh { 0 } else { window.barren.saturating_add(rows) };
        if let Some(server_time) = server_time {
            self.follow(server_time, &mut after, full);
        }
        let circling = after.barren > CIRCLE * self.dedupe.len() + 1000;
        let broken = full && (after.cursor.is_none() || circling);

        self.sizing.page(rows, usize::try_from(tally.bytes).unwrap_or(usize::MAX));
        let (opened, resume) = (after.opened, after.resume_at());
        let covered_to = match after.end {
            _ if full => after.position,
            Some(end) => end,
            None => Timestamp::from_nanos(i64::MAX),
        };
        // A window from before a restart may have ended earlier than this life is to read.
        self.tail_done |= kind == Kind::Tail && !full && window.end >= Some(self.tail_end(now));
        self.enter(kind, after, full, broken, now);
        self.progress.settle(window.position, covered_to, opened, self.tenant.overlap);
        let keep = self.keep_from();
        for Sighting { key, time, slice } in ids {
            if time.is_none_or(|time| time >= keep) {
                self.dedupe.insert(key, slice);
            }
        }
        if broken {
            tracing::warn!(
                tenant = &*self.tenant.name, %resume,
                "a full page came without a cursor that leads on; the window goes on from the last delivered instant"
            );
            // Either the next window starts later than this one did, or we say so and ask for more at once.
            if resume <= window.start {
                self.sizing.ask_for_all();
                if !fresh {
                    return Err(self.circling(resume));
                }
            }
        }
        self.say_if_caught_up(now);
        self.answered = Some(now);
        Ok(self.pull(events, tally, now))
    }

    /// Our clock is ahead of the server's: the server's decides what can have been read, or events that are yet to
    /// come would be passed by.
    fn follow(&self, server_time: Timestamp, window: &mut Window, full: bool) {
        window.opened = window.opened.min(server_time);
        if !full {
            let settled = server_time.minus(self.tenant.settle).floor_to_millis();
            window.end = window.end.map(|end| end.min(settled).max(window.position));
        }
        tracing::debug!(tenant = &*self.tenant.name, %server_time, "the clock of this machine is ahead of JumpCloud's");
    }

    /// Puts the window after a page in its place: finished, given up, or with more pages to come.
    fn enter(&mut self, kind: Kind, after: Window, full: bool, broken: bool, now: Timestamp) {
        if broken {
            return self.reopen(kind, after);
        }
        match kind {
            Kind::Tail => {
                if self.progress.tail.is_none() {
                    self.next_poll = Some(now.plus(self.tenant.poll_interval));
                }
                if full {
                    self.progress.tail = Some(after);
                } else {
                    self.progress.watermark = after.end.unwrap_or(after.position);
                    self.progress.tail = None;
                    self.sweep_turn = true;
                }
            }
            Kind::Sweep => {
                if self.sweep.is_none() {
                    self.next_sweep = Some(now.plus(self.tenant.sweep_interval));
                }
                self.sweep = full.then_some(after);
                self.sweep_turn = false;
            }
        }
    }

    fn circling(&self, position: Timestamp) -> Failure {
        Failure::new(
            FailureKind::Protocol,
            format!(
                "{}: the API gives the same full page at {position} again and no cursor that leads on: asking for {} \
                 events at once",
                self.tenant.device_name,
                self.sizing.limit()
            ),
        )
    }

    fn say_if_caught_up(&mut self, now: Timestamp) {
        let up = self.progress.tail.is_none()
            && self.progress.watermark >= self.tail_end(now).minus(self.tenant.poll_interval);
        if up && !self.caught_up {
            tracing::info!(tenant = &*self.tenant.name, watermark = %self.progress.watermark, "caught up");
        }
        self.caught_up = up;
    }

    /// The page with its checkpoint, if there is anything to deliver or worth saving.
    fn pull(&mut self, events: Vec<adr_core::Event>, tally: Tally, now: Timestamp) -> Pull {
        let (front, settled) = (self.progress.front(), self.progress.settled);
        let due = self.saved.is_none_or(|(saved_front, saved_settled)| {
            front.since(saved_front) >= SAVE_AFTER || settled.since(saved_settled) >= SAVE_AFTER
        });
        let checkpoint =
            if due || !events.is_empty() || self.dedupe.is_dirty() { self.checkpoint() } else { Checkpoint::default() };
        if tally.received == 0 && checkpoint.writes.is_empty() {
            return match self.step(now) {
                Step::Wait(wait) => Pull::Wait(wait),
                _ => Pull::Wait(Duration::ZERO),
            };
        }
        Pull::Page(Page { events, checkpoint, tally })
    }

    /// The ids of events before it need not be kept. A sweep's are kept until it is done, although what it has passed is
    /// settled: a server that forgets a cursor gives the whole window again.
    fn keep_from(&self) -> Timestamp {
        let settled = self.progress.keep_from();
        self.sweep.as_ref().map_or(settled, |sweep| settled.min(Progress::margin(sweep.start)))
    }

    /// All that became true since the last checkpoint.
    fn checkpoint(&mut self) -> Checkpoint {
        let mut checkpoint = Checkpoint::default();
        checkpoint.set(progress::KEY, progress::encode(&self.progress, &self.hash_key, &self.tenant.services));
        self.dedupe.write(&mut checkpoint);
        self.dedupe.expire(self.keep_from(), &mut checkpoint);
        self.saved = Some((self.progress.front(), self.progress.settled));
        checkpoint
    }
}

impl Source for Poller {
    fn reach(&self) -> Reach {
        Reach { read_until: Some(self.progress.front()), answered: self.answered }
    }

    fn demand(&self) -> usize {
        self.sizing.demand()
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            let now = self.clock.now();
            if now.plus(Duration::from_secs(1)) < self.looked {
                // The clock was set back: what was put off until an instant of the old time is due again.
                (self.next_poll, self.next_sweep) = (None, None);
                self.places.clear();
            }
            self.looked = now;
            match self.step(now) {
                Step::Read(kind) => self.read(kind, now, memory).await,
                Step::Wait(wait) => Ok(Pull::Wait(wait)),
                Step::End => Ok(Pull::End),
                Step::Save => {
                    let checkpoint = self.checkpoint();
                    Ok(Pull::Page(Page { checkpoint, ..Page::default() }))
                }
            }
        })
    }
}
