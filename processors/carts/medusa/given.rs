//! What the façade takes as JSON, as Medusa's clients write it.

use super::extras::Extras;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// A cart that is to be opened.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = medusa::NewCart)]
pub(super) struct NewCart {
    /// A region: `reg_` and a currency.
    pub(super) region_id: Option<String>,
    /// A currency, where no region is said.
    pub(super) currency_code: Option<String>,
    /// The first lines.
    pub(super) items: Option<Vec<NewItem>>,
    /// The first codes.
    pub(super) promo_codes: Option<Vec<String>>,
    /// What else belongs to it.
    #[serde(flatten)]
    pub(super) about: About,
}

/// What else belongs to a cart.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = medusa::About)]
pub(super) struct About {
    /// The buyer's address for mail.
    pub(super) email: Option<String>,
    /// Where it is sent to.
    #[schema(value_type = Option<Object>)]
    pub(super) shipping_address: Option<Value>,
    /// Whose bill it is.
    #[schema(value_type = Option<Object>)]
    pub(super) billing_address: Option<Value>,
    /// Something of the client's.
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<Value>,
}

impl About {
    /// True if it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.email.is_none()
            && self.shipping_address.is_none()
            && self.billing_address.is_none()
            && self.metadata.is_none()
    }

    /// What is said takes the place of what was; the rest stays.
    pub(super) fn put_into(&self, extras: &mut Extras) {
        let put = |said: &Option<Value>, known: &mut Option<Value>| {
            if said.is_some() {
                known.clone_from(said);
            }
        };
        if self.email.is_some() {
            extras.email.clone_from(&self.email);
        }
        put(&self.shipping_address, &mut extras.shipping_address);
        put(&self.billing_address, &mut extras.billing_address);
        put(&self.metadata, &mut extras.metadata);
    }
}

/// A change of a cart.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = medusa::CartUpdate)]
pub(super) struct CartUpdate {
    /// A region: only one of the cart's currency.
    pub(super) region_id: Option<String>,
    /// The codes that it is to have, and no others.
    pub(super) promo_codes: Option<Vec<String>>,
    /// What else belongs to it.
    #[serde(flatten)]
    pub(super) about: About,
}

/// Some of a variant.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::NewItem)]
pub(super) struct NewItem {
    /// The variant: a SKU.
    pub(super) variant_id: String,
    /// How many more.
    pub(super) quantity: u32,
    /// As which variant, by name: other ones are another line.
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<Map<String, Value>>,
}

/// Another quantity.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::ItemUpdate)]
pub(super) struct ItemUpdate {
    /// How many there shall be: 0 removes the line.
    pub(super) quantity: u32,
}

/// Codes.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::Codes)]
pub(super) struct Codes {
    /// The codes.
    pub(super) promo_codes: Vec<String>,
}

/// A way of sending that is chosen.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::NewShippingMethod)]
pub(super) struct NewShippingMethod {
    /// The shipping option.
    pub(super) option_id: String,
}

/// A cart by its id.
#[derive(Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[schema(as = medusa::WhichCart)]
pub(super) struct WhichCart {
    /// The cart.
    pub(super) cart_id: String,
}

/// A payment session that is to be started.
#[derive(Deserialize, ToSchema)]
#[schema(as = medusa::NewPaymentSession)]
pub(super) struct NewPaymentSession {
    /// The provider.
    pub(super) provider_id: String,
}
