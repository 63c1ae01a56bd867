//! What the façade works out by itself: ids, amounts and errors in Medusa's dialect.

use super::refusal::ErrorBody;
use super::secret::{Kind, Secret};
use super::shown::{currency, major};

#[test]
fn an_id_of_one_kind_is_none_of_another() {
    for (kind, id, is_one) in [
        (Kind::Cart, "cart_abc", true),
        (Kind::Cart, "order_abc", false),
        (Kind::Order, "order_abc", true),
        (Kind::PaymentCollection, "pay_col_abc", true),
        (Kind::Cart, "cart_", false),
        (Kind::Cart, "abc", false),
    ] {
        assert_eq!(Secret::of(kind, id).is_ok(), is_one, "{id}");
    }
}

#[test]
fn the_own_id_and_the_token_say_nothing_about_each_other() {
    let secret = Secret::of(Kind::Cart, "cart_abc").unwrap();
    assert_eq!(secret.id(Kind::Order), "order_abc");
    assert_eq!(secret.cart().len(), 22);
    assert_ne!(crate::runtime::tokens::hash(&secret.cart()), secret.token());
    assert_ne!(secret.cart(), Secret::of(Kind::Cart, "cart_abd").unwrap().cart());
}

#[test]
fn amounts_are_decimal_numbers_of_the_unit() {
    for (minor, decimals, text) in [
        (1999, 2, "19.99"),
        (2000, 2, "20"),
        (5, 2, "0.05"),
        (0, 2, "0"),
        (300, 0, "300"),
        (1234, 3, "1.234"),
        (1, 3, "0.001"),
        (100_000_000_000_001, 2, "1000000000000.01"),
        (1_000_000_000_000_000, 3, "1000000000000"),
    ] {
        assert_eq!(major(minor, decimals).to_string(), text);
    }
}

#[test]
fn a_region_is_a_currency() {
    for (text, code) in [("reg_eur", Some("EUR")), ("eur", Some("EUR")), ("EUR", Some("EUR")), ("reg_euro", None)] {
        assert_eq!(currency(text).map(|currency| currency.code().to_owned()).as_deref(), code, "{text}");
    }
}

#[test]
fn a_problem_has_a_status_and_a_type_of_medusas() {
    for (status, code, expected) in [
        (404, "unknown_cart", (404, "not_found", None)),
        (422, "insufficient_stock", (400, "not_allowed", Some("insufficient_inventory"))),
        (422, "unknown_sku", (400, "invalid_data", Some("unknown_sku"))),
        (409, "version_conflict", (409, "conflict", Some("invalid_state_error"))),
        (410, "cart_merged", (400, "invalid_data", Some("cart_merged"))),
        (501, "not_covered", (501, "not_allowed", Some("not_covered"))),
        (503, "unavailable", (503, "unexpected_state", Some("unavailable"))),
        (500, "undecodable", (500, "unknown_error", Some("unknown_error"))),
    ] {
        let (status, body) = ErrorBody::of(status, code, String::new());
        assert_eq!((status, body.r#type, body.code.as_deref()), expected, "{code}");
    }
}
