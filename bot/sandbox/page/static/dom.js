// Elements out of plain data. Text is only ever set as text.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name in made && !name.includes("-") && name !== "list") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  attach: "M20 11.500 12 19.500a5 5 0 0 1-7-7l8.500-8.500a3.500 3.500 0 0 1 5 5L10 17.500a1.800 1.800 0 0 1-2.600-2.600L15 7.400",
  backstage: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  check: "M5 12.500 10 17.500 19 7",
  close: "M6 6 18 18M18 6 6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  down: "M6 9.500 12 15.500 18 9.500",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  link: "M9 15 15 9M8 8h8v8",
  mic: "M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3",
  music: "M9 18V6l10-2v12M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
  reply: "M10 6 4 12l6 6M4 12h10a6 6 0 0 1 6 6v1",
  restart: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300M19.500 3.500v4h-4",
  send: "M12 20V5M5.500 11.500 12 5l6.500 6.500",
  text: "M5 6h14M5 11h14M5 16h8",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  video: "M4 7h11v10H4zM15 11l5-3v8l-5-3",
};

const SOLID = { pause: "M8 5.500h3v13H8zM13.500 5.500h3v13h-3z", play: "M8 5.200v13.600L19 12z", stop: "M7 7h10v10H7z" };

export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  made.setAttribute("class", name in SOLID ? "icon solid" : "icon");
  path.setAttribute("d", SOLID[name] ?? PATHS[name]);
  made.append(path);
  return made;
}

export function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function iconButton(name, label, attributes = {}) {
  return el("button", { type: "button", class: "round", title: label, "aria-label": label, ...attributes }, icon(name));
}

// Keeps the focus where it was while what holds it is made anew: on the button of the same name, else on
// what is given. Never on another button: a second Enter would press what nobody has read.
export function keepFocus(place, otherwise, change) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const name = held && nameOf(held);
  change();
  if (!held || place.contains(document.activeElement)) return;
  const same = [...place.querySelectorAll("button, a[href], input, select")].find((each) => nameOf(each) === name);
  (same ?? otherwise)?.focus({ preventScroll: true });
}

function nameOf(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}

export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function hour(unix) {
  return new Date(unix * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
