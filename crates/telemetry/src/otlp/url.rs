use reqwest::Url;

use super::{Otlp, OtlpError};

/// The address of a signal, found to be one that may be used.
pub(crate) fn checked(otlp: &Otlp, signal: &str, address: &str) -> Result<Url, OtlpError> {
    let wrong = |reason: &str| OtlpError::new(&format!("endpoint for {signal}"), reason);
    let url = Url::parse(address)
        .map_err(|error| wrong(&format!("is no address: {error}; write one such as http://localhost:4318")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not have a user or a password in it; use headers"));
    }
    if url.scheme() == "http" && !otlp.headers.is_empty() && !is_loopback(&url) {
        return Err(wrong("would carry the headers in the clear; use https://"));
    }
    Ok(url)
}

/// What goes there stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::SecretString;

    #[test]
    fn what_cannot_work_or_would_tell_a_secret_is_refused() {
        let reason = |address: &str, headers: bool| {
            let mut otlp = Otlp::new(address);
            if headers {
                otlp.headers.push(("api-key".to_owned(), SecretString::from("k3y-for-otlp")));
            }
            checked(&otlp, "metrics", &otlp.metrics.clone().expect("it is on")).err().map(|error| error.to_string())
        };
        for fine in ["http://localhost:4318", "https://otlp.example.com/", "http://[::1]:4318", "http://127.0.0.9:1"] {
            assert_eq!(reason(fine, true), None, "{fine}");
        }
        assert_eq!(reason("http://collector:4318", false), None);
        for (wrong, why) in [
            ("http://collector:4318", "in the clear"),
            ("localhost:4318", "must begin with"),
            ("https://user:pass@otlp.example.com", "a user or a password"),
            ("nothing", "is no address"),
        ] {
            let said = reason(wrong, true).unwrap_or_else(|| panic!("{wrong} is refused"));
            assert!(said.starts_with("endpoint for metrics: ") && said.contains(why), "{said}");
            assert!(!said.contains("k3y") && !said.contains("pass@"), "{said}");
        }
    }
}
