//! A device that is watched: what is kept of it from one look to the next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, LaneId, Timestamp};
use adr_runtime::{LaneStatus, SinkStatus};

use super::history::{Reading, Recorder};
use super::judge::{Facts, judge};
use super::{DeviceStatus, Flow, History, Key, Listing, Occurrence, State};

/// What went wrong is kept so often for each device.
const OCCURRENCES: usize = 50;
/// The pace of catching up is that of this time.
const PACE: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(86_400);

/// A device that is watched.
pub(crate) struct Place {
    pub(crate) listing: Listing,
    recorder: Recorder,
    state: State,
    since: Timestamp,
    /// Newest last; only the last one can be under way.
    occurrences: VecDeque<(Occurrence, bool)>,
    /// Until when all was delivered, at which times.
    pace: VecDeque<(Timestamp, Timestamp)>,
    /// Of a provider: how many of the devices are its own.
    pub(crate) organizations: u64,
}

impl Place {
    pub(crate) fn new(listing: Listing, now: Timestamp) -> Self {
        let (state, recorder) = (State::Starting, Recorder::default());
        let (occurrences, pace) = Default::default();
        Self { listing, recorder, state, since: now, occurrences, pace, organizations: 0 }
    }

    /// This is what is said of it from now on.
    pub(crate) fn keep(self, mut listing: Listing) -> Self {
        // One whose file has broken goes on under the name that it had, or what tells of it would end while it fails.
        if listing.trouble.is_some() && listing.org_id.is_empty() && !listing.is_provider {
            listing.lane = self.listing.lane;
        }
        Self { listing, ..self }
    }

    /// How it is now.
    pub(crate) fn look(
        &mut self,
        now: Timestamp,
        lane: Option<&LaneStatus>,
        all_sinks: &BTreeMap<Arc<str>, SinkStatus>,
    ) -> DeviceStatus {
        let Listing { key, delay, paused, is_provider, is_read, .. } = self.listing;
        let lane = lane.filter(|_| is_read);
        let sinks = self.listing.sinks.iter().filter_map(|name| Some((name.clone(), all_sinks.get(name)?.clone())));
        let sinks: Vec<_> = sinks.collect();
        let answered = lane.and_then(|lane| lane.answered);
        let key_worked = answered.is_some_and(|at| key.added.is_none_or(|added| at >= added));
        let trouble = self.listing.trouble.clone();
        let key_expires = key.expires;
        let facts = Facts { now, paused, trouble, is_provider, delay, key_expires, key_worked, lane, sinks: &sinks };
        let (state, failure) = judge(&facts);
        if state != self.state {
            (self.state, self.since) = (state, now);
        }
        self.note(now, failure);
        let until = lane.and_then(|lane| lane.delivered_until);
        let lag = until.map(|until| now.since(until).as_secs());
        let events = lane.map_or(0, |lane| lane.events);
        self.recorder.take(Reading { at: now, events, lag: lag.map(|lag| u32::try_from(lag).unwrap_or(u32::MAX)) });
        let caught_up_in = self.caught_up_in(now, until).filter(|_| state == State::CatchingUp);
        let (rate, average, maximum) = self.recorder.rates();
        let Listing { id, name, cce, org_id, provider, .. } = self.listing.clone();
        DeviceStatus {
            id,
            name,
            device_type: "JumpCloud".to_owned(),
            cce,
            org_id,
            provider,
            is_provider,
            organizations: self.organizations,
            is_read,
            state,
            status: state.label().to_owned(),
            since: Some(self.since.to_string()),
            last_event: lane.and_then(|lane| lane.last_event).map(|time| time.to_string()),
            last_poll: answered.map(|time| time.to_string()),
            flow: Flow { events, duplicates: lane.map_or(0, |lane| lane.duplicates), rate, average, maximum },
            complete_until: until.map(|time| time.to_string()),
            lag_seconds: lag,
            caught_up_in_seconds: caught_up_in,
            last_error: self.occurrences.back().map(|(occurrence, _)| occurrence.clone()),
            key: Key {
                added: key.added.map(|time| time.to_string()),
                age_days: key.added.map(|added| now.since(added).as_secs() / DAY.as_secs()),
                expires: key.expires.map(|time| time.to_string()),
                expires_in_days: key.expires.map(|end| days(now, end)),
            },
        }
    }

    /// What flowed lately.
    pub(crate) fn history(&self) -> History {
        self.recorder.history()
    }

