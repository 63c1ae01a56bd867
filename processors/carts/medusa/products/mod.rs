//! What shops on Medusa sell: each SKU is a product.

pub(super) mod routes;
