//! The OCSF 1.8.0 classes that ADR v1 uses.

use std::sync::LazyLock;

/// What the mapping needs to know of a class.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) uid: u16,
    pub(crate) caption: &'static str,
    pub(crate) category: u8,
    pub(crate) actor: Actor,
    /// Whether it has `src_endpoint`.
    pub(crate) endpoint: bool,
    /// Captions of `activity_id`, besides 0 Unknown and 99 Other.
    activities: &'static [&'static str],
}

/// How a class has `actor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// As an attribute of its own.
    Own,
    /// By the host profile.
    Host,
    /// Not at all.
    No,
}

/// `activity_id` of everything a class has no number for.
pub(crate) const OTHER: u8 = 99;

pub(crate) static BASE: Class =
    Class { uid: 0, caption: "Base Event", category: 0, actor: Actor::Host, endpoint: false, activities: &[] };

pub(crate) static CLASSES: &[&Class] = &[
    &BASE,
    &Class {
        uid: 2004,
        caption: "Detection Finding",
        category: 2,
        actor: Actor::Host,
        endpoint: false,
        activities: &["Create", "Update", "Close"],
    },
    &Class {
        uid: 3001,
        caption: "Account Change",
        category: 3,
        actor: Actor::Own,
        endpoint: true,
        activities: &[
            "Create",
            "Enable",
            "Password Change",
            "Password Reset",
            "Disable",
            "Delete",
            "Attach Policy",
            "Detach Policy",
            "Lock",
            "MFA Factor Enable",
            "MFA Factor Disable",
            "Unlock",
        ],
    },
    &Class {
        uid: 3002,
        caption: "Authentication",
        category: 3,
        actor: Actor::Own,
        endpoint: true,
        activities: &[
            "Logon",
            "Logoff",
            "Authentication Ticket",
            "Service Ticket Request",
            "Service Ticket Renew",
            "Preauth",
            "Account Switch",
        ],
    },
    &Class {
        uid: 3004,
        caption: "Entity Management",
        category: 3,
        actor: Actor::Own,
        endpoint: true,
        activities: &[
            "Create",
            "Read",
            "Update",
            "Delete",
            "Move",
            "Enroll",
            "Unenroll",
            "Enable",
            "Disable",
            "Activate",
            "Deactivate",
            "Suspend",
            "Resume",
        ],
    },
    &Class {
        uid: 3005,
        caption: "User Access Management",
        category: 3,
        actor: Actor::Own,
        endpoint: true,
        activities: &["Assign Privileges", "Revoke Privileges"],
    },
    &Class {
        uid: 3006,
        caption: "Group Management",
        category: 3,
        actor: Actor::Own,
        endpoint: true,
        activities: &[
            "Assign Privileges",
            "Revoke Privileges",
            "Add User",
            "Remove User",
            "Delete",
            "Create",
            "Add Subgroup",
            "Remove Subgroup",
        ],
    },
    &Class {
        uid: 5003,
        caption: "User Inventory Info",
        category: 5,
        actor: Actor::No,
        endpoint: false,
        activities: LOG,
    },
    &Class {
        uid: 5023,
        caption: "Cloud Resources Inventory Info",
        category: 5,
        actor: Actor::Host,
        endpoint: false,
        activities: LOG,
    },
    &Class {
        uid: 6001,
        caption: "Web Resources Activity",
        category: 6,
        actor: Actor::Host,
        endpoint: true,
        activities: &["Create", "Read", "Update", "Delete", "Search", "Import", "Export", "Share"],
    },
    &Class {
        uid: 6002,
        caption: "Application Lifecycle",
        category: 6,
        actor: Actor::Host,
        endpoint: false,
        activities: &["Install", "Remove", "Start", "Stop", "Restart", "Enable", "Disable", "Update"],
    },
    &Class {
        uid: 6005,
        caption: "Datastore Activity",
        category: 6,
        actor: Actor::Own,
        endpoint: true,
        activities: &["Read", "Update", "Connect", "Query", "Write", "Create", "Delete", "List", "Encrypt", "Decrypt"],
    },
];

const LOG: &[&str] = &["Log", "Collect"];

impl Class {
    /// The class of that number.
    pub(crate) fn of(uid: u16) -> Option<&'static Self> {
        CLASSES.iter().copied().find(|class| class.uid == uid)
    }

    /// What an event of that activity begins with, up to `activity_name` and what follows it.
    pub(crate) fn beginning(&self, activity: u8) -> (&'static str, &'static str) {
        BEGINNINGS.iter().find(|it| it.class == self.uid).and_then(|it| it.of(activity)).unwrap_or_default()
    }

    /// The caption of an `activity_id`; `None` for 99, where the source speaks.
    pub(crate) fn activity(&self, id: u8) -> Option<&'static str> {
        match id.checked_sub(1) {
            None => Some("Unknown"),
            Some(at) => self.activities.get(usize::from(at)).copied(),
        }
    }
}

/// The beginnings of events, written once.
static BEGINNINGS: LazyLock<Vec<Beginnings>> =
    LazyLock::new(|| CLASSES.iter().map(|class| Beginnings::of_class(class)).collect());

/// The beginnings of a class's events, by activity; the last one is for [`OTHER`].
#[derive(Debug)]
struct Beginnings {
    class: u16,
    texts: Vec<(String, String)>,
}

impl Beginnings {
    fn of_class(class: &Class) -> Self {
        let ids = (0..=class.activities.len()).filter_map(|at| u8::try_from(at).ok()).chain([OTHER]);
        let texts = ids.map(|id| {
            let Class { uid, caption, category, .. } = class;
            let mut before = format!(
                "{{\"class_uid\":{uid},\"class_name\":\"{caption}\",\"category_uid\":{category},\"activity_id\":{id}"
            );
            if let Some(name) = class.activity(id) {
                before += &format!(",\"activity_name\":\"{name}\"");
            }
            (before, format!(",\"type_uid\":{}", u32::from(*uid) * 100 + u32::from(id)))
        });
        Self { class: class.uid, texts: texts.collect() }
    }

    fn of(&self, activity: u8) -> Option<(&str, &str)> {
        let texts = if activity == OTHER { self.texts.last() } else { self.texts.get(usize::from(activity)) };
        texts.map(|(before, after)| (before.as_str(), after.as_str()))
    }
}
