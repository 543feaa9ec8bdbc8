// The page: what is known, who looks at it, and which part shows it.

import { Backstage } from "./backstage.js";
import { Actions, Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { act, listen } from "./connection.js";
import { el, iconButton } from "./dom.js";
import { alert, announce, complain, toast } from "./notes.js";
import { People, avatar } from "./people.js";
import { words } from "./words.js";

const WIDE = matchMedia("(min-width: 1100px)");
const DESK = matchMedia("(min-width: 760px)");
const place = (id) => document.getElementById(id);

// What a visitor sees and does; every part of the page asks this one.
class Visitor {
  constructor() {
    this.me = Number(sessionStorage.getItem("me")) || 0;
    this.chat = Number(sessionStorage.getItem("chat")) || 0;
    this.known = { chats: [], people: [], status: "starting", commands: {}, blocked: [], let_in: [] };
    this.messages = new Map();
    this.read = new Map();
    this.online = true;
    this.task = "";
    this.actions = new Actions(() => this.showHead());
    this.sendText = (text) => this.composer.sendText(text);
    this.parts = { chat: new Chat(this), people: new People(place("people"), this),
      backstage: new Backstage(place("backstage"), () => this.fold(true)) };
    this.composer = new Composer(place("composer"), this);
    this.fold(!WIDE.matches || localStorage.getItem("folded") === "true"); // a phone begins with the chat
    this.takeDrops();
    place("veil").addEventListener("click", () => this.sheet(false));
    addEventListener("keydown", (event) => event.key === "Escape" && this.escape());
  }

  get people() {
    return this.known.people;
  }

  get largest() {
    return this.known.largest;
  }

  hear(news) {
    const heard = {
      hello: () => this.greet(news),
      state: () => this.learn(news),
      message: () => this.take(news.message),
      deleted: () => this.forget(news),
      action: () => this.actions.start(news.chat, news.action),
      blocked: () => this.block(news),
      begun: () => this.parts.backstage.begin(news.call),
      call: () => this.parts.backstage.add(news.call),
      unsupported: () => news.chat === this.chat && this.parts.chat.note(words.unsupportedMethod(news.method)),
    };
    heard[news.kind]?.();
  }

  greet(news) {
    this.known = news;
    if (!this.people.some((each) => each.id === this.me)) this.me = this.people[0].id;
    if (!this.chats().some((each) => each.id === this.chat)) this.chat = this.chats()[0].id;
    this.messages = new Map(news.chats.map((each) => [each.id, new Map()]));
    for (const message of news.messages) this.messages.get(message.chat)?.set(message.id, message);
    this.parts.backstage.fill(news);
    if (!this.greeted) this.composer.turnTo(this.me, this.chat);
    this.greeted = true;
    this.composer.refresh(this.messages.get(this.chat));
    for (const { id } of news.chats) if (!this.read.has(id)) this.read.set(id, this.newest(id)?.id ?? 0);
    this.look();
  }

  learn(news) {
    const before = JSON.stringify([this.people, this.known.status]);
    const kept = this.isKeptOut();
    Object.assign(this.known, news);
    if (kept !== this.isKeptOut()) {
      this.showGate();
      this.parts.chat.empty();
    }
    this.parts.backstage.show(news.state);
    this.composer.showCommands(this.known.commands[this.chat]?.[this.me] ?? []);
    if (before !== JSON.stringify([this.people, this.known.status])) {
      this.showHead();
      this.parts.people.show();
    }
  }

  take(message) {
    const chat = this.messages.get(message.chat);
    if (!chat) return;
    const before = chat.get(message.id);
    const fresh = !before;
    chat.set(message.id, message);
    if (message.from.is_bot) this.actions.stop(message.chat);
    if (message.chat === this.chat) {
      const isNews = Boolean(before) && message.from.id !== this.me && saysMore(before, message);
      this.parts.chat.put(message, isNews);
      if (isNews) this.tell(message);
      this.showKeyboard();
      this.read.set(this.chat, message.id);
    }
    if (fresh || message === this.newest(message.chat)) this.parts.people.show();
  }

  tell(message) {
    const text = message.text || words.kinds[message.kind];
    announce(words.changed(this.nameOf(message.from), text, labels(message)));
  }

  forget({ chat, id }) {
    this.messages.get(chat)?.delete(id);
    if (chat === this.chat) {
      this.parts.chat.remove(id);
      this.showKeyboard();
    }
    this.parts.people.show();
  }

  block({ chat, on }) {
    this.known.blocked = this.known.blocked.filter((each) => each !== chat).concat(on ? [chat] : []);
    this.showHead();
  }

  look() {
    sessionStorage.setItem("me", this.me);
    sessionStorage.setItem("chat", this.chat);
    this.read.set(this.chat, this.newest(this.chat)?.id ?? 0);
    this.parts.chat.show([...this.messages.get(this.chat).values()]);
    this.parts.backstage.show(this.known.state);
    this.composer.showCommands(this.known.commands[this.chat]?.[this.me] ?? []);
    this.showKeyboard();
    this.showHead();
    this.showGate();
    this.parts.people.show();
  }

  become(id) {
    const group = this.inGroup();
    this.composer.setMode(null);
    this.me = id;
    this.chat = group ? this.chat : this.chats()[0].id;
    this.composer.turnTo(this.me, this.chat);
    this.look();
  }

  open(id) {
    this.composer.setMode(null);
    this.chat = id;
    this.composer.turnTo(this.me, this.chat);
    this.look();
    this.sheet(false);
    if (DESK.matches) this.composer.input.focus();
  }

  chats() {
    return this.known.chats.filter((each) => each.members.includes(this.me));
  }

  person() {
    return this.people.find((each) => each.id === this.me);
  }

  nameOf(from) {
    return from.id === this.me ? words.you : from.first_name;
  }

  // Whether the bot turns this person away, here.
  isKeptOut() {
    return Boolean(this.person()) && !this.inGroup() && !this.known.let_in.includes(this.me);
  }

  showGate() {
    const gate = place("gate");
    const held = gate.contains(document.activeElement);
    gate.hidden = !this.isKeptOut();
    if (gate.hidden) {
      gate.replaceChildren();
      if (held) this.composer.input.focus();
      return;
    }
    const { id, name } = this.person();
    const open = () => act("admit", { person: id }).then(() => toast(words.lettingIn(name))).catch(complain);
    gate.setAttribute("aria-label", words.closedTitle(name));
    gate.replaceChildren(el("p", {}, words.closed(name)),
      el("button", { type: "button", class: "solid", onclick: open }, words.letIn(name)));
  }

  inGroup() {
    return this.chat < 0;
  }

  title() {
    return this.chats().find((each) => each.id === this.chat)?.title ?? "";
  }

  newest(chat) {
    return [...(this.messages.get(chat)?.values() ?? [])].at(-1);
  }

  unread(chat) {
    const seen = this.read.get(chat) ?? 0;
    return [...(this.messages.get(chat)?.values() ?? [])].filter((each) => each.id > seen && each.from.id !== this.me).length;
  }

  lastOwn() {
    return [...this.messages.get(this.chat).values()].findLast((each) => each.from.id === this.me && each.kind === "text");
  }

  sample(name) {
    this.composer.sample(name);
  }

  reply(message) {
    this.composer.setMode("reply", message);
  }

  edit(message) {
    this.composer.setMode("edit", message);
  }

  jumpTo(id) {
    this.parts.chat.jumpTo(id);
  }

  showKeyboard() {
    const last = [...this.messages.get(this.chat).values()].findLast((each) => each.keyboard);
    this.composer.showKeyboard(last?.keyboard?.remove_keyboard ? null : last?.keyboard);
  }

  busy(text) {
    this.task = text;
    this.showHead();
  }

  alive(on) {
    if (this.online === on) return;
    this.online = on;
    this.showHead();
  }

  subtitle() {
    if (!this.online) return words.offline;
    if (this.task) return this.task;
    if (this.known.blocked.includes(this.chat)) return words.blockedNote;
    const action = this.actions.of(this.chat);
    if (action) return words.actions[action] ?? words.actions.typing;
    if (this.known.status !== "running") return words.status[this.known.status];
    return this.inGroup() ? words.groupStatus : words.status.running;
  }

  // Made once, so that the line under the name is one and the same to those who listen.
  makeHead() {
    this.head = {
      who: el("button", { type: "button", class: "who", "aria-label": words.people, onclick: () => this.sheet(true) }),
      face: el("div", { class: "face" }),
      title: el("h2", { dir: "auto" }),
      subtitle: el("p", { "aria-live": "polite" }),
      fold: iconButton("backstage", words.openBackstage,
        { "data-focus": "backstage", onclick: () => this.fold(!document.body.classList.contains("folded")) }),
    };
    const { who, face, title, subtitle, fold } = this.head;
    place("head").replaceChildren(who, face, el("div", { class: "names" }, title, subtitle), fold);
  }

  showHead() {
    if (!this.head) this.makeHead();
    const { who, face, title, subtitle, fold } = this.head;
    const me = this.person();
    const folded = document.body.classList.contains("folded");
    const action = this.actions.of(this.chat) && this.online;
    const label = folded ? words.openBackstage : words.closeBackstage;
    if (me) who.replaceChildren(avatar(me.name, me.id));
    face.replaceChildren(avatar(this.title() || "Refrain", this.chat));
    title.textContent = this.title();
    subtitle.className = `subtitle ${action ? "acting" : ""} ${this.online ? this.known.status : "stopped"}`;
    if (subtitle.textContent !== this.subtitle()) subtitle.textContent = this.subtitle();
    fold.title = label;
    fold.setAttribute("aria-label", label);
    fold.setAttribute("aria-expanded", String(!folded));
  }

  fold(on) {
    document.body.classList.toggle("folded", on);
    place("backstage").inert = on;
    if (WIDE.matches) localStorage.setItem("folded", on);
    this.showHead();
    if (!WIDE.matches && this.known.largest) {
      place(on ? "head" : "backstage").querySelector("[data-focus=backstage], header button").focus();
    }
  }

  sheet(on) {
    const was = document.body.classList.toggle("sheet", on) !== on || !place("veil").hidden;
    place("veil").hidden = !on;
    if (on) place("people").querySelector("button").focus();
    else if (was && !DESK.matches) place("head").querySelector(".who").focus();
  }

  escape() {
    this.sheet(false);
    if (!WIDE.matches && !document.body.classList.contains("folded")) this.fold(true);
  }

  takeDrops() {
    const stage = place("stage");
    const zone = place("dropzone");
    zone.append(el("p", {}, words.drop));
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      zone.hidden = !stage.contains(event.target);
    });
    addEventListener("dragleave", (event) => !event.relatedTarget && (zone.hidden = true));
    addEventListener("drop", (event) => {
      zone.hidden = true;
      if (!carries(event)) return;
      event.preventDefault();
      this.composer.files([...event.dataTransfer.files]);
    });
    this.composer.input.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.composer.files([...event.clipboardData.files]);
    });
  }
}

function labels(message) {
  return message.buttons.flat().map((button) => button.text);
}

// Whether an edit says anything new: it doesn't if it only counts on, or takes buttons away.
function saysMore(before, message) {
  const plain = (one) => one.text.replace(/\d+/g, "");
  const asks = labels(message).length > 0 && String(labels(before)) !== String(labels(message));
  return plain(before) !== plain(message) || before.kind !== message.kind || asks;
}

const visitor = new Visitor();
listen((news) => visitor.hear(news), (on) => visitor.alive(on));
addEventListener("unhandledrejection", () => alert(words.errors.refused));
