//! What is allowed, and should be known.

use crate::settings::{Credentials, Settings, Tenant};

impl Settings {
    /// What a person should know about these settings although they are allowed; for `validate` and every start. What
    /// is true of several tenants is said once.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        self.warn(&mut warnings, |tenant| {
            let message = "`overlap` is 0s: events that become visible later than `settle` after they happened are never \
                           read; leave it out, or give as much as they may be late, such as 2h";
            tenant.overlap.is_zero().then(|| message.to_owned())
        });
        self.warn(&mut warnings, |tenant| clear("base_url", &tenant.base_url, what(&tenant.credentials)));
        self.warn(&mut warnings, |tenant| match &tenant.credentials {
            Credentials::ServiceAccount { token_url, .. } => clear("token_url", token_url, "the client secret goes"),
            Credentials::ApiKey(_) => None,
        });
        warnings
    }

    /// What `of` says of tenants, once.
    fn warn(&self, warnings: &mut Vec<String>, of: impl Fn(&Tenant) -> Option<String>) {
        let said = self.tenants.iter().filter_map(|tenant| Some((tenant, of(tenant)?)));
        let (tenants, messages): (Vec<_>, Vec<_>) = said.unzip();
        let Some(message) = messages.into_iter().next() else { return };
        if tenants.len() == self.tenants.len() {
            return warnings.push(message);
        }
        let more = match tenants.len() - 1 {
            0 => String::new(),
            more => format!(" (so it is for {more} more)"),
        };
        warnings.push(format!("tenant `{}`: {message}{more}", tenants[0].device_name));
    }
}

fn what(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::ApiKey(_) => "the API key and all events go",
        Credentials::ServiceAccount { .. } => "tokens and all events go",
    }
}

/// That something goes in the clear to another machine.
fn clear(setting: &str, address: &str, what: &str) -> Option<String> {
    let url = reqwest::Url::parse(address).ok()?;
    let host = url.host_str()?;
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || plain.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    (url.scheme() == "http" && !here).then(|| {
        format!(
            "`{setting}` is http: {what} in the clear to {host}, where anybody in between can take them; write https"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::{JumpcloudConfig, Settings};

    fn warnings(config: &str) -> Vec<String> {
        let config: JumpcloudConfig = serde_json::from_str(config).unwrap();
        Settings::try_from(config).unwrap().warnings()
    }

    #[test]
    fn what_hurts_one_tenant_or_all_is_said_once() {
        let tenants = |shared: &str, first: &str| {
            let tenant = |name: &str, more: &str| {
                format!(
                    r#"{{"device_name":"{name}","secret_key":{{"env":"K"}},"configuration":{{"org_id":"{name}"}}{more}}}"#
                )
            };
            let list = [tenant("A", ""), tenant("B", first), tenant("C", "")].join(",");
            warnings(&format!(r#"{{"tenants":[{list}]{shared}}}"#))
        };
        assert_eq!(tenants("", ""), Vec::<String>::new());
        let all = tenants(r#","overlap":"0s""#, "");
        assert!(all.len() == 1 && all[0].starts_with("`overlap` is 0s"), "{all:?}");
        let one = tenants("", r#","overlap":"0s""#);
        assert!(one.len() == 1 && one[0].starts_with("tenant `B`: `overlap`"), "{one:?}");
        let two = tenants(r#","overlap":"0s""#, r#","overlap":"1h""#);
        assert!(two.len() == 1 && two[0].starts_with("tenant `A`") && two[0].ends_with("1 more)"), "{two:?}");
    }

    #[test]
    fn a_key_in_the_clear_is_said_but_not_on_this_machine() {
        let of = |url: &str| {
            warnings(&format!(r#"{{"secret_key":{{"env":"K"}},"configuration":{{"org_id":"x"}},"base_url":"{url}"}}"#))
        };
        for url in ["https://proxy.example.com", "http://127.0.0.1:8808", "http://[::1]:8808", "http://localhost"] {
            assert_eq!(of(url), Vec::<String>::new(), "{url}");
        }
        assert!(of("http://proxy.example.com")[0].contains("API key"));
        let account = r#"{"service_account":{"client_id":"i","client_secret":{"env":"S"}},"configuration":{"org_id":"x"},"token_url":"http://a.example.com/t"}"#;
        assert!(warnings(account)[0].starts_with("`token_url` is http: the client secret"));
    }
}
