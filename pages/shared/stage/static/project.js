// A space as vectors: the traces of a plotly scene seen with its present camera, as flat shapes, the farthest first.
//
// Sizes are those that plotly draws (gl-line3d: a line is half as wide as it says; gl-scatter3d: a marker's letter is
// four times its size high). What plotly blends without order is ordered here by depth: lines are cut into
// pieces for it, and two triangles of one flat face are one.

import { drawFrame } from "./axes3d.js";
import { clipFace, clipSegment, isInside, planesOf } from "./clip.js";
import { channels, lit, onScale } from "./colour.js";
import { isDeep } from "./film.js";
import { cross, dot, lensOf, minus, unit } from "./lens.js";
import { shapesOf } from "./shapes.js";
import { currentCamera } from "./view.js";

const AXES = ["xaxis", "yaxis", "zaxis"];
const SLICE = 0.08; // of the world's depth: lines are cut between two slices, and in one a later trace is over an earlier
const NEARER = 0.06; // a line on a face is before it, and a marker on a line before that
const ABOVE = 0.16; // words in a small cube are read through its own faces, not through those of the next one
const SIDES = 16; // of a cone
const CONE = 0.25; // radius of a cone's foot, as a share of its length (gl-cone3d)
const DASHES = { dot: [1.5, 2], dash: [6, 5], longdash: [11, 6], dashdot: [8, 4, 2, 4], longdashdot: [12, 4, 2, 4] }; // pixels

const sceneName = (trace) => trace.scene ?? "scene";

/** The names of the spaces that a figure shows. */
export const sceneNames = (gd) => Object.keys(gd._fullLayout ?? {}).filter((name) => /^scene\d*$/.test(name) && gd._fullLayout[name]?._scene);

/** The visible traces of a space, whoever draws it. */
function tracesIn(gd, name) {
  const own = gd._fullLayout[name]._scene.flat?.traces;
  const all = own ? own() : gd._fullData;
  return all.filter((trace) => isDeep(trace) && sceneName(trace) === name && (trace.visible ?? true) === true);
}

/** The lens that a space of a drawn figure is seen through now. */
export function lensIn(gd, name = "scene") {
  const layout = gd._fullLayout[name], { l, t, w, h } = gd._fullLayout._size;
  const { x = [0, 1], y = [0, 1] } = layout.domain ?? {};
  const box = { left: l + x[0] * w, top: t + (1 - y[1]) * h, width: w * (x[1] - x[0]), height: h * (y[1] - y[0]) };
  const aspect = ["x", "y", "z"].map((axis) => layout.aspectratio?.[axis] ?? 1);
  const camera = { projection: layout.camera?.projection, ...currentCamera(gd, name) };
  return lensOf({ camera, aspect, box, ranges: AXES.map((axis) => layout[axis].range) });
}

/** A space of a drawn figure as SVG markup. */
export function sceneMarkup(gd, name) {
  const lens = lensIn(gd, name), layout = gd._fullLayout[name];
  if (!(lens.box.width > 0 && lens.box.height > 0)) return "";
  const canvas = new Canvas(lens);
  canvas.depth = Infinity; // the frame is behind all else, in its own order
  drawFrame(lens, layout, {
    line: (a, b, style) => canvas.segment(a, b, { stroke: style.colour, width: style.width / 2, opacity: 1 }),
    words: (at, text, font) => canvas.words(at, text, font, [0, 0], 1),
  });
  canvas.depth = null;
  for (const trace of tracesIn(gd, name)) DRAWERS[trace.type]?.(canvas, trace);
  return shapesOf(canvas.sorted());
}

/** Takes shapes of the world, and keeps what of them is seen, on paper and with its depth. */
class Canvas {
  shapes = [];
  depth = null;

  constructor(lens) {
    this.lens = lens;
    this.planes = planesOf(lens);
  }

  sorted() {
    return this.shapes.sort((one, other) => other.depth - one.depth || one.order - other.order);
  }

