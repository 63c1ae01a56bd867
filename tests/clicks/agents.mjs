// Prints User-Agents of browsers and crawlers as JSON, each with what the package `isbot` says of it:
// `node agents.mjs FOLDER_OF_USER_AGENTS FOLDER_OF_CRAWLER_USER_AGENTS FOLDER_OF_ISBOT`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [agents, crawlers, judge] = process.argv.slice(2);
const { isbot } = createRequire(`${judge}/package.json`)("isbot");
// Read as files: not every package exports its data.
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const browsers = read(`${agents}/node_modules/user-agents/dist/user-agents.json`);
const patterns = read(`${crawlers}/node_modules/crawler-user-agents/crawler-user-agents.json`);

const weights = new Map();
for (const { userAgent, weight } of browsers) weights.set(userAgent, (weights.get(userAgent) ?? 0) + weight);
const instances = new Set(patterns.flatMap(({ instances }) => instances));
const show = (text, weight) => ({ text, weight, isbot: isbot(text) });
console.log(
  JSON.stringify({
    browsers: [...weights].map(([text, weight]) => show(text, weight)),
    crawlers: [...instances].map((text) => show(text, 1)),
  }),
);