    /// What went wrong lately, newest first.
    pub(crate) fn occurrences(&self) -> impl Iterator<Item = Occurrence> {
        self.occurrences.iter().rev().map(|(occurrence, _)| occurrence.clone())
    }

    /// Takes in what is wrong now, or that nothing is.
    fn note(&mut self, now: Timestamp, failure: Option<Failure>) {
        let under_way = self.occurrences.back_mut().filter(|(_, under_way)| *under_way);
        let same = match (&under_way, &failure) {
            (Some((last, _)), Some(failure)) => last.kind == failure.kind.as_str(),
            _ => false,
        };
        let at = now.to_string();
        if let Some((last, under_way)) = under_way {
            if same {
                last.at = at;
                last.message = failure.map(|failure| failure.message).unwrap_or_default();
                return;
            }
            (last.over, *under_way) = (Some(at.clone()), false);
        }
        let Some(failure) = failure else { return };
        let kind = failure.kind.as_str().to_owned();
        let occurrence = Occurrence { since: at.clone(), at, kind, message: failure.message, over: None };
        self.occurrences.push_back((occurrence, true));
        if self.occurrences.len() > OCCURRENCES {
            self.occurrences.pop_front();
        }
    }

    /// How long it takes to the present at the pace of the last minutes.
    fn caught_up_in(&mut self, now: Timestamp, until: Option<Timestamp>) -> Option<u64> {
        let until = until?;
        if self.pace.back().is_none_or(|(at, _)| now.since(*at) >= Duration::from_secs(1)) {
            self.pace.push_back((now, until));
        }
        while self.pace.front().is_some_and(|(at, _)| now.since(*at) > PACE) {
            self.pace.pop_front();
        }
        let (from, was) = *self.pace.front()?;
        let passed = now.since(from).as_secs_f64();
        // The present moves on meanwhile.
        let gained = until.since(was).as_secs_f64() - passed;
        (passed > 0.0 && gained > 0.0).then(|| (now.since(until).as_secs_f64() * passed / gained).ceil() as u64)
    }
}

/// How every device was when it was last looked at, each by a name of its own.
pub(crate) fn states(places: &BTreeMap<String, Place>) -> BTreeMap<LaneId, State> {
    let told = |place: &&Place| !place.listing.is_provider || place.state.is_trouble();
    let (read, others): (Vec<_>, Vec<_>) = places.values().filter(told).partition(|place| place.listing.is_read);
    let mut states = BTreeMap::new();
    for Place { listing, state, .. } in read.into_iter().chain(others) {
        let mut lane = listing.lane.clone();
        if states.contains_key(&lane) {
            lane.tenant = Arc::from(&*listing.id);
        }
        states.entry(lane).or_insert(*state);
    }
    states
}

/// Whole days from now, below nothing for an instant that has gone by.
fn days(now: Timestamp, then: Timestamp) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    if then >= now { whole(then.since(now)) } else { -whole(now.since(then)) - 1 }
}

#[cfg(test)]
mod tests {
    use adr_core::FailureKind;
    use adr_runtime::LaneState;

