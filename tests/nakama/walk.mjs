// Two users play on boards that the own API made: write, list, page, look around, delete, and every kind of refusal.
import assert from "node:assert/strict";
import { Session, args, connect, end, refused, url } from "./client.mjs";

const [key, secret] = args;
const client = connect(key);
const raw = client.apiClient;

async function own(method, path, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
  const answer = await fetch(`${url}/v1/leaderboards${path}`, { method, headers, body: JSON.stringify(body) });
  const shown = await answer.json();
  assert.ok(answer.ok, JSON.stringify(shown));
  return shown;
}

for (const board of [
  { id: "cup", columns: ["desc"] },
  { id: "plain" },
  { id: "sum", operator: "incr" },
  { id: "closed", authoritative: true },
  { id: "duel", tournament: { max_attempts: 1 } },
  { id: "day", reset_cron: "0 0 * * *" },
]) {
  await own("POST", "", board);
}

// Users: the same id is the same user, of another kind another one. The name is what the session says.
const ada = await client.authenticateDevice("device-of-ada", true, "Ada", { a: "variable" });
const eve = await client.authenticateCustom("custom-of-eve", true, "Ève·??>>~~🏆");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
assert.match(ada.user_id, UUID);
assert.match(eve.user_id, UUID);
assert.deepEqual([ada.username, eve.username], ["Ada", "Ève·??>>~~🏆"]);
assert.equal((await client.authenticateDevice("device-of-ada")).user_id, ada.user_id);
assert.notEqual((await client.authenticateCustom("device-of-ada")).user_id, ada.user_id);
const now = Date.now() / 1000;
assert.ok(!ada.isexpired(now + 600) && ada.isexpired(now + 3700) && !ada.isrefreshexpired(now + 3700));

// Writing: the best counts, what is not said again stays, the place is the present one.
const first = await client.writeLeaderboardRecord(ada, "cup", { score: "10", subscore: 1, metadata: { car: "red" } });
const { update_time, ...written } = first;
assert.ok(Math.abs(Date.parse(update_time) / 1000 - now) < 600, update_time);
assert.deepEqual(written, {
  expiry_time: undefined,
  leaderboard_id: "cup",
  metadata: { car: "red" },
  num_score: 1,
  owner_id: ada.user_id,
  score: 10,
  subscore: 1,
  username: "Ada",
  max_num_score: 0,
  rank: 1,
});
assert.equal((await client.writeLeaderboardRecord(eve, "cup", { score: 20 })).rank, 1);
const worse = await client.writeLeaderboardRecord(ada, "cup", { score: 5 });
assert.deepEqual([worse.score, worse.rank, worse.num_score, worse.metadata], [10, 2, 2, { car: "red" }]);

// 64 bits, in and out as texts; zeros are left out.
const huge = { score: "9007199254740993", unknown: true };
assert.equal((await raw.writeLeaderboardRecord(ada.token, "plain", huge)).score, "9007199254740993");
const nothing = await raw.writeLeaderboardRecord(eve.token, "plain", {});
assert.deepEqual([nothing.score, nothing.subscore, nothing.metadata, nothing.rank], [undefined, undefined, "{}", "2"]);

// Operators: the board's, and in its place one by name or number.
const sum = async (record) => (await raw.writeLeaderboardRecord(eve.token, "sum", record)).score;
assert.equal(await sum({ score: "5" }), "5");
assert.equal(await sum({ score: 5, operator: 0 }), "10");
assert.equal(await sum({ score: "3", operator: "DECREMENT" }), "7");
assert.equal(await sum({ score: "6", operator: 1 }), "7");
assert.equal(await sum({ score: "0", operator: 2 }), undefined);
assert.equal(await sum({ score: "4", operator: "INCREMENT" }), "4");

// Lists: one record unless said; the cursors go on and back.
const owners = (list) => list.records.map((record) => record.owner_id);
const two = await client.listLeaderboardRecords(ada, "cup", undefined, 10);
assert.deepEqual(two.records.map((record) => [record.rank, record.username, record.score, record.subscore]), [
  [1, "Ève·??>>~~🏆", 20, 0],
  [2, "Ada", 10, 1],
]);
assert.deepEqual([two.rank_count, two.next_cursor, two.prev_cursor], [2, undefined, undefined]);
const top = await client.listLeaderboardRecords(ada, "cup");
assert.deepEqual(owners(top), [eve.user_id]);
const next = await client.listLeaderboardRecords(ada, "cup", [], 1, top.next_cursor);
assert.deepEqual([owners(next), next.next_cursor], [[ada.user_id], undefined]);
const back = await client.listLeaderboardRecords(ada, "cup", [], 1, next.prev_cursor);
assert.deepEqual(owners(back), [eve.user_id]);

