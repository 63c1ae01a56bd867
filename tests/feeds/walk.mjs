// What people do on Mastodon, through its client for JavaScript: writing, following, reading page by page, liking, boosting,
// lists and notifications. Arguments: the server, and the folder of the package.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const [url, folder] = process.argv.slice(2);
const { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } = await import(
  pathToFileURL(`${folder}/node_modules/masto/dist/esm/index.js`).href
);

const tokens = {};
async function logIn(username) {
  const app = await createRestAPIClient({ url }).v1.apps.create({ clientName: "walk", redirectUris: "urn:x", scopes: "read write" });
  const token = await createOAuthAPIClient({ url }).token.create({
    grantType: "password", clientId: app.clientId, clientSecret: app.clientSecret, username, password: "any", scope: "read write",
  });
  tokens[username] = token.accessToken;
  return createRestAPIClient({ url, accessToken: token.accessToken });
}

const [ada, bob] = [await logIn("ada"), await logIn("bob")];
const me = await ada.v1.accounts.verifyCredentials();
assert.equal(me.username, "ada");
const relation = await bob.v1.accounts.$select(me.id).follow();
assert.equal(relation.following, true);
const posts = [];
for (let number = 0; number < 7; number += 1) {
  posts.push(await ada.v1.statuses.create({ status: `post ${number}` }));
}
const home = await bob.v1.timelines.home.list({ limit: 3 });
assert.deepEqual(home.map((status) => status.id), posts.slice(4).reverse().map((status) => status.id));
const all = [];
for await (const page of bob.v1.timelines.home.list({ limit: 3 })) {
  all.push(...page.map((status) => status.id));
}
assert.deepEqual(all, posts.toReversed().map((status) => status.id));

const first = bob.v1.statuses.$select(posts[0].id);
assert.equal((await first.favourite()).favouritesCount, 1);
assert.equal((await first.reblog()).reblog.id, posts[0].id);
assert.equal((await first.unreblog()).reblogsCount, 0);
const reply = await bob.v1.statuses.create({ status: "hi @ada", inReplyToId: posts[0].id });
assert.equal((await first.context.fetch()).descendants[0].id, reply.id);
assert.deepEqual((await ada.v1.notifications.list()).map((one) => one.type), ["mention", "favourite", "follow"]);
const asked = await ada.v1.statuses.create({ status: "which?", poll: { options: ["yes", "no"], expiresIn: 3600 } });
const voted = await bob.v1.polls.$select(asked.poll.id).votes.create({ choices: [1] });
assert.deepEqual([voted.ownVotes, voted.options.map((option) => option.votesCount)], [[1], [0, 1]]);
assert.equal((await ada.v1.statuses.$select(asked.id).fetch()).poll.votersCount, 1);
await ada.v1.statuses.$select(asked.id).remove();
const list = await bob.v1.lists.create({ title: "Friends" });
await bob.v1.lists.$select(list.id).accounts.create({ accountIds: [me.id] });
assert.equal((await bob.v1.timelines.list.$select(list.id).list({ limit: 5 })).length, 5);
assert.deepEqual((await bob.v1.accounts.search.list({ q: "ad" })).map((account) => account.acct), ["ada"]);
await bob.v1.accounts.$select(me.id).mute();
assert.equal((await bob.v1.timelines.home.list()).filter((status) => status.account.acct === "ada").length, 0);
await bob.v1.accounts.$select(me.id).unmute();
await ada.v1.statuses.$select(posts[0].id).remove();
await assert.rejects(first.fetch(), /Record not found/);
// The stream over a WebSocket, with the token as the protocol and as a parameter. Nobody says when it has begun, so what it is to
// tell is done until it tells it.
const streamingApiUrl = (await bob.v2.instance.fetch()).configuration.urls.streaming;
const { WebSocket } = await import(pathToFileURL(`${folder}/node_modules/ws/wrapper.mjs`).href);
let opened = 0;
class Counted extends WebSocket {
  constructor(...given) {
    super(...given);
    opened += 1;
  }
}
for (const useInsecureAccessToken of [false, true]) {
  opened = 0;
  const streaming = createStreamingAPIClient({
    streamingApiUrl, accessToken: tokens.bob, useInsecureAccessToken, implementation: Counted,
  });
  const told = streaming.user.subscribe()[Symbol.asyncIterator]();
  const expect = async (what, is, act) => {
    for (let waiting = told.next(), tries = 0; ; tries += 1) {
      assert.ok(tries < 200, `nothing is told of ${what}`);
      await act(tries);
      const event = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200))]);
      if (event && is(event.value)) {
        return event.value;
      }
      waiting = event ? told.next() : waiting;
    }
  };
  const update = (name) => (event) => event.event === "update" && event.payload.account.acct === name;
  const live = await expect("a post", update("ada"), () => ada.v1.statuses.create({ status: "live" }));
  await ada.v1.statuses.$select(live.payload.id).remove();
  await expect("a delete", (event) => event.event === "delete" && event.payload === live.payload.id, () => {});
  const eve = await logIn("eve");
  const her = (await eve.v1.accounts.verifyCredentials()).id;
  await bob.v1.accounts.$select(her).follow();
  await expect("whom it follows since", update("eve"), () => eve.v1.statuses.create({ status: "hi" }));
  await bob.v1.accounts.$select(her).unfollow();
  assert.equal(opened, 1, "the connection stays when one follows others");
  streaming.close();
}
const refused = createStreamingAPIClient({ streamingApiUrl, accessToken: "no.such.token", retry: 1 });
await assert.rejects(refused.user.subscribe()[Symbol.asyncIterator]().next(), /Failed to connect/);
// A call that is not covered says which are.
await assert.rejects(async () => await ada.v1.trends.statuses.list(), /not covered; these are: .*GET \/api\/v1\/notifications/);
console.log("lived");
