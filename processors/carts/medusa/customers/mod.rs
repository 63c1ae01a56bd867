//! Customers of shops on Medusa: who they are, and what they say of themselves.

pub(super) mod routes;
