//! What the fields of the form may hold, whether a file says it or somebody who fills in the form. No message quotes
//! what stands in a field: somebody may have put the key there.

use std::net::{IpAddr, Ipv6Addr};

use adr_core::Timestamp;
use url::Url;

/// A value, or what is wrong with it and what to do.
pub(crate) type Told<T> = Result<T, &'static str>;

/// More is nothing that belongs into a form.
const LONGEST: usize = 1024;
const LONGEST_NAME: usize = 128;
/// What ADR's article has in the place of the organization's id.
const PLACEHOLDERS: [&str; 2] = ["your_organization_id", "yourorganizationid"];

pub(crate) fn one_line(text: &str) -> Told<&str> {
    let text = text.trim();
    if text.contains(|letter| char::is_control(letter) || unseen(letter)) {
        return Err("this field is one line without control characters: write it anew, on one line");
    }
    if text.len() > LONGEST {
        return Err("this is too long for the field: write what belongs there and nothing else");
    }
    Ok(text)
}

/// Letters that nobody sees: breaks of lines, marks of order, changes of direction.
fn unseen(letter: char) -> bool {
    matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn optional(text: &str, good: impl Fn(&str) -> bool, wanted: &'static str) -> Told<Option<String>> {
    match one_line(text)? {
        "" => Ok(None),
        text if good(text) => Ok(Some(text.to_owned())),
        _ => Err(wanted),
    }
}

pub(crate) fn device_name(text: &str) -> Told<String> {
    match one_line(text)? {
        "" => Err("the Device Name is blank: give the name that ADR shows for the device"),
        name if name.len() > LONGEST_NAME => Err("the Device Name is longer than 128 bytes: give a shorter one"),
        name => Ok(name.to_owned()),
    }
}

/// What passes here is good enough for the sink that delivers to a CCE: an address that the sink refuses would stop
/// the devices of all others with this one.
pub(crate) fn cce_ip(text: &str) -> Told<Option<String>> {
    let wanted = "the CCE IP is no address: write an address or a host name, perhaps with a port, such as 192.0.2.5 or \
                  192.0.2.5:514";
    optional(text, is_address, wanted)
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = host_and_port(text) else { return false };
    let digits =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    port.is_none_or(digits) && (is_ipv6(host) || is_host(host))
}

/// An IPv6 address without brackets has no port.
fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').filter(|(host, _)| is_ipv6(host))?;
        return if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

/// Perhaps with a zone: `fe80::1%eth0`.
fn is_ipv6(host: &str) -> bool {
    let (ip, zone) = host.split_once('%').map_or((host, "none"), |(ip, zone)| (ip, zone));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ip.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && zone.bytes().all(plain)
}

/// An IPv4 address or a name. What ends in a number was meant as an address.
fn is_host(host: &str) -> bool {
    let labels = || host.strip_suffix('.').unwrap_or(host).split('.');
    if labels().next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return host.parse::<IpAddr>().is_ok();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    host.len() <= 253 && labels().all(label)
}

pub(crate) fn access_id(text: &str) -> Told<String> {
    one_line(text).map(str::to_owned)
}

pub(crate) fn region(text: &str) -> Told<Option<String>> {
    optional(text, |text| matches!(text, "us" | "eu" | "in"), "the Region is not known: write us, eu or in")
}

pub(crate) fn base_url(text: &str) -> Told<Option<String>> {
    let good = |text: &str| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with(['/', ':'])
                && !rest.contains(['@', '?', '#'])
                && !rest.contains(char::is_whitespace)
        });
        // As the source will read it: one that it refuses would stop the devices of all others with this one.
        plain && Url::parse(text).is_ok_and(|url| url.host_str().is_some())
    };
    let wanted = "this is no address of an API: write it as https://host/path, without a login, a query or a fragment";
    optional(text, good, wanted)
}

pub(crate) fn org_id(text: &str) -> Told<Option<String>> {
    let text = one_line(text)?;
    if PLACEHOLDERS.contains(&text) {
        return Err(
            "`org_id` is still to be filled in: copy the Organization ID from the JumpCloud console, Settings > \
                    Organization Profile",
        );
    }
    let good = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let wanted = "`org_id` has a character that no Organization ID has: copy it from the JumpCloud console, Settings > \
                  Organization Profile";
    let org_id = optional(text, good, wanted)?;
    // JumpCloud's own are 24 hexadecimal digits, and its answers have them in lower case.
    let is_own = |id: &String| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(org_id.map(|id| if is_own(&id) { id.to_ascii_lowercase() } else { id }))
}

/// Whether the organization is said by what must say it, and by nobody else.
pub(crate) fn organization(org_id: Option<&str>, provider: bool) -> Told<()> {
    match (org_id, provider) {
        (None, false) => {
            Err("the organization is missing: write { \"org_id\": \"...\" } with the Organization ID from the \
                              JumpCloud console, Settings > Organization Profile")
        }
        (Some(_), true) => {
            Err("a provider's key is for all of its organizations: leave out `org_id`, and choose among \
                                them by `include` and `exclude`")
        }
        _ => Ok(()),
    }
}

