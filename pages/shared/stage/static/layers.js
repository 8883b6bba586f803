// Chips that show and hide parts of the picture; they are its legend too.

import { element } from "./dom.js";
import { atPath } from "./decode.js";

const INKS = ["line.color", "marker.color", "fillcolor", "color", "textfont.color"];

/** The colour a layer is drawn in, from its first trace. */
function inkOf(film, key) {
  for (const trace of film.data.filter((one) => one.meta?.layer === key)) {
    const ink = INKS.map((path) => atPath(trace, path)).find((value) => typeof value === "string");
    if (ink) return ink;
  }
  return "currentColor";
}

export const usual = (film) => film.layers.filter((layer) => layer.on !== false).map((layer) => layer.key);

/** `on`: a Set of keys. `onToggle(key)`. */
export function makeLayers(film, on, onToggle) {
  const chips = film.layers.map(({ key, label }) =>
    element("button", {
      type: "button", class: "atlas-chip", "data-layer": key, "aria-pressed": String(on.has(key)),
      style: `--ink: ${inkOf(film, key)}`, onclick: () => onToggle(key),
    }, element("span", { class: "atlas-chip-ink" }), label));
  const refresh = () => chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(on.has(film.layers[i].key))));
  return { chips, refresh };
}

export const layerShown = (trace, on) => !trace.meta?.layer || on.has(trace.meta.layer);
