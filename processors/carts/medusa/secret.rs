//! The ids that clients of Medusa have: one secret of a cart, under a prefix that says what is meant by it.

use crate::runtime::door::{Asked, Door};
use crate::runtime::problem::Problem;
use crate::runtime::tokens::hash;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millrace_topics::token::TokenHash;

/// What an id is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A cart.
    Cart,
    /// The order that it becomes.
    Order,
    /// What is to be paid for it.
    PaymentCollection,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Cart => "cart_",
            Self::Order => "order_",
            Self::PaymentCollection => "pay_col_",
        }
    }

    fn called(self) -> &'static str {
        match self {
            Self::Cart => "Cart",
            Self::Order => "Order",
            Self::PaymentCollection => "PaymentCollection",
        }
    }

    /// That there is none of this id.
    pub(super) fn unknown(self, id: &str) -> Problem {
        Problem::new(404, "not_found", format!("{} with id: {id} was not found", self.called()))
    }
}

/// The secret of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// A new one.
    pub(super) fn draw(door: &Door, asked: &Asked) -> Self {
        Self(URL_SAFE_NO_PAD.encode(door.draw(asked, "medusa-cart")))
    }

    /// The secret in an id of this kind.
    ///
    /// # Errors
    /// 404: no id of this kind looks so.
    pub(super) fn of(kind: Kind, id: &str) -> Result<Self, Problem> {
        let secret = id.strip_prefix(kind.prefix()).filter(|secret| !secret.is_empty() && secret.len() <= 64);
        secret.map(|secret| Self(secret.to_owned())).ok_or_else(|| kind.unknown(id))
    }

    /// The id of this kind.
    pub(super) fn id(&self, kind: Kind) -> String {
        format!("{}{}", kind.prefix(), self.0)
    }

    /// The cart's own id. It says nothing about the secret.
    pub(super) fn cart(&self) -> String {
        URL_SAFE_NO_PAD.encode(hash(&format!("medusa cart {}", self.0)).0)
    }

    /// The hash of the cart's token, which is the secret.
    pub(super) fn token(&self) -> TokenHash {
        hash(&self.0)
    }
}
