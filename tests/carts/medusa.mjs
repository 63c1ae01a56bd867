// A shop on Medusa's own SDK, unmodified: from the first cart to the order, what is refused, and what is not covered.
import assert from "node:assert/strict";
import { request } from "node:http";
import { createRequire } from "node:module";

const [url, folder, secret] = process.argv.slice(2);
const { default: Medusa, FetchError } = createRequire(`${folder}/`)("@medusajs/js-sdk");
const quiet = () => {};
const logger = { error: quiet, warn: quiet, info: quiet, debug: quiet };
const { store } = new Medusa({ baseUrl: url, publishableKey: "pk_of_the_shop", logger });

async function own(method, path, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
  const answer = await fetch(`${url}/v1/carts${path}`, { method, headers, body: JSON.stringify(body) });
  const shown = await answer.json();
  assert.ok(answer.ok, JSON.stringify(shown));
  return shown;
}

// The SDK throws what is refused, with its status and message.
async function refused(status, says, call) {
  const error = await call.then((answer) => assert.fail(`not refused: ${JSON.stringify(answer)}`), (error) => error);
  assert.ok(error instanceof FetchError, String(error));
  assert.deepEqual([error.status, error.message.includes(says)], [status, true], `${error.status} ${error.message}`);
}

// The whole body of what is refused, which the SDK does not show.
async function body(path, sent) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/store${path}`, { method: "POST", headers, body: JSON.stringify(sent) });
  assert.match(answer.headers.get("content-type"), /^application\/json/);
  return [answer.status, await answer.json()];
}

// The shelf, codes and ways of sending are made by the own API.
await own("PUT", "/skus/tee", { on_hand: 10, price: { amount: 1999, currency: "EUR" }, title: "Tee", max_per_line: 8 });
await own("PUT", "/skus/cap", { on_hand: 3, price: { amount: 500, currency: "EUR" }, title: "Cap" });
await own("PUT", "/skus/fan", { on_hand: 3, price: { amount: 300, currency: "JPY" } });
await own("PUT", "/skus/dinar", { on_hand: 9, price: { amount: 1234, currency: "KWD" } });
await own("PUT", "/promotions/spring", { discount: { kind: "percent", basis_points: 1500 } });
const prices = [{ amount: 490, currency: "EUR" }, { amount: 800, currency: "JPY" }];
await own("PUT", "/shipping-options/post", { label: "Post", prices });
await own("PUT", "/shipping-options/pickup", { label: "Pick up", prices: [{ amount: 0, currency: "EUR" }] });
await own("PUT", "/shipping-options/ship", { label: "By sea", prices: [{ amount: 1, currency: "JPY" }] });

// Where to and in what currency.
const { regions } = await store.region.list();
assert.deepEqual(regions.map((region) => [region.id, region.currency_code]), [["reg_eur", "eur"], ["reg_jpy", "jpy"]]);
assert.equal((await store.region.retrieve("reg_kwd")).region.currency_code, "kwd");
await refused(404, "reg_x", store.region.retrieve("reg_x"));

// A cart: lines are added, added to, changed and removed.
const created = await store.cart.create({ region_id: "reg_eur", email: "ada@example.com", metadata: { from: "ad" } });
const { id } = created.cart;
assert.match(id, /^cart_[\w-]{43}$/);
assert.deepEqual(
  [created.cart.items, created.cart.total, created.cart.email, created.cart.metadata, created.cart.region_id],
  [[], 0, "ada@example.com", { from: "ad" }, "reg_eur"],
);
const add = async (variant_id, quantity, metadata) =>
  (await store.cart.createLineItem(id, { variant_id, quantity, metadata }, { fields: "*items,+total" })).cart;
const items = (cart) => cart.items.map((item) => [item.variant_sku, item.quantity, item.total]);
assert.deepEqual(items(await add("tee", 1)), [["tee", 1, 19.99]]);
assert.deepEqual(items(await add("tee", 1)), [["tee", 2, 39.98]]);
const both = await add("cap", 2, { colour: "red" });
assert.deepEqual([items(both), both.items[1].metadata], [[["tee", 2, 39.98], ["cap", 2, 10]], { colour: "red" }]);
assert.equal((await add("cap", 1, { colour: "blue" })).items.length, 3);
const [tee, red, blue] = (await store.cart.retrieve(id)).cart.items;
const changed = (await store.cart.updateLineItem(id, tee.id, { quantity: 3 })).cart;
assert.deepEqual(items(changed)[0], ["tee", 3, 59.97]);
const removed = await store.cart.deleteLineItem(id, red.id);
assert.deepEqual([removed.id, removed.object, removed.deleted, items(removed.parent).length], [red.id, "line-item", true, 2]);
assert.equal((await store.cart.updateLineItem(id, blue.id, { quantity: 0 })).cart.items.length, 1);

// A code: capitals mean the same; what it takes off is spread to the cent.
const coded = (await store.cart.addPromotions(id, { promo_codes: ["SPRING"] })).cart;
assert.deepEqual(
  [coded.promotions[0].code, coded.discount_total, coded.total, coded.items[0].adjustments],
  ["spring", 9, 50.97, [{ code: "spring", amount: 9 }]],
);
assert.equal((await store.cart.removePromotions(id, { promo_codes: ["spring", "none"] })).cart.discount_total, 0);
assert.equal((await store.cart.update(id, { promo_codes: ["spring"] })).cart.discount_total, 9);

// Sending: what was chosen stays when lines change.
const { shipping_options } = await store.fulfillment.listCartOptions({ cart_id: id });
assert.deepEqual(shipping_options.map((option) => [option.id, option.name, option.amount, option.price_type]), [
  ["pickup", "Pick up", 0, "flat"],
  ["post", "Post", 4.9, "flat"],
]);
assert.equal((await store.fulfillment.calculate("post", { cart_id: id })).shipping_option.amount, 4.9);
const free = (await store.cart.addShippingMethod(id, { option_id: "pickup" })).cart;
assert.deepEqual([free.shipping_methods[0].name, free.shipping_total], ["Pick up", 0]);
const sent = (await store.cart.addShippingMethod(id, { option_id: "post" })).cart;
const [method] = sent.shipping_methods;
assert.deepEqual([method.shipping_option_id, method.amount, sent.shipping_methods.length], ["post", 4.9, 1]);
assert.deepEqual([sent.item_subtotal, sent.subtotal, sent.shipping_total, sent.total], [59.97, 64.87, 4.9, 55.87]);
assert.equal((await add("tee", 1)).total, 72.87);
assert.equal((await store.cart.updateLineItem(id, tee.id, { quantity: 3 })).cart.total, 55.87);
const address = { first_name: "Ada", address_1: "1 Mill Lane", city: "Leeds", country_code: "gb" };
const addressed = (await store.cart.update(id, { shipping_address: address, email: "ada@mill.example" })).cart;
assert.deepEqual([addressed.shipping_address, addressed.email, addressed.total], [address, "ada@mill.example", 55.87]);
assert.deepEqual(addressed.metadata, { from: "ad" });

// Paying: the session reserves everything, and says what the provider must say.
const { payment_providers } = await store.payment.listPaymentProviders({ region_id: "reg_eur" });
assert.deepEqual(payment_providers, [{ id: "pp_millrace", is_enabled: true }]);
await refused(400, "Payment sessions are required", store.cart.complete(id));
const start = async () => {
  const { cart } = await store.cart.retrieve(id);
  const { payment_collection } = await store.payment.initiatePaymentSession(cart, { provider_id: "pp_millrace" });
  return payment_collection;
};
const collection = await start();
const [session] = collection.payment_sessions;
assert.deepEqual([collection.status, collection.amount, session.status], ["awaiting", 55.87, "pending"]);
assert.deepEqual([session.provider_id, session.data.amount], ["pp_millrace", 5587]);
const available = async (sku) => (await own("GET", `/skus/${sku}/availability`)).available;
assert.equal(await available("tee"), 7);
assert.equal((await start()).id, collection.id);

// A change lets go of the session and of what it reserved.
assert.deepEqual(items(await add("tee", 1))[0], ["tee", 4, 67.97]);
assert.deepEqual([(await store.cart.retrieve(id)).cart.payment_collection, await available("tee")], [null, 10]);
await store.cart.updateLineItem(id, tee.id, { quantity: 3 });
const again = (await start()).payment_sessions[0];

// Before the provider has said anything there is no order; afterwards there is one, as often as it is asked for.
const early = await store.cart.complete(id);
assert.deepEqual([early.type, early.cart.id, early.error.type], ["cart", id, "payment_authorization_error"]);
await own("POST", "/payments/p1/events", { ...again.data, type: "authorized" });
const [completed, twice] = await Promise.all([store.cart.complete(id), store.cart.complete(id)]);
assert.deepEqual([completed.type, completed], ["order", twice]);
const { order } = completed;
assert.match(order.id, /^order_[\w-]{43}$/);
assert.deepEqual(
  [order.total, order.email, order.shipping_address.city, order.payment_status, items(order)],
  [55.87, "ada@mill.example", "Leeds", "authorized", [["tee", 3, 50.97]]],
);
assert.deepEqual((await store.order.retrieve(order.id)).order, order);
const done = (await store.cart.retrieve(id)).cart;
assert.deepEqual([typeof done.completed_at, done.payment_collection.status], ["string", "completed"]);
await refused(400, "already completed", add("tee", 1));

// Nobody pays for nothing; money without cents, and with three decimals.
const gift = (await store.cart.create({ currency_code: "eur", items: [{ variant_id: "cap", quantity: 1 }] })).cart;
await own("PUT", "/promotions/gift", { discount: { kind: "percent", basis_points: 10_000 } });
await store.cart.addPromotions(gift.id, { promo_codes: ["gift"] });
assert.equal((await store.cart.complete(gift.id)).type, "order");
const yen = (await store.cart.create({ region_id: "reg_jpy", items: [{ variant_id: "fan", quantity: 2 }] })).cart;
assert.equal((await store.cart.addShippingMethod(yen.id, { option_id: "post" })).cart.total, 1400);
const dinar = (await store.cart.create({ region_id: "reg_kwd", items: [{ variant_id: "dinar", quantity: 1 }] })).cart;
assert.equal(dinar.total, 1.234);

// What is refused, in Medusa's shapes.
const other = (await store.cart.create({ region_id: "reg_eur" })).cart;
const put = (variant_id, quantity) => store.cart.createLineItem(other.id, { variant_id, quantity });
await refused(404, "was not found", store.cart.retrieve(`cart_${"x".repeat(43)}`));
await refused(404, "was not found", store.cart.retrieve("other"));
await refused(404, "was not found", store.order.retrieve(id.replace("cart_", "order_").replace(/.$/, "-")));
await refused(404, "was not found", store.order.retrieve(other.id.replace("cart_", "order_")));
await refused(400, "No regions", store.cart.create({}));
await refused(400, "SKU `none`", put("none", 1));
await refused(400, "another currency", put("fan", 1));
await refused(400, "quantity", put("tee", 0));
await refused(400, "", put("tee", -1));
await refused(400, "", put("tee", 1.5));
await refused(404, "line", store.cart.updateLineItem(other.id, "cali_0", { quantity: 1 }));
await refused(400, "NONE".toLowerCase(), store.cart.addPromotions(other.id, { promo_codes: ["NONE"] }));
await refused(400, "", store.cart.addShippingMethod(other.id, { option_id: "none" }));
await refused(400, "another currency", store.cart.addShippingMethod(other.id, { option_id: "ship" }));
await refused(400, "currency", store.cart.update(other.id, { region_id: "reg_jpy" }));
await refused(400, "no lines", store.payment.initiatePaymentSession(other, { provider_id: "pp_millrace" }));
assert.deepEqual(await body(`/carts/${other.id}/promotions`, { promo_codes: 1 }).then(([status, { type }]) => [status, type]), [
  400,
  "invalid_data",
]);

// The last ones are gone while they lie in the cart.
await put("cap", 2);
const rival = (await store.cart.create({ region_id: "reg_eur", items: [{ variant_id: "cap", quantity: 2 }] })).cart;
await store.payment.initiatePaymentSession(rival, { provider_id: "pp_millrace" });
const collected = await body("/payment-collections", { cart_id: other.id });
const [status, sold] = await body(`/payment-collections/${collected[1].payment_collection.id}/payment-sessions`, {
  provider_id: "pp_millrace",
});
assert.deepEqual([status, sold.type, sold.code], [400, "not_allowed", "insufficient_inventory"]);

// Products: each SKU is one, with the price of the region and what there is of it.
const { products, count } = await store.product.list({ region_id: "reg_eur", fields: "*variants.calculated_price" });
const priced = ({ variants: [variant] }) => [variant.id, variant.calculated_price?.calculated_amount, variant.inventory_quantity];
assert.deepEqual([count, products.map(priced)], [4, [["cap", 5, 0], ["dinar", undefined, 9], ["fan", undefined, 3], ["tee", 19.99, 7]]]);
const found = await store.product.list({ region_id: "reg_jpy", q: "A", limit: 1, offset: 1 });
assert.deepEqual([found.count, found.products.map(priced)], [3, [["dinar", undefined, 9]]]);
const { product } = await store.product.retrieve("tee", { region_id: "reg_eur" });
assert.deepEqual([product.title, product.handle, product.variants[0].calculated_price.currency_code], ["Tee", "tee", "eur"]);
await refused(404, "none was not found", store.product.retrieve("none"));

// A customer: the shop's own server vouches, there are no passwords; then the customer's token is enough.
const page = (headers) =>
  new Medusa({ baseUrl: url, logger, auth: { type: "jwt", jwtTokenStorageMethod: "memory" }, globalHeaders: headers });
const shop = () => page({ authorization: `Bearer ${secret}` });
const ada = { email: "ada@mill.example", password: "any" };
await refused(401, "no passwords", page({}).auth.register("customer", "emailpass", ada));
await refused(401, "Invalid email", shop().auth.login("customer", "emailpass", ada));
await refused(401, "Unauthorized", page({}).store.customer.create({ email: ada.email }));
const phone = shop();
await phone.auth.register("customer", "emailpass", ada);
await phone.store.customer.create({ email: ada.email, first_name: "Ada" });
await refused(400, "already", phone.store.customer.create({ email: ada.email }));
await refused(401, "already exists", shop().auth.register("customer", "emailpass", ada));
const token = await phone.auth.login("customer", "emailpass", ada);
await refused(401, "no passwords", phone.auth.login("customer", "emailpass", { email: "eve@mill.example" }));
await phone.store.customer.update({ last_name: "Mill" });
const { customer } = await phone.store.customer.retrieve();
assert.deepEqual([customer.id, customer.first_name, customer.last_name, customer.has_account], [ada.email, "Ada", "Mill", true]);
await refused(401, "Unauthorized", store.customer.retrieve());
const forged = page({ authorization: `Bearer ${token.replace(/.$/, (last) => (last === "A" ? "B" : "A"))}` });
await refused(401, "Unauthorized", forged.store.customer.retrieve());
assert.equal(typeof (await phone.auth.refresh()).token, "string");

// A cart is transferred at login: its id goes on, for the customer alone; another device's cart joins it.
const mine = (await store.cart.create({ region_id: "reg_eur", email: "a@b.c", items: [{ variant_id: "tee", quantity: 1 }] })).cart;
await store.cart.addShippingMethod(mine.id, { option_id: "post" });
await refused(401, "Unauthorized", store.cart.transferCart(mine.id));
const transferred = (await phone.store.cart.transferCart(mine.id)).cart;
assert.deepEqual(
  [transferred.id, transferred.customer_id, items(transferred), transferred.email, transferred.shipping_total],
  [mine.id, ada.email, [["tee", 1, 19.99]], "a@b.c", 4.9],
);
assert.deepEqual((await phone.store.cart.transferCart(mine.id)).cart, transferred);
await refused(400, "merged", store.cart.retrieve(mine.id));
const laptop = shop();
await laptop.auth.login("customer", "emailpass", ada);
const second = (await laptop.store.cart.create({ region_id: "reg_eur", items: [{ variant_id: "tee", quantity: 2 }] })).cart;
assert.deepEqual(items((await laptop.store.cart.transferCart(second.id)).cart), [["tee", 2, 39.98]]);
assert.deepEqual(items((await phone.store.cart.retrieve(mine.id)).cart), [["tee", 2, 39.98]]);
const basket = (await phone.store.cart.retrieve(mine.id)).cart;
const { payment_collection: due } = await phone.store.payment.initiatePaymentSession(basket, { provider_id: "pp_millrace" });
await own("POST", "/payments/p2/events", { ...due.payment_sessions[0].data, type: "authorized" });
const bought = await phone.store.cart.complete(mine.id);
assert.deepEqual([bought.type, bought.order?.customer_id, bought.order?.total], ["order", ada.email, 44.88]);
assert.deepEqual((await laptop.store.order.retrieve(bought.order.id)).order.total, 44.88);
await refused(404, "was not found", store.order.retrieve(bought.order.id));

// What is not covered says what is.
for (const call of [
  () => store.collection.list(),
  () => store.order.list(),
  () => store.customer.listAddress(),
  () => phone.auth.resetPassword("customer", "emailpass", { identifier: ada.email }),
  () => store.order.requestTransfer(order.id, {}),
]) {
  await refused(501, "POST /store/carts/{id}/complete", call());
}
// A browser asks first for pages of another origin, and shows them answers only where their origin is named.
const asked = (method, origin, headers) =>
  new Promise((done, failed) => {
    const sent = request(`${url}/store/regions`, { method, headers: { origin, ...headers } }, (answer) => {
      answer.resume().on("end", () => done([answer.statusCode, answer.headers]));
    });
    sent.on("error", failed).end();
  });
const wish = { "access-control-request-method": "POST", "access-control-request-headers": "x-publishable-api-key" };
for (const [origin, allowed] of [
  ["https://shop.example", "https://shop.example"],
  ["https://other.example", undefined],
]) {
  const [status, headers] = await asked("OPTIONS", origin, wish);
  assert.deepEqual([status, headers["access-control-allow-origin"]], [200, allowed]);
  if (allowed) assert.deepEqual(headers["access-control-allow-headers"], "x-publishable-api-key");
  const [answered, shown] = await asked("GET", origin, {});
  assert.deepEqual([answered, shown["access-control-allow-origin"]], [200, allowed]);
}
console.log("sold");
