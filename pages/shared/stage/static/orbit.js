// Another look at a space: round it, past it, nearer to it. Cameras are {eye, center, up} of {x, y, z}, as plotly has them.

import { cross, dot, frameOf, minus, partsOf, unit } from "./lens.js";

const NEAREST = 0.05, FARTHEST = 50; // of the eye to what it looks at

export const pointed = (parts) => Object.fromEntries(Object.entries(parts).map(([part, [x, y, z]]) => [part, { x, y, z }]));

const turned = (vector, axis, angle) => {
  const c = Math.cos(angle), s = Math.sin(angle), along = cross(axis, vector), share = dot(axis, vector) * (1 - c);
  return vector.map((entry, k) => entry * c + along[k] * s + axis[k] * share);
};

/** The eye goes round what it looks at: `x`, `y` are shares of the space's height; all of it is half a turn. */
export function orbited(camera, x, y) {
  const parts = partsOf(camera), { right, up } = frameOf(parts);
  const about = (vector) => turned(turned(vector, up, -Math.PI * x), right, -Math.PI * y);
  const arm = about(minus(parts.eye, parts.center));
  return pointed({ ...parts, eye: parts.center.map((entry, k) => entry + arm[k]), up: unit(about(up)) });
}

/** Eye and centre together, so that what is looked at follows the hand. */
export function shifted(camera, x, y) {
  const parts = partsOf(camera), { right, up } = frameOf(parts);
  const far = Math.hypot(...minus(parts.eye, parts.center));
  const way = right.map((entry, k) => (-entry * x + up[k] * y) * far * 2 * Math.tan(Math.PI / 8));
  const moved = (point) => point.map((entry, k) => entry + way[k]);
  return pointed({ ...parts, eye: moved(parts.eye), center: moved(parts.center) });
}

/** The eye nearer to what it looks at, or farther. */
export function zoomed(camera, factor) {
  const parts = partsOf(camera), arm = minus(parts.eye, parts.center), far = Math.hypot(...arm);
  const scale = Math.min(Math.max(far * factor, NEAREST), FARTHEST) / far;
  return pointed({ ...parts, eye: parts.center.map((entry, k) => entry + arm[k] * scale) });
}
