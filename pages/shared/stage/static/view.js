// How the figure lies in its box: size, arrangement, zoom, camera, sizes in data units.

import { clamp } from "./dom.js";
import { withPath, withPaths } from "./decode.js";

const TALL = 1.05; // narrower than this many heights: one below the other

const axisOf = (layout, name) => layout[name.replace(/^([xyz])/, "$1axis")];

/** The film's layout for a box, with the visitor's own zoom and camera put in. */
export function layoutFor(film, view, { width, height }) {
  const arrangement = film.meta.arrange?.[width < TALL * height ? "tall" : "wide"] ?? {};
  let layout = withPaths({ ...structuredClone(film.layout), width, height, autosize: false }, structuredClone(arrangement));
  if (film.meta.equal && layout.yaxis && !layout.yaxis.scaleanchor) layout = withPath(layout, "yaxis.scaleanchor", "x");
  if (view.zoom && layout.xaxis) layout = withPaths(layout, rangesOf(view.zoom));
  if (layout.yaxis?.scaleanchor === "x") layout = withPaths(layout, equalRanges(layout, width, height));
  if (view.camera && layout.scene) layout = withPath(layout, "scene.camera", view.camera);
  for (const [name, camera] of Object.entries(view.others ?? {})) if (layout[name]) layout = withPath(layout, `${name}.camera`, camera);
  return layout;
}

/**
 * Ranges of the plane with one unit as long upwards as aside: the axis with room to spare sees more, about its middle.
 * plotly does this too, but not after every `react`, and then a circle is an ellipse.
 */
function equalRanges({ xaxis, yaxis, margin = {} }, width, height) {
  const [x0, x1] = xaxis.range, [y0, y1] = yaxis.range;
  const share = ({ domain: [from, to] = [0, 1] }) => to - from;
  const wide = (width - (margin.l ?? 80) - (margin.r ?? 80)) * share(xaxis);
  const high = (height - (margin.t ?? 100) - (margin.b ?? 80)) * share(yaxis);
  const scale = Math.min(wide / (x1 - x0), high / (y1 - y0));
  const about = (low, top, pixels) => [(low + top - pixels / scale) / 2, (low + top + pixels / scale) / 2];
  return rangesOf([...about(x0, x1, wide), ...about(y0, y1, high)]);
}

const rangesOf = ([x0, x1, y0, y1]) => ({
  "xaxis.range": [x0, x1], "yaxis.range": [y0, y1], "xaxis.autorange": false, "yaxis.autorange": false,
});

/** Data -> pixels of the drawing area and back, for one pair of 2-D axes. */
export function projector(gd, [x, y]) {
  const xaxis = axisOf(gd._fullLayout, x), yaxis = axisOf(gd._fullLayout, y);
  const [x0, x1] = xaxis.range, [y0, y1] = yaxis.range;
  const inside = (left, top) => [
    clamp(left, xaxis._offset, xaxis._offset + xaxis._length),
    clamp(top, yaxis._offset, yaxis._offset + yaxis._length),
  ];
  return {
    inside,
    toPixels: (a, b) => [
      xaxis._offset + ((a - x0) / (x1 - x0)) * xaxis._length,
      yaxis._offset + ((y1 - b) / (y1 - y0)) * yaxis._length,
    ],
    toData: (left, top) => [
      x0 + ((left - xaxis._offset) / xaxis._length) * (x1 - x0),
      y1 - ((top - yaxis._offset) / yaxis._length) * (y1 - y0),
    ],
  };
}

/** Sizes given in data units of an axis, in pixels now: [[trace index, {path: pixels}], ...]. */
export function unitSizes(gd, film) {
  const out = [];
  film.data.forEach((trace, index) => {
    const unit = trace.meta?.unit;
    const axis = unit && axisOf(gd._fullLayout ?? {}, unit.axis ?? trace.xaxis ?? "x");
    if (!axis?._length) return;
    const scale = axis._length / Math.abs(axis.range[1] - axis.range[0]);
    const sizes = Object.entries(unit).filter(([path]) => path !== "axis");
    out.push([index, Object.fromEntries(sizes.map(([path, value]) => [path, pixels(path, value * scale)]))]);
  });
  return out;
}

const pixels = (path, size) => (path.endsWith("font.size") ? clamp(size, 9, 40) : Math.round(size * 10) / 10);

/** Remembers what the visitor did to the zoom. */
export function watchZoom(gd, view, { onChange, onMoving }) {
  gd.on("plotly_relayout", (change) => {
    if (view.own) return;
    if (Object.keys(change ?? {}).some((key) => /^[xy]axis\.range/.test(key))) view.zoom = currentZoom(gd);
    onChange();
  });
  gd.on("plotly_relayouting", onMoving);
}

