//! Connections made and cut between users, groups and things: the class follows from what is connected.

use super::{Job, Missing};
use crate::classes::{Class, OTHER};
use crate::json::{Kind, Name, Name as N};

/// JumpCloud's words for what can be connected, in small or capital letters.
const THINGS: &[(&str, Thing)] = &[
    ("user", Thing::User),
    ("systemuser", Thing::User),
    ("system_user", Thing::User),
    ("user_group", Thing::UserGroup),
    ("system_group", Thing::OtherGroup),
    ("system", Thing::System),
    ("application", Thing::Access),
    ("radius_server", Thing::Access),
    ("ldap_server", Thing::Access),
    ("active_directory", Thing::Access),
    ("g_suite", Thing::Access),
    ("office_365", Thing::Access),
];

/// What stands at one end of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    User,
    UserGroup,
    OtherGroup,
    /// An application, a RADIUS server, a directory: what a group's members may use.
    Access,
    System,
    Other,
}

/// The ends of a connection, those in front that the event is about.
struct Ends {
    about: u32,
    with: u32,
    /// Their kinds.
    kinds: (Thing, Thing),
}

impl Job<'_> {
    /// The class and the activity of a connection.
    pub(super) fn connection(&self) -> (&'static Class, u8) {
        let op = self.inside(&[N::Association, N::Op]).unwrap_or_default();
        let is = |word: &str| op.eq_ignore_ascii_case(word.as_bytes());
        let add = if is("add") { Some(true) } else { is("remove").then_some(false) };
        let either = |yes, no| add.map_or(OTHER, |add| if add { yes } else { no });
        let (uid, activity) = match self.ends().map(|ends| ends.kinds) {
            Some((Thing::UserGroup | Thing::OtherGroup, Thing::User)) => (3006, either(3, 4)),
            Some((Thing::UserGroup | Thing::OtherGroup, Thing::UserGroup | Thing::OtherGroup)) => (3006, either(7, 8)),
            Some((Thing::UserGroup, Thing::Access)) => (3006, either(1, 2)),
            Some((Thing::User, Thing::Access | Thing::System)) => (3005, either(1, 2)),
            _ => (3004, 3),
        };
        (Class::of(uid).unwrap_or(&crate::classes::BASE), activity)
    }

    /// Writes what is connected. All of it is copied: which end is which is for the ends to say.
    pub(super) fn association(&mut self) -> Result<(), Missing> {
        let ends = self.ends();
        match (self.class.uid, ends) {
            (3006, Some(ends)) => {
                self.end("group", ends.about);
                match ends.kinds.1 {
                    Thing::User => self.end("user", ends.with),
                    Thing::Access => {
                        self.privileges("access");
                        self.end("resource", ends.with);
                    }
                    _ => self.end("subgroup", ends.with),
                }
            }
            (3005, Some(ends)) => {
                self.end("user", ends.about);
                self.privileges("access");
                self.open_list("resources");
                self.end_inside(ends.with);
                self.close_list();
            }
            (_, Some(ends)) => {
                self.open("entity");
                self.end_inside(ends.about);
                if let Some(kind) = self.kind_of(ends.about) {
                    self.entity_type(kind);
                }
                self.close();
            }
            // No connection in it: what it is about is found as for any other entity.
            (_, None) => return self.entity(&[], ""),
        }
        Ok(())
    }

    /// The ends, if both are named, in the order in which OCSF speaks of them.
    fn ends(&self) -> Option<Ends> {
        let from = self.find(&[N::Association, N::Connection, N::From])?;
        let to = self.find(&[N::Association, N::Connection, N::To])?;
        let named = |end| [N::ObjectId, N::Id, N::Name].into_iter().any(|name| self.member_text(end, name).is_some());
        if !named(from) || !named(to) {
            return None;
        }
        let (x, y) = (self.thing(from), self.thing(to));
        let turned = matches!(
            (x, y),
            (Thing::User, Thing::UserGroup | Thing::OtherGroup)
                | (Thing::Access, Thing::UserGroup | Thing::User)
                | (Thing::System, Thing::User)
        );
        Some(if turned {
            Ends { about: to, with: from, kinds: (y, x) }
        } else {
            Ends { about: from, with: to, kinds: (x, y) }
        })
    }

    fn thing(&self, end: u32) -> Thing {
        let Some(kind) = self.kind_of(end) else { return Thing::Other };
        let said = self.tape.inside(self.text, kind);
        let known = THINGS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(said));
        known.map_or(Thing::Other, |(_, thing)| *thing)
    }

    fn kind_of(&self, end: u32) -> Option<u32> {
        self.member_text(end, N::Type)
    }

    /// The string in an object.
    pub(super) fn member_text(&self, object: u32, name: Name) -> Option<u32> {
        let leaf = self.tape.member(object, name)?;
        let node = self.tape.node(leaf);
        (node.kind == Kind::String && node.end - node.start > 2).then_some(leaf)
    }

    fn end(&mut self, key: &str, end: u32) {
        self.open(key);
        self.end_inside(end);
        self.close();
    }

    fn end_inside(&mut self, end: u32) {
        let uid = self.member_text(end, N::ObjectId).or_else(|| self.member_text(end, N::Id));
        let name = self.member_text(end, N::Name);
        self.named(uid, name);
    }
}
