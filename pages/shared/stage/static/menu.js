// The export panel: a popover of choices that closes by Escape, by a click elsewhere, or when the file is there.

import { element, iconButton, idle } from "./dom.js";
import { served } from "./encode.js";
import { FILMS, SIZES } from "./formats.js";

const SCALES = [1, 2, 4];
const SPEEDS = [0.5, 1, 2];
const WIDTHS = [640, 960, 1280, 1920]; // pixels of a film

const check = (label, checked = false) => {
  const input = element("input", { type: "checkbox", checked });
  return { input, node: element("label", { class: "atlas-menu-check" }, input, element("span", {}, label)) };
};

const choice = (label, options) => {
  const input = element("select", { class: "atlas-menu-select", "aria-label": label }, ...options.map(([value, text]) => element("option", { value }, text)));
  return { input, node: element("label", { class: "atlas-menu-choice" }, element("span", {}, label), input) };
};

const row = (...items) => element("div", { class: "atlas-menu-row" }, ...items);
const part = (title, ...rest) => element("section", { class: "atlas-menu-part", "aria-label": title }, element("p", { class: "atlas-menu-title" }, title), ...rest);

/**
 * `take(options, work)` makes a file and saves it, `copy(options)` puts a picture on the clipboard, `embed()` the code
 * of a frame. `take` resolves when the file is there, or not; `work`: {progress(share), signal}.
 */
export function makeMenu(labels, { take, copy, embed, films }, life) {
  const size = choice(labels.size, [["screen", labels.asOnScreen], ...Object.keys(SIZES).map((name) => [name, name === "1:1" ? labels.square : name])]);
  const transparent = check(labels.transparent), caption = check(labels.withSentence);
  const speed = choice(labels.speed, SPEEDS.map((value) => [value, `${value}×`])), loop = check(labels.loop, true);
  const width = choice(labels.width, WIDTHS.map((value) => [value, `${value} px`]));
  speed.input.value = "1";
  width.input.value = "960";
  const chosen = () => ({ size: size.input.value, transparent: transparent.input.checked, caption: caption.input.checked });
  const moving = () => ({ ...chosen(), width: Number(width.input.value), speed: Number(speed.input.value), loop: loop.input.checked });
  const item = (text, action, name = text) => element("button", { type: "button", class: "atlas-menu-item", "aria-label": name, onclick: action }, text);
  const save = (text, options, name) => item(text, () => work(options()), name);

  const stills = part(labels.picture, size.node, transparent.node, caption.node,
    row(...SCALES.map((scale) => save(`PNG ${scale}×`, () => ({ ...chosen(), format: "png", scale })))),
    row(save("SVG", () => ({ ...chosen(), format: "svg" })), served() && save("PDF", () => ({ ...chosen(), format: "pdf" })),
      item(labels.copyShort, () => (close(true), copy({ ...chosen(), format: "png", scale: 2 })), labels.copyImage)));
  const film = part(labels.film, width.node, speed.node, loop.node,
    row(...FILMS.map((format) => save(format === "webp" ? "WebP" : format.toUpperCase(), () => ({ ...moving(), format })))),
    row(save(labels.stepPictures, () => ({ ...chosen(), format: "zip", scale: 2 }))));
  const alive = part(labels.interactive,
    row(save("HTML", () => ({ format: "html" })), item(labels.embed, () => (close(true), embed()))));

  const bar = element("progress", { max: 1, "aria-label": labels.making });
  const stop = item(labels.cancel, () => running?.abort());
  const busy = element("section", { class: "atlas-menu-part atlas-menu-busy", hidden: true }, element("p", { class: "atlas-menu-title" }, labels.making), bar, row(stop));
  const choices = element("div", { class: "atlas-menu-choices" }, stills, served() && film, served() && alive);
  const menu = element("div", { class: "atlas-menu", hidden: true, role: "dialog", "aria-label": labels.capture }, choices, busy);
  const button = iconButton("camera", labels.capture, () => (menu.hidden ? open() : close(true)), { "aria-expanded": "false", "aria-haspopup": "dialog" });
  const node = element("div", { class: "atlas-menu-anchor" }, button, menu);
  let running = null;

  async function work(options) {
    if (running) return;
    running = new AbortController();
    bar.value = 0;
    show(true);
    stop.focus();
    try {
      await take(options, { signal: running.signal, progress: (share) => (bar.value = share) });
    } finally {
      running = null;
      show(false);
      close(idle(node));
    }
  }
  function show(working) {
    choices.hidden = working;
    busy.hidden = !working;
  }
  function open() {
    film.hidden = !films();
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    if (!running) size.input.focus();
  }
  function close(back) {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }
  node.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    running?.abort();
    close(true);
  });
  life.listen(document, "pointerdown", (event) => !running && !node.contains(event.target) && close(false));
  life.onEnd(() => running?.abort());
  return { node };
}
