// A payment provider, as a process of its own: it tells the shop of a payment late, twice, too late, or never, as the
// payment's id has it. For each line that it reads it prints the payments whose money it took, once the
// shop knows of all of them.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { post, sleep } from "./http.mjs";

const [shop, seconds] = process.argv.slice(2);
const captured = new Map();
const pending = new Set();

// Four kinds of payments, spread evenly over ids.
const kind = (payment) => [...payment].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % 4;

async function tell({ cart, payment, amount }) {
  const say = (type, key) => post(`${shop}/v1/carts/payments/${payment}/events`, key, { cart, type, amount });
  const capture = async (key) => {
    captured.set(payment, cart);
    const { status, body } = await say("captured", key);
    if (status !== 200) throw new Error(`${payment}: ${status} ${JSON.stringify(body)}`);
  };
  switch (kind(payment)) {
    case 0:
      await sleep(150);
      return capture(`${payment}-1`);
    case 1:
      await say("authorized", `${payment}-0`);
      return Promise.all([capture(`${payment}-1`), capture(`${payment}-2`)]);
    case 2:
      await sleep(seconds * 1000 + 700);
      return capture(`${payment}-1`);
    default:
      return undefined;
  }
}

const server = createServer((request, response) => {
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    // A provider takes the order at once; what becomes of it is said later.
    response.end("{}");
    const telling = tell(JSON.parse(text)).catch((error) => {
      console.error(error);
      process.exit(1);
    });
    pending.add(telling);
    telling.then(() => pending.delete(telling));
  });
});
createInterface({ input: process.stdin }).on("line", async () => {
  await Promise.all(pending);
  console.log(JSON.stringify([...captured]));
});
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}`));
