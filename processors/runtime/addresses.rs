//! Address ranges, as operators write them: `10.0.0.0/8`.

use std::net::IpAddr;
use std::str::FromStr;

/// An address range. An address alone is the range of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    /// How many of its first bits an address must share.
    length: u8,
}

impl AddressRange {
    /// True if the range has this address.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        let shared = match (address, self.network) {
            (IpAddr::V4(address), IpAddr::V4(network)) => (address.to_bits() ^ network.to_bits()).leading_zeros(),
            (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits() ^ network.to_bits()).leading_zeros(),
            _ => return false,
        };
        shared >= self.length.into()
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is no address range, as 10.0.0.0/8");
        let (address, length) = text.split_once('/').map_or((text, None), |(one, two)| (one, Some(two)));
        let network: IpAddr = address.parse().map_err(|_| bad())?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(most), str::parse).map_err(|_| bad())?;
        if length > most { Err(bad()) } else { Ok(Self { network, length }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_what_shares_its_first_bits() {
        for (range, address, expected) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7", "198.51.100.6", false),
            ("0.0.0.0/0", "2001:db8::", false),
        ] {
            let range: AddressRange = range.parse().unwrap();
            assert_eq!(range.has(address.parse().unwrap()), expected, "{range:?} {address}");
        }
        for bad in ["", "203.0.113.0/33", "x/8", "::/129", "1.2.3.4/x"] {
            assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
        }
    }
}
