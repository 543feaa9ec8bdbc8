// One message. An update changes what has changed and leaves a playing track alone.

import { act } from "./connection.js";
import { inlineKeyboard } from "./buttons.js";
import { el, hour, icon, iconButton, keepFocus, size } from "./dom.js";
import { complain } from "./notes.js";
import { player } from "./player.js";
import { rich } from "./rich.js";
import { words } from "./words.js";

const EMOJI = ["👍", "❤", "🔥", "🎉", "😢"];
const READ = 1000; // ms after which a new message has been read out, and edits are told by other means

// Where the last line may end on the left, the time stands on a line of its own.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

export class Bubble {
  constructor(message, visitor) {
    this.visitor = visitor;
    this.slots = {};
    this.seen = {};
    this.body = el("div", { class: "bubble" });
    this.element = el("li", { class: "message", tabIndex: -1 }, this.body);
    setTimeout(() => this.element.setAttribute("aria-live", "off"), READ);
    for (const name of ["sender", "reply", "media", "text", "reactions", "meta"]) {
      this.slots[name] = el("div", { class: name });
      this.body.append(this.slots[name]);
    }
    this.slots.keys = el("div", { class: "below" });
    this.element.append(this.slots.keys);
    this.body.append(this.menu());
    this.update(message);
  }

  update(message) {
    this.message = message;
    const mine = message.from.id === this.visitor.me;
    this.element.dataset.id = message.id;
    this.element.classList.toggle("mine", mine);
    this.element.classList.toggle("sounding", ["audio", "voice"].includes(message.kind));
    this.element.classList.toggle("keyed", message.buttons.length > 0);
    const tucked = message.text && !message.reactions.length && !RIGHT_TO_LEFT.test(message.text);
    this.element.classList.toggle("tucked", Boolean(tucked));
    this.element.style.setProperty("--meta", `${stamp(message).length * 0.42 + 1.2}em`);
    const named = !mine && this.visitor.inGroup();
    const name = this.visitor.nameOf(message.from);
    this.fill("sender", [name, named], () => (named ? document.createTextNode(name) : el("span", { class: "unseen" }, `${name}:`)));
    this.fill("reply", message.reply, () => message.reply && this.quoted(message.reply));
    this.fill("media", message.file, () => message.file && media(message));
    this.fill("text", [message.text, message.entities, message.kind], () => this.text(message));
    this.fill("meta", [message.edited, message.date], () => meta(message));
    this.fill("keys", message.buttons, () => message.buttons.length && inlineKeyboard(message, this.visitor));
    this.fill("reactions", message.reactions, () => this.reactions(message));
  }

  fill(slot, what, make) {
    const now = JSON.stringify(what ?? null);
    if (this.seen[slot] === now) return;
    this.seen[slot] = now;
    const made = make();
    keepFocus(this.slots[slot], this.element, () => {
      this.slots[slot].replaceChildren(...(made ? [made].flat() : []));
      this.slots[slot].hidden = !made || (Array.isArray(made) && !made.length);
    });
  }

  text(message) {
    if (message.kind === "unknown") return el("p", { class: "unsupported" }, words.unsupportedMessage);
    if (!message.text) return null;
    const big = !message.entities.length && /^\p{Extended_Pictographic}{1,3}$/u.test(message.text);
    return el("p", { dir: "auto", class: big ? "big" : "" }, rich(message.text, message.entities, this.visitor.sendText));
  }

  quoted(reply) {
    return el(
      "button",
      { type: "button", class: "quote", onclick: () => this.visitor.jumpTo(reply.id) },
      el("strong", { dir: "auto" }, reply.name),
      el("span", { dir: "auto" }, reply.text || words.kinds[reply.kind]),
    );
  }

  reactions(message) {
    return message.reactions.map(({ emoji, users }) => {
      const own = users.includes(this.visitor.me);
      return el(
        "button",
        { type: "button", class: own ? "reaction own" : "reaction", "aria-pressed": String(own),
          onclick: () => this.react(own ? "" : emoji) },
        emoji,
        users.length > 1 ? ` ${users.length}` : "",
      );
    });
  }

  react(emoji) {
    const { me, chat } = this.visitor;
    act("react", { person: me, chat, id: this.message.id, emoji }).catch(complain);
  }

  menu() {
    const list = el("div", { class: "menu", hidden: true });
    const open = iconButton("dots", words.messageMenu, { class: "more", "aria-expanded": "false" });
    const close = () => {
      list.hidden = true;
      open.setAttribute("aria-expanded", "false");
    };
    const item = (name, label, does) =>
      el("button", { type: "button", class: "item", onclick: () => (close(), does()) }, icon(name), label);
    open.addEventListener("click", () => {
      const mine = this.message.from.id === this.visitor.me && this.message.kind === "text";
      list.replaceChildren(
        el("div", { class: "emoji" }, EMOJI.map((each) =>
          el("button", { type: "button", onclick: () => (close(), this.react(each)) }, each))),
        item("reply", words.reply, () => this.visitor.reply(this.message)),
        ...(mine ? [item("edit", words.edit, () => this.visitor.edit(this.message))] : []),
      );
      list.hidden = !list.hidden;
      open.setAttribute("aria-expanded", String(!list.hidden));
      const room = open.getBoundingClientRect().top;
      list.classList.toggle("upward", room > window.innerHeight / 2);
    });
    const tools = el("div", { class: "tools" }, open, list);
    tools.addEventListener("keydown", (event) => event.key === "Escape" && (close(), open.focus()));
    tools.addEventListener("focusout", (event) => !tools.contains(event.relatedTarget) && close());
    return tools;
  }
}

function meta(message) {
  return el("time", { dateTime: new Date(message.date * 1000).toISOString() }, stamp(message));
}

function stamp(message) {
  const edited = message.edited && !message.from.is_bot ? `${words.edited} ` : "";
  return edited + hour(message.date);
}

function media(message) {
  const { file, kind } = message;
  if (kind === "audio" || kind === "voice") return player(message);
  if (kind === "photo") return el("img", { class: "photo", src: `/file/${file.id}`, alt: words.kinds.photo });
  if (kind === "video" || kind === "video_note") {
    return el("video", { class: kind, src: `/file/${file.id}`, controls: true, preload: "metadata", "aria-label": words.kinds[kind] });
  }
  if (kind === "sticker") return el("span", { class: "sticker", role: "img", "aria-label": words.kinds.sticker }, file.emoji);
  return el(
    "a",
    { class: "document", href: `/file/${file.id}`, download: file.name || "file" },
    el("span", { class: "paper" }, icon("file")),
    el("span", { class: "about" },
      el("span", { class: "name", dir: "auto" }, file.name || words.kinds[kind]),
      el("span", { class: "size" }, size(file.size))),
  );
}
