// After a restart: the users are the same, and what they wrote is there.
import assert from "node:assert/strict";
import { args, connect, end } from "./client.mjs";

const client = connect(args[0]);
const eve = await client.authenticateCustom("custom-of-eve");
const { owner_records } = await client.listLeaderboardRecords(eve, "sum", [eve.user_id]);
assert.deepEqual(owner_records.map((record) => [record.owner_id, record.score]), [[eve.user_id, 4]]);
end();
