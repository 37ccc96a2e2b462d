//! How a state looks, and what to do about it.

use maud::{Markup, html};

use super::icon::Icon;
use crate::devices::State;

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Quiet,
    Busy,
    Warning,
    Bad,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Quiet => "quiet",
            Self::Busy => "busy",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// What a person is told about a state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) tone: Tone,
    pub(crate) icon: Icon,
    /// What it means, in a sentence.
    pub(crate) meaning: &'static str,
    /// What to do, step by step; nothing where there is nothing to do.
    pub(crate) steps: &'static [&'static str],
}

/// How a state looks. In `CceUnreachable` the words speak of the device's own CCE.
pub(crate) fn look(state: State) -> Look {
    let (tone, icon, meaning, steps): (_, _, _, &[&str]) = match state {
        State::Paused => (
            Tone::Quiet,
            Icon::Pause,
            "Nothing is collected until the device is resumed. It then goes on where it stopped.",
            &["Resume it in time: JumpCloud keeps events for up to 90 days, on some plans for fewer."],
        ),
        State::KeyExpiredOrRevoked => (
            Tone::Bad,
            Icon::Key,
            "JumpCloud no longer takes the key of this device. It took it before, so it has expired or was revoked.",
            &[
                "In the JumpCloud Admin Console, generate a new API key under Profile > My API Key.",
                "Enter it with Rotate key. Collection goes on where it stopped.",
            ],
        ),
        State::AuthenticationFailed => (
            Tone::Bad,
            Icon::Key,
            "JumpCloud does not take the key.",
            &[
                "Copy the API key again from Profile > My API Key and enter it with Rotate key.",
                "See whether the account that owns the key is still an administrator, and whether the region is right.",
            ],
        ),
        State::OrganizationMismatch => (
            Tone::Bad,
            Icon::Cross,
            "The key is good, but not for this organization.",
            &[
                "Compare org_id with the Organization ID under Settings > Organization Profile in JumpCloud.",
                "Enter a key of that organization with Rotate key, or remove the device and add it with the right org_id.",
            ],
        ),
        State::NotLicensed => (
            Tone::Bad,
            Icon::Dash,
            "The organization's plan has no Directory Insights, which is where the events come from.",
            &["Ask JumpCloud to add Directory Insights to the plan. Collection begins by itself once it is there."],
        ),
        State::RateLimited => (
            Tone::Warning,
            Icon::Hourglass,
            "JumpCloud asks for fewer requests. They are spaced out until it takes them again; nothing is lost.",
            &["Where it lasts, see which other programs ask JumpCloud with a key of the same organization."],
        ),
        State::Unreachable => (
            Tone::Bad,
            Icon::Plug,
            "JumpCloud does not answer. It is asked again and again; nothing is lost meanwhile.",
            &[
                "See whether this machine reaches the JumpCloud API by HTTPS (port 443): firewall, proxy, name resolution.",
                "See whether JumpCloud itself reports an incident.",
            ],
        ),
        State::CceUnreachable => (
            Tone::Bad,
            Icon::Plug,
            "Events are read from JumpCloud, but the CCE takes none. They wait, and are delivered once it does.",
            &[
                "See whether the CCE is up and listens at the address of this device.",
                "See whether a firewall stands between this machine and the CCE, and whether its certificate is still good.",
            ],
        ),
        State::Failed => (
            Tone::Bad,
            Icon::Warning,
            "Something stands in the way that does not pass by itself.",
            &["The last error says what it is and what to do about it."],
        ),
        State::CatchingUp => {
            (Tone::Busy, Icon::Forward, "Older events are being collected on the way to the present.", &[])
        }
        State::Active => (Tone::Good, Icon::Check, "Events are collected and delivered as they come.", &[]),
        State::Idle => (
            Tone::Good,
            Icon::Moon,
            "JumpCloud answers and everything is delivered. There were no new events in the last minutes.",
            &[],
        ),
        State::Starting => (Tone::Busy, Icon::Clock, "JumpCloud has not been asked yet.", &[]),
    };
    Look { tone, icon, meaning, steps }
}

/// A state as icon and text, never as a colour alone.
pub(crate) fn badge(state: State) -> Markup {
    let Look { tone, icon, .. } = look(state);
    html! { span.badge.(tone.class()) { (icon.draw()) (state.label()) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_badge_and_whoever_must_act_is_told_how() {
        for state in State::ALL {
            let (look, badge) = (look(state), badge(state).into_string());
            assert!(badge.contains("<svg") && badge.contains(state.label()), "{badge}");
            assert!(!look.meaning.is_empty());
            assert!(!look.steps.is_empty() || !state.is_trouble(), "{state:?}");
            assert_eq!(matches!(look.tone, Tone::Bad | Tone::Warning), state.is_trouble(), "{state:?}");
        }
    }
}