  #keep(shape, depth) {
    shape.depth = this.depth ?? depth;
    shape.order = this.shapes.length;
    this.shapes.push(shape);
  }

  /** A straight line; `dash` in pixels. */
  segment(a, b, style) {
    const { lens } = this;
    const ends = this.depth === null ? clipSegment(this.planes, a, b) : [a, b];
    if (!ends) return;
    const [from, to] = ends.map(lens.seen);
    if (!(from[2] > lens.near && to[2] > lens.near && Number.isFinite(from[2] + to[2]))) return;
    if (this.depth !== null) return this.#keep({ kind: "line", a: lens.onPaper(from), b: lens.onPaper(to), style });
    const deep = to[2] - from[2], step = Math.sign(deep);
    const first = Math.floor(from[2] / SLICE), last = Math.floor(to[2] / SLICE);
    const at = (share) => [0, 1, 2].map((k) => from[k] + (to[k] - from[k]) * share);
    let start = lens.onPaper(from);
    for (let slice = first; ; slice += step) {
      const cut = ((step > 0 ? slice + 1 : slice) * SLICE - from[2]) / deep;
      const end = slice === last ? lens.onPaper(to) : lens.onPaper(at(cut));
      this.#keep({ kind: "line", a: start, b: end, style }, slice * SLICE - NEARER);
      if (slice === last) return;
      start = end;
    }
  }

  /** A flat face with its corners in order. */
  face(corners, fill, opacity) {
    const inside = clipFace(this.planes, corners);
    if (inside.length < 3) return;
    const seen = inside.map(this.lens.seen);
    const depth = seen.reduce((sum, corner) => sum + corner[2], 0) / seen.length;
    this.#keep({ kind: "face", points: seen.map(this.lens.onPaper), fill, opacity }, depth);
  }

  /** A marker: {symbol, size, fill, stroke, width, opacity}. */
  dot(at, look) {
    this.#place(at, SLICE + NEARER, (place) => ({ kind: "dot", at: place, ...look })); // before the line that it is on
  }

  /** Words beside a point; `anchor`: where they stand, [-1, 0 or 1 to the right, the same upwards]. */
  words(at, text, font, anchor, opacity) {
    if (String(text).trim()) this.#place(at, ABOVE, (place) => ({ kind: "words", at: place, text: String(text), font, anchor, opacity }));
  }

  #place(at, nearer, make) {
    const { lens } = this;
    if (this.depth === null && !isInside(this.planes, at)) return;
    const seen = lens.seen(at);
    if (seen[2] > lens.near) this.#keep(make(lens.onPaper(seen)), seen[2] - nearer);
  }
}

const isNumber = (value) => value !== null && Number.isFinite(value);

/** The points of a trace in the world; null where one is missing. */
function pointsOf(canvas, { x, y, z }) {
  const count = Math.min(x?.length ?? 0, y?.length ?? 0, z?.length ?? 0);
  return Array.from({ length: count }, (_, k) =>
    (isNumber(x[k]) && isNumber(y[k]) && isNumber(z[k]) ? canvas.lens.world(x[k], y[k], z[k]) : null));
}

/** The k-th of a list, or the one value for all. */
const nth = (value, k) => (Array.isArray(value) || ArrayBuffer.isView(value) ? value[k] : value);

/** A colour given by name or as a number on a scale. */
function hueOf(part, k, usual) {
  const value = nth(part?.color, k) ?? usual;
  return typeof value === "number" && Array.isArray(part.colorscale) ? onScale(part.colorscale, value, part.cmin ?? 0, part.cmax ?? 1) : value;
}

const INK = "#444444";

function scatter(canvas, trace) {
  const mode = trace.mode ?? "lines+markers", points = pointsOf(canvas, trace);
  if (mode.includes("lines")) drawLine(canvas, trace, points);
  if (mode.includes("markers")) drawMarkers(canvas, trace, points);
  if (mode.includes("text")) drawWords(canvas, trace, points);
}

function drawLine(canvas, { line = {}, opacity = 1 }, points) {
  const single = !Array.isArray(line.color) && !ArrayBuffer.isView(line.color);
  const styleAt = (k) => ({ stroke: hueOf(line, k, INK), width: (line.width ?? 2) / 2, opacity });
  const dash = DASHES[line.dash], style = { ...styleAt(0), square: Boolean(dash) };
  let along = 0;
  for (let k = 0; k + 1 < points.length; k++) {
    const [a, b] = [points[k], points[k + 1]];
    if (!a || !b) {
      along = 0;
      continue;
    }
    const own = single ? style : { ...styleAt(k), square: style.square };
    if (dash) along = drawDashes(canvas, a, b, own, dash, along);
    else canvas.segment(a, b, own);
  }
}

