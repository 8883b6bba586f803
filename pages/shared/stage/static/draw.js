// Attributes -> one Plotly call a frame: animate for 2-D traces, one restyle for all others.

import { nextTurn } from "./dom.js";
import { steadyWords } from "./scene.js";

const XLINK = "http://www.w3.org/1999/xlink";
const IMMEDIATE = { mode: "immediate", frame: { duration: 0, redraw: false }, transition: { duration: 0 } };

/** What is new against the last drawn attributes: [[index, {path: value}], ...]. */
function news(attributes, drawn) {
  const fresh = [];
  for (const [index, now] of attributes) {
    const before = drawn.get(index) ?? {};
    const changed = Object.keys(now).filter((path) => now[path] !== before[path]);
    if (!changed.length) continue;
    fresh.push([index, Object.fromEntries(changed.map((path) => [path, now[path]]))]);
    drawn.set(index, { ...before, ...now });
  }
  return fresh;
}

/** Different attributes of several traces in one restyle: undefined leaves a trace's attribute alone. */
function together(entries) {
  const paths = new Set(entries.flatMap(([, attributes]) => Object.keys(attributes)));
  return Object.fromEntries([...paths].map((path) => [path, entries.map(([, attributes]) => attributes[path])]));
}

const isFlat = (full) => full._module?.basePlotModule?.name === "cartesian";
const groupOf = (full) => `${full.xaxis}${full.yaxis} ${full.type} ${full.zorder ?? 0}`;

const isPicture = (full) => full.type === "image";

/**
 * A picture is said to be of a kind that plotly moves, so that all else may move, and is left as it is meanwhile:
 * plotly would take away each one that it is not told of.
 */
function holdStill(pictures) {
  if (pictures.animatable) return;
  const { plot } = pictures;
  pictures.animatable = true;
  pictures.plot = (gd, place, drawn, layer, moving, ...more) => (moving ? undefined : plot(gd, place, drawn, layer, moving, ...more));
}

/**
 * plotly's animate takes away the drawing layers (subplot x kind) of which no trace is named. One trace of each,
 * the smallest, is named every time; where a kind cannot be animated at all (heatmap), nothing is.
 */
function keepersOf(gd) {
  const smallest = new Map();
  for (const full of gd._fullData.filter(isPicture)) holdStill(full._module);
  for (const full of gd._fullData.filter((one) => one.visible === true && isFlat(one))) {
    if (!full._module.animatable) return null;
    const size = full.x?.length ?? 0, best = smallest.get(groupOf(full));
    if (!best || size < best.size) smallest.set(groupOf(full), { size, index: full.index });
  }
  return new Map([...smallest].map(([group, { index }]) => [group, index]));
}

/** First and last index of the entries in each drawing layer: Map(group -> [first, last]). */
function spansOf(entries, gd) {
  const spans = new Map();
  for (const full of entries.map(([index]) => gd._fullData[index]).filter((one) => one.visible === true)) {
    const [first, last] = spans.get(groupOf(full)) ?? [Infinity, -Infinity];
    spans.set(groupOf(full), [Math.min(first, full.index), Math.max(last, full.index)]);
  }
  return spans;
}

/**
 * The entries, and empty ones: one for every drawing layer that they do not touch, and one for each trace that lies
 * between two of them, since plotly lifts what it animates over what it does not, up to the next one that it does.
 */
function withKeepers(entries, keepers, gd) {
  const spans = spansOf(entries, gd), own = new Set(entries.map(([index]) => index));
  const between = (full) => {
    const [first, last] = full.visible === true && isFlat(full) && !own.has(full.index) && spans.get(groupOf(full)) || [];
    return full.index > first && full.index < last;
  };
  const rest = gd._fullData.filter(between).map((full) => [full.index, {}]);
  rest.push(...[...keepers].filter(([group]) => !spans.has(group)).map(([, index]) => [index, {}]));
  return [...entries, ...rest].sort(([one], [other]) => one - other);
}

/**
 * plotly's loop ends at the browser's next frame, and until then takes no other picture; then it tells that the first
 * one stands. In a tab that nobody sees no frame comes. A picture is drawn by then all the same, in what its call
 * promises at once.
 */
function withoutFrames(gd) {
  const { _transitionData: loop } = gd;
  if (loop?._animationRaf) cancelAnimationFrame(loop._animationRaf);
  if (loop) loop._animationRaf = null;
}

/** plotly's own node of a picture that it shows as it was sent. */
function nodeOf(gd, index) {
  const its = (node) => node.__data__?.[0]?.trace.index === index;
  return [...gd.querySelectorAll(".imagelayer .im")].find(its)?.querySelector("image");
}

/** Whether another source is all that is new, and can be put in: a picture that is not shown, or is as it was sent. */
const isSwap = (gd, [index, now]) =>
  Object.keys(now).every((path) => path === "source") && (gd._fullData[index].visible !== true || (gd._fullData[index]._realImage && nodeOf(gd, index)));

/** Another source for a picture of the same size: plotly would draw all of the figure anew. */
function swap(gd, [index, { source }]) {
  gd.data[index].source = source;
  if (gd._fullData[index].visible !== true) return null;
  gd._fullData[index].source = source;
  const loaded = new Image();
  const there = new Promise((done) => (loaded.onload = loaded.onerror = done)); // until then nothing would be seen
  loaded.src = source;
  return there.then(() => nodeOf(gd, index)?.setAttributeNS(XLINK, "xlink:href", source));
}

/** `unseen`: what is drawn stands without the browser's frames; for a figure that is no page's. */
export function makePen(gd, Plotly, { unseen = false } = {}) {
  const drawn = new Map();
  let keepers = null;

  function animate(entries) {
    const all = withKeepers(entries, keepers, gd);
    const frame = { data: all.map(([, now]) => now), traces: all.map(([index]) => index) };
    if (unseen) withoutFrames(gd);
    const told = Plotly.animate(gd, frame, IMMEDIATE).catch(() => {}); // interrupted by the next frame
    return unseen ? nextTurn() : told;
  }
  function restyle(entries) {
    steadyWords(gd);
    return Plotly.restyle(gd, together(entries), entries.map(([index]) => index));
  }

  /** Another picture takes the place of one: all is drawn at once, and other traces keep the layers. */
  const exchange = (entries) => restyle(entries).then(() => (keepers = keepersOf(gd)));

  return {
    /** What was drawn last: Map(index -> {path: value}). */
    drawn: () => drawn,
    /** The figure was drawn anew with these attributes. */
    reset(attributes = new Map()) {
      drawn.clear();
      for (const [index, now] of attributes) drawn.set(index, { ...now });
      keepers = keepersOf(gd);
    },
    draw(attributes) {
      const entries = news(attributes, drawn).filter(([index]) => gd._fullData[index]);
      const pictures = entries.filter(([index]) => isPicture(gd._fullData[index]));
      if (!pictures.every((entry) => isSwap(gd, entry))) return exchange(entries);
      const others = entries.filter((entry) => !pictures.includes(entry));
      const flat = others.filter(([index]) => keepers && isFlat(gd._fullData[index]));
      const deep = others.filter(([index]) => !keepers || !isFlat(gd._fullData[index]));
      const shown = flat.some(([index]) => gd._fullData[index].visible === true);
      const swapped = pictures.map((entry) => swap(gd, entry));
      return Promise.all([flat.length && shown && animate(flat), deep.length && restyle(deep), ...swapped]);
    },
  };
}
