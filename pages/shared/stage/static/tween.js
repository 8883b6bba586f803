// Between two steps: easing, and the way from one value to the next.

import { isList } from "./decode.js";
import { multiply, rotation } from "./algebra.js";

/** Cubic, in and out. */
export const ease = (u) => (u < 0.5 ? 4 * u * u * u : 1 - (2 - 2 * u) ** 3 / 2);

const isNumber = (value) => typeof value === "number";
const isGap = (value) => value === null || isNumber(value);

/** A list that holds only numbers and gaps. */
function isNumeric(list) {
  return ArrayBuffer.isView(list) || (Array.isArray(list) && list.length > 0 && list.every(isGap));
}

function mixLists(from, to, u) {
  const Kind = from.constructor === to.constructor && ArrayBuffer.isView(from) ? from.constructor : Float64Array;
  const out = new (Kind.name.startsWith("Float") ? Kind : Float64Array)(from.length);
  for (let i = 0; i < out.length; i++) {
    const a = from[i], b = to[i];
    out[i] = a === null || b === null ? NaN : a + (b - a) * u;
  }
  return out;
}

/** Numbers and numeric lists of one length move; everything else changes at `turn`, half way. */
export function mix(from, to, u, turn = 0.5) {
  if (from === to || u === 0) return from;
  if (u === 1) return to;
  if (isNumber(from) && isNumber(to)) return from + (to - from) * u;
  if (isList(from) && isList(to) && from.length === to.length && isNumeric(from) && isNumeric(to)) {
    return mixLists(from, to, u);
  }
  return u < turn ? from : to;
}

/** Entry-wise between two matrices or vectors. */
export const straight = (from, to, u) =>
  Array.isArray(from) ? from.map((entry, i) => straight(entry, to[i], u)) : from + (to - from) * u;

/** Where a moving variable is at u of the way along `path`. */
export function along(path, from, to, u) {
  if (u === 0 || from === undefined) return from ?? to;
  if (u === 1) return to;
  if (path?.kind === "turn") return multiply(rotation(path.angle * u, from.length === 3 ? path.axis : null), from);
  return straight(from, to, u);
}
