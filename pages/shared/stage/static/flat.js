// Stands in for the part of plotly.js that needs WebGL: spaces are drawn as vectors (project.js), all else by plotly.
//
// For plotly each trace of a space is one that it does not show. To everyone else the figure looks as plotly leaves it:
// `gd._fullLayout.scene._scene` knows its camera, its matrices and its box.

import { withPaths } from "./decode.js";
import { element } from "./dom.js";
import { isDeep } from "./film.js";
import { partsOf } from "./lens.js";
import { orbited, pointed, shifted, zoomed } from "./orbit.js";
import { lensIn, sceneMarkup } from "./project.js";

const STAND_IN = "pie"; // a kind that needs no axes
const AXES = ["xaxis", "yaxis", "zaxis"];
const SVG = "http://www.w3.org/2000/svg";

const figures = new WeakMap(); // gd -> Spaces

const isScene = (name) => /^scene\d*$/.test(name);
const hidden = (trace) => ({ ...trace, type: STAND_IN, visible: false });

/** The library with spaces that need no WebGL. */
export function flatPlotly(Plotly) {
  const draw = (way) => (gd, data, layout, config) => {
    const spaces = spacesOf(gd);
    const rest = spaces.take(data, layout);
    return way(gd, data.map((trace) => (isDeep(trace) ? hidden(trace) : trace)), rest, config).then(() => spaces.stand());
  };
  return Object.assign(Object.create(Plotly), {
    isFlat: true,
    newPlot: draw(Plotly.newPlot),
    react: draw(Plotly.react),
    restyle: (gd, change, indices) => spacesOf(gd).restyle(Plotly, change, indices),
    relayout(gd, change) {
      const rest = spacesOf(gd).turn(change);
      return Object.keys(rest).length ? Plotly.relayout(gd, rest) : Promise.resolve(gd);
    },
    purge(gd) {
      Plotly.purge(gd);
      figures.get(gd)?.end();
      figures.delete(gd);
    },
  });
}

function spacesOf(gd) {
  if (!figures.has(gd)) figures.set(gd, new Spaces(gd));
  return figures.get(gd);
}

/** The spaces of one figure. */
class Spaces {
  #traces = [];
  #scenes = new Map(); // name -> Space
  #full = null;

  constructor(gd) {
    this.gd = gd;
  }