/** The dashes of a line are lines themselves, so that they may be ordered. Returns how far the pattern has come. */
function drawDashes(canvas, a, b, style, pattern, along) {
  const { lens } = canvas;
  const [from, to] = [a, b].map((end) => lens.onPaper(lens.seen(end)));
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (!(length > 0) || length > 1e5) return along;
  const period = pattern.reduce((sum, part) => sum + part, 0);
  const at = (pixels) => a.map((value, k) => value + (b[k] - value) * Math.min(Math.max(pixels / length, 0), 1));
  for (let start = -(along % period); start < length; start += period) {
    let place = start;
    pattern.forEach((part, k) => {
      if (k % 2 === 0 && place + part > 0 && place < length) canvas.segment(at(place), at(place + part), style);
      place += part;
    });
  }
  return along + length;
}

function drawMarkers(canvas, { marker = {}, opacity = 1 }, points) {
  points.forEach((point, k) => {
    if (!point) return;
    const open = String(nth(marker.symbol, k) ?? "circle");
    canvas.dot(point, {
      symbol: open, size: nth(marker.size, k) ?? 8, fill: hueOf(marker, k, INK), opacity: opacity * (marker.opacity ?? 1),
      stroke: hueOf(marker.line, k, INK), width: marker.line?.width ?? 0,
    });
  });
}

function drawWords(canvas, { text, textfont = {}, textposition = "top center", opacity = 1 }, points) {
  points.forEach((point, k) => {
    const words = nth(text, k), place = String(nth(textposition, k));
    if (!point || words === undefined || words === null) return;
    const anchor = [place.includes("right") - place.includes("left"), place.includes("top") - place.includes("bottom")];
    const font = { ...textfont, color: hueOf(textfont, k, INK), size: nth(textfont.size, k) ?? 12 };
    canvas.words(point, words, font, anchor, opacity);
  });
}

/** How light a face is: plotly's lamp is to the right and above, beside whoever looks, and shines on both sides. */
function lightOn(lens, corners, { ambient = 0.8, diffuse = 0.8 } = {}) {
  const { right, up } = lens.frame;
  const lamp = unit([0, 1, 2].map((k) => right[k] * lens.shape + up[k]));
  const normal = unit(cross(minus(corners[1], corners[0]), minus(corners[2], corners[0])));
  const towards = lens.orthographic ? lens.frame.back : minus(lens.eye, corners[0]);
  const side = dot(normal, towards) < 0 ? -1 : 1;
  return Math.min(ambient + diffuse * Math.max(side * dot(normal, lamp), 0), 1);
}

function mesh(canvas, trace) {
  const points = pointsOf(canvas, trace), { i = [], j = [], k = [] } = trace;
  const opacity = trace.opacity ?? 1;
  const colourOf = (face) => nth(trace.facecolor, face) ?? byIntensity(trace, [i[face], j[face], k[face]]) ?? trace.color ?? "#888888";
  const faces = [];
  for (let face = 0; face < i.length; face++) {
    const corners = [points[i[face]], points[j[face]], points[k[face]]];
    if (corners.every(Boolean)) faces.push({ corners, colour: colourOf(face) });
  }
  for (const { corners, colour } of joined(faces)) {
    canvas.face(corners, lit(colour, lightOn(canvas.lens, corners, trace.lighting)), opacity * channels(colour)[3]);
  }
}

function byIntensity({ intensity, vertexcolor, colorscale, cmin, cmax }, corners) {
  if (vertexcolor) return vertexcolor[corners[0]];
  if (!intensity || !Array.isArray(colorscale)) return null;
  return onScale(colorscale, corners.reduce((sum, corner) => sum + intensity[corner], 0) / 3, cmin ?? 0, cmax ?? 1);
}

/** Two triangles one after the other that lie in one plane, share a side and have one colour are one face. */
function joined(faces) {
  const out = [];
  for (const face of faces) {
    const last = out.at(-1);
    const four = last && last.corners.length === 3 && last.colour === face.colour ? quadOf(last.corners, face.corners) : null;
    if (four) last.corners = four;
    else out.push({ ...face });
  }
  return out;
}

function quadOf(one, other) {
  const fourth = other.find((corner) => !one.includes(corner)), alone = one.findIndex((corner) => !other.includes(corner));
  if (!fourth || alone < 0 || other.filter((corner) => one.includes(corner)).length !== 2) return null;
  const normal = unit(cross(minus(one[1], one[0]), minus(one[2], one[0])));
  if (Math.abs(dot(normal, minus(fourth, one[0]))) > 1e-5) return null;
  const turned = [one[alone], one[(alone + 1) % 3], fourth, one[(alone + 2) % 3]];
  const turns = turned.map((corner, k) => dot(cross(minus(turned[(k + 1) % 4], corner), minus(turned[(k + 2) % 4], turned[(k + 1) % 4])), normal));
  return turns.every((turn) => turn >= -1e-9) ? turned : null;
}

