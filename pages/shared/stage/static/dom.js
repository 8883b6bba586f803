// Building elements, and one place that takes listeners away again.

const SVG = "http://www.w3.org/2000/svg";

/** element("button", {class: "x", onclick: f}, child, "text") */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Own drawings on a 20 x 20 grid, one thin stroke. */
const DRAWINGS = {
  play: "M6.5 4.2v11.6L16 10z",
  pause: "M7 4.5v11M13 4.5v11",
  back: "M14.5 4.8v10.4L7 10zM4.5 4.8v10.4",
  forward: "M5.5 4.8v10.4L13 10zM15.5 4.8v10.4",
  loop: "M4 9.5a4 4 0 0 1 4-4h8m-2.6-2.7L16 5.5l-2.6 2.7M16 10.5a4 4 0 0 1-4 4H4m2.6 2.7L4 14.5l2.6-2.7",
  view: "M10 3.2v3M10 13.8v3M3.2 10h3M13.8 10h3M10 8.7a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6z",
  link: "M8.3 11.7a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.7 8.3a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1",
  camera: "M3.5 7h3l1.2-2h4.6l1.2 2h3v8.5h-13zM10 8.6a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  present: "M2.8 4h14.4M4 4v8.5h12V4M10 12.5V16M7 16.2h6",
  slides: "M3 4.2h14v9.3H3zM10 6.6v4.5M7.7 8.85h4.6M7 16.4h6",
  full: "M7.5 3.5h-4v4M12.5 3.5h4v4M7.5 16.5h-4v-4M12.5 16.5h4v-4",
  overview: "M3.5 4h5.5v5H3.5zM11 4h5.5v5H11zM3.5 11.5h5.5v5H3.5zM11 11.5h5.5v5H11z",
  print: "M6 7V3.5h8V7M6 14H3.5V7h13v7H14M6 11.5h8v5H6z",
  close: "M5 5l10 10M15 5L5 15",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  chevron: "M5.5 8l4.5 4.5L14.5 8",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", DRAWINGS[name]);
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", class: "atlas-icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  svg.append(path);
  return svg;
}

/** A button that shows a drawing and says its name. */
export const iconButton = (name, label, onclick, more = {}) =>
  element("button", { type: "button", class: "atlas-button", "data-name": name, "aria-label": label, title: label, onclick, ...more }, icon(name));

export function relabel(button, label) {
  button.setAttribute("aria-label", label);
  button.title = label;
}

/** Whether the reader is at nothing else than `node`: only then may it take the focus. */
export const idle = (node) => document.activeElement === document.body || node.contains(document.activeElement);

/** Listeners and undo actions that end together. */
export function scope() {
  const abort = new AbortController();
  const undo = [];
  return {
    listen: (target, type, handler, options = {}) =>
      target.addEventListener(type, handler, { ...options, signal: abort.signal }),
    onEnd: (action) => undo.push(action),
    end: () => {
      abort.abort();
      undo.splice(0).forEach((action) => action());
    },
  };
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export const calmMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A moment later, when all else that waits has had its turn: also in a tab that nobody sees, where no frame comes. */
export const nextTurn = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
