// Traces that are images: p = keep * (Matrix @ (base + mix * vector + otherMix * other)), texts and eigen-lines that follow.

import { SAID, derivedJob } from "./derived.js";
import { det, eigenDirections, identity, times } from "./algebra.js";
import { fill, number, tuple } from "./words.js";

/** [[1, 2], null, [3, 4]] -> Float64Array(1, 2, NaN, NaN, 3, 4). */
function pack(points, d) {
  const out = new Float64Array(points.length * d).fill(NaN);
  points.forEach((point, i) => {
    if (point) for (let k = 0; k < d; k++) out[i * d + k] = point[k] ?? 0;
  });
  return out;
}

function ownPoints(trace, d) {
  const lists = [trace.x, trace.y, trace.z].slice(0, d);
  return Array.from(lists[0], (_, i) => (lists[0][i] === null ? null : lists.map((list) => list[i] ?? NaN)));
}

/** One point: `out` = keep * (M @ (base + mix * v + otherMix * w)). */
function place(job, i, M, v, w, out) {
  const { base, mix, otherMix, keep, d } = job;
  const at = i * d;
  for (let r = 0; r < d; r++) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += M[r][c] * (base[at + c] + (mix ? mix[at + c] * v[c] : 0) + (otherMix ? otherMix[at + c] * w[c] : 0));
    out[r] = keep ? keep[at + r] * sum : sum;
  }
}

function positions(job, M, v, w) {
  const lists = Array.from({ length: job.d }, () => new Float32Array(job.count));
  const point = new Float64Array(job.d);
  for (let i = 0; i < job.count; i++) {
    place(job, i, M, v, w, point);
    for (let k = 0; k < job.d; k++) lists[k][i] = point[k];
  }
  return { x: lists[0], y: lists[1], ...(job.d === 3 ? { z: lists[2] } : {}) };
}

/** Cones: at the tip, along tail -> tip, `head` long. */
function arrows(job, M, v, w) {
  const all = positions(job, M, v, w);
  const keys = ["x", "y", "z"];
  const out = Object.fromEntries([...keys, "u", "v", "w"].map((key) => [key, new Float32Array(job.count / 2)]));
  for (let i = 0; i < job.count / 2; i++) {
    const way = keys.map((key) => all[key][2 * i + 1] - all[key][2 * i]);
    const length = Math.hypot(...way);
    keys.forEach((key, k) => {
      out[key][i] = all[key][2 * i + 1];
      out["uvw"[k]][i] = length > 1e-9 ? (way[k] / length) * job.head : 0;
    });
  }
  return out;
}

function imageJob(trace, d) {
  const { map, head } = trace.meta;
  const points = map.base === "self" ? ownPoints(trace, d) : map.base;
  const packed = (list) => (list ? pack(list, d) : null);
  const job = { d, head: head ?? 0.25, count: points.length, base: pack(points, d), mix: packed(map.mix), otherMix: packed(map.otherMix), keep: packed(map.keep) };
  const run = map.arrows ? arrows : positions;
  return (values) => {
    const M = map.matrix ? values[map.matrix] : identity(d);
    const v = map.vector ? values[map.vector] : null, w = map.other ? values[map.other] : null;
    return run({ ...job, mix: v ? job.mix : null, otherMix: w ? job.otherMix : null }, M, v, w);
  };
}

const LIVE = {
  det: (values, live) => number(det(values[live.matrix])),
  vector: (values, live) => tuple(values[live.vector]),
  image: (values, live) => tuple(times(values[live.matrix], values[live.vector])),
};

function said(live, values) {
  if (!SAID[live.kind]) return LIVE[live.kind](values, live);
  const of = values[live.of] ?? [], onto = values[live.onto] ?? of.map(() => 0);
  return SAID[live.kind](of, onto, live.inverse ? values[live.inverse] : 0.5);
}

function liveJob(trace) {
  const { live } = trace.meta;
  const list = Array.isArray(trace.text);
  return (values) => {
    const text = fill(live.template, { "": said(live, values) });
    return { text: list ? trace.text.map(() => text) : text };
  };
}

function eigenJob(trace) {
  const { matrix, extent } = trace.meta.eigen;
  return (values) => {
    const x = [], y = [];
    for (const [a, b] of eigenDirections(values[matrix])) {
      x.push(-a * extent, a * extent, null);
      y.push(-b * extent, b * extent, null);
    }
    return { x: x.length ? x : [null], y: y.length ? y : [null] };
  };
}

/** What a trace needs computed from the current values: a list of values -> attributes. */
export function jobsOf(trace, d) {
  const meta = trace.meta ?? {};
  const jobs = [];
  if (meta.map) jobs.push(imageJob(trace, d));
  if (meta.derived) jobs.push(derivedJob(trace, d));
  if (meta.live) jobs.push(liveJob(trace));
  if (meta.eigen) jobs.push(eigenJob(trace));
  return jobs;
}