// Owners of the own API stand beside them, and may have a name too.
const scores = Array.from({ length: 8 }, (_, index) => ({ owner: `bot-${index}`, score: 100 + index, subscores: [0] }));
scores[7].metadata = { $username: "The Seventh" };
await own("POST", "/cup/scores:batch", { scores });
const named = await client.listLeaderboardRecords(ada, "cup", ["bot-7", "nobody", ada.user_id, ada.user_id]);
assert.deepEqual([named.records, named.rank_count], [[], 10]);
assert.deepEqual(named.owner_records.map((record) => [record.rank, record.username]), [[1, "The Seventh"], [10, "Ada"]]);
const both = await client.listLeaderboardRecords(ada, "cup", [ada.user_id], 2);
assert.deepEqual([owners(both), both.owner_records[0].rank], [["bot-7", "bot-6"], 10]);
assert.equal(both.owner_records.length, 1);

// Around an owner: moved at the edges so that it is full.
const around = async (owner, limit) => {
  const list = await client.listLeaderboardRecordsAroundOwner(ada, "cup", owner, limit);
  return list.records.map((record) => record.rank);
};
assert.deepEqual(await around("bot-6", 4), [1, 2, 3, 4]);
assert.deepEqual(await around("bot-4", 3), [3, 4, 5]);
assert.deepEqual(await around(ada.user_id, 4), [7, 8, 9, 10]);
assert.deepEqual(await around(ada.user_id, 100), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
assert.deepEqual(await around(ada.user_id), [10]);
assert.deepEqual(await around("nobody", 4), []);
const middle = await client.listLeaderboardRecordsAroundOwner(ada, "cup", "bot-4", 2);
const on = await client.listLeaderboardRecordsAroundOwner(ada, "cup", "bot-4", 2, undefined, middle.next_cursor);
const before = await client.listLeaderboardRecords(ada, "cup", [], 2, middle.prev_cursor);
const ranks = (list) => list.records.map((record) => record.rank);
assert.deepEqual([ranks(before), ranks(middle), ranks(on)], [[1, 2], [3, 4], [5, 6]]);

// A board that ends says when, an ended one can still be asked for.
const day = await client.writeLeaderboardRecord(ada, "day", { score: 1 });
const midnight = Date.parse(day.expiry_time);
assert.ok(midnight > Date.now() && midnight % 86_400_000 === 0, day.expiry_time);
assert.deepEqual(owners(await client.listLeaderboardRecords(ada, "day", [], 9, undefined, String(midnight / 1000))), [ada.user_id]);
const closed = await own("POST", "/day/epochs:close", {});
assert.deepEqual(owners(await client.listLeaderboardRecords(ada, "day", [], 9)), []);
const ended = String(Math.floor(Date.parse(closed.closed_at) / 1000));
const old = await client.listLeaderboardRecords(ada, "day", [ada.user_id], 9, undefined, ended);
assert.deepEqual([owners(old), old.owner_records.length, old.rank_count], [[ada.user_id], 1, 1]);
assert.deepEqual(owners(await client.listLeaderboardRecords(ada, "day", [], 9, undefined, "77")), []);

// Attempts that are used up.
assert.equal((await client.writeLeaderboardRecord(ada, "duel", { score: 1 })).max_num_score, 1);
await refused(409, 10, client.writeLeaderboardRecord(ada, "duel", { score: 2 }), "attempts");

// Deleting: one's own, and again without harm.
assert.deepEqual(await raw.deleteLeaderboardRecord(ada.token, "cup"), {});
assert.deepEqual(await around(ada.user_id, 4), []);
assert.deepEqual(await around(eve.user_id, 4), [6, 7, 8, 9]);
assert.deepEqual(await raw.deleteLeaderboardRecord(ada.token, "cup"), {});
const anew = await client.writeLeaderboardRecord(ada, "cup", { score: 1 });
assert.deepEqual([anew.rank, anew.num_score, anew.metadata], [10, 1, {}]);

// Sessions are renewed with the token for that, and with no other.
const renewed = await client.sessionRefresh(Session.restore(eve.token, eve.refresh_token));
assert.deepEqual([renewed.user_id, renewed.username], [eve.user_id, eve.username]);
assert.equal((await client.listLeaderboardRecords(renewed, "sum", [eve.user_id])).owner_records.length, 1);
await refused(401, 16, raw.sessionRefresh(key, "", { token: eve.token }));
await refused(401, 16, raw.listLeaderboardRecords(eve.refresh_token, "cup"));

// Who may not ask.
await refused(401, 16, connect("defaultkey").authenticateDevice("device-of-ada"));
await refused(401, 16, raw.sessionRefresh("", "", { token: eve.refresh_token }));
await refused(401, 16, raw.listLeaderboardRecords(`${ada.token}x`, "cup"));
await refused(401, 16, raw.listLeaderboardRecords("", "cup"));
await refused(401, 16, raw.listLeaderboardRecords(secret, "cup"));
const foreign = await fetch(`${url}/v1/leaderboards/cup`, { headers: { authorization: `Bearer ${ada.token}` } });
assert.deepEqual([foreign.status, (await foreign.json()).code], [401, "bad_api_key"]);

// What is wrong.
await refused(404, 5, client.writeLeaderboardRecord(ada, "none", { score: 1 }), "Leaderboard not found.");
await refused(404, 5, client.listLeaderboardRecords(ada, "none"));
await refused(404, 5, client.listLeaderboardRecordsAroundOwner(ada, "none", ada.user_id));
await refused(404, 5, raw.deleteLeaderboardRecord(ada.token, "none"));
await refused(403, 7, client.writeLeaderboardRecord(ada, "closed", { score: 1 }));
await refused(403, 7, raw.deleteLeaderboardRecord(ada.token, "closed"));
await refused(400, 3, client.listLeaderboardRecords(ada, "cup", [], 1001), "between 1 and 1000");
await refused(400, 3, client.listLeaderboardRecords(ada, "cup", [], 0));
await refused(400, 3, client.listLeaderboardRecordsAroundOwner(ada, "cup", "x", 101), "between 1 and 100");
await refused(400, 3, client.listLeaderboardRecords(ada, "cup", [], 1, "rubbish"), "Cursor is invalid");
await refused(400, 3, client.listLeaderboardRecords(ada, "plain", [], 1, top.next_cursor), "Cursor is invalid");
await refused(400, 3, client.listLeaderboardRecords(ada, "cup", [], 1, undefined, "soon"));
await refused(400, 3, client.authenticateDevice("short"), "10-128 bytes");
await refused(400, 3, client.authenticateCustom("tiny"), "6-128 bytes");
await refused(400, 3, client.authenticateDevice("a device with blanks"), "no spaces");
await refused(400, 3, client.authenticateDevice("device-of-ada", true, "two words"), "no spaces");
await refused(400, 3, raw.writeLeaderboardRecord(ada.token, "cup", { score: "1", metadata: "[1]" }), "Metadata");
await refused(400, 3, raw.writeLeaderboardRecord(ada.token, "cup", { score: "1", metadata: `{"a":"${"x".repeat(5000)}"}` }));
await refused(400, 3, raw.writeLeaderboardRecord(ada.token, "cup", { score: "many" }), "64 bits");
await refused(400, 3, raw.writeLeaderboardRecord(ada.token, "plain", { score: "1", subscore: "1" }), "subscores");
await refused(400, 3, raw.writeLeaderboardRecord(ada.token, "sum", { score: 1, operator: 7 }), "operator");

// What is not covered says what is.
for (const call of [
  () => client.getAccount(ada),
  () => client.listFriends(ada),
  () => client.writeTournamentRecord(ada, "cup", { score: 1 }),
  () => client.rpc(ada, "any", {}),
  () => raw.healthcheck(ada.token),
]) {
  await refused(501, 12, call(), "GET /v2/leaderboard/{id}/owner/{owner}");
}
const put = await fetch(`${url}/v2/leaderboard/cup`, { method: "PUT", headers: { authorization: `Bearer ${ada.token}` } });
assert.deepEqual([put.status, (await put.json()).code], [501, 12]);

// Other clients send JSON without saying so.
const headers = { authorization: `Basic ${btoa(`${key}:`)}`, "content-type": "text/plain" };
const body = JSON.stringify({ id: "device-of-ada", more: [1] });
const plain = await fetch(`${url}/v2/account/authenticate/device?create=true&`, { method: "POST", headers, body });
assert.equal(Session.restore((await plain.json()).token, "").user_id, ada.user_id);
end();
