// Passing remarks under the head of the page, where they hide no newest button, and alerts that wait for an OK.

import { el } from "./dom.js";
import { words } from "./words.js";

const LASTS = 4500;

export function toast(text) {
  const note = el("p", { class: "toast", dir: "auto" }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), LASTS);
}

// For those who listen: what has changed on the screen without being new.
export function announce(text) {
  const line = el("p", {}, text);
  document.getElementById("said").append(line);
  setTimeout(() => line.remove(), LASTS);
}

export function alert(text) {
  const dialog = document.getElementById("alert");
  dialog.replaceChildren(
    el("p", { dir: "auto" }, text),
    el("button", { type: "button", class: "solid", onclick: () => dialog.close() }, words.ok),
  );
  if (!dialog.open) dialog.showModal();
}

export function complain(error) {
  toast(words.errors[error.message] ?? words.errors.refused);
}
