//! Who clicked, as a hash that only the cluster's secret makes, and where from, as hashes and ciphertext of which the keys
//! end with their day: no address goes further than this.
//!
//! The day is that of the click. A key of a day that is over for so long that it is destroyed leaves nothing by which its
//! clicks could be held against an address.

use crate::clicks::token::DAY;
use crate::runtime::door::Door;
use crate::runtime::problem::Problem;
use crate::runtime::vault::DayKeys;
use millrace_topics::clicks::{DayHashes, Device, Hashed, Identity, Sealed, click_number};
use millrace_topics::time::Time;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

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

/// Makes the hashes of a day's addresses.
pub struct Addresses<'a> {
    door: &'a Door,
    keys: Option<Arc<DayKeys>>,
}

impl<'a> Addresses<'a> {
    /// Those of clicks at a time.
    ///
    /// # Errors
    /// 503 where the day has no keys and can be given none.
    pub fn at(door: &'a Door, time: Time) -> Result<Self, Problem> {
        Ok(Self { door, keys: door.day_keys(time.0 / DAY)? })
    }

    /// The hash of an address.
    #[must_use]
    pub fn of_address(&self, address: IpAddr) -> Hashed {
        self.hash("address", address)
    }

    /// The hash of the /24 or /64 of an address.
    #[must_use]
    pub fn of_prefix(&self, address: IpAddr) -> Hashed {
        self.hash("prefix", prefix(address))
    }

    /// The address of a click, encrypted for its visitor; none where days have no keys, or the visitor was erased today.
    #[must_use]
    pub fn seal(&self, address: IpAddr, visitor: Hashed, click_id: &str) -> Option<Sealed> {
        let keys = self.keys.as_deref()?;
        let plain = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let nonce = nonce(click_number(click_id), hash_of(keys, "address", address));
        keys.turn(subject(visitor), &[&nonce], plain.octets()).map(Sealed)
    }

    fn hash(&self, what: &str, address: IpAddr) -> Hashed {
        match self.keys.as_deref() {
            Some(keys) => hash_of(keys, what, address),
            None => hash(self.door, what, &[address.to_string().as_bytes()]),
        }
    }
}

/// The hashes of addresses of all days; none where each day has keys of its own.
#[must_use]
pub fn lasting(door: &Door) -> Option<Addresses<'_>> {
    let none = matches!(door.day_keys(door.now().0 / DAY), Ok(None));
    none.then_some(Addresses { door, keys: None })
}

/// An address and its prefix as they stand in the clicks of every day that still has keys.
#[must_use]
pub fn on_all_days(door: &Door, address: Option<IpAddr>, prefix: Option<IpAddr>) -> Vec<DayHashes> {
    let all = door.all_day_keys().into_iter().map(|keys| DayHashes {
        day: keys.day(),
        prefix: prefix.map(|prefix| hash_of(&keys, "prefix", prefix)),
        address: address.map(|address| hash_of(&keys, "address", address)),
    });
    all.collect()
}

/// The address of a click, if one of these keys opens it.
#[must_use]
pub fn open<'a>(
    keys: impl IntoIterator<Item = &'a DayKeys>,
    sealed: Sealed,
    visitor: Hashed,
    click: u128,
    address: Hashed,
) -> Option<IpAddr> {
    let nonce = nonce(click, address);
    let mut opened = keys.into_iter().filter_map(|keys| {
        let plain = keys.turn(subject(visitor), &[&nonce], sealed.0)?;
        let found = self::plain(IpAddr::V6(Ipv6Addr::from_octets(plain)));
        (hash_of(keys, "address", found) == address).then_some(found)
    });
    opened.next()
}

fn hash_of(keys: &DayKeys, what: &str, address: IpAddr) -> Hashed {
    let mut octets = [0; 16];
    let length = match address {
        IpAddr::V4(address) => {
            octets[..4].copy_from_slice(&address.octets());
            4
        }
        IpAddr::V6(address) => {
            octets = address.octets();
            16
        }
    };
    Hashed(*keys.hash(&[what.as_bytes(), &octets[..length]]).first_chunk().expect("a hash has 32 bytes"))
}

/// Another one for each click and address.
fn nonce(click: u128, address: Hashed) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(&click.to_be_bytes());
    nonce[16..].copy_from_slice(&address.0);
    nonce
}

/// Whose key opens the address of a visitor. One in four billion others has the same.
#[must_use]
pub fn subject(visitor: Hashed) -> u32 {
    u32::try_from(visitor.number() >> 32).expect("32 bits are left")
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
    use crate::runtime::vault::DayKeys;

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
    fn an_address_is_opened_by_the_keys_of_its_day_and_visitor_alone() {
        let day = |day: u8| DayKeys::new(day.into(), [day; 32], [day; 16]);
        let (visitor, number) = (Hashed([7; 8]), click_number("c1"));
        for text in ["203.0.113.7", "2001:db8::7", "::1"] {
            let address: IpAddr = text.parse().unwrap();
            let hashed = hash_of(&day(1), "address", address);
            let octets = match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                IpAddr::V6(address) => address.octets(),
            };
            let sealed = Sealed(day(1).turn(subject(visitor), &[&nonce(number, hashed)], octets).unwrap());
            let opened = |keys: &[DayKeys], visitor| open(keys, sealed, visitor, number, hashed);
            assert_eq!(opened(&[day(2), day(1)], visitor), Some(address), "{text}");
            assert_eq!(opened(&[day(2)], visitor), None);
            assert_eq!(opened(&[day(1)], Hashed([8; 8])), None);
            assert_eq!(opened(&[], visitor), None);
            let mut erased = day(1);
            erased.erase(subject(visitor));
            assert_eq!(opened(&[erased], visitor), None);
        }
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
