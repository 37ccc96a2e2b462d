//! Headers of one's own.

use std::collections::BTreeMap;

use adr_core::{Failure, SecretRef};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE, EXPECT, HOST, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::config;

/// What the sink or the connection says itself.
const OURS: [HeaderName; 9] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

fn name(text: &str, setting: &str) -> Result<HeaderName, Failure> {
    let name = HeaderName::try_from(text).map_err(|_| {
        config(format!("`{setting}` has {text:?}, which is no name of a header: write letters, digits and dashes"))
    })?;
    if OURS.contains(&name) {
        return Err(config(format!("`{setting}` has {name}, which this sink says by itself: leave it out")));
    }
    if name == AUTHORIZATION && setting == "secret_headers" {
        return Ok(name);
    }
    if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(&name) && setting == "headers" {
        return Err(config(format!(
            "`headers` has {name}, which is a secret: refer to it in `secret_headers`, or use `auth`"
        )));
    }
    Ok(name)
}

pub(super) fn plain(given: &BTreeMap<String, String>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (text, value) in given {
        let name = name(text, "headers")?;
        let value = HeaderValue::from_str(value).map_err(|_| {
            config(format!("`headers` has a {name} that cannot be sent: write it in one line of ASCII"))
        })?;
        if headers.insert(name.clone(), value).is_some() {
            return Err(config(format!("`headers` has {name} twice: keep one")));
        }
    }
    Ok(headers)
}

pub(super) fn secret(
    given: BTreeMap<String, SecretRef>,
    plain: &HeaderMap,
) -> Result<Vec<(HeaderName, SecretRef)>, Failure> {
    let mut headers: Vec<(HeaderName, SecretRef)> = Vec::new();
    for (text, reference) in given {
        let name = name(&text, "secret_headers")?;
        if plain.contains_key(&name) || headers.iter().any(|(other, _)| *other == name) {
            return Err(config(format!("`secret_headers` has {name}, which is given twice: keep one")));
        }
        headers.push((name, reference));
    }
    Ok(headers)
}

/// Headers that look as if their values were secrets.
pub(super) fn warnings(headers: &HeaderMap) -> Vec<String> {
    let suspect = |name: &&HeaderName| {
        ["key", "token", "secret", "password", "auth"].iter().any(|word| name.as_str().contains(word))
    };
    let warning = |name: &HeaderName| {
        format!("`headers` has {name}: if its value is a secret, keep it elsewhere and refer to it in `secret_headers`")
    };
    headers.keys().filter(suspect).map(warning).collect()
}
