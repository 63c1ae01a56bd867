// Some of the buyers of a sale, as a process of its own: each opens a cart, stands in line, pays and completes, and tries again
// where its time was over. Prints how they fared: orders, those who were told that all is sold, when the last order was, and
// how many milliseconds each needed.
import { post, sleep } from "./http.mjs";

const [shop, provider, seconds, from, to] = process.argv.slice(2);
const PRICE = 1999;
const AT_ONCE = 24;
const TRIES = 30;
const fates = { ordered: 0, sold_out: 0, gave_up: 0, last_order: 0, took: [] };

async function buy(buyer) {
  const opened = await post(`${shop}/v1/carts`, `open-${buyer}-${"x".repeat(32)}`, { currency: "EUR" });
  const cart = `${shop}/v1/carts/${opened.body.id}`;
  const headers = { "millrace-cart-token": opened.body.token };
  const step = (name, path, body) => post(`${cart}/${path}`, `${name}-${buyer}`, body, headers);
  const added = await step("add", "line-items", { sku: "tee", quantity: 1 });
  if (added.body.code === "insufficient_stock") return "sold_out";
  for (let number = 0; number < TRIES; number += 1) {
    const wait = { prefer: "wait=30", ...headers };
    const body = { queue: true, seconds: Number(seconds) };
    const reserved = await post(`${cart}/checkout`, `checkout-${buyer}-${number}`, body, wait);
    const { status, body: said } = reserved;
    if (said.code === "insufficient_stock") return "sold_out";
    // The time in line was over, or what the provider said too late has tried the cart again meanwhile.
    if (said.code === "cart_ordered") return "ordered";
    if (status === 200) {
      const payment = { cart: opened.body.id, payment: `p-${buyer}-${number}`, amount: PRICE };
      await fetch(provider, { method: "POST", body: JSON.stringify(payment) });
      if (await completed(cart, headers, `${buyer}-${number}`)) return "ordered";
    } else if (!["checkout_expired", "checking_out"].includes(said.code)) {
      throw new Error(`${buyer}: ${status} ${JSON.stringify(said)}`);
    }
    await sleep(20);
  }
  return "gave_up";
}

// True once there is an order; false once the cart is its buyer's again.
async function completed(cart, headers, key) {
  for (let number = 0; ; number += 1) {
    const { status, body } = await post(`${cart}/complete`, `complete-${key}-${number}`, {}, headers);
    if (status === 200 && body.type === "order") return true;
    if (body.code === "not_checking_out") return false;
    if (status !== 200) throw new Error(`${key}: ${status} ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

let next = Number(from);
async function work() {
  while (next < Number(to)) {
    const buyer = next++;
    const began = Date.now();
    const fate = await buy(buyer);
    fates.took.push(Date.now() - began);
    fates[fate] += 1;
    if (fate === "ordered") fates.last_order = Date.now();
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(JSON.stringify(fates));
