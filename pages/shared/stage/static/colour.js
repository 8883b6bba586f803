// Colours as figures write them: read, shaded, taken from a scale.

const known = new Map();

/** "#1d3f9e", "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)" or a name -> [red, green, blue, opacity]. */
export function channels(colour) {
  if (!known.has(colour)) known.set(colour, read(String(colour)));
  return known.get(colour);
}

function read(colour) {
  const long = /^#([0-9a-f]{6})$/i.exec(colour);
  if (long) return [0, 2, 4].map((at) => parseInt(long[1].slice(at, at + 2), 16)).concat(1);
  const numbers = /^rgba?\(([^)]*)\)$/i.exec(colour)?.[1].split(/[\s,/]+/).filter(Boolean).map(Number);
  if (numbers?.length >= 3 && numbers.every(Number.isFinite)) return [...numbers.slice(0, 3), numbers[3] ?? 1];
  return named(colour);
}

/** The browser knows the names and short forms. */
function named(colour) {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return [128, 128, 128, 1];
  pen.fillStyle = "#808080";
  pen.fillStyle = colour;
  return read(pen.fillStyle);
}

const hex = (value) => Math.round(Math.min(Math.max(value, 0), 255)).toString(16).padStart(2, "0");

/** An opaque colour with its lightness times `light`. */
export const lit = (colour, light) => `#${channels(colour).slice(0, 3).map((value) => hex(value * light)).join("")}`;

/** The colour of `value` on a plotly colour scale [[0, colour], ..., [1, colour]] between `low` and `high`. */
export function onScale(scale, value, low, high) {
  const share = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
  const above = Math.max(scale.findIndex(([at]) => at >= share), 1);
  const [[from, start], [to, end]] = [scale[above - 1], scale[above] ?? scale[above - 1]];
  const part = to > from ? (share - from) / (to - from) : 0;
  const one = channels(start), other = channels(end);
  return `#${[0, 1, 2].map((k) => hex(one[k] + (other[k] - one[k]) * part)).join("")}`;
}
