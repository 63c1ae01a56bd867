//! What a cart of Medusa has beside what a cart is: it lies in the cart's metadata.

use millrace_topics::carts::CartView;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What only this dialect knows of a cart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Extras {
    /// The buyer's address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// Where it is sent to, as the client said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shipping_address: Option<Value>,
    /// Whose bill it is, as the client said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) billing_address: Option<Value>,
    /// The way of sending that was chosen: its price is a quote of the cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shipping_option: Option<String>,
    /// The payment provider whose session was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<String>,
    /// Something of the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    medusa: Extras,
}

impl Extras {
    /// What lies in a cart's metadata.
    pub(super) fn of(cart: &CartView) -> Self {
        let text = cart.metadata.as_deref().unwrap_or_default();
        serde_json::from_str(text).map(|envelope: Envelope| envelope.medusa).unwrap_or_default()
    }

    /// What is not said here is as it is there; a payment session is not taken over.
    pub(super) fn fill(&mut self, other: &Self) {
        let fill = |own: &mut Option<Value>, other: &Option<Value>| {
            if own.is_none() {
                own.clone_from(other);
            }
        };
        fill(&mut self.shipping_address, &other.shipping_address);
        fill(&mut self.billing_address, &other.billing_address);
        fill(&mut self.metadata, &other.metadata);
        self.email = self.email.take().or_else(|| other.email.clone());
        self.shipping_option = self.shipping_option.take().or_else(|| other.shipping_option.clone());
    }

    /// The metadata that says this.
    pub(super) fn text(self) -> String {
        serde_json::to_string(&Envelope { medusa: self }).expect("extras are plain data")
    }
}
