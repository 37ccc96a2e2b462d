//! Which state a device is in, and what is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Timestamp};
use adr_runtime::{LaneState, LaneStatus, SinkStatus};

use super::State;

/// A newest event of that age still makes a device active.
const ACTIVE: Duration = Duration::from_secs(15 * 60);
/// Behind by so much more than its polls explain, it is catching up.
const BEHIND: Duration = Duration::from_secs(300);

/// All that a verdict goes by.
pub(crate) struct Facts<'a> {
    pub(crate) now: Timestamp,
    pub(crate) paused: bool,
    /// Why it cannot be read at all.
    pub(crate) trouble: Option<Failure>,
    /// Its organizations are read, and not it.
    pub(crate) is_provider: bool,
    /// How far behind it is although nothing is wrong.
    pub(crate) delay: Duration,
    pub(crate) key_expires: Option<Timestamp>,
    /// The key that is there has worked.
    pub(crate) key_worked: bool,
    pub(crate) lane: Option<&'a LaneStatus>,
    pub(crate) sinks: &'a [(Arc<str>, SinkStatus)],
}

/// The state, and the failure behind it.
pub(crate) fn judge(facts: &Facts<'_>) -> (State, Option<Failure>) {
    if facts.paused {
        return (State::Paused, None);
    }
    if let Some(trouble) = &facts.trouble {
        return (of_poll(facts, 0, trouble), Some(trouble.clone()));
    }
    let failure = facts.lane.and_then(|lane| match &lane.state {
        LaneState::Retrying(failure) | LaneState::Failed(failure) => Some((lane, failure)),
        _ => None,
    });
    // A sink that ends its lanes says so by its name.
    let of_sink =
        |failure: &Failure| facts.sinks.iter().any(|(name, _)| failure.message.starts_with(&format!("sink {name}")));
    match failure {
        Some((_, failure)) if of_sink(failure) => return (of_delivery(failure.kind), Some(failure.clone())),
        Some((lane, failure)) => return (of_poll(facts, lane.failures, failure), Some(failure.clone())),
        None => {}
    }
    if let Some(failure) = facts.lane.and_then(|lane| lane.unsaved.as_ref()) {
        return (State::Failed, Some(failure.clone()));
    }
    for (name, sink) in facts.sinks {
        if let Some(failing) = &sink.failing {
            let failure = failing.failure.clone().at(format!("sink {name}"));
            return (of_delivery(failing.failure.kind), Some(failure));
        }
        if sink.stalled.is_some() {
            let message = format!(
                "sink {name} delivers nothing although events wait: its destination takes nothing; see whether the CCE \
                 is up and reads"
            );
            return (State::CceUnreachable, Some(Failure::new(FailureKind::Timeout, message)));
        }
    }
    (of_health(facts), None)
}

/// Nothing is wrong.
fn of_health(facts: &Facts<'_>) -> State {
    if facts.is_provider {
        return State::Idle;
    }
    let Some(lane) = facts.lane else { return State::Starting };
    match (lane.delivered_until, lane.answered) {
        (_, None) => return State::Starting,
        (Some(until), _) if facts.now.since(until) > facts.delay + BEHIND => return State::CatchingUp,
        // Something was read, and nothing is delivered yet.
        (None, Some(_)) => return State::CatchingUp,
        _ => {}
    }
    let is_recent = |time: Timestamp| facts.now.since(time) <= facts.delay + ACTIVE;
    if lane.last_event.is_some_and(is_recent) { State::Active } else { State::Idle }
}

fn of_poll(facts: &Facts<'_>, failures: u64, failure: &Failure) -> State {
    match failure.kind {
        FailureKind::Unauthorized => {
            let expired = facts.key_expires.is_some_and(|end| end <= facts.now);
            // Once may be a slip of the other side.
            let revoked = facts.key_worked && failures > 1;
            if expired || revoked { State::KeyExpiredOrRevoked } else { State::AuthenticationFailed }
        }
        FailureKind::WrongOrganization => State::OrganizationMismatch,
        FailureKind::NotLicensed => State::NotLicensed,
        FailureKind::RateLimited => State::RateLimited,
        FailureKind::Unreachable | FailureKind::Unavailable | FailureKind::Timeout => State::Unreachable,
        _ => State::Failed,
    }
}

fn of_delivery(kind: FailureKind) -> State {
    match kind {
        FailureKind::Unreachable | FailureKind::Unavailable | FailureKind::Timeout | FailureKind::RateLimited => {
            State::CceUnreachable
        }
        _ => State::Failed,
    }
}

#[cfg(test)]
mod tests {
    use adr_runtime::Failing;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> Timestamp {
        Timestamp::from_secs(1_800_000_000)
    }

    fn well() -> LaneStatus {
        LaneStatus {
            state: LaneState::Idle,
            since: now(),
            answered: Some(now()),
            read_until: Some(now().minus(MINUTE)),
            delivered_until: Some(now().minus(MINUTE)),
            last_event: Some(now().minus(MINUTE)),
            events: 1,
            duplicates: 0,
            opened: 1,
            failures: 0,
            unsaved: None,
        }
    }

    fn refused(kind: FailureKind, failures: u64) -> LaneStatus {
        LaneStatus { state: LaneState::Retrying(Failure::new(kind, "as it is said")), failures, ..well() }
    }

    struct Case {
        lane: Option<LaneStatus>,
        sink: SinkStatus,
        paused: bool,
        trouble: Option<Failure>,
        is_provider: bool,
        expires: Option<Timestamp>,
        worked: bool,
    }

    fn of(lane: LaneStatus) -> Case {
        Case {
            lane: Some(lane),
            sink: SinkStatus::default(),
            paused: false,
            trouble: None,
            is_provider: false,
            expires: None,
            worked: true,
        }
    }

