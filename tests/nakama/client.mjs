// What the scripts share: Nakama's client from the folder where it was installed, and how a refusal is checked.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

export const [url, folder, ...args] = process.argv.slice(2);
export const { Client, Session } = createRequire(`${folder}/`)("@heroiclabs/nakama-js");
const { hostname, port } = new URL(url);

// On a busy machine an answer may take longer than the seven seconds that the client waits by itself.
const TIMEOUT = 60_000;

export function connect(key) {
  return new Client(key, hostname, port, false, TIMEOUT);
}

// The client throws the response of what is refused.
export async function refused(status, code, call, says = "") {
  const response = await call.then(
    (answer) => assert.fail(`not refused: ${JSON.stringify(answer)}`),
    (response) => response,
  );
  assert.ok(response instanceof Response, String(response));
  const body = await response.json();
  assert.deepEqual([response.status, body.code], [status, code], JSON.stringify(body));
  assert.match(response.headers.get("content-type"), /^application\/json/);
  assert.equal(body.error, body.message);
  assert.ok(body.message.includes(says), body.message);
}

// The client's timers would keep the process for as long as it waits.
export function end() {
  console.log("played");
  process.exit(0);
}

// What is refused and should not be: the response says why.
process.on("unhandledRejection", async (reason) => {
  console.error(reason instanceof Response ? `${reason.url} ${reason.status} ${await reason.text()}` : reason);
  process.exit(1);
});
