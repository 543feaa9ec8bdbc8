// Who the visitor is, what language their app speaks, and which chats they have.

import { preview } from "./chat.js";
import { act } from "./connection.js";
import { el } from "./dom.js";
import { complain } from "./notes.js";
import { languages, words } from "./words.js";

export class People {
  constructor(place, visitor) {
    this.place = place;
    this.visitor = visitor;
    place.setAttribute("aria-label", words.people);
  }

  show() {
    const { people, me } = this.visitor;
    const focused = document.activeElement?.dataset?.focus;
    this.place.replaceChildren(
      el("h1", { class: "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }), "Refrain"),
      el("h2", {}, words.youAre),
      el("div", { class: "persons", role: "group", "aria-label": words.youAre }, people.map((each) => this.person(each))),
      el("label", { class: "language" }, el("span", {}, words.speaks), this.language(people.find((each) => each.id === me))),
      el("h2", {}, words.chats),
      el("div", { class: "chats" }, this.visitor.chats().map((each) => this.chat(each))),
      el("p", { class: "aside" }, words.sandboxNote),
    );
    if (focused) this.place.querySelector(`[data-focus="${focused}"]`)?.focus();
  }

  person({ id, name, part }) {
    const own = id === this.visitor.me;
    return el("button", { type: "button", class: own ? "person own" : "person", "aria-pressed": String(own),
      "data-focus": `person-${id}`, onclick: () => this.visitor.become(id) },
    avatar(name, id), el("span", { class: "name" }, name), el("span", { class: "part" }, words[part]));
  }

  language(person) {
    const known = person.language in languages;
    const options = known ? languages : { ...languages, [person.language]: person.language };
    return el("select", { "data-focus": "language",
      onchange: (event) => act("language", { person: person.id, language: event.target.value }).catch(complain) },
    Object.entries(options).map(([code, name]) => el("option", { value: code, selected: code === person.language }, name)));
  }

  chat({ id, title }) {
    const here = id === this.visitor.chat;
    const { text, time } = preview(this.visitor.newest(id));
    const unread = this.visitor.unread(id);
    return el("button", { type: "button", class: here ? "chat here" : "chat", "aria-current": here ? "true" : null,
      "data-focus": `chat-${id}`, onclick: () => this.visitor.open(id) },
    avatar(title, id),
    el("span", { class: "what" },
      el("span", { class: "top" }, el("span", { class: "name", dir: "auto" }, title), el("time", {}, time)),
      el("span", { class: "top" }, el("span", { class: "last", dir: "auto" }, text),
        unread ? el("span", { class: "unread", "aria-label": words.unread(unread) }, unread) : null)));
  }
}

export function avatar(name, id) {
  if (name === "Refrain") return el("img", { class: "avatar", src: "/static/icon.svg", alt: "" });
  return el("span", { class: `avatar tint${id < 0 ? 3 : id % 3}`, "aria-hidden": "true" }, [...name][0]);
}