    use super::super::KeyFacts;
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + second)
    }

    fn place() -> Place {
        let listing = Listing {
            id: "acme".into(),
            name: "Acme".into(),
            cce: "192.0.2.5".into(),
            org_id: "5a2af2a82cf2b0010053ea41".into(),
            provider: None,
            is_provider: false,
            lane: LaneId::new("jumpcloud", "5a2af2a82cf2b0010053ea41"),
            is_read: true,
            sinks: vec!["cce".into()],
            delay: Duration::from_secs(120),
            key: KeyFacts { added: Some(second(-10 * 86_400)), expires: Some(second(86_400 * 3 / 2)) },
            paused: false,
            trouble: None,
        };
        Place::new(listing, second(0))
    }

    fn lane(at: Timestamp, until: Timestamp) -> LaneStatus {
        LaneStatus {
            state: LaneState::Flowing,
            since: at,
            answered: Some(at),
            read_until: Some(until),
            delivered_until: Some(until),
            last_event: Some(until),
            events: 0,
            duplicates: 0,
            opened: 1,
            failures: 0,
            unsaved: None,
        }
    }

    #[test]
    fn an_hour_behind_at_ten_times_the_pace_is_some_minutes() {
        let mut place = place();
        let mut status = DeviceStatus::default();
        for step in 0..=60 {
            let now = second(step);
            status = place.look(now, Some(&lane(now, second(10 * step - 4140))), &BTreeMap::new());
        }
        // 3600 s behind, and 9 s less with each that passes.
        assert_eq!(
            (status.state, status.lag_seconds, status.caught_up_in_seconds),
            (State::CatchingUp, Some(3600), Some(400))
        );
        let now = second(61);
        let status = place.look(now, Some(&lane(now, second(1))), &BTreeMap::new());
        assert_eq!((status.state, status.caught_up_in_seconds), (State::Active, None));
    }

    #[test]
    fn what_went_wrong_is_kept_when_it_is_over() {
        let mut place = place();
        let failing = |kind, text: &str| LaneStatus {
            state: LaneState::Retrying(Failure::new(kind, text)),
            failures: 1,
            ..lane(second(0), second(0))
        };
        let none = BTreeMap::new();
        place.look(second(0), Some(&failing(FailureKind::RateLimited, "slower")), &none);
        place.look(second(1), Some(&failing(FailureKind::RateLimited, "slower still")), &none);
        place.look(second(2), Some(&failing(FailureKind::Unauthorized, "no such key")), &none);
        let status = place.look(second(3), Some(&lane(second(3), second(3))), &none);
        assert_eq!((status.state, status.since), (State::Active, Some(second(3).to_string())));
        let kept: Vec<_> = place.occurrences.iter().map(|(kept, _)| (&*kept.message, kept.over.is_some())).collect();
        assert_eq!(kept, [("slower still", true), ("no such key", true)]);
        let (first, last) = (&place.occurrences[0].0, status.last_error.expect("it is told"));
        assert_eq!((&first.since, &first.at), (&second(0).to_string(), &second(1).to_string()));
        assert_eq!((last.kind.as_str(), last.over), ("unauthorized", Some(second(3).to_string())));
    }

    #[test]
    fn a_key_has_an_age_and_an_end() {
        let status = place().look(second(0), None, &BTreeMap::new());
        assert_eq!((status.key.age_days, status.key.expires_in_days), (Some(10), Some(1)));
        assert_eq!((days(second(0), second(-1)), days(second(0), second(0))), (-1, 0));
    }

    #[test]
    fn a_key_that_is_newer_than_the_last_answer_has_not_worked_yet() {
        let mut place = place();
        let refused = |answered| LaneStatus {
            state: LaneState::Retrying(Failure::new(FailureKind::Unauthorized, "no")),
            answered: Some(answered),
            failures: 5,
            ..lane(second(0), second(0))
        };
        let none = BTreeMap::new();
        assert_eq!(place.look(second(1), Some(&refused(second(0))), &none).state, State::KeyExpiredOrRevoked);
        place.listing.key.added = Some(second(1));
        assert_eq!(place.look(second(2), Some(&refused(second(0))), &none).state, State::AuthenticationFailed);
    }

    #[test]
    fn every_device_is_told_once_be_it_read_or_not() {
        let lane = |tenant: &str| LaneId::new("jc", tenant);
        let of = |id: &str, tenant: &str, is_read, is_provider, state| {
            let listing = Listing { id: id.into(), lane: lane(tenant), is_read, is_provider, ..place().listing };
            (id.to_owned(), Place { state, ..Place::new(listing, second(0)) })
        };
        let places = BTreeMap::from([
            of("a", "1", false, false, State::Paused),
            of("b", "1", true, false, State::Active),
            of("c", "c", false, false, State::Failed),
            of("msp", "msp", false, true, State::Idle),
            of("other-msp", "other-msp", false, true, State::Failed),
        ]);
        let told = states(&places);
        let told: Vec<_> = told.iter().map(|(lane, state)| (&*lane.tenant, *state)).collect();
        let failed = State::Failed;
        let wanted = [("1", State::Active), ("a", State::Paused), ("c", failed), ("other-msp", failed)];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_device_whose_file_breaks_is_told_under_the_name_that_it_had() {
        let trouble = Some(Failure::fatal(FailureKind::Config, "line 3: no colon"));
        let lane = LaneId::new("jumpcloud", "acme");
        let broken = Listing { org_id: String::new(), trouble, lane, is_read: false, ..place().listing };
        let mut kept = place().keep(broken.clone());
        assert_eq!(kept.listing.lane, place().listing.lane);
        let status = kept.look(second(1), None, &BTreeMap::new());
        assert_eq!((status.state, status.is_read), (State::Failed, false));
        // One that is there again is what its file says.
        let whole = Listing { lane: LaneId::new("jumpcloud", "another"), ..place().listing };
        assert_eq!(kept.keep(whole.clone()).listing.lane, whole.lane);
    }
}
