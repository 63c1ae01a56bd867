// The client as it is by itself: with the server key that it has built in.
import assert from "node:assert/strict";
import { connect, end, refused } from "./client.mjs";

const client = connect();
const session = await client.authenticateDevice("a-device-of-ada", true);
assert.match(session.username, /^[a-z]{10}$/);
const record = await client.writeLeaderboardRecord(session, "cup", { score: "7" });
assert.deepEqual([record.owner_id, record.score, record.rank], [session.user_id, 7, 1]);
await refused(401, 16, connect("another").authenticateDevice("a-device-of-ada"));
end();
