//! Account Change (3001), User Access Management (3005), Group Management (3006).

use super::{Job, Missing};
use crate::homes;
use crate::json::Name as N;
use crate::labels::Label;

impl Job<'_> {
    /// A change of an account. `own`: people do this to their own account, so the initiator will do. `factor`: the
    /// factor that it is about, if any.
    pub(super) fn account(&mut self, own: bool, factor: &str) -> Result<(), Missing> {
        self.account_user(own)?;
        if factor == "totp" {
            self.key("auth_factors");
            self.out.extend_from_slice(br#"[{"factor_type_id":7,"factor_type":"OTP","is_totp":true}]"#);
        }
        Ok(())
    }

    fn account_user(&mut self, own: bool) -> Result<(), Missing> {
        if self.is_user(N::Resource) {
            self.resource_user();
            return Ok(());
        }
        if let Some(name) = self.string(&[N::Username]) {
            self.label(Label::UserFromUsername);
            self.open("user");
            self.copy("name", name);
            self.close();
            return Ok(());
        }
        if own { self.user_from_actor() } else { Err(Missing) }
    }

    /// A privilege given or taken, on devices.
    pub(super) fn privilege(&mut self, privilege: &str) -> Result<(), Missing> {
        if !self.is_user(N::Resource) {
            return Err(Missing);
        }
        self.resource_user();
        self.privileges(privilege);
        if self.any(&homes::ON_SYSTEM) {
            self.open_list("resources");
            self.put_all(&homes::ON_SYSTEM);
            self.close_list();
        }
        Ok(())
    }

    /// A group made, changed, deleted, or given a privilege.
    pub(super) fn group(&mut self, privilege: &str) -> Result<(), Missing> {
        if self.any(&homes::GROUP) {
            self.open("group");
            self.put_all(&homes::GROUP);
        } else {
            let uid = self.string(&[N::SystemGroup, N::ObjectId]).or_else(|| self.string(&[N::SystemGroup, N::Id]));
            let name = self.string(&[N::SystemGroup, N::Name]);
            if uid.or(name).is_none() {
                return Err(Missing);
            }
            self.label(Label::EntityFallback);
            self.open("group");
            self.named(uid, name);
        }
        self.close();
        if !privilege.is_empty() {
            self.privileges(privilege);
        }
        Ok(())
    }

    fn resource_user(&mut self) {
        self.open("user");
        self.put_all(&homes::RESOURCE_USER);
        self.complete_user(N::Resource);
        self.close();
    }

    /// Writes `privileges` of one.
    pub(super) fn privileges(&mut self, privilege: &str) {
        self.key("privileges");
        self.out.extend_from_slice(b"[\"");
        self.out.extend_from_slice(privilege.as_bytes());
        self.out.extend_from_slice(b"\"]");
    }

    /// Writes `uid` and `name` as copies.
    pub(super) fn named(&mut self, uid: Option<u32>, name: Option<u32>) {
        if let Some(uid) = uid {
            self.copy("uid", uid);
        }
        if let Some(name) = name {
            self.copy("name", name);
        }
    }
}
