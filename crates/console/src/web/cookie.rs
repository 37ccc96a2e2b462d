//! The two cookies: one says who is signed in, the other that a sign-in form came from here.

use http::{HeaderMap, HeaderValue, header};

/// The names of the cookies, and how they are set.
///
/// All are `SameSite=Strict` and not `Lax`: no request that another site has caused comes with them, not even a link that is
/// followed. Whoever follows a link from a ticket while signed in gets to see the sign-in page, which has a link onward for
/// that case; in return not even a GET can be made in his name from elsewhere.
pub(crate) struct Cookies {
    pub(crate) session: String,
    pub(crate) form: String,
    is_secure: bool,
}

impl Cookies {
    /// The prefix `__Host-` keeps other hosts of the same domain from setting such a cookie; browsers want `Secure` with it.
    /// Without TLS the port is part of the name, as browsers give cookies of one port to all others of the host.
    pub(crate) fn new(is_secure: bool, port: u16) -> Self {
        let name = |what: &str| {
            if is_secure { format!("__Host-jumpcloud_adr{what}") } else { format!("jumpcloud_adr_{port}{what}") }
        };
        Self { session: name(""), form: name("_form"), is_secure }
    }

    /// A cookie until the browser is closed.
    pub(crate) fn set(&self, name: &str, value: &str) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(cookie).expect("names and random hex are header values")
    }

    /// Takes it back.
    pub(crate) fn unset(&self, name: &str) -> HeaderValue {
        let mut cookie = self.set(name, "").as_bytes().to_vec();
        cookie.extend_from_slice(b"; Max-Age=0");
        HeaderValue::try_from(cookie).expect("a cookie is a header value")
    }
}

/// The value of a cookie that came, if it looks like one of ours.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(found, _)| *found == name)?.1;
    (value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_only_where_it_could_be_ours() {
        let hex = "0123456789abcdef".repeat(4);
        let headers = |text: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(text).unwrap())]);
        assert_eq!(find(&headers(&format!("a=b; name={hex}; c=d")), "name"), Some(&*hex));
        assert_eq!(find(&headers(&format!("xname={hex}")), "name"), None);
        assert_eq!(find(&headers("name=short"), "name"), None);
        assert_eq!(find(&headers(&format!("name={}<", &hex[1..])), "name"), None);
    }

    #[test]
    fn cookies_are_for_this_host_and_no_script() {
        let secure = Cookies::new(true, 8443);
        let flags = "; Path=/; HttpOnly; SameSite=Strict";
        assert_eq!(secure.set(&secure.session, "x"), format!("__Host-jumpcloud_adr=x{flags}; Secure"));
        assert_eq!(secure.unset(&secure.form), format!("__Host-jumpcloud_adr_form={flags}; Secure; Max-Age=0"));
        let open = Cookies::new(false, 8090);
        assert_eq!(open.set(&open.session, "x"), format!("jumpcloud_adr_8090=x{flags}"));
    }
}
