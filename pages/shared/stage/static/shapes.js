// Flat shapes as SVG markup: neighbouring lines of one look are one path.

import { FONTS, rich } from "./letters.js";
import { escaped } from "./words.js";

const RISE = 0.36; // of the type's size: from the middle of a letter down to its line
const LEADING = 1.25;

/** A coordinate to a tenth of a pixel, in as few letters as tell it. */
export const short = (value) => String(Math.round(value * 10) / 10);

const pair = ([x, y]) => `${short(x)} ${short(y)}`;

/** `shapes` in drawing order -> markup. */
export function shapesOf(shapes) {
  const out = [];
  let style = null, path = "", last = "";
  const flush = () => {
    if (path) out.push(stroked(path, style));
    path = "";
  };
  for (const shape of shapes) {
    if (shape.kind !== "line") {
      flush();
      out.push(MAKERS[shape.kind](shape));
      continue;
    }
    if (path && !sameLook(style, shape.style)) flush();
    const from = pair(shape.a), to = pair(shape.b);
    path += path && from === last ? `L${to}` : `M${from}L${to}`;
    last = to;
    style = shape.style;
  }
  flush();
  return out.join("");
}

const sameLook = (one, other) => one === other || (one.stroke === other.stroke && one.width === other.width && one.opacity === other.opacity && one.square === other.square);

const faint = (opacity, name = "opacity") => (opacity < 1 ? ` ${name}="${Math.round(opacity * 1000) / 1000}"` : "");

/** Round ends close the seams between pieces; where one sees through, they would show. */
const stroked = (path, { stroke, width, opacity, square }) =>
  `<path d="${path}" fill="none" stroke="${escaped(stroke)}" stroke-width="${short(width)}"${square || opacity < 1 ? "" : ' stroke-linecap="round"'} stroke-linejoin="round"${faint(opacity)}/>`;

/** An opaque face has a thin edge of its own colour, or the paper would show between two of them. */
const face = ({ points, fill, opacity }) =>
  `<path d="M${points.map(pair).join("L")}Z" fill="${fill}"${opacity < 1 ? faint(opacity, "fill-opacity") : ` stroke="${fill}" stroke-width="0.5" stroke-linejoin="round"`}/>`;

const polygon = (corners) => ([x, y], size) => `<path d="M${corners.map(([a, b]) => pair([x + a * size, y + b * size])).join("L")}Z"`;

const SYMBOLS = {
  circle: ([x, y], size) => `<circle cx="${short(x)}" cy="${short(y)}" r="${short(1.55 * size)}"`,
  square: polygon([[-1.5, -1.5], [1.5, -1.5], [1.5, 1.5], [-1.5, 1.5]]),
  diamond: polygon([[0, -1.65], [1.65, 0], [0, 1.65], [-1.65, 0]]),
  cross: polygon([[-0.3, -1], [0.3, -1], [0.3, -0.3], [1, -0.3], [1, 0.3], [0.3, 0.3], [0.3, 1], [-0.3, 1], [-0.3, 0.3], [-1, 0.3], [-1, -0.3], [-0.3, -0.3]]),
  x: polygon([[-1, -0.7], [-0.7, -1], [0, -0.3], [0.7, -1], [1, -0.7], [0.3, 0], [1, 0.7], [0.7, 1], [0, 0.3], [-0.7, 1], [-1, 0.7], [-0.3, 0]]),
};

function dot({ at, symbol, size, fill, stroke, width, opacity }) {
  const start = (SYMBOLS[symbol.replace(/-open$/, "")] ?? SYMBOLS.circle)(at, size);
  if (symbol.endsWith("-open")) return `${start} fill="none" stroke="${escaped(fill)}" stroke-width="${short(size * 0.25)}"${faint(opacity)}/>`;
  return `${start} fill="${escaped(fill)}"${width ? ` stroke="${escaped(stroke)}" stroke-width="${short(width)}"` : ""}${faint(opacity)}/>`;
}

/** Words of one or more lines, their middle at the point or one letter's size away from it, as plotly sets them. */
function words({ at: [x, y], text, font, anchor: [right, up], opacity }) {
  const { size = 12, color = "#444444", family, weight } = font;
  const lines = text.split(/<br\s*\/?>/i);
  const high = (lines.length - 1) * LEADING * size;
  const left = x + right * size, middle = y - up * (size + RISE * size + high / 2);
  const look = `font-size="${short(size)}" fill="${escaped(color)}" text-anchor="${["end", "middle", "start"][right + 1]}"`;
  const own = `${family && family !== FONTS ? ` font-family="${escaped(family)}"` : ""}${weight && weight !== "normal" ? ` font-weight="${escaped(String(weight))}"` : ""}`;
  return lines.map((line, k) => {
    const down = middle - high / 2 + k * LEADING * size + RISE * size;
    return `<text x="${short(left)}" y="${short(down)}" ${look}${own}${faint(opacity)}>${rich(line)}</text>`;
  }).join("");
}

const MAKERS = { face, dot, words };
