// What the processes of a sale share: a request that is asked again until there is a final answer.
const FINAL = (status) => ![202, 429, 500, 502, 503, 504].includes(status);
const DEADLINE = 60_000;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Under its key a request takes effect once, whatever happens to the server meanwhile.
export async function post(url, key, body, headers = {}) {
  const until = Date.now() + DEADLINE;
  for (;;) {
    try {
      const sent = { "content-type": "application/json", "idempotency-key": key, ...headers };
      const answer = await fetch(url, { method: "POST", headers: sent, body: JSON.stringify(body) });
      const shown = await answer.json();
      if (FINAL(answer.status)) return { status: answer.status, body: shown };
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    if (Date.now() > until) throw new Error(`no final answer: ${url}`);
    await sleep(20);
  }
}
