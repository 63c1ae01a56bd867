// A scanner without a connection: checks codes with the public key alone. `gate.mjs URL CODE…` says `good` or `forged` of each.
import { createPublicKey, verify } from "node:crypto";

const [url, ...codes] = process.argv.slice(2);
const { keys } = await (await fetch(`${url}/v1/tickets/keys`)).json();
const key = createPublicKey({ key: keys[0], format: "jwk" });
for (const code of codes) {
  const cut = code.lastIndexOf(".");
  const [named, signature] = [code.slice(0, cut), Buffer.from(code.slice(cut + 1), "base64url")];
  console.log(verify(null, Buffer.from(`millrace ticket ${named}`), key, signature) ? "good" : "forged");
}
