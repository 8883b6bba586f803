// A payload's bytes -> a film: decoded traces, steps, jobs; and the film's picture at a position.

import { atPath, copyTree, decode, flatten, same, withPaths } from "./decode.js";
import { along, ease, mix } from "./tween.js";
import { jobsOf } from "./maps.js";

const SVG_TYPES = new Set(["scatter", "bar", undefined]);

/** Plotly animates these without a redraw; all others go through restyle. */
export const isSvg = (trace) => SVG_TYPES.has(trace.type);

/** Traces that live in a space. */
export const isDeep = (trace) => Boolean(trace.scene) || /3d$|^cone$|^surface$/.test(trace.type ?? "");

const PACKED = 0x78; // zlib's first byte; JSON of ours begins with a brace

/** A payload: JSON as text or bytes at once, packed bytes soon. */
export function opened(data) {
  if (typeof data === "string") return JSON.parse(data);
  if (data[0] !== PACKED) return JSON.parse(new TextDecoder().decode(data));
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

// Where a text was empty plotly's animate writes the new one a frame late, or never after a jump.
const UNSEEN = "\u00a0";

const isEmpty = (list) => list !== undefined && list.length === 0;

/** In 2-D plotly's animate takes no marks away: what comes and goes is faded, what is empty holds one gap. */
function lasting(attributes, trace) {
  if (!isSvg(trace)) return attributes;
  const { visible, ...out } = attributes;
  if (visible !== undefined) out.opacity = visible === true ? (out.opacity ?? trace.opacity ?? 1) : 0;
  if (isEmpty(out.x) || isEmpty(out.y)) Object.assign(out, { x: [null], y: [null] });
  if (Array.isArray(out.text)) out.text = out.text.map((text) => (text === "" ? UNSEEN : text));
  return out;
}

/** The moving attributes, step by step; equal values share one reference, so "unchanged" is `===`. */
function keyframes(figure, data) {
  const frames = (figure.frames ?? []).map((frame) => {
    const attributes = new Map();
    frame.traces.forEach((index, i) => attributes.set(index, lasting(flatten(decode(frame.data[i])), data[index])));
    return attributes;
  });
  for (let k = 1; k < frames.length; k++) shareEqual(frames[k - 1], frames[k]);
  return frames;
}

function shareEqual(before, after) {
  for (const [index, attributes] of after) {
    const earlier = before.get(index) ?? {};
    for (const path of Object.keys(attributes)) {
      if (same(earlier[path], attributes[path])) attributes[path] = earlier[path];
    }
  }
}

function standing(trace) {
  if (!isSvg(trace)) return trace;
  const { visible, x, y, opacity, text } = lasting(trace, trace);
  return { ...trace, visible: visible ?? true, x, y, opacity: opacity ?? 1, ...(text === undefined ? {} : { text }) };
}

/** Everything that the stage needs of a figure. */
export function readFilm(figure) {
  const raw = decode(figure.data), data = raw.map(standing);
  const layout = decode(figure.layout);
  const meta = layout.meta ?? {};
  const steps = meta.steps?.length ? meta.steps : [{ sentence: "", formula: "", state: {} }];
  return {
    data, layout, meta, steps,
    frames: keyframes(figure, raw),
    jobs: data.map((trace) => jobsOf(trace, isDeep(trace) ? 3 : 2)),
    variables: meta.variables ?? {},
    handles: meta.handles ?? [],
    layers: meta.layers ?? [],
    duration: meta.duration ?? 800,
    home: meta.home ?? 0,
    last: steps.length - 1,
    spatial: data.some(isDeep),
  };
}

const between = (film, position) => {
  const k = Math.min(Math.max(Math.floor(position), 0), film.last);
  const u = k === film.last ? 0 : ease(position - k);
  return { k, u, next: Math.min(k + 1, film.last) };
};

/** The moving variables at a position: {"M": [[..]], "x": [..]}. */
export function stateAt(film, position) {
  const { k, u, next } = between(film, position);
  const from = film.steps[k].state ?? {}, to = film.steps[next].state ?? {};
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return Object.fromEntries([...names].map((name) => [name, along(film.steps[next].path?.[name], from[name], to[name] ?? from[name], u)]));
}

/** All variables at a position, with nothing in the hand. */
export const valuesAt = (film, position) => ({
  ...Object.fromEntries(Object.entries(film.variables).map(([name, variable]) => [name, variable.value])),
  ...stateAt(film, position),
});

/** Attributes given by the keyframes at a position: Map(trace index -> {path: value}). */
function framed(film, position) {
  const out = new Map();
  if (!film.frames.length) return out;
  const { k, u, next } = between(film, position);
  for (const [index, from] of film.frames[k]) {
    const to = film.frames[next].get(index) ?? from;
    const attributes = {}, turn = film.data[index].meta?.turn; // a number that cells fly into changes as they arrive
    for (const path of Object.keys(from)) attributes[path] = mix(from[path], path in to ? to[path] : from[path], u, turn);
    out.set(index, attributes);
  }
  return out;
}

/** All that differs from the standing figure at a position, the variables having `values`. */
export function picture(film, position, values) {
  const out = framed(film, position);
  film.jobs.forEach((jobs, index) => {
    for (const job of jobs) out.set(index, { ...out.get(index), ...job(values) });
  });
  return out;
}

/** The traces as they stand with `attributes` put in. */
export const dressed = (data, attributes) =>
  data.map((trace, index) => withPaths(copyTree(trace), attributes.get(index) ?? {}));

const FACTORS = { "textfont.size": 1.5, "line.width": 2, "marker.line.width": 2, "marker.size": 1.5, "marker.standoff": 1.5 };

const grown = (value, factor) => (Array.isArray(value) ? value.map((one) => one * factor) : value * factor);

function enlarge(tree) {
  const present = Object.entries(FACTORS).map(([path, factor]) => [path, atPath(tree, path), factor]);
  const sizes = present.filter(([, value]) => typeof value === "number" || Array.isArray(value));
  return withPaths(tree, Object.fromEntries(sizes.map(([path, value, factor]) => [path, grown(value, factor)])));
}

/** Colours that a projector swallows, light and dark, and what stands for them: hairlines, axes, quiet words. */
const STRONGER = {
  "#e6e3dc": "#b9b6ae", "#b9b6ae": "#7d7a72", "#667080": "#333b48",
  "#262b33": "#4b535f", "#4b535f": "#8b95a3", "#98a2b0": "#ced5de",
};
const WEAK = new RegExp(Object.keys(STRONGER).join("|"), "g");

const stronger = (figure) => JSON.parse(JSON.stringify(figure).replace(WEAK, (colour) => STRONGER[colour]));

/** The same figure for the back row: type 1.5 times larger, lines twice as thick, no line too faint for a projector. */
export function forTheBackRow(original) {
  const figure = stronger(original);
  const frames = (figure.frames ?? []).map((frame) => ({ ...frame, data: frame.data.map(enlarge) }));
  return { ...figure, data: figure.data.map(enlarge), frames, layout: enlargeLayout(figure.layout) };
}

function enlargeLayout(node) {
  if (Array.isArray(node)) return node.map((item) => (item && typeof item === "object" ? enlargeLayout(item) : item));
  const out = {};
  for (const [key, value] of Object.entries(node)) {
    const tree = value !== null && typeof value === "object" && key !== "meta";
    out[key] = tree ? enlargeLayout(value) : value;
    if (tree && /font$/.test(key) && typeof value.size === "number") out[key] = { ...value, size: value.size * 1.5 };
  }
  return out;
}
