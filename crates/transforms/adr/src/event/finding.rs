//! Detection Finding (2004), User Inventory Info (5003), Cloud Resources Inventory Info (5023).

use super::{Job, Missing};
use crate::homes;
use crate::json::Name as N;

impl Job<'_> {
    /// An alert of JumpCloud's.
    pub(super) fn alert(&mut self) -> Result<(), Missing> {
        let [uid, title] = &homes::FINDING;
        self.leaf(uid).ok_or(Missing)?;
        self.open("finding_info");
        self.put(uid);
        self.put(title);
        if let Some(category) = self.string(&[N::Category]) {
            self.key("types");
            self.out.push(b'[');
            self.out.extend_from_slice(self.tape.raw(self.text, category));
            self.out.push(b']');
        }
        if let Some(rule) = self.string(&[N::Correlation, N::Id]) {
            self.open("analytic");
            self.copy("uid", rule);
            self.number("type_id", 1);
            self.word("type", "Rule");
            self.close();
        }
        self.close();
        if self.leaf(&homes::FINDING_SOURCE[0]).is_some() {
            self.open_list("resources");
            self.put_all(&homes::FINDING_SOURCE);
            self.close_list();
        }
        if self.out_says_created() {
            self.profiles.security_control = true;
            self.flag("is_alert", true);
        }
        Ok(())
    }

    /// Whether the event makes the alert known for the first time.
    fn out_says_created(&self) -> bool {
        matches!(self.inside(&[N::EventType]), Some(b"alert_created" | b"risk_event_created"))
    }

    /// An account found in an application of somebody else's.
    pub(super) fn saas_account(&mut self) -> Result<(), Missing> {
        // The initiator looked for accounts; they are not the account that was found.
        let found = self.any(&homes::SAAS_USER) || self.string(&[N::LoginIdentifier]).is_some();
        if found { self.saas_user() } else { Err(Missing) }
    }

    /// An application found.
    pub(super) fn discovery(&mut self, kind: &str) -> Result<(), Missing> {
        let [uid, name] = &homes::DISCOVERED;
        let catalog = self.string(&[N::CatalogAppId]);
        if catalog.is_none() && !self.any(&homes::DISCOVERED) {
            return Err(Missing);
        }
        self.open_list("resources");
        self.put(uid);
        if let (None, Some(catalog)) = (self.put(name), catalog) {
            self.copy(name.key, catalog);
        }
        self.word("type", kind);
        self.close_list();
        Ok(())
    }
}
