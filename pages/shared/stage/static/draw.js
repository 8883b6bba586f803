// Attributes -> one Plotly call a frame: animate for 2-D traces, one restyle for all others.

import { isSvg } from "./film.js";

const IMMEDIATE = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };

/** What is new against the last drawn attributes: Map(index -> {path: value}). */
function news(attributes, drawn) {
  const fresh = new Map();
  for (const [index, now] of attributes) {
    const before = drawn.get(index) ?? {};
    const changed = Object.keys(now).filter((path) => now[path] !== before[path]);
    if (changed.length) fresh.set(index, Object.fromEntries(changed.map((path) => [path, now[path]])));
    drawn.set(index, { ...before, ...now });
  }
  return fresh;
}

/** Different attributes of several traces in one restyle: undefined leaves a trace's attribute alone. */
function together(entries) {
  const paths = new Set(entries.flatMap(([, attributes]) => Object.keys(attributes)));
  return Object.fromEntries([...paths].map((path) => [path, entries.map(([, attributes]) => attributes[path])]));
}

export function makePen(gd, Plotly) {
  const drawn = new Map();
  return {
    /** The figure was drawn anew with these attributes. */
    reset(attributes = new Map()) {
      drawn.clear();
      for (const [index, now] of attributes) drawn.set(index, { ...now });
    },
    draw(traces, attributes) {
      const entries = [...news(attributes, drawn)];
      const flat = entries.filter(([index]) => isSvg(traces[index]));
      const deep = entries.filter(([index]) => !isSvg(traces[index]));
      const calls = [];
      if (flat.length) {
        const frame = { data: flat.map(([, now]) => now), traces: flat.map(([index]) => index) };
        calls.push(Plotly.animate(gd, frame, IMMEDIATE).catch(() => {})); // interrupted by the next frame
      }
      if (deep.length) calls.push(Plotly.restyle(gd, together(deep), deep.map(([index]) => index)));
      return calls.length ? Promise.all(calls) : null;
    },
  };
}
