//! Addresses within the page.

use std::fmt::Write;

/// The page of a device, or what stands behind it: `device("acme", "/key")`.
pub(crate) fn device(id: &str, rest: &str) -> String {
    let mut link = String::from("/devices/");
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => link.push(char::from(byte)),
            // A dot alone would be a step in the path.
            byte => write!(link, "%{byte:02X}").unwrap_or_default(),
        }
    }
    link + rest
}

/// An address with parameters; those that are blank are left out.
pub(crate) fn with(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_and_parameters_cannot_break_out_of_an_address() {
        assert_eq!(super::device("../a\"b/ü", "/key"), "/devices/%2E%2E%2Fa%22b%2F%C3%BC/key");
        assert_eq!(super::with("/", &[("q", "a&b=c"), ("page", "")]), "/?q=a%26b%3Dc");
        assert_eq!(super::with("/", &[("q", "")]), "/");
    }
}
