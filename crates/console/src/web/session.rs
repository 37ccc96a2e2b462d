//! Who is signed in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{Clock, Timestamp};

use super::random;
use super::users::User;
use crate::page::Visitor;

/// It ends when it was not used for so long,
const IDLE: Duration = Duration::from_mins(30);
/// and after so long in any case.
const LONGEST: Duration = Duration::from_hours(12);
/// So many are kept; the one that was used longest ago makes room.
const MOST: usize = 1000;

/// The sessions of a process. They live in memory alone: who was signed in before a restart signs in again.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    /// By a hash of the id, so that no id can be read out of the memory, and how long a search takes says nothing of ids.
    open: Mutex<HashMap<[u8; 32], Session>>,
}

struct Session {
    name: String,
    /// What the user's hash was then: with another password, or after somebody of the same name came, it is another.
    password: [u8; 32],
    csrf: String,
    since: Timestamp,
    used: Timestamp,
}

/// Whether a request is a sign of life of its user, or of a page that keeps itself up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Person,
    Page,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, open: Mutex::default() }
    }

    /// Opens one and gives its id, which is kept nowhere here.
    pub(crate) fn open(&self, user: &User) -> String {
        let (id, now) = (random::token(), self.clock.now());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| !session.is_over(now));
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key);
            oldest.map(|key| open.remove(&key));
        }
        let (name, password) = (user.name.clone(), random::digest(&user.password));
        open.insert(random::digest(&id), Session { name, password, csrf: random::token(), since: now, used: now });
        id
    }

    /// Whose session that is, if it is one: the user must still be there as he was. What he may do is what he may do now.
    pub(crate) fn find(&self, id: &str, users: &[User], how: Use) -> Option<Visitor> {
        let (key, now) = (random::digest(id), self.clock.now());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&key)?;
        let user = users.iter().find(|user| user.name == session.name);
        let user = user.filter(|user| random::digest(&user.password) == session.password);
        let Some(user) = user.filter(|_| !session.is_over(now)) else {
            open.remove(&key);
            return None;
        };
        if how == Use::Person {
            session.used = now;
        }
        Some(Visitor { name: Some(user.name.clone()), role: user.role, csrf: session.csrf.clone() })
    }

    /// Ends one.
    pub(crate) fn close(&self, id: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&random::digest(id));
    }
}

impl Session {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.used) >= IDLE || now.since(self.since) >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Role;
    use crate::web::tests::Hand;

    fn user(name: &str, password: &str) -> User {
        User { name: name.to_owned(), role: Role::Administrator, password: password.to_owned() }
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_for_half_an_hour() {
        let (hand, users) = (Hand::new(), [user("jane", "hash")]);
        let sessions = Sessions::new(hand.clock());
        let id = sessions.open(&users[0]);
        hand.pass(IDLE - Duration::from_secs(1));
        assert!(sessions.find(&id, &users, Use::Person).is_some());
        hand.pass(IDLE - Duration::from_secs(1));
        assert!(sessions.find(&id, &users, Use::Page).is_some(), "the use before made it longer");
        hand.pass(Duration::from_secs(1));
        assert!(sessions.find(&id, &users, Use::Person).is_none(), "a page that is left open does not");
    }

    #[test]
    fn a_session_ends_after_twelve_hours_of_use() {
        let (hand, users) = (Hand::new(), [user("jane", "hash")]);
        let sessions = Sessions::new(hand.clock());
        let id = sessions.open(&users[0]);
        for _ in 0..12 * 4 - 1 {
            hand.pass(Duration::from_mins(15));
            assert!(sessions.find(&id, &users, Use::Person).is_some());
        }
        hand.pass(Duration::from_mins(15));
        assert!(sessions.find(&id, &users, Use::Person).is_none());
    }

    #[test]
    fn a_session_is_its_users_as_long_as_he_is_there_unchanged() {
        let (hand, jane) = (Hand::new(), user("jane", "hash"));
        let sessions = Sessions::new(hand.clock());
        let ids: Vec<_> = (0..3).map(|_| sessions.open(&jane)).collect();
        assert_ne!(ids[0], ids[1]);
        assert!(sessions.find(&ids[0], &[user("joe", "hash"), user("jane", "another")], Use::Person).is_none());
        assert!(sessions.find(&ids[0], std::slice::from_ref(&jane), Use::Person).is_none(), "it has ended for good");
        assert!(sessions.find(&ids[1], &[user("joe", "hash")], Use::Person).is_none(), "nobody else's");
        let lower = User { role: Role::Viewer, ..jane };
        let visitor = sessions.find(&ids[2], &[lower], Use::Person).expect("it is still his");
        assert_eq!((visitor.name.as_deref(), visitor.role), (Some("jane"), Role::Viewer));
        assert_eq!(visitor.csrf.len(), 64);
        sessions.close(&ids[2]);
        assert!(sessions.open.lock().unwrap().is_empty());
    }

    #[test]
    fn the_number_of_sessions_is_bounded_and_the_longest_unused_one_goes() {
        let (hand, users) = (Hand::new(), [user("jane", "hash")]);
        let sessions = Sessions::new(hand.clock());
        let first = sessions.open(&users[0]);
        hand.pass(Duration::from_secs(1));
        let second = sessions.open(&users[0]);
        hand.pass(Duration::from_secs(1));
        assert!(sessions.find(&first, &users, Use::Person).is_some());
        for _ in 0..MOST - 1 {
            sessions.open(&users[0]);
        }
        assert_eq!(sessions.open.lock().unwrap().len(), MOST);
        assert!(sessions.find(&first, &users, Use::Person).is_some());
        assert!(sessions.find(&second, &users, Use::Person).is_none());
    }

    #[test]
    fn no_id_is_kept() {
        let sessions = Sessions::new(Hand::new().clock());
        let id = sessions.open(&user("jane", "hash"));
        let kept = sessions.open.lock().unwrap();
        let (key, session) = kept.iter().next().unwrap();
        assert!(*key == random::digest(&id) && session.csrf != id);
    }
}
