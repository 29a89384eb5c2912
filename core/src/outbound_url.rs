//! Addresses that we fetch and that somebody else can influence (OA-20): discovery documents, key sets,
//! pictures, webhooks. A server must not be talked into asking its own network.

use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longest address, in bytes.
const MAX_URL_BYTES: usize = 2_048;
/// Endings of names that only mean something inside a network (RFC 6761, RFC 6762, RFC 8375).
const PRIVATE_ENDINGS: [&str; 14] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "svc",
    "test",
];

/// An address that may be fetched. Redirects must not be followed, or each be checked the same way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutboundUrl(Url);

/// Why an address is not fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutboundUrlError {
    /// Carries a user name or password.
    Credentials,
    /// Not an absolute address.
    Malformed,
    /// A port other than 443.
    Port,
    /// A name or number of this machine, a private network or a special range.
    PrivateHost,
    /// Not https.
    Scheme,
}

impl core::fmt::Display for OutboundUrlError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Credentials => "must not carry a user name",
            Self::Malformed => "must be an absolute https URL",
            Self::Port => "must have no port but 443",
            Self::PrivateHost => "must be a public one",
            Self::Scheme => "must begin with https://",
        })
    }
}

/// How far an address may reach.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// Also this machine, without TLS and on any port, where somebody tries things out.
    Loopback,
    /// Public addresses only.
    #[default]
    Public,
}

impl Reach {
    /// Checks an address for a deployment that reaches so far.
    ///
    /// # Errors
    /// [`OutboundUrlError`].
    pub fn check(self, text: &str) -> Result<OutboundUrl, OutboundUrlError> {
        match self {
            Self::Loopback => OutboundUrl::parse_loopback(text).map_or_else(|| OutboundUrl::parse(text), Ok),
            Self::Public => OutboundUrl::parse(text),
        }
    }
}

impl OutboundUrl {
    /// An address on this machine: its name or its usual number, spelled plainly.
    fn parse_loopback(text: &str) -> Option<Self> {
        let is_plain = text.len() <= MAX_URL_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && text.starts_with("http://");
        let url = Url::parse(text).ok().filter(|_| is_plain)?;
        let is_local = match url.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address == Ipv4Addr::LOCALHOST,
            Host::Ipv6(address) => address == Ipv6Addr::LOCALHOST,
        };
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        (is_local && is_anonymous).then_some(Self(url))
    }

    /// Checks an address. Numbers are judged in whatever notation they come: decimal, octal,
    /// hexadecimal, shortened, or an IPv4 inside an IPv6.
    ///
    /// # Errors
    /// [`OutboundUrlError`].
    pub fn parse(text: &str) -> Result<Self, OutboundUrlError> {
        // The parser would quietly drop them.
        if text.len() > MAX_URL_BYTES || text.chars().any(|letter| letter.is_control() || letter == ' ') {
            return Err(OutboundUrlError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| OutboundUrlError::Malformed)?;
        if url.scheme() != "https" {
            return Err(OutboundUrlError::Scheme);
        }
        // `https://` and a host as they stand there: the parser would also take `https:host` or an empty user.
        let authority =
            text.get(..8).filter(|start| start.eq_ignore_ascii_case("https://")).and_then(|_| text.get(8..));
        let authority = authority.ok_or(OutboundUrlError::Malformed)?.split(['/', '\\', '?', '#']).next();
        if authority.is_none_or(str::is_empty) {
            return Err(OutboundUrlError::Malformed);
        }
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(OutboundUrlError::Credentials);
        }
        if url.port().is_some() {
            return Err(OutboundUrlError::Port);
        }
        if url.host().is_some_and(|host| is_public_host(&host)) {
            Ok(Self(url))
        } else {
            Err(OutboundUrlError::PrivateHost)
        }
    }

    /// The address, normalised.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its scheme, host and port, as browsers write an origin.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// Whether a host is one of the public network, and not a name or number of this machine or a private one.
