// The plotly figure in its box: drawn anew when a film, a size or a layer changes, moved in between.

import { changesBetween, setting } from "./change.js";
import { dressed, isSvg } from "./film.js";
import { layerShown } from "./layers.js";
import { makePen } from "./draw.js";
import { steadyWords } from "./scene.js";
import { hasWebgl, loadPlotly } from "./plotly.js";
import { cameras, currentCamera, holdCamera, layoutFor, unitSizes, watchZoom } from "./view.js";

const CONFIG = {
  displayModeBar: false, displaylogo: false, showSendToCloud: false, scrollZoom: true, doubleClick: false,
  responsive: false, showTips: false, plotGlPixelRatio: 2,
};

const merge = (attributes, index, more) => attributes.set(index, { ...attributes.get(index), ...more });

/** Traces that only the server can compute stay away while values are in the hand. */
function hideStill(film, attributes, holding) {
  film.data.forEach((trace, index) => {
    if (!trace.meta?.still) return;
    const { opacity, visible } = { ...trace, ...attributes.get(index) };
    merge(attributes, index, isSvg(trace) ? { opacity: holding ? 0 : (opacity ?? 1) } : { visible: holding ? false : (visible ?? true) });
  });
}

/** A step that shows a mark of space does not show it against the reader's will. */
function hideLayers(film, attributes, layers) {
  for (const [index, now] of attributes) {
    if (now.visible !== undefined && !layerShown(film.data[index], layers)) attributes.set(index, { ...now, visible: false });
  }
}

export class Figure {
  #pen = null;
  #stands = null; // what was drawn whole last: {film, layout, setting}
  #spatial = null;
  #work = Promise.resolve();
  #waiting = 0;
  #dirty = false;
  #ended = false;

  /**
   * `source`: {film(), picture() -> Map(index -> attributes), holding(), layers: Set, view, onView(), onMoving(),
   * onDrawn(), onProblem(error), unseen: whether it is drawn for a file, without WebGL and in hidden tabs, too}.
   */
  constructor(gd, url, source) {
    Object.assign(this, { gd, url, source });
  }

  /** The whole figure: after a new film, another size, another layer. One after the other. */
  redraw() {
    return this.#ended ? this.#work : this.#enqueue(() => this.#drawAnew());
  }

  /** The picture at this moment, in one call; later when plotly is busy. Resolves when it stands. */
  render() {
    this.#dirty = this.#waiting > 0 || !this.gd._fullLayout;
    if (this.#dirty || this.#ended) return this.#work;
    holdCamera(this.gd);
    const drawn = this.#pen.draw(this.#attributes());
    this.source.onDrawn();
    return drawn;
  }

  /** Zoom without drawing anew: for two fingers. */
  relayout(change) {
    return this.#own(() => this.Plotly.relayout(this.gd, change));
  }

  idle = () => this.#work.then(() => this.#waiting === 0 && !this.#dirty);
  ready = () => Boolean(this.gd._fullLayout) && !this.#ended;

  end() {
    this.#ended = true;
    if (this.gd._fullLayout) this.Plotly.purge(this.gd);
  }

  async #drawAnew() {
    const { gd, source } = this;
    const film = source.film();
    await this.#prepare(film);
    const size = { width: gd.clientWidth, height: gd.clientHeight };
    if (this.#ended || !size.width || !size.height) return;
    const fresh = this.#clear(film);
    const attributes = this.#attributes();
    const layout = { ...this.#layout(size), uirevision: `${film.layout.uirevision}/${source.view.resets}` };
    if (fresh || !(await this.#drawChanges(film, attributes, layout))) await this.#drawWhole(film, attributes, layout, fresh);
    source.onDrawn();
  }

  async #drawWhole(film, attributes, layout, fresh) {
    const { gd, source } = this;
    this.#stands = null;
    const set = setting(layout, source.layers);
    steadyWords(gd);
    await this.#own(() => this.Plotly.react(gd, this.#data(film, attributes), layout, CONFIG));
    this.#pen.reset(attributes);
    this.#stands = { film, set };
    this.#remember();
    if (fresh) watchZoom(gd, source.view, { onChange: source.onView, onMoving: source.onMoving });
    await this.#pen.draw(new Map(unitSizes(gd, film))); // sizes in data units are known only now
  }

  /** Only what another film changes, where all else stands as it is: a third of the time. False: draw all of it. */
  async #drawChanges(film, attributes, layout) {
    const before = this.#stands;
    if (!before || before.set !== setting(layout, this.source.layers)) return false;
    const changes = changesBetween(before.film, film, this.#pen.drawn(), attributes);
    if (!changes) return false;
    holdCamera(this.gd);
    await this.#pen.draw(changes);
    this.#stands = { ...before, film };
    return true;
  }

  async #prepare(film) {
    this.Plotly ??= await loadPlotly(this.url).catch(() => Promise.reject(new Error("noPlotly")));
    if (film.spatial && !this.Plotly.isFlat && (this.source.unseen || !hasWebgl())) {
      const { flatPlotly } = await import("./flat.js");
      this.Plotly = flatPlotly(this.Plotly);
      this.#pen = null;
    }
    this.#pen ??= makePen(this.gd, this.Plotly, { unseen: this.source.unseen });
  }

  /** From the plane to space and back nothing is kept. True when the next drawing is the first. */
  #clear(film) {
    if (this.gd._fullLayout && this.#spatial !== film.spatial) this.Plotly.purge(this.gd);
    this.#spatial = film.spatial;
    return !this.gd._fullLayout;
  }

  #data(film, attributes) {
    const data = dressed(film.data, attributes);
    for (const trace of data) if (!layerShown(trace, this.source.layers)) trace.visible = false;
    return data;
  }

  #attributes() {
    const { gd, source } = this;
    const attributes = source.picture();
    hideStill(source.film(), attributes, source.holding());
    hideLayers(source.film(), attributes, source.layers);
    for (const [index, sizes] of unitSizes(gd, source.film())) merge(attributes, index, sizes);
    return attributes;
  }

  /** The layout for a size, with the camera as it is now, also in the middle of an orbit. */
  #layout(size) {
    const { view } = this.source;
    if (view.camera && view.drawn === view.resets) view.camera = currentCamera(this.gd) ?? view.camera;
    const kept = view.drawn === view.resets ? cameras(this.gd) : [];
    view.others = Object.fromEntries(kept.filter(([name]) => name !== "scene")); // the address tells the first only
    return layoutFor(this.source.film(), view, size);
  }

  #remember() {
    const { view } = this.source;
    view.drawn = view.resets;
    if (!view.camera) view.home = currentCamera(this.gd);
  }

  /** Changes of ours are no wish of the visitor's. */
  async #own(action) {
    const { view } = this.source;
    view.own = true;
    try {
      await action();
    } finally {
      view.own = false;
    }
  }

  #enqueue(action) {
    const after = () => {
      this.#waiting -= 1;
      if (this.#dirty && !this.#waiting) this.render();
    };
    this.#waiting += 1;
    this.#work = this.#work.then(action).catch((error) => this.source.onProblem(error)).finally(after);
    return this.#work;
  }
}
