//! Which host and which site a request must be meant for, and come from.
//!
//! DNS rebinding: a page at a name of its own lets that name point here and asks for what it could not ask for otherwise. The
//! browser then believes the page to be of this site, but says its name in `Host`.

use adr_core::{Failure, FailureKind};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Uri};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What this site is called.
pub(crate) struct Hosts {
    /// Names that are taken, without a port: a tunnel or a forwarded port has another. None takes any name.
    ///
    /// On loopback reading is open, so names are always checked. Elsewhere nothing is shown without a session, and a
    /// browser does not give a session of this name to another one, nor take the certificate for it: a rebound name gets
    /// the sign-in page and no more. So names are checked there only if some are given.
    names: Option<Vec<String>>,
    /// Where a proxy is reached, such as `https://adr.example.com`, and the name in it.
    origin: Option<(String, String)>,
    scheme: &'static str,
}

impl Hosts {
    /// Fails where `origin` is none.
    pub(crate) fn new(
        is_loopback: bool,
        is_tls: bool,
        given: &[String],
        origin: Option<&str>,
    ) -> Result<Self, Failure> {
        let origin = origin.map(public).transpose()?;
        let mut names: Vec<_> = given.iter().map(|name| name.to_ascii_lowercase()).collect();
        if is_loopback {
            names.extend(LOOPBACK.map(str::to_owned));
        }
        if let (Some((_, host)), false) = (&origin, names.is_empty()) {
            names.push(host.clone());
        }
        let names = (!names.is_empty()).then_some(names);
        Ok(Self { names, origin, scheme: if is_tls { "https" } else { "http" } })
    }

    /// Whether a request is meant for this site: by its one `Host`, and by its target if that has a name as well.
    pub(crate) fn is_meant(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let Some(host) = the_host(headers) else { return false };
        self.takes(&host) && uri.authority().is_none_or(|target| target == &host)
    }

    fn takes(&self, host: &Authority) -> bool {
        let is_bare = !host.as_str().contains('@');
        is_bare
            && self.names.as_ref().is_none_or(|names| names.iter().any(|name| host.host().eq_ignore_ascii_case(name)))
    }

    /// Whether a form was sent from a page of this site. All browsers of the last years say so in at least one of two
    /// headers; a request that has neither is refused.
    pub(crate) fn is_from_here(&self, headers: &HeaderMap) -> bool {
        let site = headers.get(&SEC_FETCH_SITE).map(|site| site == "same-origin");
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().is_ok_and(|origin| self.is_own(origin, headers)));
        match (site, origin) {
            (None, None) => false,
            (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
        }
    }

    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let public = self.origin.as_ref().map(|(public, _)| public);
        let own =
            the_host(headers).filter(|host| !self.is_public(host)).map(|host| format!("{}://{host}", self.scheme));
        [own.as_ref(), public].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(origin))
    }

    /// Under the public name there is TLS, whatever the proxy does from there on.
    fn is_public(&self, host: &Authority) -> bool {
        self.origin.as_ref().is_some_and(|(_, name)| host.host().eq_ignore_ascii_case(name))
    }
}

/// Whether a link on another site led here.
pub(crate) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site")
}

fn the_host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).into_iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    Authority::try_from(host.as_bytes()).ok()
}

/// An origin as browsers write it, and the name in it.
fn public(origin: &str) -> Result<(String, String), Failure> {
    let lower = origin.trim_end_matches('/').to_ascii_lowercase();
    let authority = lower.strip_prefix("https://").and_then(|rest| Authority::try_from(rest).ok());
    let Some(authority) = authority.filter(|authority| !authority.as_str().contains('@')) else {
        let message = format!(
            "the public origin `{origin}` is none: write https:// and the name under which browsers reach the proxy, such as \
             https://adr.example.com"
        );
        return Err(Failure::fatal(FailureKind::Config, message));
    };
    // Browsers leave the usual port out.
    let text = authority.as_str().trim_end_matches(":443");
    Ok((format!("https://{text}"), authority.host().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn takes(hosts: &Hosts, host: &str) -> bool {
        hosts.is_meant(&Uri::from_static("/"), &headers(&[("host", host)]))
    }

    #[test]
    fn on_loopback_only_names_of_loopback_are_taken() {
        let hosts = Hosts::new(true, false, &[], None).unwrap();
        for good in ["localhost", "LOCALHOST:8090", "127.0.0.1:1", "[::1]:8090"] {
            assert!(takes(&hosts, good), "{good}");
        }
        let bad = [
            "evil.example.com",
            "evil.example.com:8090",
            "localhost.example.com",
            "localhost@example.com",
            "127.0.0.2",
            "a b",
            "",
        ];
        for bad in bad {
            assert!(!takes(&hosts, bad), "{bad}");
        }
        let twice = headers(&[("host", "localhost"), ("host", "evil.example.com")]);
        assert!(!hosts.is_meant(&Uri::from_static("/"), &twice));
        assert!(!hosts.is_meant(&Uri::from_static("/"), &HeaderMap::new()));
        let target = Uri::from_static("http://evil.example.com/");
        assert!(!hosts.is_meant(&target, &headers(&[("host", "localhost")])), "the target has a name as well");
    }

    #[test]
    fn behind_a_proxy_its_name_is_taken_too() {
        let hosts = Hosts::new(true, false, &[], Some("https://ADR.example.com/")).unwrap();
        assert!(takes(&hosts, "adr.example.com") && takes(&hosts, "localhost:8090") && !takes(&hosts, "example.com"));
        let from = |origin| headers(&[("host", "127.0.0.1:8090"), ("origin", origin)]);
        assert!(hosts.is_from_here(&from("https://adr.example.com")));
        assert!(!hosts.is_from_here(&from("http://adr.example.com")));
        let plain = headers(&[("host", "adr.example.com"), ("origin", "http://adr.example.com")]);
        assert!(!hosts.is_from_here(&plain), "a page that came without TLS is not of the public origin");
        for bad in ["http://adr.example.com", "adr.example.com", "https://", "https://a@b", "https://a/b"] {
            assert!(Hosts::new(true, false, &[], Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn elsewhere_any_name_is_taken_unless_some_are_given() {
        let any = Hosts::new(false, true, &[], Some("https://adr.example.com")).unwrap();
        assert!(takes(&any, "whatever.example.com"));
        let given = Hosts::new(false, true, &["Adr.example.com".to_owned()], None).unwrap();
        assert!(takes(&given, "adr.example.com:8443") && !takes(&given, "localhost") && !takes(&given, "example.com"));
    }

    #[test]
    fn a_form_must_come_from_this_site() {
        let hosts = Hosts::new(true, false, &[], None).unwrap();
        let from = |pairs: &[(&'static str, &str)]| {
            let mut all = headers(pairs);
            all.insert(HOST, "localhost:8090".parse().unwrap());
            hosts.is_from_here(&all)
        };
        assert!(from(&[("origin", "http://localhost:8090")]));
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "http://localhost:8090"), ("sec-fetch-site", "same-origin")]));
        assert!(!from(&[]), "nobody says where it comes from");
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:8091",
            "https://localhost:8090",
            "http://evil.example.com",
            "",
        ] {
            assert!(!from(&[("origin", origin)]), "{origin}");
            assert!(!from(&[("origin", origin), ("sec-fetch-site", "same-origin")]), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(!from(&[("sec-fetch-site", site)]), "{site}");
            assert!(!from(&[("origin", "http://localhost:8090"), ("sec-fetch-site", site)]), "{site}");
        }
    }
}
