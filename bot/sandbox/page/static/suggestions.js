// The list of commands above the text box, filtered while a command is typed.

import { el } from "./dom.js";
import { words } from "./words.js";

export class Suggestions {
  constructor(input, choose) {
    this.input = input;
    this.choose = choose;
    this.commands = [];
    this.at = 0;
    this.list = el("div", { class: "commands", id: "commands", role: "listbox", "aria-label": words.commands, hidden: true });
    input.setAttribute("aria-controls", "commands");
    input.addEventListener("blur", () => setTimeout(() => this.show([]), 150));
  }

  offer(text) {
    const typed = /^\/(\w*)$/.exec(text);
    this.at = 0;
    this.show(typed ? this.commands.filter((each) => each.command.startsWith(typed[1].toLowerCase())) : []);
  }

  toggle() {
    const open = !this.list.hidden;
    this.input.focus();
    setTimeout(() => this.show(open ? [] : this.commands), 160);
  }

  show(found) {
    this.found = found;
    this.list.hidden = !found.length;
    this.list.replaceChildren(...found.map((each, at) => el(
      "div",
      { role: "option", id: `command-${at}`, class: "option", "aria-selected": String(at === this.at),
        onpointerdown: (event) => {
          event.preventDefault();
          this.take(at);
        } },
      el("strong", {}, `/${each.command}`), el("span", { dir: "auto" }, each.description),
    )));
    if (found.length) this.input.setAttribute("aria-activedescendant", `command-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take(at) {
    const { command } = this.found[at];
    this.show([]);
    this.choose(`/${command}`);
  }

  // Whether the key was meant for the list.
  key(event) {
    if (this.list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.show(this.found);
    } else if (event.key === "Enter" || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.show([]);
    else return false;
    event.preventDefault();
    return true;
  }
}
