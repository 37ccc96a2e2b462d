//! Who is at the other end.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection, in each of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The address that a request came from. Behind a proxy it is the last one in `X-Forwarded-For`, which is the one that the
/// proxy has put there itself; what stands before it may be made up.
pub(crate) fn address(extensions: &Extensions, headers: &HeaderMap, is_behind_proxy: bool) -> IpAddr {
    // A request without a peer is none that came over a connection.
    let peer = extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical());
    if !is_behind_proxy || !peer.is_loopback() {
        return peer;
    }
    let last = headers.get_all(X_FORWARDED_FOR).into_iter().next_back().and_then(|value| value.to_str().ok());
    let last = last.and_then(|value| value.rsplit(',').next());
    last.and_then(|last| last.trim().parse::<IpAddr>().ok()).map_or(peer, |address| address.to_canonical())
}

/// Whom an address stands for: who has one IPv6 address has all of its /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_last_word() {
        let from = |peer: &str, forwarded: &[&str], is_behind_proxy| {
            let mut extensions = Extensions::new();
            extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
            let headers = forwarded.iter().map(|value| (X_FORWARDED_FOR, value.parse().unwrap()));
            let mut all = HeaderMap::new();
            headers.for_each(|(name, value)| {
                all.append(name, value);
            });
            address(&extensions, &all, is_behind_proxy).to_string()
        };
        assert_eq!(from("127.0.0.1", &["192.0.2.9, 192.0.2.1"], true), "192.0.2.1");
        assert_eq!(from("127.0.0.1", &["192.0.2.9", "192.0.2.1"], true), "192.0.2.1");
        assert_eq!(from("::ffff:127.0.0.1", &["2001:db8::1"], true), "2001:db8::1");
        assert_eq!(from("127.0.0.1", &["192.0.2.1"], false), "127.0.0.1");
        assert_eq!(from("198.51.100.1", &["192.0.2.1"], true), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["192.0.2.1, unknown"], true), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &[], true), "127.0.0.1");
    }
}