  /** plotly makes its full layout anew at every change: the spaces are put into each of them. */
  #join() {
    const join = (full) => {
      this.#full = full;
      this.#scenes.forEach((space, name) => (full[name] = space.layout));
    };
    join(this.gd._fullLayout);
    Object.defineProperty(this.gd, "_fullLayout", { configurable: true, enumerable: true, get: () => this.#full, set: join });
  }

  /** Keeps the spaces of a figure; returns the layout without them. */
  take(data, layout) {
    this.#traces = [...data];
    const names = Object.keys(layout).filter((name) => isScene(name) && data.some((trace) => isDeep(trace) && (trace.scene ?? "scene") === name));
    for (const [name, space] of this.#scenes) if (!names.includes(name)) this.#drop(name, space);
    for (const name of names) {
      if (!this.#scenes.has(name)) this.#scenes.set(name, new Space(this, name));
      this.#scenes.get(name).read(layout[name], data.filter((trace) => (trace.scene ?? "scene") === name));
    }
    return Object.fromEntries(Object.entries(layout).filter(([name]) => !isScene(name)));
  }

  #drop(name, space) {
    space.end();
    this.#scenes.delete(name);
  }

  traces = () => this.#traces;

  /** After plotly has drawn: the spaces in their boxes, over the paper and under the words. */
  stand() {
    const paper = this.gd.querySelector(".main-svg");
    if (!paper) return;
    this.#join();
    for (const space of this.#scenes.values()) {
      if (paper.parentNode !== space.node.parentNode) paper.after(space.node);
      space.draw();
    }
  }

  /** Turns the spaces whose cameras a change of the layout gives; returns the rest of it. */
  turn(change) {
    const cameraOf = (path) => this.#scenes.get(/^(scene\d*)\.camera$/.exec(path)?.[1]);
    for (const [path, camera] of Object.entries(change)) cameraOf(path)?.look(camera);
    return Object.fromEntries(Object.entries(change).filter(([path]) => !cameraOf(path)));
  }

  restyle(Plotly, change, indices) {
    const flat = indices.map((index, k) => [index, k]).filter(([index]) => !isDeep(this.#traces[index]));
    indices.forEach((index, k) => {
      if (!isDeep(this.#traces[index])) return;
      const own = Object.entries(change).map(([path, values]) => [path, values[k]]).filter(([, value]) => value !== undefined);
      this.#traces[index] = withPaths(this.#traces[index], Object.fromEntries(own));
      Object.assign(this.gd.data[index], hidden(this.#traces[index]));
    });
    for (const space of this.#scenes.values()) space.draw();
    if (!flat.length) return Promise.resolve(this.gd);
    const part = Object.entries(change).map(([path, values]) => [path, flat.map(([, k]) => values[k])]);
    return Plotly.restyle(this.gd, Object.fromEntries(part), flat.map(([index]) => index));
  }

  end() {
    for (const [name, space] of this.#scenes) this.#drop(name, space);
  }
}

/** One space: its layout as plotly would fill it in, its place in the page, and the hand that turns it. */
class Space {
  #asked = 0;

  constructor(spaces, name) {
    Object.assign(this, { gd: spaces.gd, name });
    this.svg = document.createElementNS(SVG, "svg");
    this.node = element("div", { class: "atlas-space" }, this.svg);
    const cameraParams = {};
    for (const part of ["model", "view", "projection"]) Object.defineProperty(cameraParams, part, { get: () => lensIn(this.gd, name)[part] });
    this.scene = {
      flat: spaces, container: this.node, dataScale: [1, 1, 1], glplot: { cameraParams, objects: [] },
      getCamera: () => this.camera,
    };
    watchHand(this);
  }

  read(layout, traces) {
    this.camera = pointed(partsOf(layout.camera));
    const axes = AXES.map((axis, k) => ({ ...layout[axis], range: layout[axis]?.range ?? reach(traces, "xyz"[k]) }));
    this.layout = {
      ...layout, ...Object.fromEntries(AXES.map((axis, k) => [axis, axes[k]])),
      aspectratio: aspectOf(layout, axes.map(({ range }) => Math.abs(range[1] - range[0]))), _scene: this.scene,
    };
  }

  /** Another camera; drawn in the next frame, once. */
  look(camera) {
    this.camera = camera;
    this.#asked ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
    if (!this.gd._fullLayout?._size) return;
    const { left, top, width, height } = lensIn(this.gd, this.name).box;
    Object.assign(this.node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    this.svg.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
    this.svg.innerHTML = sceneMarkup(this.gd, this.name);
  }

  end() {
    cancelAnimationFrame(this.#asked);
    this.node.remove();
  }
}

/** The range of an axis that has none: all points, and a little room. */
function reach(traces, axis) {
  const values = traces.flatMap((trace) => Array.from(trace[axis] ?? []).flat()).filter((value) => value !== null && Number.isFinite(value));
  if (!values.length) return [-1, 1];
  const low = values.reduce((one, other) => Math.min(one, other)), high = values.reduce((one, other) => Math.max(one, other));
  const room = high > low ? (high - low) / 32 : 1;
  return [low - room, high + room];
}

/** The lengths of the axes in the world. */
function aspectOf({ aspectmode = "auto", aspectratio }, lengths) {
  const listed = ([x, y, z]) => ({ x, y, z });
  if (aspectmode === "cube") return listed([1, 1, 1]);
  if (aspectmode === "manual" || (aspectmode === "auto" && aspectratio)) return { x: 1, y: 1, z: 1, ...aspectratio };
  const mean = Math.cbrt(lengths[0] * lengths[1] * lengths[2]);
  const own = lengths.map((length) => length / mean);
  return listed(aspectmode === "data" || Math.max(...own) / Math.min(...own) <= 4 ? own : [1, 1, 1]);
}

// --- the hand

function watchHand(space) {
  const { node } = space;
  let last = null;
  node.addEventListener("pointerdown", (event) => {
    last = [event.clientX, event.clientY];
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!last) return;
    const { height } = node.getBoundingClientRect();
    const [x, y] = [(event.clientX - last[0]) / height, (event.clientY - last[1]) / height];
    last = [event.clientX, event.clientY];
    const aside = event.shiftKey || event.ctrlKey || event.buttons & 2;
    space.look(aside ? shifted(space.camera, x, y) : orbited(space.camera, x, y));
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) node.addEventListener(type, () => (last = null));
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("wheel", (event) => {
    event.preventDefault();
    space.look(zoomed(space.camera, Math.exp(event.deltaY / 1000)));
  }, { passive: false });
}
