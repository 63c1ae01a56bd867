//! Money: integer minor units of a currency, and how many of them make one unit.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The highest amount that a price, a quote or a total may have, in minor units: far below what sums could overflow.
pub const AMOUNT_LIMIT: u64 = 1_000_000_000_000_000;

/// Currencies whose minor unit is the unit itself, by ISO 4217.
const WHOLE: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XPF"];

/// Currencies with a thousand minor units, by ISO 4217.
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// An ISO 4217 currency: three capital letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Currency(pub [u8; 3]);

impl Currency {
    /// The currency of this code, if it has the form of one.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        // Bytes that are no letters come from nobody; ISO 4217 calls that `XXX`, no currency.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals people write it with: 0, 2 or 3.
    #[must_use]
    pub fn decimals(&self) -> u8 {
        match self.code() {
            code if WHOLE.contains(&code) => 0,
            code if THOUSANDTHS.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("a currency has three capital letters, as EUR"))
    }
}

/// An amount of a currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// In minor units: cents of a euro, whole yen, thousandths of a dinar.
    pub amount: u64,
    /// ISO 4217, three capital letters.
    #[schema(value_type = String)]
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_has_three_capital_letters_and_0_2_or_3_decimals() {
        for (code, decimals) in [("JPY", Some(0)), ("EUR", Some(2)), ("KWD", Some(3)), ("eur", None), ("EURO", None)] {
            assert_eq!(Currency::parse(code).map(|currency| currency.decimals()), decimals, "{code}");
        }
    }
}
