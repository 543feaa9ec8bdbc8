// The way to the sandbox: news through a WebSocket that comes back by itself, acts through POST.

const FIRST = 300;
const SLOWEST = 4000;

export function listen(hear, alive) {
  let pause = FIRST;
  const open = () => {
    const socket = new WebSocket(`ws://${location.host}/feed`);
    socket.addEventListener("message", (event) => {
      pause = FIRST;
      alive(true);
      hear(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      alive(false);
      setTimeout(open, pause);
      pause = Math.min(pause * 2, SLOWEST);
    });
  };
  open();
}

export class Refused extends Error {}

async function post(address, options) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", ...options });
  } catch {
    throw new Refused("unreachable");
  }
  const body = await answer.json().catch(() => ({ error: "refused" }));
  if (!answer.ok) throw new Refused(body.error);
  return body.done;
}

export function act(name, body) {
  return post(`/act/${name}`, {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export function sendFile(about, file, name) {
  const form = new FormData();
  form.append("about", JSON.stringify(about));
  form.append("file", file, name);
  return post("/act/file", { body: form });
}
