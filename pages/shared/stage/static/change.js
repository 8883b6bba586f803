// What one film changes in the drawing of another, where that can be said trace by trace.

import { atPath, flatten, same } from "./decode.js";

/** Attributes that plotly moves without drawing the figure anew. */
const MOVABLE = new Set(["x", "y", "z", "text", "hovertext", "opacity", "line.color", "marker.color", "marker.size", "marker.opacity", "textfont.color", "source"]);

/** All that a drawing hangs on beside its traces: size, axes, zoom, camera, layers shown. Equal texts: the same. */
export const setting = ({ meta, ...layout }, layers) => JSON.stringify([layout, [...layers].sort()]);

/** Paths at which two standing traces differ; null where one has what the other has not, or what cannot be moved. */
function differing(before, after) {
  const one = flatten(before), other = flatten(after), paths = Object.keys(other);
  if (before.type !== after.type || before.meta?.layer !== after.meta?.layer || !same(before.meta?.size, after.meta?.size)) return null;
  if (paths.length !== Object.keys(one).length || !paths.every((path) => path in one)) return null;
  const changed = paths.filter((path) => !same(one[path], other[path]));
  return changed.every((path) => MOVABLE.has(path)) ? changed : null;
}

/**
 * The attributes to draw, Map(index -> {path: value}), to get from the film `before` with `drawn` on it to the film
 * `after` with `attributes` on it; null when it must be drawn whole. Equal values keep what is drawn.
 */
export function changesBetween(before, after, drawn, attributes) {
  if (before.data.length !== after.data.length) return null;
  const out = new Map();
  for (const [index, trace] of after.data.entries()) {
    const stood = differing(before.data[index], trace);
    if (!stood) return null;
    const now = attributes.get(index) ?? {}, last = drawn.get(index) ?? {}, news = {};
    for (const path of new Set([...stood, ...Object.keys(last), ...Object.keys(now)])) {
      const value = path in now ? now[path] : atPath(trace, path);
      if (value === undefined) return null; // plotly's own default: only a whole drawing brings it back
      if (stood.includes(path) || !same(last[path], value)) news[path] = value;
    }
    if (Object.keys(news).length) out.set(index, news);
  }
  return out;
}