function cones(canvas, trace) {
  const { lens } = canvas, tips = pointsOf(canvas, trace);
  const ways = ["u", "v", "w"].map((name) => trace[name] ?? []);
  const stretch = (trace.sizemode ?? "scaled") === "raw" ? trace.sizeref ?? 1 : trace.sizeref ?? 0.5;
  const lengths = tips.map((_, k) => Math.hypot(...ways.map((list) => list[k] ?? 0)));
  const back = { tip: 1, tail: 0, cm: 0.25, center: 0.5 }[trace.anchor ?? "cm"];
  tips.forEach((tip, n) => {
    const way = ways.map((list, k) => list[n] * lens.model[5 * k] * stretch);
    if (!tip || !(Math.hypot(...way) > 1e-9)) return;
    const colour = Array.isArray(trace.colorscale) ? onScale(trace.colorscale, lengths[n], trace.cmin ?? 0, trace.cmax ?? Math.max(...lengths)) : INK;
    cone(canvas, tip.map((entry, k) => entry + way[k] * (1 - back)), way, colour, trace);
  });
}

/** A cone with its point at `tip`: its sides that are turned to the eye, and its foot if that is. */
function cone(canvas, tip, way, colour, { lighting, opacity = 1 }) {
  const { lens } = canvas, length = Math.hypot(...way);
  const aside = unit(cross(way, Math.abs(way[2]) < 0.9 * length ? [0, 0, 1] : [1, 0, 0]));
  const other = unit(cross(way, aside));
  const foot = Array.from({ length: SIDES }, (_, k) => {
    const turn = (2 * Math.PI * k) / SIDES, c = Math.cos(turn) * CONE * length, s = Math.sin(turn) * CONE * length;
    return tip.map((entry, axis) => entry - way[axis] + aside[axis] * c + other[axis] * s);
  });
  const middle = tip.map((entry, axis) => entry - way[axis] / 2);
  const faces = foot.map((corner, k) => [tip, corner, foot[(k + 1) % SIDES]]);
  for (const corners of [foot, ...faces]) {
    const normal = cross(minus(corners[1], corners[0]), minus(corners[2], corners[0]));
    const outwards = dot(normal, minus(corners[0], middle)) < 0 ? normal.map((entry) => -entry) : normal;
    const towards = lens.orthographic ? lens.frame.back : minus(lens.eye, corners[0]);
    if (opacity === 1 && dot(outwards, towards) <= 0) continue;
    canvas.face(corners, lit(colour, lightOn(lens, corners, lighting)), opacity);
  }
}

function surface(canvas, trace) {
  const { x, y, z, colorscale } = trace, values = trace.surfacecolor ?? z;
  if (!z?.length || !Array.isArray(colorscale)) return;
  const flat = Array.from(values, (row) => Array.from(row)).flat().filter(isNumber);
  const low = trace.cmin ?? Math.min(...flat), high = trace.cmax ?? Math.max(...flat);
  const place = (list, i, j, along) => (list ? nth(nth(list, i), j) ?? list[along] : along);
  const at = (i, j) => {
    const point = [Array.isArray(x?.[0]) ? place(x, i, j) : x?.[j] ?? j, Array.isArray(y?.[0]) ? place(y, i, j) : y?.[i] ?? i, z[i]?.[j]];
    return point.every(isNumber) ? canvas.lens.world(...point) : null;
  };
  for (let i = 0; i + 1 < z.length; i++) {
    for (let j = 0; j + 1 < z[i].length; j++) {
      const corners = [at(i, j), at(i, j + 1), at(i + 1, j + 1), at(i + 1, j)];
      if (!corners.every(Boolean)) continue;
      const value = (values[i][j] + values[i][j + 1] + values[i + 1][j] + values[i + 1][j + 1]) / 4;
      canvas.face(corners, lit(onScale(colorscale, value, low, high), lightOn(canvas.lens, corners, trace.lighting)), trace.opacity ?? 1);
    }
  }
}

const DRAWERS = { scatter3d: scatter, mesh3d: mesh, cone: cones, surface };
