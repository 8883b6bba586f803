// Points that the hand moves: rings over the picture, dragged in 2-D, with arrow keys everywhere.

import { column, det, withColumn } from "./algebra.js";
import { clamp, element, scope } from "./dom.js";
import { projector } from "./view.js";
import { inSpace, projectScene } from "./scene.js";
import { number, symbol, tuple } from "./words.js";

const KEYS = {
  ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 1], ArrowDown: [1, -1], PageUp: [2, 1], PageDown: [2, -1],
};

const hasColumn = (handle) => handle.column !== undefined && handle.column !== null;

export const positionOf = (handle, value) => (hasColumn(handle) ? column(value, handle.column) : value);

/** The variable's value with the handle at `point`. */
export const movedTo = (handle, value, point) => (hasColumn(handle) ? withColumn(value, handle.column, point) : point);

export const isFree = (handle, axis) => handle.free?.[axis] ?? true;

/** `point` within the handle's limit, on its raster when `snap`, and unmoved where it is not free. */
export function allowed(handle, point, current, snap) {
  const step = handle.step ?? 0.1, limit = handle.limit ?? 10;
  return point.map((entry, axis) => {
    if (!isFree(handle, axis) || !Number.isFinite(entry)) return current[axis];
    const held = clamp(entry, -limit, limit);
    return snap ? clamp(Number((Math.round(held / step) * step).toFixed(9)), -limit, limit) : held;
  });
}

function chipText(handle, value) {
  const text = `${symbol(handle)} = ${tuple(positionOf(handle, value))}`;
  return hasColumn(handle) ? `${text}   det = ${number(det(value))}` : text;
}

/** `host`: {gd(), value(variable), early(variable), drag: {begin, move, release}, choose(handle)}. */
export function makeHandles(layer, handles, host) {
  const life = scope();
  const knobs = handles.map((handle) => makeKnob(handle, host, life));
  for (const knob of knobs) tellKnob(knob, host); // a slider has a value also before the figure stands
  layer.replaceChildren(...knobs.map((knob) => knob.node));
  return {
    place: () => knobs.forEach((knob) => placeKnob(knob, host)),
    end: () => life.end(),
  };
}

function makeKnob(handle, host, life) {
  const chip = element("span", { class: "atlas-handle-chip", "aria-hidden": "true" });
  const limit = handle.limit ?? 10;
  const node = element("div", {
    class: "atlas-handle", role: "slider", tabindex: "0", "data-handle": handle.name, "aria-label": handle.label,
    "aria-valuemin": -limit, "aria-valuemax": limit, style: `--handle: ${handle.color ?? "currentColor"}`,
  }, element("span", { class: "atlas-handle-ring" }), chip);
  const knob = { handle, node, chip, axis: 0 };
  watchKeys(knob, host, life);
  if (inSpace(handle)) life.listen(node, "pointerdown", () => host.choose(handle));
  else watchPointer(knob, host, life);
  return knob;
}

function tellKnob({ handle, node, chip, axis }, host) {
  const value = host.value(handle.variable);
  const point = positionOf(handle, value);
  node.setAttribute("aria-valuenow", Number(point[axis].toFixed(4)));
  node.setAttribute("aria-valuetext", tuple(point));
  chip.textContent = chipText(handle, value);
  return point;
}

function placeKnob(knob, host) {
  const { handle, node } = knob;
  const spot = spotOf(handle, tellKnob(knob, host), host.gd());
  node.hidden = !spot;
  node.classList.toggle("is-early", host.early(handle.variable)); // where the moving column will land, not where it is
  if (spot) {
    node.style.transform = `translate(${spot.left}px, ${spot.top}px)`;
    node.classList.toggle("is-outside", spot.outside);
    node.classList.toggle("is-flipped", spot.flipped);
    node.classList.toggle("is-low", spot.low);
  }
}

function spotOf(handle, point, gd) {
  const width = gd._fullLayout?.width ?? 0;
  if (inSpace(handle)) {
    const pixels = projectScene(gd, point, handle.axes);
    return pixels && { left: pixels[0], top: pixels[1], outside: false, flipped: pixels[0] > width - 190, low: pixels[1] < 60 };
  }
  const project = projector(gd, handle.axes ?? ["x", "y"]);
  const [left, top] = project.toPixels(point[0], point[1]);
  const [a, b] = project.inside(left, top);
  return { left: a, top: b, outside: Math.hypot(a - left, b - top) > 1, flipped: a > width - 190, low: b < 60 };
}

function watchPointer({ handle, node }, host, life) {
  let grip = null; // where the finger sits in the ring, so that the point does not leap under it
  const pointAt = (event) => {
    const gd = host.gd(), box = gd.getBoundingClientRect();
    const project = projector(gd, handle.axes ?? ["x", "y"]);
    const spot = project.inside(event.clientX - box.left - grip[0], event.clientY - box.top - grip[1]);
    const current = positionOf(handle, host.value(handle.variable));
    return [...project.toData(...spot), ...current.slice(2)];
  };
  life.listen(node, "pointerdown", (event) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    node.setPointerCapture(event.pointerId);
    const box = node.getBoundingClientRect();
    grip = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    node.classList.add("is-held");
    host.drag.begin(handle);
  });
  life.listen(node, "pointermove", (event) => grip && host.drag.move(handle, pointAt(event)));
  const drop = () => {
    if (!grip) return;
    grip = null;
    node.classList.remove("is-held");
    host.drag.release(handle);
  };
  life.listen(node, "pointerup", drop);
  life.listen(node, "pointercancel", drop);
  life.listen(node, "lostpointercapture", drop);
}

function watchKeys(knob, host, life) {
  let timer = 0;
  const { handle, node } = knob;
  const settle = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    host.drag.release(handle);
  };
  life.listen(node, "keydown", (event) => {
    const [axis, sign] = KEYS[event.key] ?? [];
    const current = positionOf(handle, host.value(handle.variable));
    if (axis === undefined || axis >= current.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    knob.axis = axis;
    if (!timer) host.drag.begin(handle);
    clearTimeout(timer);
    const step = (handle.step ?? 0.1) * (event.shiftKey ? 10 : 1);
    host.drag.move(handle, current.map((entry, i) => (i === axis ? entry + sign * step : entry)));
    timer = setTimeout(settle, 250);
  });
  life.listen(node, "blur", settle);
  life.onEnd(() => clearTimeout(timer));
}
