// The frame of a space: grid, zero lines, edges, ticks and titles on the faces behind, where plotly.js puts them.
// Source: plotly.js 4.1, gl-axes3d (`getCubeProperties`, `computeLineOffset`).

const NAMES = ["xaxis", "yaxis", "zaxis"];
const TICK_LENGTH = 10, TICK_PAD = 20, TITLE_PAD = 30; // pixels

const spread = (start, end) => end - start;

/** Round steps for about `count` ticks: 2, 5 or 10 times a power of ten, as plotly rounds. */
function ticksOf([low, high], count) {
  const rough = Math.abs(spread(low, high)) / count;
  const base = 10 ** Math.floor(Math.log10(rough));
  const step = base * [2, 5, 10].find((one) => one >= rough / base - 1e-9);
  const first = Math.ceil(Math.min(low, high) / step - 1e-9), last = Math.floor(Math.max(low, high) / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

const words = (value) => String(value).replace("-", "−");

function labelled(axis, range) {
  if (Array.isArray(axis.tickvals) && axis.tickmode === "array") {
    return Array.from(axis.tickvals, (value, k) => [value, axis.ticktext?.[k] ?? words(value)]);
  }
  return ticksOf(range, axis.nticks || 6).map((value) => [value, words(value)]);
}

/** Which of the two faces across each axis is behind: 1 the upper, 0 the lower one. */
function behind(lens) {
  const towards = lens.orthographic ? lens.frame.back : lens.eye;
  return towards.map((entry) => (entry > 0 ? 0 : 1));
}

const corner = (lens, bits) => lens.aspect.map((length, k) => (bits >> k & 1 ? length / 2 : -length / 2));

/**
 * For each axis the edge of the box that its numbers stand at: {axis: the ends of the other two axes}. The three edges
 * run along the outline of the box, from its left to its right corner by way of the lowest.
 */
function edgesOf(lens, far) {
  const back = far[0] | far[1] << 1 | far[2] << 2, front = 7 ^ back;
  const places = Array.from({ length: 8 }, (_, bits) => lens.onPaper(lens.seen(corner(lens, bits))));
  const outline = [0, 1, 2, 3, 4, 5, 6, 7].filter((bits) => bits !== back && bits !== front);
  const lowest = outline.reduce((best, bits) => (places[bits][1] > places[best][1] ? bits : best));
  const sides = [1, 2, 4].map((bit) => lowest ^ bit).filter((bits) => outline.includes(bits));
  const [left, right] = sides.sort((one, other) => places[one][0] - places[other][0]);
  const ends = [0, 0, 0];
  ends[Math.log2(left ^ lowest)] = lowest & left;
  ends[Math.log2(lowest ^ right)] = lowest & right;
  const next = right ^ 7;
  if (next === back || next === front) ends[Math.log2(right ^ left ^ 7)] = (left ^ 7) & right;
  else ends[Math.log2(left ^ next)] = next & left;
  return ends;
}

/** Marks of the frame, all behind what the space shows. `draw`: {line(a, b, style), words(at, text, style)} in the world. */
export function drawFrame(lens, layout, draw) {
  const axes = NAMES.map((name) => layout[name] ?? {});
  const shown = axes.map((axis) => axis.visible !== false);
  if (!shown.some(Boolean)) return;
  const far = behind(lens), ends = edgesOf(lens, far);
  const ticks = axes.map((axis, k) => labelled(axis, lens.ranges[k]));
  const at = (k, value) => lens.world(...[0, 1, 2].map((axis) => (axis === k ? value : 0)))[k];
  const half = (k, upper) => (upper ? 1 : -1) * lens.aspect[k] / 2;

  /** A line at `place` of axis k on the face behind across axis `face`. */
  function across(k, place, face, style) {
    const along = 3 - k - face;
    const ends = [0, 1].map((upper) => {
      const point = [0, 0, 0];
      [point[k], point[face], point[along]] = [place, half(face, far[face]), half(along, upper)];
      return point;
    });
    draw.line(...ends, style);
  }
  for (const grid of [true, false]) { // the zero lines over all of the grid
    axes.forEach((axis, k) => {
      if (!shown[k] || axis[grid ? "showgrid" : "zeroline"] === false) return;
      const style = grid ? { colour: axis.gridcolor ?? "#cccccc", width: axis.gridwidth ?? 1 } : { colour: axis.zerolinecolor ?? "#444444", width: axis.zerolinewidth ?? 1 };
      const values = grid ? ticks[k].map(([value]) => value) : [0].filter(() => Math.min(...lens.ranges[k]) <= 0 && Math.max(...lens.ranges[k]) >= 0);
      for (const value of values) for (const face of [0, 1, 2].filter((one) => one !== k)) across(k, at(k, value), face, style);
    });
  }
  axes.forEach((axis, k) => shown[k] && drawEdge(k, axis));

  function drawEdge(k, axis) {
    const outwards = [0, 0, 0], base = [0, 0, 0];
    for (const other of [0, 1, 2].filter((one) => one !== k)) {
      const upper = ends[k] >> other & 1;
      base[other] = half(other, upper);
      // away from the box, where the face behind is not: a number stands beside the box and not before it
      outwards[other] = far[other] !== upper ? (upper ? 1 : -1) : 0;
    }
    const beside = (value, pad) => base.map((entry, other) => (other === k ? value : entry + outwards[other] * pad * lens.pixel));
    if (axis.showline) draw.line(beside(half(k, 0), 0), beside(half(k, 1), 0), { colour: axis.linecolor ?? "#444444", width: axis.linewidth ?? 1 });
    const length = axis.ticks ? axis.ticklen ?? TICK_LENGTH : 0;
    for (const [value, text] of ticks[k]) {
      if (axis.ticks) draw.line(beside(at(k, value), 0), beside(at(k, value), length), { colour: axis.tickcolor ?? "#444444", width: axis.tickwidth ?? 1 });
      if (axis.showticklabels !== false) draw.words(beside(at(k, value), length + TICK_PAD), text, axis.tickfont ?? {});
    }
    const title = axis.title?.text ?? "xyz"[k];
    if (title) draw.words(beside(0, length + TICK_PAD + TITLE_PAD), title, axis.title?.font ?? {});
  }
}
