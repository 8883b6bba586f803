// Lines and numbers that follow from vectors of the state: the same rules as core/figures/derived.py.

import { number, tuple } from "./words.js";

const ARC = 33, OUTLINE = 240, RINGS = 7, MERIDIANS = 8, ROUND = 48, FLAT = 1e-3, TINY = 1e-12;

const dot = (a, b) => a.reduce((sum, entry, k) => sum + entry * b[k], 0);
const length = (a) => Math.hypot(...a);
const scaled = (a, factor) => a.map((entry) => entry * factor);
const zeros = (d) => new Array(d).fill(0);
const gap = (d) => new Array(d).fill(NaN);

/** The p-norm with p = 1 / inverse; inverse 0 is the largest size. */
export function norm(vector, inverse) {
  const sizes = vector.map(Math.abs), largest = Math.max(0, ...sizes);
  if (inverse < FLAT || largest <= TINY) return largest;
  return largest * sizes.reduce((sum, size) => sum + (size / largest) ** (1 / inverse), 0) ** inverse;
}

function projection(of, onto) {
  const square = dot(onto, onto), foot = square > TINY ? scaled(onto, dot(of, onto) / square) : zeros(of.length);
  return [of, foot, gap(of.length), zeros(of.length), foot];
}

function across(one, other) {
  const along = dot(one, other), way = other.map((entry, k) => entry - one[k] * along), size = length(way);
  if (size > 1e-9) return scaled(way, 1 / size);
  const out = zeros(one.length), flat = Math.hypot(one[0], one[1]); // parallel, or opposite: any half circle does
  [out[0], out[1]] = flat > TINY ? [-one[1], one[0]] : [1, 0];
  return scaled(out, 1 / Math.max(length(out), TINY));
}

function arc(of, onto, radius) {
  if (Math.min(length(of), length(onto)) <= TINY) return Array.from({ length: ARC }, () => gap(of.length));
  const one = scaled(of, 1 / length(of)), other = scaled(onto, 1 / length(onto));
  const angle = Math.acos(Math.max(-1, Math.min(1, dot(one, other)))), side = across(one, other);
  return Array.from({ length: ARC }, (_, k) => {
    const turn = (angle * k) / (ARC - 1);
    return one.map((entry, i) => radius * (Math.cos(turn) * entry + Math.sin(turn) * side[i]));
  });
}

const clean = (value) => (Math.abs(value) < 1e-12 ? 0 : value);

function onBall(direction, inverse) {
  let way = direction.map(clean);
  if (inverse > 1) way = way.map((entry) => Math.sign(entry) * Math.abs(entry) ** (2 * inverse));
  return scaled(way, 1 / norm(way, inverse));
}

const turnOf = (k, count) => (k * 2 * Math.PI) / count;

function directions(d) {
  if (d === 2) return Array.from({ length: OUTLINE + 1 }, (_, k) => [Math.cos(turnOf(k, OUTLINE)), Math.sin(turnOf(k, OUTLINE))]);
  const out = [];
  for (let ring = 0; ring < RINGS; ring++) {
    const height = ((ring + 1) * Math.PI) / (RINGS + 1) - Math.PI / 2;
    for (let k = 0; k <= ROUND; k++) {
      const turn = turnOf(k, ROUND);
      out.push([Math.cos(height) * Math.cos(turn), Math.cos(height) * Math.sin(turn), Math.sin(height)]);
    }
    out.push(null);
  }
  for (let meridian = 0; meridian < MERIDIANS; meridian++) {
    const turn = turnOf(meridian, MERIDIANS);
    for (let k = 0; k <= ROUND / 2; k++) {
      const up = turnOf(k, ROUND) - Math.PI / 2;
      out.push([Math.cos(up) * Math.cos(turn), Math.cos(up) * Math.sin(turn), Math.sin(up)]);
    }
    out.push(null);
  }
  return out;
}

const KEPT = new Map([2, 3].map((d) => [d, directions(d)]));

function ball(d, inverse, radius, matrix) {
  return KEPT.get(d).map((direction) => {
    if (!direction) return gap(d);
    const point = scaled(onBall(direction, inverse), radius);
    return matrix ? matrix.map((row) => dot(row, point)) : point;
  });
}

function unit(of, inverse) {
  const size = norm(of, inverse);
  return [zeros(of.length), size > TINY ? scaled(of, 1 / size) : zeros(of.length)];
}

/** The points of a derived line, as core/figures/derived.points gives them. */
function pointsOf(rule, d, values) {
  const vector = (name) => values[name] ?? zeros(d);
  const inverse = rule.inverse ? (values[rule.inverse] ?? 0.5) : 0.5;
  const of = vector(rule.of);
  if (rule.kind === "projection") return projection(of, vector(rule.onto));
  if (rule.kind === "arc") return arc(of, vector(rule.onto), rule.radius);
  if (rule.kind === "unit") return unit(of, inverse);
  return ball(d, inverse, rule.of ? norm(of, inverse) : rule.radius, rule.matrix ? values[rule.matrix] : null);
}

/** A cone at the tip of an arrow in space, `head` long. */
function cone([tail, tip], head) {
  const way = tip.map((entry, k) => entry - tail[k]), size = length(way);
  const out = {};
  ["x", "y", "z"].forEach((axis, k) => {
    out[axis] = [tip[k]];
    out["uvw"[k]] = [size > 1e-9 ? (way[k] / size) * head : 0];
  });
  return out;
}

/** values -> attributes of a trace with `meta.derived`. */
export function derivedJob(trace, d) {
  const { derived, head } = trace.meta;
  return (values) => {
    const points = pointsOf(derived, d, values);
    if (derived.cone) return cone(points, head);
    const list = (k) => Float64Array.from(points, (point) => point[k]);
    return { x: list(0), y: list(1), ...(d === 3 ? { z: list(2) } : {}) };
  };
}

function cosine(of, onto) {
  const both = length(of) * length(onto);
  return both > TINY ? Math.max(-1, Math.min(1, dot(of, onto) / both)) : NaN;
}

const shown = (value) => (Number.isFinite(value) ? number(value) : "–");

/** Words about the vectors `of` and `onto` of the state. */
export const SAID = {
  dot: (of, onto) => shown(dot(of, onto)),
  cosine: (of, onto) => shown(cosine(of, onto)),
  angle: (of, onto) => shown((Math.acos(cosine(of, onto)) * 180) / Math.PI),
  norm: (of, onto, inverse) => shown(norm(of, inverse)),
  "norm-sum": (of, onto, inverse) => shown(norm(of.map((entry, k) => entry + onto[k]), inverse)),
  sum: (of, onto) => tuple(of.map((entry, k) => entry + onto[k])),
};
