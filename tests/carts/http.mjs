// What the processes of a sale share: a request that is asked again until there is a final answer.
const FINAL = (status) => ![202, 429, 500, 502, 503, 504].includes(status);
const DEADLINE = 60_000;
// Longer than the longest time that a request says it waits.
const PATIENCE = 40_000;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// A request whose connection was lost without a word is given up; and while one is under way the process does not end.
async function ask(url, request) {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), PATIENCE);
  try {
    const answer = await fetch(url, { ...request, signal: given.signal });
    return { status: answer.status, shown: await answer.json() };
  } finally {
    clearTimeout(timer);
  }
}

// Under its key a request takes effect once, whatever happens to the server meanwhile.
export async function post(url, key, body, headers = {}) {
  const until = Date.now() + DEADLINE;
  for (;;) {
    try {
      const sent = { "content-type": "application/json", "idempotency-key": key, ...headers };
      const { status, shown } = await ask(url, { method: "POST", headers: sent, body: JSON.stringify(body) });
      if (FINAL(status)) return { status, body: shown };
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    if (Date.now() > until) throw new Error(`no final answer: ${url}`);
    await sleep(20);
  }
}
