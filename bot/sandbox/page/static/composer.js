// The foot of the chat: text, recordings, files, commands, reply keyboards.

import { act, sendFile } from "./connection.js";
import { el, icon, iconButton } from "./dom.js";
import { complain, toast } from "./notes.js";
import { Recorder } from "./recorder.js";
import { Suggestions } from "./suggestions.js";
import { sampleLyrics, words } from "./words.js";

const TALLEST = 220; // px

export class Composer {
  constructor(foot, visitor) {
    this.visitor = visitor;
    this.mode = null;
    this.lyrics = 0;
    this.recorder = new Recorder((blob) => this.upload("recording", blob, "voice"));
    this.input = el("textarea", { rows: 1, dir: "auto", placeholder: words.write, "aria-label": words.write,
      autocomplete: "off", oninput: () => this.typed(), onkeydown: (event) => this.key(event) });
    this.submit = iconButton("send", words.send, { class: "round main", hidden: true, onclick: () => this.send() });
    this.suggestions = new Suggestions(this.input, (text) => {
      this.setText("");
      this.sendText(text);
    });
    this.banner = el("div", { class: "banner", hidden: true });
    this.strip = this.makeStrip();
    this.keyboard = el("div", { class: "replykeys", hidden: true });
    this.menu = this.makeMenu();
    this.slash = el("button", { type: "button", class: "round slash", title: words.commands,
      "aria-label": words.commands, onclick: () => this.suggestions.toggle() }, "/");
    this.line = el("div", { class: "line" }, this.menu,
      el("div", { class: "field" }, this.input, this.slash), this.submit, this.recorder.button, this.recorder.bar);
    foot.append(this.strip, this.banner, this.suggestions.list, this.line, this.keyboard);
    this.recorder.button.parentElement.append(this.recorder.bar);
    new ResizeObserver(() => requestAnimationFrame(() => this.fit())).observe(this.input);
  }

  makeStrip() {
    const chip = (name, label, does) =>
      el("button", { type: "button", class: "chip", onclick: does }, icon(name), label);
    return el("div", { class: "strip", role: "group", "aria-label": words.samples },
      chip("mic", words.hum, () => this.sample("hum")),
      chip("music", words.beat, () => this.sample("beat")),
      chip("music", words.song, () => this.sample("song")),
      chip("text", words.lyrics, () => this.sampleLyrics()));
  }

  makeMenu() {
    const pick = (kind, accept) => {
      const chooser = el("input", { type: "file", accept, multiple: true, class: "chooser", "data-kind": kind,
        tabIndex: -1, "aria-hidden": "true",
        onchange: () => {
          this.files([...chooser.files], kind);
          chooser.value = "";
        } });
      return chooser;
    };
    const choosers = { audio: pick("audio", "audio/*"), document: pick("document", ""), video_note: pick("video_note", "video/*") };
    const list = el("div", { class: "menu upward", hidden: true });
    const open = iconButton("attach", words.attach, { "aria-expanded": "false" });
    const toggle = (on) => {
      list.hidden = !on;
      open.setAttribute("aria-expanded", String(on));
    };
    const item = (name, label, kind) => el("button",
      { type: "button", class: "item", onclick: () => (toggle(false), choosers[kind].click()) }, icon(name), label);
    list.append(item("music", words.attachAudio, "audio"), item("file", words.attachFile, "document"),
      item("video", words.attachNote, "video_note"));
    open.addEventListener("click", () => toggle(list.hidden));
    const tools = el("div", { class: "attach" }, open, list, Object.values(choosers));
    tools.addEventListener("keydown", (event) => event.key === "Escape" && (toggle(false), open.focus()));
    tools.addEventListener("focusout", (event) => !tools.contains(event.relatedTarget) && toggle(false));
    return tools;
  }

