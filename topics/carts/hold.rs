//! What carts ask of stock, and hear of it, before they are checked out.

use crate::carts::cart::{AddLine, Merging, SetLine, StockRefusal};
use crate::codec::{Decode, Encode};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The lines of a claimed cart that holds stock, on their way to the user's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct MergeHeld {
    /// The lines.
    pub merging: Merging,
    /// What the claimed cart holds.
    pub holds: Vec<GoingHold>,
}

/// What a claimed cart holds of a stock item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct GoingHold {
    /// The stock item.
    pub sku: String,
    /// For how many seconds it is held at once.
    pub seconds: u32,
    /// Until when it is held.
    pub ends_at: Time,
}

/// Some of a SKU for a cart that is to hold them at once.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct AddHeld {
    /// What is added.
    #[serde(flatten)]
    pub add: AddLine,
    /// For how many seconds they are held.
    pub seconds: u32,
}

/// Another quantity for a line, with what is known of its SKU.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SetHinted {
    /// The change.
    #[serde(flatten)]
    pub set: SetLine,
    /// How many there are beside what the cart holds: only a hint.
    pub available: Option<u32>,
    /// For how many seconds they are held, for a SKU that is reserved at once.
    pub seconds: Option<u32>,
}

/// What a stock item holds for a cart that is not checked out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct HoldSaid {
    /// The cart.
    pub cart: String,
    /// Which of its attempts is meant.
    pub attempt: u32,
    /// The stock item.
    pub sku: String,
    /// How many it holds.
    pub held: u32,
    /// Why not all that were asked for; none if it is all of them.
    pub refusal: Option<StockRefusal>,
}
