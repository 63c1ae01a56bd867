//! What those who follow a cart are told: the cart, and then the cart as it is after each change.

pub mod routes;

use crate::carts::Carting;
use crate::runtime::streams::Shown;
use millrace_topics::carts::{Answer, CartView, Rejection};

/// A cart that is followed.
pub struct Followed;

impl Shown for Followed {
    type Machine = Carting;
    type Whole = Box<CartView>;
    type Change = Box<CartView>;
    const EVENT: &'static str = "cart";

    fn whole(answer: Result<Answer, Rejection>) -> Result<Box<CartView>, Rejection> {
        answer.map(|answer| match answer {
            Answer::Cart(cart) => cart,
            _ => unreachable!("a cart was asked for"),
        })
    }

    fn change(before: Box<CartView>, after: Box<CartView>) -> Option<Box<CartView>> {
        (before != after).then_some(after)
    }
}
