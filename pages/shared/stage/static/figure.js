// The plotly figure in its box: drawn anew when a film, a size or a layer changes, moved in between.

import { dressed, isSvg } from "./film.js";
import { atPath } from "./decode.js";
import { layerShown } from "./layers.js";
import { makePen } from "./draw.js";
import { hasWebgl, loadPlotly } from "./plotly.js";
import { currentCamera, holdCamera, layoutFor, unitSizes, watchZoom } from "./view.js";

const CONFIG = {
  displayModeBar: false, displaylogo: false, showSendToCloud: false, scrollZoom: true, doubleClick: false,
  responsive: false, showTips: false, plotGlPixelRatio: 2,
};

/** Traces that only the server can compute stay away while values are in the hand. */
function stillTraces(film, attributes, holding) {
  film.data.forEach((trace, index) => {
    if (!trace.meta?.still) return;
    const own = attributes.get(index) ?? {};
    const shown = own.opacity ?? atPath(trace, "opacity") ?? 1;
    const here = isSvg(trace) ? { opacity: holding ? 0 : shown } : { visible: holding ? false : (trace.visible ?? true) };
    attributes.set(index, { ...own, ...here });
  });
}

/**
 * `source`: {film(), picture() -> Map(index -> attributes), holding(), layers: Set, view, onView(), onMoving(),
 * onDrawn(), onProblem(name)}.
 */
export function makeFigure(gd, url, source) {
  const { view } = source;
  let Plotly = null, pen = null, spatial = null;
  let work = Promise.resolve(), waiting = 0, dirty = false, ended = false;

  const box = () => ({ width: gd.clientWidth, height: gd.clientHeight });

  function attributesNow() {
    const film = source.film();
    const attributes = source.picture();
    stillTraces(film, attributes, source.holding());
    if (gd._fullLayout) {
      for (const [index, sizes] of unitSizes(gd, film)) attributes.set(index, { ...attributes.get(index), ...sizes });
    }
    return attributes;
  }
  function keepCamera() {
    if (view.camera && view.drawn === view.resets) view.camera = currentCamera(gd) ?? view.camera;
  }
  async function prepare(film) {
    Plotly ??= await loadPlotly(url).catch(() => Promise.reject(new Error("noPlotly")));
    if (film.spatial && !hasWebgl()) throw new Error("noWebgl");
    pen ??= makePen(gd, Plotly);
  }
  function setUp(film) {
    if (gd._fullLayout && spatial !== film.spatial) Plotly.purge(gd);
    return !gd._fullLayout;
  }
  async function drawAnew() {
    const film = source.film();
    await prepare(film);
    const size = box();
    if (ended || !size.width || !size.height) return;
    const fresh = setUp(film);
    spatial = film.spatial;
    keepCamera();
    const attributes = attributesNow();
    const data = dressed(film.data, attributes);
    data.forEach((trace) => layerShown(trace, source.layers) || (trace.visible = false));
    const layout = { ...layoutFor(film, view, size), uirevision: `${film.layout.uirevision}/${view.resets}` };
    await own(() => Plotly.react(gd, data, layout, CONFIG));
    pen.reset(attributes);
    view.drawn = view.resets;
    if (!view.camera) view.home = currentCamera(gd);
    if (fresh) watchZoom(gd, view, { onChange: source.onView, onMoving: source.onMoving });
    await pen.draw(attributesNow());
    source.onDrawn();
  }
  /** Changes of ours are no wish of the visitor's. */
  async function own(action) {
    view.own = true;
    try {
      await action();
    } finally {
      view.own = false;
    }
  }
  function enqueue(action) {
    waiting += 1;
    work = work.then(action).catch((error) => source.onProblem(error)).finally(() => {
      waiting -= 1;
      if (dirty && !waiting) render();
    });
    return work;
  }
  /** The picture at this moment, in one call; later when plotly is busy. */
  function render() {
    dirty = waiting > 0 || !gd._fullLayout;
    if (dirty || ended) return;
    holdCamera(gd);
    pen.draw(attributesNow());
    source.onDrawn();
  }
  return {
    render,
    redraw: () => (ended ? work : enqueue(drawAnew)),
    /** Zoom without drawing anew: for two fingers. */
    relayout: (change) => own(() => Plotly.relayout(gd, change)),
    idle: () => work.then(() => waiting === 0 && !dirty),
    ready: () => Boolean(gd._fullLayout) && !ended,
    captureHost: (root) => ({
      Plotly, gd, root,
      layoutFor: (size) => (keepCamera(), layoutFor(source.film(), view, size)),
      resize: (other) => {
        const pen = makePen(other, Plotly);
        pen.reset();
        return pen.draw(new Map(unitSizes(other, source.film())));
      },
    }),
    end() {
      ended = true;
      if (Plotly && gd._fullLayout) Plotly.purge(gd);
    },
  };
}