function currentZoom(gd) {
  const { xaxis, yaxis } = gd._fullLayout;
  return [...xaxis.range, ...yaxis.range];
}

const copyPoint = ({ x, y, z }) => ({ x, y, z });

/** The camera that a scene is looked at with now, also in the middle of an orbit; null without one. */
export function currentCamera(gd, name = "scene") {
  const scene = gd._fullLayout?.[name]?._scene;
  if (!scene?.glplot) return null;
  const { eye, center, up } = scene.getCamera();
  return { eye: copyPoint(eye), center: copyPoint(center), up: copyPoint(up) };
}

/**
 * Writes the present camera into the layout that plotly reads. plotly itself writes an orbit into the first layout
 * it was ever given, so that the next restyle would turn the scene back.
 */
export function holdCamera(gd) {
  for (const [name, camera] of cameras(gd)) {
    if (gd.layout[name]) gd.layout[name].camera = { ...gd.layout[name].camera, ...camera };
  }
}

/** The cameras of all scenes: [["scene", {eye, center, up}], ["scene2", ...]]. */
export function cameras(gd) {
  const names = Object.keys(gd._fullLayout ?? {}).filter((name) => /^scene\d*$/.test(name));
  return names.map((name) => [name, currentCamera(gd, name)]).filter(([, camera]) => camera);
}

/** Follows an orbit: by mouse, finger (plotly tells of no touch) and wheel. `onMoving` at each frame of it. */
export function watchOrbit(gd, view, life, { active, onChange, onMoving }) {
  let raf = 0, until = 0;
  const follow = () => {
    raf = 0;
    const before = cameraKey(view.camera ?? view.home), now = currentCamera(gd);
    if (now && cameraKey(now) !== before) {
      view.camera = now;
      holdCamera(gd);
      onChange();
      until = Math.max(until, performance.now() + 400); // a turn runs out slowly
    }
    onMoving();
    if (performance.now() < until) raf = requestAnimationFrame(follow);
  };
  const start = (length) => () => {
    if (!active()) return;
    until = performance.now() + length;
    raf ||= requestAnimationFrame(follow);
  };
  for (const type of ["pointerdown", "touchstart"]) life.listen(gd, type, start(Infinity), { capture: true, passive: true });
  for (const type of ["pointerup", "pointercancel", "touchend"]) life.listen(window, type, start(400), { capture: true, passive: true });
  life.listen(gd, "wheel", start(400), { capture: true, passive: true });
  life.onEnd(() => cancelAnimationFrame(raf));
}

const cameraKey = (camera) => (camera ? JSON.stringify(camera, (_, value) => (typeof value === "number" ? Number(value.toFixed(6)) : value)) : "");

const spread = ([one, two]) => Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
const middle = ([one, two], box) => [(one.clientX + two.clientX) / 2 - box.left, (one.clientY + two.clientY) / 2 - box.top];

/** Two fingers zoom and pan the plane; one finger scrolls the page. `onZoom([x0, x1, y0, y1])`. */
export function watchPinch(host, gd, life, { active, onZoom }) {
  let start = null;
  const begin = (touches) => {
    const box = host.getBoundingClientRect();
    const project = projector(gd, ["x", "y"]);
    start = { spread: spread(touches), anchor: project.toData(...middle(touches, box)), zoom: currentZoom(gd) };
  };
  const pinch = (touches) => {
    const [x0, x1, y0, y1] = start.zoom;
    const factor = start.spread / Math.max(spread(touches), 1);
    const [left, top] = middle(touches, host.getBoundingClientRect());
    const { xaxis, yaxis } = gd._fullLayout;
    const wide = (x1 - x0) * factor, high = (y1 - y0) * factor;
    const from = start.anchor[0] - ((left - xaxis._offset) / xaxis._length) * wide;
    const base = start.anchor[1] - (1 - (top - yaxis._offset) / yaxis._length) * high;
    onZoom([from, from + wide, base, base + high]);
  };
  const handler = (event) => {
    if (!active() || event.target.closest(".atlas-overlay")) return;
    event.stopPropagation(); // plotly would pan with one finger, and the page could not be scrolled
    if (event.touches.length !== 2) return void (start = null);
    event.preventDefault();
    if (start && event.type === "touchmove") pinch(event.touches);
    else begin(event.touches);
  };
  for (const type of ["touchstart", "touchmove", "touchend"]) life.listen(host, type, handler, { capture: true, passive: false });
}

/** A wheel that is scrolling the page goes on scrolling it when the figure slides under the pointer. */
export function watchWheel(host, life) {
  let lastScroll = -Infinity;
  life.listen(document, "scroll", () => (lastScroll = performance.now()), { capture: true, passive: true });
  const passOver = (event) => performance.now() - lastScroll < 250 && event.stopPropagation();
  life.listen(host, "wheel", passOver, { capture: true, passive: true });
}
