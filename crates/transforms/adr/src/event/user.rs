//! Users, from the objects that name them.

use super::{Job, Missing};
use crate::homes;
use crate::json::{Kind, Name, Name as N};
use crate::labels::Label;

impl Job<'_> {
    /// Whether the event's object names a user: OCSF wants a uid or a name, and an email will do for a name.
    pub(super) fn is_user(&self, object: Name) -> bool {
        [N::Id, N::Username, N::Email].into_iter().any(|name| self.text_in(object, name).is_some())
    }

    /// The string in one of the event's objects.
    pub(super) fn text_in(&self, object: Name, name: Name) -> Option<u32> {
        let object = self.tape.top(object)?;
        let leaf = self.tape.member(object, name)?;
        let node = self.tape.node(leaf);
        (node.kind == Kind::String && node.end - node.start > 2).then_some(leaf)
    }

    /// After the homes of a user: what must be copied to make it whole.
    pub(super) fn complete_user(&mut self, object: Name) {
        if self.text_in(object, N::Username).is_none()
            && let Some(email) = self.text_in(object, N::Email)
        {
            self.copy("name", email);
        }
        self.copy_type(object);
    }

    /// Writes `user` as a copy of one of the event's objects.
    pub(super) fn copy_user(&mut self, object: Name) {
        self.open("user");
        if let Some(uid) = self.text_in(object, N::Id) {
            self.copy("uid", uid);
        }
        if let Some(name) = self.text_in(object, N::Username).or_else(|| self.text_in(object, N::Email)) {
            self.copy("name", name);
        }
        let email = if object == N::Resource { &homes::RESOURCE_USER[2] } else { &homes::ACTOR_USER[2] };
        if let Some(email) = self.leaf(email) {
            self.copy("email_addr", email);
        }
        match self.text_in(object, N::Type).map(|leaf| self.tape.inside(self.text, leaf)) {
            Some(b"user") => self.number("type_id", 1),
            Some(b"admin") => self.number("type_id", 2),
            _ => self.copy_type(object),
        }
        self.close();
    }

    /// The type of a user that is neither `user` nor `admin`.
    fn copy_type(&mut self, object: Name) {
        let Some(leaf) = self.text_in(object, N::Type) else { return };
        match self.tape.inside(self.text, leaf) {
            b"user" | b"admin" => {}
            b"systemuser" | b"system_user" => self.number("type_id", 1),
            b"Other" => self.number("type_id", 99),
            _ if self.tape.node(leaf).escaped => self.number("type_id", 0),
            _ => {
                self.number("type_id", 99);
                self.copy("type", leaf);
            }
        }
    }

    /// Writes `user` as the initiator, who acts on their own account.
    pub(super) fn user_from_actor(&mut self) -> Result<(), Missing> {
        if !self.is_user(N::InitiatedBy) {
            return Err(Missing);
        }
        self.label(Label::UserFromActor);
        self.copy_user(N::InitiatedBy);
        Ok(())
    }
}
