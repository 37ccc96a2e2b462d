//! Web Resources Activity (6001), Application Lifecycle (6002), Datastore Activity (6005).

use super::{Job, Missing};
use crate::homes::{self, Home};
use crate::labels::Label;

impl Job<'_> {
    /// Something kept by one of JumpCloud's products; where it is not named, the product stands for it.
    pub(super) fn web(&mut self, homes: &'static [Home], product: &str) -> Result<(), Missing> {
        self.open_list("web_resources");
        // A type alone names nothing.
        if self.any(&homes[..2]) {
            self.put_all(homes);
        } else {
            self.label(Label::ResourceFallback);
            self.word("name", product);
        }
        self.close_list();
        Ok(())
    }

    /// Software on a device.
    pub(super) fn software(&mut self) -> Result<(), Missing> {
        self.leaf(&homes::SOFTWARE[0]).ok_or(Missing)?;
        self.open("app");
        self.put_all(&homes::SOFTWARE);
        self.close();
        self.device(&homes::DEVICE, true);
        Ok(())
    }

    /// One of JumpCloud's own programs, or a device's operating system.
    pub(super) fn app(&mut self, name: &str) -> Result<(), Missing> {
        self.open("app");
        self.word("name", name);
        self.close();
        self.device(&homes::DEVICE, true);
        Ok(())
    }

    /// A search in the LDAP directory.
    pub(super) fn ldap_search(&mut self, name: &str) -> Result<(), Missing> {
        self.number("type_id", 1);
        self.word("type", "Database");
        self.open("database");
        self.word("name", name);
        self.number("type_id", 99);
        self.word("type", "LDAP directory");
        self.close();
        if self.leaf(&homes::QUERY).is_some() {
            self.open("query_info");
            self.word("name", "LDAP search");
            self.put(&homes::QUERY);
            self.close();
        }
        Ok(())
    }
}
