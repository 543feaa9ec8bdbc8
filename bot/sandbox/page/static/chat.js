// The chat that is looked at: its messages in order, what is going on, and what to do when empty.

import { Bubble } from "./bubble.js";
import { el, hour, icon, keepFocus } from "./dom.js";
import { words } from "./words.js";

const NEAR = 120; // px from the end that count as being there
const TOGETHER = 300; // seconds between messages that stand close together
const ACTION = 5500; // ms that an action is shown
const ANSWER = 3000; // ms after a press was answered in which the bot's messages belong to it

export class Chat {
  constructor(visitor) {
    this.visitor = visitor;
    this.scroll = document.getElementById("scroll");
    this.list = document.getElementById("messages");
    this.down = document.getElementById("down");
    this.bubbles = new Map();
    this.down.append(icon("down"));
    this.down.setAttribute("aria-label", words.toNewest);
    this.down.addEventListener("click", () => this.toEnd("smooth"));
    this.scroll.addEventListener("scroll", () => {
      this.down.hidden = this.isNear(4 * NEAR);
    });
    const resized = new ResizeObserver(() => this.stuck && this.toEnd());
    resized.observe(this.list);
    resized.observe(this.scroll);
    this.scroll.addEventListener("scroll", () => {
      this.stuck = this.isNear(NEAR);
    }, { passive: true });
    for (const own of ["wheel", "touchmove"]) {
      this.scroll.addEventListener(own, () => (this.pressed = null), { passive: true });
    }
    this.pressed = null;
    this.stuck = true;
  }

  show(messages) {
    const held = document.activeElement?.closest(".message")?.dataset.id;
    this.list.setAttribute("aria-busy", "true");
    this.pressed = null;
    this.bubbles.clear();
    this.list.replaceChildren();
    for (const message of messages) this.put(message);
    this.list.removeAttribute("aria-busy");
    this.empty();
    this.stuck = true;
    this.toEnd();
    this.bubbles.get(Number(held))?.element.focus({ preventScroll: true });
  }

  // A button was pressed, perhaps far from where its answer appears: that is brought into view.
  expect(id) {
    this.pressed = id;
  }

  answered(id) {
    setTimeout(() => this.pressed === id && (this.pressed = null), ANSWER);
  }

  put(message, isNews = false) {
    const known = this.bubbles.get(message.id);
    const isAnswer = this.pressed !== null && message.from.is_bot && message.id !== this.pressed;
    if (known) {
      known.update(message);
      if (isAnswer && isNews) known.element.scrollIntoView({ block: "nearest" });
      return;
    }
    const bubble = new Bubble(message, this.visitor);
    const last = [...this.bubbles.values()].at(-1)?.message;
    this.bubbles.set(message.id, bubble);
    keepFocus(this.list, this.visitor.composer.input, () => this.list.querySelector(".empty")?.remove());
    document.body.classList.remove("vacant");
    if (!last || day(last.date) !== day(message.date)) this.list.append(el("li", { class: "day" }, dayName(message.date)));
    else if (last.from.id === message.from.id && message.date - last.date < TOGETHER) bubble.element.classList.add("close");
    const own = message.from.id === this.visitor.me;
    this.list.append(bubble.element);
    if (own || isAnswer) this.stuck = true;
    if (this.stuck) this.toEnd();
  }

  remove(id) {
    const element = this.bubbles.get(id)?.element;
    if (!element) return;
    const next = element.contains(document.activeElement) && (element.nextElementSibling ?? this.visitor.composer.input);
    element.remove();
    if (next) next.focus({ preventScroll: true });
    this.bubbles.delete(id);
    this.empty();
  }

  note(text) {
    this.list.append(el("li", { class: "note" }, el("span", { dir: "auto" }, text)));
    if (this.stuck) this.toEnd();
  }

  empty() {
    document.body.classList.toggle("vacant", !this.bubbles.size);
    if (this.bubbles.size) return;
    const group = this.visitor.inGroup();
    if (this.visitor.isKeptOut()) {
      this.list.replaceChildren(el("li", { class: "empty" }, el("h2", {}, words.closedTitle(this.visitor.person().name)),
        el("p", {}, words.closedText)));
      return;
    }
    const sample = (name, label, symbol) => el("button", { type: "button", class: "offer", onclick: () => this.visitor.sample(name) },
      el("span", { class: "disc" }, icon(symbol)), label);
    this.list.replaceChildren(el("li", { class: "empty" },
      el("img", { src: "/static/icon.svg", alt: "", width: 56, height: 56 }),
      el("h2", {}, group ? this.visitor.title() : words.emptyTitle),
      el("p", { dir: "auto" }, group ? words.emptyGroup : words.emptyText),
      group ? null : el("div", { class: "offers" },
        sample("hum", words.sendHum, "mic"), sample("beat", words.sendBeat, "music"), sample("song", words.sendSong, "music")),
      group ? null : el("p", { class: "or" }, words.emptyOr)));
  }

  jumpTo(id) {
    const element = this.bubbles.get(id)?.element;
    if (!element) return;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    element.classList.add("found");
    setTimeout(() => element.classList.remove("found"), 1500);
  }

  isNear(most) {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < most;
  }

  toEnd(behavior = "auto") {
    this.scroll.scrollTo({ top: this.scroll.scrollHeight, behavior });
  }
}

export class Actions {
  constructor(changed) {
    this.changed = changed;
    this.now = new Map();
  }

  start(chat, action) {
    clearTimeout(this.now.get(chat)?.ends);
    this.now.set(chat, { action, ends: setTimeout(() => this.stop(chat), ACTION) });
    this.changed();
  }

  stop(chat) {
    clearTimeout(this.now.get(chat)?.ends);
    if (this.now.delete(chat)) this.changed();
  }

  of(chat) {
    return this.now.get(chat)?.action;
  }
}

export function preview(message) {
  if (!message) return { text: words.nothingYet, time: "" };
  const label = message.kind === "text" ? "" : words.kinds[message.kind];
  return { text: message.text || label, time: hour(message.date) };
}

function day(unix) {
  return new Date(unix * 1000).toDateString();
}

function dayName(unix) {
  if (day(unix) === new Date().toDateString()) return words.today;
  return new Date(unix * 1000).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}
