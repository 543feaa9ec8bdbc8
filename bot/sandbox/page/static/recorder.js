// The microphone: hold the button, or click it once and again to send.

import { clock, el, icon, iconButton } from "./dom.js";
import { toast } from "./notes.js";
import { hush } from "./player.js";
import { words } from "./words.js";

const HELD = 450; // ms from which a press is a hold
const SHORTEST = 700; // ms
const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const BARS = 40;

export class Recorder {
  constructor(send) {
    this.send = send;
    this.button = iconButton("mic", words.record, { class: "round main mic" });
    this.time = el("span", { class: "time", role: "timer" }, "0:00");
    this.meter = el("span", { class: "meter", role: "img", "aria-label": words.level },
      Array.from({ length: BARS }, () => el("i")));
    this.bar = el("div", { class: "recording", hidden: true, role: "group", "aria-label": words.recording },
      iconButton("trash", words.recordCancel, { onclick: () => this.stop(false) }),
      el("span", { class: "dot" }), this.time, this.meter,
      iconButton("send", words.recordSend, { class: "round main", onclick: () => this.stop(true) }));
    this.button.addEventListener("pointerdown", (event) => this.down(event));
    this.button.addEventListener("contextmenu", (event) => event.preventDefault());
    this.button.addEventListener("click", (event) => event.detail === 0 && this.start());
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && this.stop(false));
  }

  down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const since = performance.now();
    const up = () => {
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
      if (performance.now() - since > HELD) this.stop(true);
    };
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
    this.start();
  }

  async start() {
    if (this.run) return;
    if (!navigator.mediaDevices || !window.MediaRecorder) return toast(words.noRecorder);
    hush();
    const run = (this.run = { pieces: [], wanted: null });
    try {
      run.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.run = null;
      return toast(words.noMic);
    }
    const mimeType = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    run.recorder = new MediaRecorder(run.stream, mimeType ? { mimeType } : {});
    run.recorder.addEventListener("dataavailable", (event) => run.pieces.push(event.data));
    run.recorder.addEventListener("stop", () => this.finish(run));
    run.recorder.start(1000);
    run.since = performance.now();
    this.listen(run);
    this.show(true);
    if (run.wanted !== null) this.stop(run.wanted);
  }

  listen(run) {
    run.context = new AudioContext();
    const analyser = run.context.createAnalyser();
    run.context.createMediaStreamSource(run.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const levels = Array(BARS).fill(0);
    run.tick = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      levels.push(Math.min(1, Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length) * 4));
      levels.shift();
      [...this.meter.children].forEach((each, at) => each.style.setProperty("--level", levels[at]));
      this.time.textContent = clock((performance.now() - run.since) / 1000 - 0.5);
    }, 80);
  }

  stop(wanted) {
    const { run } = this;
    if (!run) return;
    run.wanted = wanted;
    if (run.recorder?.state === "recording") run.recorder.stop();
  }

  finish(run) {
    clearInterval(run.tick);
    run.context.close();
    run.stream.getTracks().forEach((each) => each.stop());
    this.run = null;
    this.show(false);
    if (!run.wanted) return;
    if (performance.now() - run.since < SHORTEST) return void toast(words.tooShort);
    this.send(new Blob(run.pieces, { type: run.recorder.mimeType }));
  }

  show(on) {
    this.bar.hidden = !on;
    this.bar.parentElement.classList.toggle("recorded", on);
    (on ? this.bar.lastElementChild : this.button).focus({ preventScroll: true });
  }
}
