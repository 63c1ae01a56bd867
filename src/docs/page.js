// Sends the forms of /docs to this server and shows what it answers. Without it the page can still be read.
const who = document.getElementById("who");

function headers() {
  const sent = {};
  const { key, subject } = Object.fromEntries(new FormData(who));
  if (key) sent.Authorization = `Bearer ${key}`;
  if (subject) sent["Millrace-Subject"] = encodeURIComponent(subject);
  return sent;
}

function target(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.append(input.name, input.value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function send(form) {
  const shown = form.querySelector("output");
  const url = target(form);
  shown.textContent = `GET ${url} …`;
  try {
    const answer = await fetch(url, { headers: headers() });
    let text = await answer.text();
    if (answer.headers.get("content-type")?.includes("json")) text = JSON.stringify(JSON.parse(text), null, 2);
    const position = answer.headers.get("millrace-position");
    shown.textContent = `GET ${url}\n${answer.status} ${answer.statusText}${position ? `\nMillrace-Position: ${position}` : ""}\n\n${text}`;
  } catch (error) {
    shown.textContent = `GET ${url}\n${error}`;
  }
}

who.addEventListener("submit", (event) => event.preventDefault());
for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
