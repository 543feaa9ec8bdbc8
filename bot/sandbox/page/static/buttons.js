// Inline keyboards: rows, styles, a spinner until the bot has answered.

import { act } from "./connection.js";
import { el, icon } from "./dom.js";
import { alert, complain, toast } from "./notes.js";
import { words } from "./words.js";

export function inlineKeyboard(message, visitor) {
  return el(
    "div",
    { class: "keys" },
    message.buttons.map((row) => el("div", { class: "row" }, row.map((each) => key(each, message, visitor)))),
  );
}

function key(button, message, visitor) {
  const label = el("span", { class: "label", dir: "auto" }, button.text);
  if (button.url) {
    const safe = /^(https?|tg):\/\//i.test(button.url) ? button.url : null;
    return el("a", { class: `key ${button.style ?? ""}`, href: safe, target: "_blank", rel: "noopener noreferrer" }, label, icon("link"));
  }
  const made = el("button", { type: "button", class: `key ${button.style ?? ""}` }, label);
  if (button.copy) {
    made.append(icon("copy"));
    made.addEventListener("click", () => copy(button.copy));
  } else if (button.unsupported) {
    made.classList.add("unsupported");
    made.addEventListener("click", () => toast(words.unsupportedButton(button.unsupported)));
  } else {
    made.addEventListener("click", () => press(made, button, message, visitor));
  }
  return made;
}

async function press(made, button, message, visitor) {
  if (made.getAttribute("aria-busy") === "true") return;
  made.setAttribute("aria-busy", "true");
  visitor.parts.chat.expect(message.id);
  try {
    const answer = await act("press", {
      person: visitor.me, chat: message.chat, id: message.id, data: button.callback_data,
    });
    if (!answer) toast(words.noAnswer);
    else if (answer.text && answer.show_alert) alert(answer.text);
    else if (answer.text) toast(answer.text);
  } catch (error) {
    complain(error);
  } finally {
    made.removeAttribute("aria-busy");
    visitor.parts.chat.answered(message.id);
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(words.copied);
  } catch {
    toast(words.copyFailed);
  }
}
