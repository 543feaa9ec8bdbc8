// Sound in a bubble: a track with its cover, or a voice message. One plays at a time.

import { clock, el, icon, shape, size } from "./dom.js";
import { words } from "./words.js";

const BARS = 56;
const HEIGHT = 28;
let playing = null;

export function player(message) {
  const { file, kind } = message;
  const title = file.title || file.name || words.kinds[kind];
  const sound = el("audio", { preload: "none", src: `/file/${file.id}` });
  const play = el("button", { type: "button", class: "play", "aria-label": words.play(title) }, icon("play"));
  const range = el("input", {
    type: "range", class: "seek", min: 0, max: 1000, value: 0, step: 1, "aria-label": words.seek(title),
  });
  const wave = el("div", { class: "wave" });
  const time = el("span", { class: "time" }, clock(file.seconds));
  const card = el(
    "div",
    { class: `player ${kind}` },
    sound,
    cover(file, kind, play),
    el(
      "div",
      { class: "track" },
      kind === "audio" && el("div", { class: "title", dir: "auto" }, title),
      kind === "audio" && file.performer ? el("div", { class: "performer", dir: "auto" }, file.performer) : null,
      el("div", { class: "scrub" }, wave, range),
      el(
        "div",
        { class: "foot" },
        time,
        el("a", { class: "get", href: `/file/${file.id}`, download: file.name || `${kind}.ogg`,
          "aria-label": words.download(title), title: words.download(title) }, size(file.size), icon("download")),
      ),
    ),
  );
  const state = { sound, play, range, wave, time, title, seconds: file.seconds };
  wire(state);
  draw(state, Array(BARS).fill(8));
  fetchWave(state, file, card);
  return card;
}

function cover(file, kind, play) {
  const made = el("div", { class: "cover" });
  if (file.cover) made.append(el("img", { src: `/file/${file.cover}`, alt: "", width: 64, height: 64 }));
  made.append(play);
  return made;
}

function wire(state) {
  const { sound, play, range } = state;
  play.addEventListener("click", () => (sound.paused ? start(state) : sound.pause()));
  sound.addEventListener("play", () => mark(state, true));
  sound.addEventListener("pause", () => mark(state, false));
  sound.addEventListener("timeupdate", () => show(state));
  sound.addEventListener("ended", () => {
    sound.currentTime = 0;
    show(state);
  });
  range.addEventListener("input", () => {
    if (sound.readyState === 0) sound.load();
    sound.currentTime = (range.value / 1000) * length(state);
    show(state);
  });
}

function start(state) {
  if (playing && playing !== state.sound) playing.pause();
  playing = state.sound;
  state.sound.play().catch(() => mark(state, false));
}

// So that the microphone does not hear it.
export function hush() {
  playing?.pause();
}

function mark({ play, title }, on) {
  play.replaceChildren(icon(on ? "pause" : "play"));
  play.setAttribute("aria-label", on ? words.pause(title) : words.play(title));
}

function length({ sound, seconds }) {
  return Number.isFinite(sound.duration) && sound.duration > 0 ? sound.duration : seconds || 1;
}

function show(state) {
  const { sound, range, wave, time } = state;
  const share = Math.min(sound.currentTime / length(state), 1);
  range.value = Math.round(share * 1000);
  range.setAttribute("aria-valuetext", `${clock(sound.currentTime)} / ${clock(length(state))}`);
  wave.style.setProperty("--played", `${share * 100}%`);
  time.textContent = share ? `${clock(sound.currentTime)} / ${clock(length(state))}` : clock(length(state));
}

async function fetchWave(state, file, card) {
  const answer = await fetch(`/wave/${file.id}`).catch(() => null);
  if (!answer) return;
  if (!answer.ok) {
    state.time.textContent = words.noBytes;
    card.classList.add("gone");
    return;
  }
  const { seconds, bars } = await answer.json();
  if (!bars.length) return;
  state.seconds = seconds;
  draw(state, bars);
  show(state);
}

function draw({ wave }, bars) {
  const step = bars.length / BARS;
  const heights = Array.from({ length: BARS }, (_, at) =>
    Math.max(...bars.slice(Math.floor(at * step), Math.max(Math.floor((at + 1) * step), Math.floor(at * step) + 1))),
  );
  wave.replaceChildren(bar(heights, "all"), bar(heights, "played"));
}

function bar(heights, name) {
  const made = shape("svg", { viewBox: `0 0 ${BARS * 4} ${HEIGHT}`, preserveAspectRatio: "none", class: name, "aria-hidden": "true" });
  heights.forEach((level, at) => {
    const high = Math.max(2, (level / 100) * HEIGHT);
    made.append(shape("rect", { x: at * 4 + 0.6, y: (HEIGHT - high) / 2, width: 2.6, height: high, rx: 1.3 }));
  });
  return made;
}
