// What of a line or a face lies inside the box of a space and before the eye.

const between = (a, b, t) => a.map((value, k) => value + (b[k] - value) * t);

/** How far `point` lies inside of each of the planes that bound the picture: six of the box, one before the eye. */
export function planesOf({ aspect, near, seen }) {
  const planes = [];
  for (let k = 0; k < 3; k++) {
    const half = aspect[k] / 2 + 1e-6;
    planes.push((point) => half - point[k], (point) => half + point[k]);
  }
  if (Number.isFinite(near)) planes.push((point) => seen(point)[2] - near);
  return planes;
}

export const isInside = (planes, point) => planes.every((plane) => plane(point) >= 0);

/** The ends of the part of a segment that is inside, or null. */
export function clipSegment(planes, a, b) {
  let from = 0, to = 1;
  for (const plane of planes) {
    const start = plane(a), end = plane(b);
    if (start < 0 && end < 0) return null;
    if (start < 0) from = Math.max(from, start / (start - end));
    else if (end < 0) to = Math.min(to, start / (start - end));
  }
  if (from >= to) return null;
  return [from > 0 ? between(a, b, from) : a, to < 1 ? between(a, b, to) : b];
}

/** The corners of the part of a convex face that is inside; none when it is outside. */
export function clipFace(planes, corners) {
  let kept = corners;
  for (const plane of planes) {
    if (kept.every((corner) => plane(corner) >= 0)) continue;
    const out = [];
    kept.forEach((corner, k) => {
      const next = kept[(k + 1) % kept.length], here = plane(corner), there = plane(next);
      if (here >= 0) out.push(corner);
      if (here < 0 !== there < 0) out.push(between(corner, next, here / (here - there)));
    });
    kept = out;
    if (kept.length < 3) return [];
  }
  return kept;
}
