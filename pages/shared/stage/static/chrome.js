// The stage's own furniture around the figure, with its words.

import { element, iconButton } from "./dom.js";
import { makeCaption } from "./caption.js";
import { makeMenu } from "./menu.js";
import { makeTransport } from "./transport.js";

export function makeFrame() {
  const plot = element("div", { class: "atlas-plot", role: "img" });
  const overlay = element("div", { class: "atlas-overlay" });
  const links = element("div", { class: "atlas-links" });
  const canvas = element("div", { class: "atlas-canvas" }, plot, links, overlay);
  const figure = element("div", { class: "atlas-figure" }, canvas);
  const top = element("div", { class: "atlas-top" });
  const bottom = element("div", { class: "atlas-bottom" });
  const root = element("div", { class: "atlas-stage", tabindex: "0", role: "group" }, top, figure, bottom);
  return { root, top, figure, canvas, plot, links, overlay, bottom };
}

/** The bar and the caption; made anew only when the words change. */
export function makeChrome(labels, player, actions, life) {
  const transport = makeTransport(player, labels);
  const caption = makeCaption();
  const note = element("span", { class: "atlas-note", role: "status" });
  const menu = makeMenu(labels, { take: actions.take, copy: actions.copyImage, embed: actions.embed, films: actions.films }, life);
  const tools = element("div", { class: "atlas-tools", role: "group", "aria-label": labels.tools },
    note,
    iconButton("view", labels.view, actions.resetView),
    iconButton("link", labels.copyLink, actions.copyLink),
    menu.node,
    actions.adds() ? iconButton("slides", labels.addSlide, actions.addSlide) : null,
    iconButton("present", labels.present, actions.present),
    iconButton("full", labels.full, actions.full));
  const bar = element("div", { class: "atlas-bar" }, transport.node, tools);
  const way = element("div", { class: "atlas-way-out" },
    iconButton("back", labels.back, () => player.step(-1)),
    iconButton("forward", labels.forward, () => player.step(1)),
    iconButton("close", labels.leave, actions.leave));
  let timer = 0;
  const say = (text) => {
    note.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => (note.textContent = ""), 2000 + 60 * text.length); // as long as reading takes
  };
  life.onEnd(() => clearTimeout(timer));
  return { nodes: [bar, caption.node, way], transport, caption, say };
}

const TYPING = "input:not([type=range]), select, textarea, [contenteditable], .atlas-panel input";

const TURN = 1 / 36; // of half a turn: what Shift and an arrow turn a space by
const TURNS = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, -TURN], ArrowDown: [0, TURN] };
const NEARER = 0.9;

/**
 * Keys of the stage: Space, arrows, Home, End, f, p; Shift with an arrow, + and - look at a space from elsewhere; and
 * those of a clicker while it presents.
 */
export function watchKeys(root, player, actions, screen, life) {
  const keys = {
    ArrowRight: () => player.step(1),
    ArrowLeft: () => player.step(-1),
    Home: () => player.jump(0),
    End: () => player.jump(player.clock.last),
    " ": () => player.toggle(),
    f: actions.full,
    p: actions.present,
    "+": () => actions.approach(NEARER),
    "-": () => actions.approach(1 / NEARER),
    Escape: actions.leave,
  };
  const clicker = {
    PageDown: keys.ArrowRight,
    PageUp: keys.ArrowLeft,
    b: () => screen.cover(true),
    ".": () => screen.cover(true),
  };
  life.listen(root, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    if (event.key === " " && event.target.closest("button, summary")) return;
    if (screen.blank()) return event.preventDefault(), screen.cover(false);
    if (event.shiftKey && TURNS[event.key] && actions.turn(...TURNS[event.key])) return event.preventDefault();
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = keys[name] ?? (screen.presenting() ? clicker[name] : undefined);
    if (!action) return;
    if (event.key !== "Escape") event.preventDefault();
    action();
  });
}
