//! Links: a second token, with which somebody sees a cart and can do nothing with it.

pub mod routes;

use crate::carts::transition::{Cx, keep, load_current, note};
use millrace_topics::carts::{Change, Outcome, Rejection, Share};

/// Makes the link that a cart can be seen with, in the place of an older one; or takes it away.
///
/// # Errors
/// The refusal, before anything was written.
pub fn share(cx: &mut Cx<'_>, asked: Share) -> Result<Outcome, Rejection> {
    let Share { on, link } = asked;
    let mut cart = load_current(cx, &on)?;
    // The line: nothing below can be refused.
    cart.link = link;
    let change = if link.is_some() { Change::CartShared } else { Change::CartUnshared };
    note(cx, &on.cart, &mut cart, on.device, change, None);
    Ok(keep(cx, &on.cart, &cart, Vec::new()))
}
