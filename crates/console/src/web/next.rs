//! Where somebody goes after signing in.

/// The address on this site that was asked for; the first page where it is anything else, so that no link can lead through
/// the sign-in to another site.
pub(crate) fn safe(next: &str) -> &str {
    // A browser reads `//` and `/\` as the beginning of another host, and drops tabs and line ends before it looks.
    let is_here = next.starts_with('/') && !next.starts_with("//") && next.len() <= 1024;
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let is_again = [crate::page::SIGN_IN, crate::page::SIGN_OUT].contains(&path);
    if is_here && is_plain && !is_again { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/devices/acme?notice=1", "/add-on-store/add", "/a//b", "/?next=//example.com"] {
            assert_eq!(safe(good), good);
        }
        let long = format!("/{}", "a".repeat(2000));
        let bad = [
            "",
            "//example.com",
            "/\\example.com",
            "\\/example.com",
            "https://example.com",
            "javascript:alert(1)",
            "/\t/example.com",
            "/\n/example.com",
            "/a\r\nSet-Cookie: a=b",
            "example.com",
            " /a",
            "/a b",
            "/ä",
            "/sign-in?next=/",
            "/sign-out",
            &long,
        ];
        for bad in bad {
            assert_eq!(safe(bad), "/", "{bad}");
        }
    }
}