/// One of a provider's organizations.
pub(crate) fn pattern(text: &str) -> Told<String> {
    match one_line(text)? {
        "" => Err(
            "an entry of `include` or `exclude` is blank: write a name or an id of an organization, `*` for any text",
        ),
        text => Ok(text.to_owned()),
    }
}

/// A time, or a date alone for its first instant in UTC.
///
/// # Errors
/// What to write instead; quotes nothing of the text.
pub fn time(text: &str) -> Result<Option<Timestamp>, &'static str> {
    let text = one_line(text)?;
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    match text {
        "" => Ok(None),
        _ => Timestamp::parse(whole.as_bytes())
            .map(Some)
            .map_err(|_| "this is no time: write it as 2027-11-24T00:00:00Z, or a date alone as 2027-11-24"),
    }
}

/// When a key ends, which is still to come.
pub(crate) fn to_come(expires: Option<Timestamp>, now: Timestamp) -> Told<Option<Timestamp>> {
    match expires {
        Some(expires) if expires <= now => {
            Err("the key has ended by then: give the time at which it will end, or leave it blank")
        }
        _ => Ok(expires),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_cce() {
        for good in [
            "192.0.2.5",
            "192.0.2.5:514",
            "2001:db8::5",
            "2001:DB8::5",
            "[2001:db8::5]:514",
            "[2001:db8::5]",
            "[fe80::1%eth0]:6514",
            "cce",
            "cce_1",
            "cce-1.example.com:6514",
            "cce.example.com.:65535",
        ] {
            assert_eq!(cce_ip(&format!(" {good}\n")), Ok(Some(good.to_owned())), "{good}");
        }
        assert_eq!(cce_ip(" "), Ok(None));
        for wrong in [
            "192.0.2",
            "192.0.2.5:",
            "192.0.2.5:0",
            "192.0.2.5:+514",
            "192.0.2.300",
            "192.0.2.5:99999",
            "[192.0.2.5]:514",
            "[2001:db8::5",
            "[2001:db8::5]514",
            "[fe80::1%]:514",
            "1:2:3",
            "host.1",
            "cce:0",
            "cce:x",
            "cce:+514",
            "cce..example",
            "cce.example/x",
            ".",
            "a b",
            "m\u{fc}nchen.example",
            "tcp://cce",
            ":514",
        ] {
            assert!(cce_ip(wrong).is_err(), "{wrong}");
        }
        assert!(cce_ip(&"a".repeat(64)).is_err() && cce_ip(&"a.".repeat(127)).is_err());
    }

    #[test]
    fn addresses_of_an_api() {
        for good in ["https://api.example.com", "http://127.0.0.1:8080/insights/directory/v1", "http://[::1]:80"] {
            assert_eq!(base_url(good), Ok(Some(good.to_owned())));
        }
        for wrong in [
            "api.example.com",
            "https://",
            "https:///v1",
            "https://a:b@c",
            "https://a?key=1",
            "https://a#b",
            "ftp://a",
            "https://a b",
            "https://[x",
            "https://[::1",
            "https://a:99999",
            "https://a:x",
            "https://192.0.2.300",
            "https://a%b",
        ] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stands_in_the_article_is_no_organization() {
        for placeholder in PLACEHOLDERS {
            assert!(org_id(placeholder).unwrap_err().contains("Organization Profile"));
        }
        assert_eq!(org_id(" 5a2af2a82cf2b0010053ea41 "), Ok(Some("5a2af2a82cf2b0010053ea41".to_owned())));
        let own = "5a2af2a82cf2b0010053ea41";
        assert_eq!(org_id(&own.to_uppercase()), Ok(Some(own.to_owned())), "as JumpCloud writes it");
        assert_eq!(org_id("Acme_1"), Ok(Some("Acme_1".to_owned())), "what is none of JumpCloud's stays as it is");
        assert!(org_id("5a2af2a8 2cf2").is_err() && org_id("5a2/..").is_err());
        assert!(organization(None, false).is_err() && organization(Some("5a2a"), true).is_err());
        assert!(organization(None, true).is_ok() && organization(Some("5a2a"), false).is_ok());
    }

    #[test]
    fn times_and_dates() {
        let day = Timestamp::parse(b"2027-11-24T00:00:00Z").unwrap();
        assert_eq!(time("2027-11-24"), Ok(Some(day)));
        assert_eq!(time(" 2027-11-24T01:00:00+01:00"), Ok(Some(day)));
        assert_eq!(time(""), Ok(None));
        for wrong in ["24.11.2027", "2027-13-01", "soon", "2027/11/24"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
        assert!(to_come(Some(day), day).is_err());
        assert!(to_come(Some(day), Timestamp::from_secs(0)).is_ok() && to_come(None, day).is_ok());
    }

    #[test]
    fn what_nobody_sees_is_refused() {
        for wrong in ["a\nb", "a\tb", "a\0b", "a\u{2028}b", "a\u{202e}b", "a\u{feff}b"] {
            assert!(one_line(wrong).is_err() && device_name(wrong).is_err() && pattern(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(device_name("\n Acme \r\n"), Ok("Acme".to_owned()), "a pasted line break is none of it");
        assert!(device_name(&"x".repeat(129)).is_err() && access_id(&"x".repeat(1025)).is_err());
    }
}
