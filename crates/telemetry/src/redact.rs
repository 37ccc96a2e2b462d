use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use adr_core::{ExposeSecret, SecretString};

/// What stands where a secret stood.
const PLACEHOLDER: &str = "[secret]";
/// A shorter text is too likely to be part of something harmless.
const SHORTEST: usize = 4;

/// Every form of every secret, by its beginning; the longest first, so that one which contains another leaves nothing of itself.
static SECRETS: LazyLock<RwLock<HashMap<Beginning, Vec<SecretString>>>> = LazyLock::new(RwLock::default);

type Beginning = [u8; SHORTEST];

/// Makes sure that no log line shows this secret: the last line of defence, behind the rule that none is logged.
///
/// Found as it is, escaped as in JSON or a Rust debug text, and percent-encoded. What is derived from it otherwise
/// (a Basic header, a token got with it) needs registering of its own. Secrets under 4 bytes are ignored.
pub fn register(secret: &SecretString) {
    let text = secret.expose_secret();
    if text.len() < SHORTEST {
        return;
    }
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    for form in forms(text) {
        let Some(beginning) = form.as_bytes().first_chunk() else { continue };
        let alike = secrets.entry(*beginning).or_default();
        let place = alike.iter().position(|known| known.expose_secret().len() <= form.len()).unwrap_or(alike.len());
        if !alike[place..].iter().any(|known| known.expose_secret() == form) {
            alike.insert(place, SecretString::from(form));
        }
    }
}

/// The text with every registered secret replaced by `[secret]`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    // A site may have thousands: each place of the text is looked at once, however many they are.
    let at = |place: usize| {
        let rest = &text.as_bytes()[place..];
        let alike = secrets.get(rest.first_chunk::<SHORTEST>()?)?;
        let found = alike.iter().find(|secret| rest.starts_with(secret.expose_secret().as_bytes()))?;
        Some(found.expose_secret().len())
    };
    let (mut shown, mut taken, mut place) = (String::new(), 0, 0);
    while place + SHORTEST <= text.len() {
        let Some(length) = at(place) else {
            place += 1;
            continue;
        };
        shown.push_str(&text[taken..place]);
        shown.push_str(PLACEHOLDER);
        place += length;
        taken = place;
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[taken..]);
    Cow::Owned(shown)
}

fn forms(text: &str) -> Vec<String> {
    let json = serde_json::to_string(text).unwrap_or_default();
    let debug = format!("{text:?}");
    let quoted = |text: &str| text.get(1..text.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let percent = |plain: fn(u8) -> bool, space: &str| {
        text.bytes().fold(String::new(), |mut encoded, byte| {
            match byte {
                b' ' => encoded.push_str(space),
                byte if byte.is_ascii_alphanumeric() || plain(byte) => encoded.push(char::from(byte)),
                byte => encoded.push_str(&format!("%{byte:02X}")),
            }
            encoded
        })
    };
    let url = percent(|byte| b"-._~".contains(&byte), "%20");
    let form = percent(|byte| b"*-._".contains(&byte), "+");
    vec![text.to_owned(), quoted(&json), quoted(&debug), url, form]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_secret_is_found_in_every_dress() {
        let secret = "s3cr\"et/key+with é\\";
        register(&SecretString::from(secret));
        let json = serde_json::to_string(secret).expect("text");
        for dressed in [
            secret.to_owned(),
            json,
            format!("{secret:?}"),
            "s3cr%22et%2Fkey%2Bwith%20%C3%A9%5C".to_owned(),
            "s3cr%22et%2Fkey%2Bwith+%C3%A9%5C".to_owned(),
        ] {
            let line = redact(&format!("a {dressed} b {dressed}")).into_owned();
            assert!(line.contains("[secret]") && !line.contains("s3cr"), "{line}");
        }
        assert!(matches!(redact("nothing to hide"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_secret_inside_another_leaves_nothing_of_the_longer_one() {
        register(&SecretString::from("inner-part"));
        register(&SecretString::from("outer-inner-part-rest"));
        assert_eq!(redact("x outer-inner-part-rest inner-part y"), "x [secret] [secret] y");
    }

    #[test]
    fn a_text_too_short_to_be_a_secret_does_not_spoil_the_log() {
        register(&SecretString::from("abc"));
        register(&SecretString::from(""));
        assert_eq!(redact("abc"), "abc");
    }
}