  // As tall as what is in it: also when the window, and with it the size of the letters, has changed.
  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST)}px`;
  }

  typed() {
    this.fit();
    const empty = !this.input.value.trim();
    this.submit.hidden = empty;
    this.recorder.button.hidden = !empty;
    this.suggestions.offer(this.input.value);
    if (this.mode !== "edit") this.keep(this.visitor.me, this.visitor.chat, this.input.value);
  }

  key(event) {
    if (this.suggestions.key(event)) return;
    const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (enter && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape") this.setMode(null);
    else if (event.key === "ArrowUp" && !this.input.value) {
      const last = this.visitor.lastOwn();
      if (last) {
        event.preventDefault();
        this.setMode("edit", last);
      }
    }
  }

  async send() {
    const text = this.input.value;
    if (!text.trim()) return;
    const { mode, target } = this;
    const { me, chat } = this.visitor;
    this.setText("");
    this.setMode(null);
    try {
      if (mode === "edit") await this.act("edit", { id: target.id, text });
      else await this.act("text", { text, reply_to: mode === "reply" ? target.id : null });
    } catch (error) {
      const here = me === this.visitor.me && chat === this.visitor.chat;
      if (here && mode) this.setMode(mode, target);
      if (here && mode === "edit") this.setText(text);
      else this.giveBack(text, me, chat, here);
      complain(error.message === "unreachable" ? new Error("kept") : error);
    }
  }

  sendText(text) {
    return this.perform("text", { text });
  }

  // What could not be sent goes back into the box, before whatever has been typed meanwhile.
  giveBack(text, me, chat, here) {
    if (here) this.setText([text, this.input.value].filter(Boolean).join("\n"));
    else this.keep(me, chat, text);
  }

  // Words that are being typed stay with their chat, whatever is restarted or reloaded meanwhile.
  keep(me, chat, text) {
    const key = `words ${me} ${chat}`;
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  }

  // The chat has changed: so has what was being typed.
  turnTo(me, chat) {
    this.setText(sessionStorage.getItem(`words ${me} ${chat}`) ?? "");
  }

  // The messages are other ones: an answer to what is gone is an answer to nothing.
  refresh(messages) {
    if (!this.mode || messages.has(this.target.id)) return;
    this.mode = null;
    this.banner.hidden = true;
    this.typed();
  }

  sample(name) {
    this.perform("sample", { name, title: words.titles[name] });
  }

  sampleLyrics() {
    this.setText(sampleLyrics[this.lyrics % sampleLyrics.length]);
    this.lyrics += 1;
    this.input.focus();
  }

  setText(text) {
    this.input.value = text;
    this.typed();
  }

  setMode(mode, target = null) {
    const left = this.mode === "edit";
    this.mode = mode;
    if (left) this.turnTo(this.visitor.me, this.visitor.chat);
    this.target = target;
    this.banner.hidden = !mode;
    if (!mode) return;
    const label = mode === "edit" ? words.editing : words.replyTo(target.from.first_name);
    this.banner.replaceChildren(icon(mode),
      el("span", { class: "about" }, el("strong", { dir: "auto" }, label),
        el("span", { dir: "auto" }, target.text || words.kinds[target.kind])),
      iconButton("close", words.cancelMode, { onclick: () => this.setMode(null) }));
    if (mode === "edit") this.setText(target.text);
    this.input.focus();
  }

  files(chosen, kind) {
    for (const file of chosen) this.upload(kind ?? kindOf(file), file, file.name);
  }

  async upload(kind, file, name) {
    const about = { kind, person: this.visitor.me, chat: this.visitor.chat };
    if (file.size > this.visitor.largest) {
      await act("claim", { ...about, name, mime: file.type, size: file.size }).catch(complain);
      toast(words.claimed);
      return;
    }
    this.visitor.busy(words.sending);
    await sendFile(about, file, name).catch(complain);
    this.visitor.busy("");
  }

  act(name, body) {
    return act(name, { person: this.visitor.me, chat: this.visitor.chat, ...body });
  }

  perform(name, body) {
    return this.act(name, body).catch(complain);
  }

  showKeyboard(keyboard) {
    const rows = keyboard?.keyboard;
    this.keyboard.hidden = !rows;
    this.input.placeholder = keyboard?.force_reply?.input_field_placeholder || words.write;
    if (!rows) return this.keyboard.replaceChildren();
    this.keyboard.replaceChildren(...rows.map((row) => el("div", { class: "row" }, row.map((each) => {
      const text = each.text ?? each;
      return el("button", { type: "button", class: "key", dir: "auto", onclick: () => {
        this.sendText(text);
        if (keyboard.one_time_keyboard) this.keyboard.hidden = true;
      } }, text);
    }))));
  }

  showCommands(commands) {
    this.suggestions.commands = commands;
    this.slash.hidden = !commands.length;
    if (this.input.value.startsWith("/")) this.suggestions.offer(this.input.value);
  }
}

export function kindOf(file) {
  const [family] = file.type.split("/");
  if (family === "audio") return "audio";
  if (family === "video") return "video";
  return /^image\/(jpeg|png|webp)$/.test(file.type) ? "photo" : "document";
}
