// Frames over the picture round cells that are lit: in cells, bars and pictures as boxes, in space as outlines of cubes.

import { goesInto } from "./origins.js";
import { projectScene } from "./scene.js";
import { projector } from "./view.js";

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function box(view, x0, x1, y0, y1, kind) {
  const [a, b] = view.toPixels(x0, y0), [c, d] = view.toPixels(x1, y1);
  return shape("rect", { x: Math.min(a, c), y: Math.min(b, d), width: Math.abs(c - a), height: Math.abs(d - b), rx: 3, class: kind });
}

/** Neighbouring cells of a block as few boxes: equal runs of rows below each other are one. */
export function boxes(cells) {
  const runs = [];
  for (const cell of [...cells].sort((one, other) => one.i - other.i || one.j - other.j)) {
    const last = runs.at(-1);
    if (last && last.i === cell.i && last.right === cell.j - 1) Object.assign(last, { right: cell.j, to: cell });
    else runs.push({ i: cell.i, bottom: cell.i, left: cell.j, right: cell.j, from: cell, to: cell });
  }
  const out = [];
  for (const run of runs) {
    const above = out.find((one) => one.left === run.left && one.right === run.right && one.bottom === run.i - 1);
    if (above) Object.assign(above, { bottom: run.i, to: run.to });
    else out.push(run);
  }
  return out;
}

/** Where the entries of a source stand outside of cells: [[index, draw], ...] of bars, pictures and cubes. */
function elsewhere(gd, spot, kind) {
  if (spot.kind === "cubes") return spot.cells.map((index, k) => [index, () => outline(gd, spot.points[k], spot.edge, kind)]);
  const view = projector(gd, spot.axes);
  if (spot.kind === "picture") {
    const [rows, columns] = spot.size;
    return Array.from({ length: rows * columns }, (_, k) => {
      const i = Math.floor(k / columns), j = k % columns;
      return [[i, j], () => box(view, j - 0.5, j + 0.5, i - 0.5, i + 0.5, kind)];
    });
  }
  const [x, y] = [gd._fullLayout[spot.axes[0].replace("x", "xaxis")], gd._fullLayout[spot.axes[1].replace("y", "yaxis")]];
  return Array.from({ length: spot.count }, (_, k) => [[k], () => (spot.across
    ? box(view, ...x.range, k - 0.48, k + 0.48, kind) : box(view, k - 0.48, k + 0.48, ...y.range, kind))]);
}

const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

/** The corners that a rubber band round the points would touch. */
function hull(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const half = (list) => list.reduce((way, point) => {
    while (way.length > 1 && turn(way.at(-2), way.at(-1), point) <= 0) way.pop();
    return [...way, point];
  }, []);
  return [...half(sorted).slice(0, -1), ...half(sorted.reverse()).slice(0, -1)];
}

function outline(gd, centre, edge, kind) {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => projectScene(gd, centre.map((at, axis) => at + ((k >> axis) & 1 ? 0.5 : -0.5) * edge)));
  if (corners.some((corner) => !corner)) return null;
  return shape("polygon", { points: hull(corners).map((corner) => corner.join()).join(" "), class: kind });
}

/** SVG shapes round `cells`; with "is-source" also round what shows the link's sources outside of cells. */
export function frames(gd, film, cells, kind, link, target) {
  const byBlock = new Map();
  for (const cell of cells) byBlock.set(cell.block, [...(byBlock.get(cell.block) ?? []), cell]);
  const out = [...byBlock.values()].flatMap((block) => {
    const view = projector(gd, block[0].axes);
    return boxes(block).map(({ from, to }) => box(view, from.x - 0.47, to.x + 0.47, from.y - 0.47, to.y + 0.47, kind));
  });
  const wanted = kind === "is-source" ? link.sources : [{ tensor: link.result, follows: target.index.map((_, axis) => axis) }];
  for (const source of wanted) {
    for (const spot of film.meta.linked.filter((one) => one.tensor === source.tensor)) {
      const known = elsewhere(gd, spot, kind);
      const sizes = (known[0]?.[0] ?? []).map((_, axis) => 1 + Math.max(...known.map(([index]) => index[axis])));
      for (const [index, draw] of known) if (goesInto(source, index, sizes, target.index)) out.push(draw());
    }
  }
  return out.filter(Boolean);
}
