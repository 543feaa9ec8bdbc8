// The side panel: every call as it happens, and the knobs that make things go wrong.

import { act } from "./connection.js";
import { el, icon, iconButton, keepFocus } from "./dom.js";
import { complain, toast } from "./notes.js";
import { words } from "./words.js";

const SHOWN = 300;
const TELLING = ["fault", "text", "caption", "title", "purpose", "lyrics", "action", "reaction"];
const DULL = ["chat_id", "message_id", "callback_query_id", "offset", "timeout", "ids", "request_id"];

export class Backstage {
  constructor(place, close) {
    place.setAttribute("aria-label", words.backstage);
    this.rows = el("ol", { class: "calls", "aria-label": words.calls });
    this.none = el("p", { class: "none" }, words.noCalls);
    this.waiting = el("div", { class: "waiting", role: "status", tabIndex: -1 });
    this.latency = el("input", { type: "range", min: 0, max: 60, step: 1, "aria-label": words.latency,
      onchange: () => this.order("latency", { seconds: Number(this.latency.value) }),
      oninput: () => this.showLatency() });
    this.output = el("output", {});
    this.forms = el("div", { class: "forms" });
    place.append(
      el("header", {}, el("h2", {}, words.backstage), iconButton("close", words.closeBackstage, { onclick: close })),
      el("details", { class: "knobs", open: true }, el("summary", {}, words.knobs),
        el("label", { class: "knob" }, el("span", {}, words.latency), this.latency, this.output),
        this.forms, this.waiting,
        el("button", { type: "button", class: "quiet restart", onclick: () => this.restart() }, icon("restart"), words.restart)),
      el("div", { class: "callhead" }, el("h3", {}, words.calls),
        el("label", {}, el("input", { type: "checkbox",
          onchange: (event) => this.rows.classList.toggle("polls", event.target.checked) }), words.polls)),
      this.none, this.rows,
    );
  }

  fill({ catalogue, calls, begun }) {
    if (!this.forms.children.length) this.forms.append(this.music(catalogue.music), this.telegram(catalogue.telegram));
    this.rows.replaceChildren();
    this.none.hidden = false;
    for (const call of calls) this.add(call);
    for (const call of begun) this.begin(call);
  }

  music(catalogue) {
    const fault = select("music-fault", words.fault);
    const on = select("music-call", words.call, Object.keys(catalogue).map((each) => [each, words.on[each] ?? each]));
    const offer = () => fault.replaceChildren(...grouped(catalogue[on.value]));
    on.addEventListener("change", offer);
    offer();
    return form("music", words.music, [on, fault], () => this.order("fault", { service: "music", on: on.value, name: fault.value }));
  }

  telegram({ methods, kinds }) {
    const names = { "*": words.anyMethod, file: words.fileMethod };
    const on = select("telegram-call", words.call, methods.map((each) => [each, names[each] ?? each]));
    const fault = select("telegram-fault", words.fault, kinds.map((each) => [each, words.telegramFaults[each]]));
    return form("telegram", words.telegram, [on, fault],
      () => this.order("fault", { service: "telegram", on: on.value, name: fault.value }));
  }

  show({ latency, waiting, complaints }) {
    if (document.activeElement !== this.latency) this.latency.value = latency;
    this.showLatency();
    const music = Object.entries(waiting.music).flatMap(([on, names]) => names.map((name) => `${words.on[on] ?? on}: ${faultName(name)}`));
    const all = [...music, ...waiting.telegram];
    const now = JSON.stringify([all, complaints]);
    if (now === this.shown) return;
    this.shown = now;
    keepFocus(this.waiting, this.waiting, () => this.waiting.replaceChildren(
      all.length ? el("div", {}, el("strong", {}, words.waiting), el("ul", {}, all.map((each) => el("li", {}, each))),
        el("button", { type: "button", class: "quiet", onclick: () => this.order("clear", {}) }, words.clear))
        : el("p", { class: "well" }, icon("check"), words.allWell),
      ...(complaints.length ? [el("div", { class: "complaints" }, el("strong", {}, words.complaints),
        el("ul", {}, complaints.map((each) => el("li", {}, each))))] : []),
    ));
  }

  showLatency() {
    this.output.value = words.seconds(this.latency.value);
  }

  // A call that takes its time is there before its answer is.
  begin(call) {
    this.add({ ...call, status: "…", ms: 0, fields: {}, description: "" });
    this.rows.firstElementChild.classList.add("begun");
  }

  add(call) {
    this.none.hidden = true;
    const begun = [...this.rows.querySelectorAll(".begun")].findLast((each) => each.dataset.name === call.name);
    if (begun && call.status !== "…") begun.remove();
    const bad = !call.harmless && (call.status < 200 || call.status >= 400 || Boolean(call.fields.fault));
    const mark = call.harmless ? "calm" : bad ? "bad" : "";
    const status = call.harmless ? words.noChange : call.status || words.lost;
    const fields = Object.entries(call.fields);
    const time = new Date(call.at * 1000).toLocaleTimeString([], { hour12: false });
    const row = el("li", { class: `call ${call.service} ${mark}${call.name === "getUpdates" ? " poll" : ""}`, "data-name": call.name },
      el("details", {},
        el("summary", {}, el("span", { class: "dotmark" }), el("span", { class: "name" }, call.name),
          el("span", { class: "brief", dir: "auto" }, (!call.harmless && call.description) || brief(call.fields)),
          el("span", { class: "status" }, status), el("span", { class: "ms" }, call.status === "…" ? "" : `${Math.round(call.ms)} ms`)),
        el("dl", {}, el("dt", {}, words[call.service]), el("dd", {}, time),
          call.harmless && [el("dt", {}, call.status), el("dd", {}, call.description)],
          fields.flatMap(([name, value]) => [el("dt", {}, name), el("dd", { dir: "auto" }, value)]))));
    this.rows.prepend(row);
    while (this.rows.children.length > SHOWN) this.rows.lastElementChild.remove();
  }

  order(name, body) {
    return act(name, body).catch(complain);
  }

  restart() {
    toast(words.restarted);
    this.order("restart", {});
  }
}

// What a call is about, in a few words: the most telling fields first.
function brief(fields) {
  const first = TELLING.filter((name) => fields[name]).map((name) => fields[name]);
  const rest = Object.entries(fields).filter(([name]) => !TELLING.includes(name) && !DULL.includes(name));
  return [...first, ...rest.map(([, value]) => value)].filter((each) => each !== "false").join(" · ");
}

function form(name, title, fields, submit) {
  return el("form", { class: "order", "data-service": name, onsubmit: (event) => {
    event.preventDefault();
    submit();
  } }, el("h3", {}, title), fields, el("button", { class: "quiet" }, words.order));
}

function select(name, label, options = []) {
  return el("select", { name, "aria-label": label }, options.map(([value, text]) => el("option", { value }, text)));
}

function grouped(faults) {
  const families = new Map();
  for (const each of faults) families.set(each.family, [...(families.get(each.family) ?? []), each]);
  return [...families].map(([family, members]) => el("optgroup", { label: words.families[family] },
    members.map(({ name, said }) => el("option", { value: name }, [name, said || words.faults[name]].filter(Boolean).join(" · ")))));
}

function faultName(name) {
  return words.faults[name] ?? name;
}