    fn state(case: &Case) -> State {
        let sinks = [(Arc::from("cce"), case.sink.clone())];
        let facts = Facts {
            now: now(),
            paused: case.paused,
            trouble: case.trouble.clone(),
            is_provider: case.is_provider,
            delay: MINUTE,
            key_expires: case.expires,
            key_worked: case.worked,
            lane: case.lane.as_ref(),
            sinks: &sinks,
        };
        let (state, failure) = judge(&facts);
        assert_eq!(state.is_trouble(), failure.is_some(), "{state:?}: trouble has a reason, and only trouble");
        state
    }

    #[test]
    fn what_works_is_active_idle_or_behind() {
        assert_eq!(state(&of(well())), State::Active);
        let old = Some(now().minus(60 * MINUTE));
        assert_eq!(state(&of(LaneStatus { last_event: old, ..well() })), State::Idle);
        assert_eq!(state(&of(LaneStatus { last_event: None, ..well() })), State::Idle);
        assert_eq!(state(&of(LaneStatus { delivered_until: old, ..well() })), State::CatchingUp);
        assert_eq!(state(&of(LaneStatus { delivered_until: None, ..well() })), State::CatchingUp);
        assert_eq!(state(&of(LaneStatus { answered: None, delivered_until: old, ..well() })), State::Starting);
        assert_eq!(state(&Case { lane: None, ..of(well()) }), State::Starting);
        // A poll an hour apart is no backlog.
        assert_eq!(state(&of(LaneStatus { delivered_until: Some(now().minus(6 * MINUTE)), ..well() })), State::Active);
    }

    #[test]
    fn a_refused_key_is_told_from_one_that_worked_before() {
        let unauthorized = |failures| of(refused(FailureKind::Unauthorized, failures));
        assert_eq!(state(&unauthorized(1)), State::AuthenticationFailed, "once may be a slip");
        assert_eq!(state(&unauthorized(2)), State::KeyExpiredOrRevoked);
        assert_eq!(state(&Case { worked: false, ..unauthorized(9) }), State::AuthenticationFailed);
        let (gone_by, to_come) = (Some(now().minus(MINUTE)), Some(now().plus(MINUTE)));
        assert_eq!(state(&Case { worked: false, expires: gone_by, ..unauthorized(1) }), State::KeyExpiredOrRevoked);
        assert_eq!(state(&Case { worked: false, expires: to_come, ..unauthorized(1) }), State::AuthenticationFailed);
    }

    #[test]
    fn every_refusal_has_its_state() {
        for (kind, expected) in [
            (FailureKind::WrongOrganization, State::OrganizationMismatch),
            (FailureKind::NotLicensed, State::NotLicensed),
            (FailureKind::RateLimited, State::RateLimited),
            (FailureKind::Unreachable, State::Unreachable),
            (FailureKind::Unavailable, State::Unreachable),
            (FailureKind::Timeout, State::Unreachable),
            (FailureKind::Storage, State::Failed),
            (FailureKind::Forbidden, State::Failed),
        ] {
            assert_eq!(state(&of(refused(kind, 1))), expected, "{kind:?}");
            let stopped = LaneStatus { state: LaneState::Failed(Failure::fatal(kind, "for good")), ..well() };
            assert_eq!(state(&of(stopped)), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_cce_that_takes_nothing_is_told_from_a_jumpcloud_that_gives_nothing() {
        let failing = |kind| {
            let failing = Failing { failure: Failure::new(kind, "refused"), since: now(), times: 1 };
            Case { sink: SinkStatus { failing: Some(failing), ..SinkStatus::default() }, ..of(well()) }
        };
        assert_eq!(state(&failing(FailureKind::Unreachable)), State::CceUnreachable);
        assert_eq!(state(&failing(FailureKind::Storage)), State::Failed);
        let stalled = SinkStatus { stalled: Some(now()), ..SinkStatus::default() };
        assert_eq!(state(&Case { sink: stalled, ..of(well()) }), State::CceUnreachable);
        let ended = Failure::new(FailureKind::Unreachable, "sink cce: nobody listens");
        let lane = LaneStatus { state: LaneState::Retrying(ended), ..well() };
        assert_eq!(state(&of(lane)), State::CceUnreachable);
        // Where both fail, what JumpCloud says comes first: nothing can be read before it is mended.
        let both = Case { lane: Some(refused(FailureKind::Unauthorized, 1)), ..failing(FailureKind::Unreachable) };
        assert_eq!(state(&both), State::AuthenticationFailed);
    }

    #[test]
    fn what_cannot_be_saved_as_delivered_is_told() {
        let unsaved = Some(Failure::new(FailureKind::Storage, "cannot save: the disk is full"));
        assert_eq!(state(&of(LaneStatus { unsaved, ..well() })), State::Failed);
    }

    #[test]
    fn what_cannot_be_read_at_all_has_failed() {
        let trouble = Some(Failure::fatal(FailureKind::Config, "it has no CCE IP"));
        assert_eq!(state(&Case { lane: None, trouble, ..of(well()) }), State::Failed);
    }

    #[test]
    fn a_provider_has_no_lane_and_is_well_unless_something_is_wrong() {
        let provider = || Case { lane: None, is_provider: true, ..of(well()) };
        assert_eq!(state(&provider()), State::Idle);
        assert_eq!(state(&Case { paused: true, ..provider() }), State::Paused);
        let trouble = Some(Failure::new(FailureKind::Unauthorized, "no such key"));
        assert_eq!(state(&Case { trouble, ..provider() }), State::AuthenticationFailed);
    }

    #[test]
    fn what_is_paused_is_nothing_else() {
        assert_eq!(state(&Case { paused: true, ..of(refused(FailureKind::Unauthorized, 9)) }), State::Paused);
    }
}
