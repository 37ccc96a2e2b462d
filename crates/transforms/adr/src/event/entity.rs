//! Entity Management (3004).

use super::{Job, Missing};
use crate::homes::{self, Home, Path};
use crate::json::Name as N;
use crate::labels::Label;

/// Where to look for what an event is about when its shape's own place is empty: what it is, its uid, its name.
const NEXT_BEST: &[(&str, Path, Path)] = &[
    ("", &[N::Resource, N::Id], &[N::Resource, N::Name]),
    ("", &[], &[N::Resource, N::Username]),
    ("", &[], &[N::Resource, N::Email]),
    ("device", &[N::System, N::Id], &[N::System, N::Hostname]),
    ("device", &[N::DeviceObjectId], &[N::WindowsDeviceUuid]),
    ("device", &[N::MdmDeviceId], &[]),
    ("application", &[N::Resource, N::ApplicationId], &[N::Resource, N::ApplicationName]),
    ("application", &[N::Application, N::Id], &[N::Application, N::Name]),
    ("workflow", &[N::Workflow, N::Id], &[N::Workflow, N::Name]),
    ("", &[N::Association, N::Id], &[N::Association, N::Name]),
    ("group", &[N::SystemGroup, N::ObjectId], &[N::SystemGroup, N::Name]),
];

impl Job<'_> {
    /// Writes `entity`: from the shape's own homes, else the next best, else the organization itself.
    pub(super) fn entity(&mut self, homes: &'static [Home], about: &str) -> Result<(), Missing> {
        if !homes.is_empty() {
            self.put(&homes::COMMENT);
        }
        if self.any(homes) {
            self.open("entity");
            self.put_all(homes);
            self.type_of_resource(about);
            self.close();
            return Ok(());
        }
        self.label(Label::EntityFallback);
        self.open("entity");
        let found = NEXT_BEST.iter().find_map(|(kind, uid, name)| {
            let (uid, name) = (self.string(uid), self.string(name));
            uid.or(name).map(|_| (*kind, uid, name))
        });
        match found {
            Some((kind, uid, name)) => {
                self.named(uid, name);
                self.type_of_resource(if kind.is_empty() { about } else { kind });
            }
            None => self.organization(),
        }
        self.close();
        Ok(())
    }

    fn organization(&mut self) {
        self.type_of("organization");
        self.open("org");
        match self.string(homes::TENANT.source) {
            Some(leaf) => self.copy("uid", leaf),
            None => {
                self.key("uid");
                let tenant = if self.tenant.is_empty() { "unknown" } else { self.tenant };
                crate::json::text::quote(tenant, self.out);
            }
        }
        self.close();
    }

    /// The type that the table gives, else the resource's own.
    fn type_of_resource(&mut self, about: &str) {
        if !about.is_empty() {
            self.type_of(about);
        } else if let Some(leaf) = self.string(&[N::Resource, N::Type]) {
            self.entity_type(leaf);
        }
    }

    fn type_of(&mut self, kind: &str) {
        match known_type(kind.as_bytes()) {
            Some((id, caption)) => {
                self.number("type_id", id);
                self.word("type", caption);
            }
            None => {
                self.number("type_id", 99);
                self.word("type", kind);
            }
        }
    }

    /// Writes the type of an entity from a leaf.
    pub(super) fn entity_type(&mut self, leaf: u32) {
        let said = self.tape.inside(self.text, leaf);
        if let Some((id, caption)) = known_type(said) {
            self.number("type_id", id);
            self.word("type", caption);
        } else if said == b"Other" || self.tape.node(leaf).escaped {
            self.number("type_id", 0);
        } else {
            self.number("type_id", 99);
            self.copy("type", leaf);
        }
    }
}

/// OCSF's types of entities, by JumpCloud's words in small or capital letters.
fn known_type(kind: &[u8]) -> Option<(i64, &'static str)> {
    const TYPES: &[(&[&str], i64, &str)] = &[
        (&["device", "system"], 1, "Device"),
        (&["user", "systemuser", "system_user", "admin"], 2, "User"),
        (&["group", "user_group", "system_group"], 3, "Group"),
        (&["organization"], 4, "Organization"),
        (&["policy"], 5, "Policy"),
    ];
    let is = |word: &&str| word.as_bytes().eq_ignore_ascii_case(kind);
    TYPES.iter().find(|(words, ..)| words.iter().any(is)).map(|(_, id, caption)| (*id, *caption))
}
