// Text and Telegram's entities made elements. Offsets count UTF-16 units, as strings here do.

import { el } from "./dom.js";
import { words } from "./words.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const LINES = 7;

export function rich(text, entities, onCommand) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return part(text, sorted, 0, text.length, onCommand);
}

function part(text, entities, from, to, onCommand) {
  const made = document.createDocumentFragment();
  let at = from;
  for (let next = 0; next < entities.length; next += 1) {
    const each = entities[next];
    if (each.offset < at || each.offset >= to) continue;
    const end = Math.min(each.offset + each.length, to);
    made.append(text.slice(at, each.offset));
    const inner = part(text, entities.slice(next + 1), each.offset, end, onCommand);
    made.append(element(each, inner, text.slice(each.offset, end), onCommand));
    at = end;
  }
  made.append(text.slice(at, to));
  return made;
}

function element(entity, inner, covered, onCommand) {
  if (entity.type === "text_link" || entity.type === "url") {
    return link(entity.url ?? covered, inner);
  }
  if (entity.type === "bot_command") {
    return el("button", { type: "button", class: "command", onclick: () => onCommand(covered) }, inner);
  }
  if (entity.type === "spoiler") return spoiler(inner);
  const made = el(TAGS[entity.type] ?? "span", { dir: entity.type.includes("quote") ? "auto" : null }, inner);
  return entity.type === "expandable_blockquote" ? expandable(made, covered) : made;
}

function link(address, inner) {
  const safe = /^(https?|tg):\/\//i.test(address);
  return el("a", safe ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {}, inner);
}

function spoiler(inner) {
  const made = el("span", { class: "spoiler", role: "button", tabIndex: 0 }, inner);
  const show = () => made.classList.add("shown");
  made.addEventListener("click", show);
  made.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return made;
}

function expandable(quote, covered) {
  if (covered.split("\n").length <= LINES && covered.length < 280) return quote;
  quote.classList.add("folded");
  const toggle = el("button", { type: "button", class: "fold", "aria-expanded": "false" }, words.more);
  toggle.addEventListener("click", () => {
    const folded = quote.classList.toggle("folded");
    toggle.textContent = folded ? words.more : words.less;
    toggle.setAttribute("aria-expanded", String(!folded));
  });
  quote.append(toggle);
  return quote;
}
