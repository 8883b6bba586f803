// Attributes -> one Plotly call a frame: animate for 2-D traces, one restyle for all others.

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

/**
 * plotly's animate takes away the drawing layers (subplot x kind) of which no trace is named. One trace of each,
 * the smallest, is named every time; where a kind cannot be animated at all (heatmap), nothing is.
 */
function keepersOf(gd) {
  const smallest = new Map();
  for (const full of gd._fullData.filter((one) => one.visible === true && isFlat(one))) {
    if (!full._module.animatable) return null;
    const size = full.x?.length ?? 0, best = smallest.get(groupOf(full));
    if (!best || size < best.size) smallest.set(groupOf(full), { size, index: full.index });
  }
  return new Map([...smallest].map(([group, { index }]) => [group, index]));
}

/** The entries, and an empty one for every drawing layer that they do not touch. */
function withKeepers(entries, keepers, gd) {
  const seen = entries.map(([index]) => gd._fullData[index]).filter((full) => full.visible === true);
  const touched = new Set(seen.map(groupOf));
  const rest = [...keepers].filter(([group]) => !touched.has(group)).map(([, index]) => [index, {}]);
  return [...entries, ...rest].sort(([one], [other]) => one - other);
}

export function makePen(gd, Plotly) {
  const drawn = new Map();
  let keepers = null;

  function animate(entries) {
    const all = withKeepers(entries, keepers, gd);
    const frame = { data: all.map(([, now]) => now), traces: all.map(([index]) => index) };
    return Plotly.animate(gd, frame, IMMEDIATE).catch(() => {}); // interrupted by the next frame
  }
  const restyle = (entries) => Plotly.restyle(gd, together(entries), entries.map(([index]) => index));

  return {
    /** The figure was drawn anew with these attributes. */
    reset(attributes = new Map()) {
      drawn.clear();
      for (const [index, now] of attributes) drawn.set(index, { ...now });
      keepers = keepersOf(gd);
    },
    draw(attributes) {
      const entries = news(attributes, drawn).filter(([index]) => gd._fullData[index]);
      const flat = entries.filter(([index]) => keepers && isFlat(gd._fullData[index]));
      const deep = entries.filter(([index]) => !keepers || !isFlat(gd._fullData[index]));
      const shown = flat.some(([index]) => gd._fullData[index].visible === true);
      return Promise.all([flat.length && shown && animate(flat), deep.length && restyle(deep)]);
    },
  };
}
