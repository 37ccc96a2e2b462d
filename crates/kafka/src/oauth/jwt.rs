//! What a token says of itself, if it is a JWT. Nothing is verified: that is the brokers' business.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// What is read of a JWT.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// Since 1970.
    pub(super) expires: Option<Duration>,
    pub(super) subject: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    exp: Option<f64>,
    sub: Option<serde_json::Value>,
}

/// Of an opaque token: nothing.
pub(super) fn claims(token: &str) -> Claims {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Claims::default();
    };
    let Ok(payload) = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')) else { return Claims::default() };
    let Ok(payload) = serde_json::from_slice::<Payload>(&payload) else { return Claims::default() };
    Claims {
        // An odd number (negative, without end) says nothing.
        expires: payload.exp.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        subject: payload.sub.and_then(|subject| subject.as_str().map(ToOwned::to_owned)).filter(|name| is_name(name)),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_jwt_says_whose_it_is_and_when_it_ends() {
        let expected = Claims { expires: Some(Duration::from_secs(1_700_000_000)), subject: Some("sender".to_owned()) };
        assert_eq!(claims(&jwt(r#"{"sub":"sender","exp":1700000000,"iat":1}"#)), expected);
        assert_eq!(claims(&jwt(r#"{"sub":"sender","exp":1.7e9}"#)), expected);
    }

    #[test]
    fn what_is_no_jwt_or_says_nonsense_says_nothing() {
        for token in
            ["", "opaque", "a.b", "a.b.c", "a.b.c.d", &jwt("[]"), &jwt(r#"{"exp":-1}"#), &jwt(r#"{"exp":1e300}"#)]
        {
            assert_eq!(claims(token), Claims::default(), "{token}");
        }
        assert_eq!(claims(&jwt("{\"sub\":\"a\\u0000b\"}")), Claims::default(), "a name that would end early");
    }
}
