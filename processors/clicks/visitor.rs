//! Who clicked, and where from, as hashes that only the cluster's secret makes: no address goes further than this.

use crate::runtime::door::Door;
use millrace_topics::clicks::{Device, Hashed, Identity};
use millrace_topics::time::Time;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One day, in milliseconds.
const DAY: u64 = 86_400_000;

/// The address in its one form: an IPv4 address that is written as IPv6 is the IPv4 address.
#[must_use]
pub fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The /24 or /64 of an address.
#[must_use]
pub fn prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// How long the prefix of an address is, in bits.
#[must_use]
pub fn prefix_length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 24 } else { 64 }
}

/// The hash of a part of a click; `what` keeps parts of different kinds apart.
#[must_use]
pub fn hash(door: &Door, what: &str, parts: &[&[u8]]) -> Hashed {
    let all: Vec<&[u8]> = [b"clicks".as_slice(), what.as_bytes()].into_iter().chain(parts.iter().copied()).collect();
    let signature = door.sign(&all);
    Hashed(*signature.first_chunk().expect("a signature has 32 bytes"))
}

/// The hash of an address.
#[must_use]
pub fn of_address(door: &Door, address: IpAddr) -> Hashed {
    hash(door, "address", &[address.to_string().as_bytes()])
}

/// The hash of the /24 or /64 of an address.
#[must_use]
pub fn of_prefix(door: &Door, address: IpAddr) -> Hashed {
    hash(door, "prefix", &[prefix(address).to_string().as_bytes()])
}

/// Who clicked, and how that is known: by a user, else by a cookie, else by prefix, User-Agent and day.
#[must_use]
pub fn visitor(
    door: &Door,
    user: Option<&str>,
    cookie: Option<&str>,
    prefix: Hashed,
    user_agent: &str,
    time: Time,
) -> (Hashed, Identity) {
    match (user, cookie) {
        (Some(user), _) => (of_user(door, user), Identity::SignedIn),
        (None, Some(cookie)) => (of_cookie(door, cookie), Identity::Cookie),
        (None, None) => {
            let day = (time.0 / DAY).to_le_bytes();
            (hash(door, "derived", &[&prefix.0, user_agent.as_bytes(), &day]), Identity::Derived)
        }
    }
}

/// The hash of a signed-in user.
#[must_use]
pub fn of_user(door: &Door, user: &str) -> Hashed {
    hash(door, "user", &[user.as_bytes()])
}

/// The hash of a visitor whom a cookie names.
#[must_use]
pub fn of_cookie(door: &Door, cookie: &str) -> Hashed {
    hash(door, "cookie", &[cookie.as_bytes()])
}

/// What was clicked on, as far as a User-Agent says it.
#[must_use]
pub fn device(user_agent: &str) -> Device {
    let has = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
    if has(&["iPad", "Tablet"]) || (has(&["Android"]) && !has(&["Mobile"])) {
        Device::Tablet
    } else if has(&["Mobi", "iPhone"]) {
        Device::Mobile
    } else if has(&["Windows NT", "Macintosh", "X11", "CrOS"]) {
        Device::Desktop
    } else {
        Device::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_address_are_one() {
        let plain = |text: &str| super::plain(text.parse().unwrap()).to_string();
        assert_eq!(plain("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(plain("2001:DB8:0:0::1"), "2001:db8::1");
        let prefix = |text: &str| prefix(text.parse().unwrap()).to_string();
        assert_eq!(prefix("203.0.113.7"), "203.0.113.0");
        assert_eq!(prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn devices_are_told_by_their_browsers() {
        for (text, expected) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Device::Desktop),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", Device::Mobile),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Mobile Safari/537.36", Device::Mobile),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Safari/537.36", Device::Tablet),
            ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X)", Device::Tablet),
            ("curl/8.5.0", Device::Other),
        ] {
            assert_eq!(device(text), expected, "{text}");
        }
    }
}