pub(crate) fn is_public_host(host: &Host<impl AsRef<str>>) -> bool {
    match host {
        Host::Domain(name) => is_public_name(name.as_ref()),
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

fn is_public_name(name: &str) -> bool {
    let name: String = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let ending = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && !name.split('.').any(str::is_empty) && !PRIVATE_ENDINGS.contains(&ending)
}

/// Everything but the special ranges of the IANA registry (RFC 6890).
const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// Global unicast, without the ranges in it that carry an IPv4 address or are for examples.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    !matches!(
        address.segments(),
        // Everything outside 2000::/3: loopback, mapped, NAT64, local, multicast.
        [0..=0x1fff | 0x4000..=0xffff, ..]
            // Teredo, ORCHID and their neighbours; examples; 6to4.
            | [0x2001, 0..=0x1ff | 0xdb8, ..]
            | [0x2002, ..]
            | [0x3fff, 0..=0xfff, ..]
            // ISATAP, in any network.
            | [_, _, _, _, 0 | 0x200, 0x5efe, ..]
    )
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn public_https_addresses_are_fetched() {
        /* OA-20 */
        for text in [
            "https://accounts.example.com/.well-known/openid-configuration",
            "https://example.com:443/x",
            "https://münchen.example.com/",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(OutboundUrl::parse(text).is_ok(), "{text}");
        }
        assert_eq!(OutboundUrl::parse("https://Example.com:443").unwrap().as_str(), "https://example.com/");
    }

    #[test]
    fn our_own_network_is_not_asked_in_any_notation() {
        /* OA-20 */
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "db",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[ff02::1]",
            "[3fff::1]",
            "１２７.0.0.1",
            "127。0。0。1",
            "1.0.0.127.in-addr.arpa",
        ] {
            let text = alloc::format!("https://{host}/");
            assert_eq!(OutboundUrl::parse(&text), Err(OutboundUrlError::PrivateHost), "{text}");
        }
    }

    #[test]
    fn this_machine_is_reached_where_somebody_tries_things_out_and_nothing_beside_it() {
        /* OA-20 */
        for text in
            ["http://127.0.0.1:9/x", "http://localhost:8080/", "http://[::1]:1/", "https://example.com/"]
        {
            assert!(Reach::Loopback.check(text).is_ok(), "{text}");
        }
        for text in [
            "http://10.0.0.1/",
            "http://example.com/",
            "http://localhost.example.com:1/",
            "http://localhost@example.com/",
            "http://user@127.0.0.1:9/",
            "http://127.0.0.1:9@example.com/",
            "http://0.0.0.0:9/",
            "http://192.168.0.1:9/",
            "ftp://127.0.0.1/",
            "http://127.0.0.1:9/\n",
        ] {
            assert!(Reach::Loopback.check(text).is_err(), "{text}");
        }
        assert!(Reach::Public.check("http://127.0.0.1:9/x").is_err());
    }

    #[test]
    fn only_plain_https_is_spoken() {
        /* OA-20 */
        for (text, error) in [
            ("http://example.com/", OutboundUrlError::Scheme),
            ("ftp://example.com/", OutboundUrlError::Scheme),
            ("file:///etc/passwd", OutboundUrlError::Scheme),
            ("https://user@example.com/", OutboundUrlError::Credentials),
            ("https://:x@example.com/", OutboundUrlError::Credentials),
            ("https://example.com:8443/", OutboundUrlError::Port),
            ("https://example.com:22/", OutboundUrlError::Port),
            ("example.com", OutboundUrlError::Malformed),
            ("//example.com/", OutboundUrlError::Malformed),
            ("https://", OutboundUrlError::Malformed),
            ("https://exa mple.com/", OutboundUrlError::Malformed),
            ("https://example.com/\n", OutboundUrlError::Malformed),
            (" https://example.com/", OutboundUrlError::Malformed),
            ("https://256.256.256.256/", OutboundUrlError::Malformed),
        ] {
            assert_eq!(OutboundUrl::parse(text), Err(error), "{text:?}");
        }
    }
}
