// The stage: mounts once, takes payloads, and ties position, values and picture together.

import { calmMotion, clamp, scope } from "./dom.js";
import { forTheBackRow, parse, picture, readFilm, stateAt } from "./film.js";
import { cameraText, makeAddress, read as readAddress, zoomText } from "./address.js";
import { makeChrome, makeFrame, watchKeys } from "./chrome.js";
import { copy, frames, picture as capture, save } from "./capture.js";
import { makeDrag } from "./drag.js";
import { makeFigure } from "./figure.js";
import { makeHandles } from "./handles.js";
import { makeLayers, usual } from "./layers.js";
import { makePanel } from "./panel.js";
import { makePlayer } from "./player.js";
import { makeScreen } from "./present.js";
import { makeStats } from "./stats.js";
import { currentCamera, watchOrbit, watchPinch, watchWheel } from "./view.js";
import { same } from "./decode.js";

/** The component's entry: called at mount and for every payload. Returns what undoes the mount. */
export default function atlas({ data, parentElement, setTriggerValue }, { plotly }) {
  const stage = (parentElement.atlasStage ??= new Stage(parentElement, plotly));
  const turn = (stage.turn = (stage.turn ?? 0) + 1);
  stage.trigger = setTriggerValue;
  stage.receive(data);
  // Streamlit also undoes a call that a newer one has overtaken: only the last one may take the stage down
  return () => setTimeout(() => stage.turn === turn && stage.end(parentElement));
}

class Stage {
  constructor(parent, plotly) {
    this.life = scope();
    this.parts = makeFrame();
    this.view = { zoom: null, camera: null, resets: 0, own: false };
    this.layers = new Set();
    this.stats = makeStats();
    this.player = makePlayer({ onMove: () => this.render(), onChange: () => this.changed() });
    this.drag = makeDrag({
      film: () => this.film, player: this.player, request: () => this.request(),
      send: (variable, value) => this.send(variable, value), freed: () => this.takeWaiting(),
    });
    this.figure = makeFigure(this.parts.plot, plotly, this.source());
    this.screen = makeScreen(this.parts.root, this.life, () => this.reread());
    this.watch();
    parent.append(this.parts.root);
    this.parts.root.atlas = this.inspection();
  }

  source() {
    return {
      film: () => this.film, view: this.view, layers: this.layers,
      picture: () => picture(this.film, this.player.clock.position, this.values()),
      holding: () => this.drag.holding(),
      onView: () => this.viewed(), onMoving: () => this.placeHandles(),
      onDrawn: () => this.placeHandles(), onProblem: (error) => this.fail(error),
    };
  }

  watch() {
    const { root, canvas, plot } = this.parts;
    const actions = this.actions();
    watchKeys(root, this.player, actions, this.life);
    watchWheel(plot, this.life);
    watchPinch(plot, plot, this.life, {
      active: () => this.figure.ready() && !this.film.spatial && this.film.layout.xaxis,
      onZoom: (zoom) => this.zoomTo(zoom),
    });
    watchOrbit(plot, this.view, this.life, {
      active: () => this.figure.ready() && this.film.spatial,
      onChange: () => this.address?.later(), onMoving: () => this.placeHandles(),
    });
    this.life.listen(plot, "pointerdown", () => root.focus({ preventScroll: true }), { capture: true });
    const observer = new ResizeObserver(() => this.resized());
    observer.observe(canvas);
    this.life.onEnd(() => observer.disconnect());
    plot.addEventListener("dblclick", () => actions.resetView());
  }

  // --- payloads

  receive(data) {
    if (this.bytes && same(this.bytes, data)) return this.address?.later();
    if (this.drag.active()) return void (this.waiting = data);
    try {
      this.adopt(data);
    } catch (error) {
      this.fail(error);
    }
  }

  takeWaiting() {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.receive(waiting);
  }

  adopt(data) {
    const payload = parse(data);
    const fresh = payload.id !== this.payload?.id;
    const words = JSON.stringify(payload.labels);
    this.bytes = data;
    this.payload = payload;
    this.film = readFilm(this.screen.presenting() ? forTheBackRow(payload.film) : payload.film);
    if (words !== this.words) this.furnish(payload.labels);
    this.words = words;
    if (fresh) this.open();
    else this.goOn();
    this.parts.root.classList.remove("is-failed");
    this.figure.redraw();
    this.address?.later();
  }

  /** A new subject: at the address's step and view, or at the beginning. */
  open() {
    this.drag.received(this.film);
    Object.assign(this.view, { zoom: null, camera: null, resets: this.view.resets + 1 });
    if (this.payload.address && !this.address) {
      this.address = makeAddress({ values: () => this.addressed(), onTravel: () => this.travelled(), life: this.life });
    }
    this.load(this.beginning());
    this.setLayers(usual(this.film));
    if (this.payload.address) this.followAddress();
    this.refit();
  }

  goOn() {
    this.drag.received(this.film);
    this.load(Math.min(this.player.clock.position, this.film.last));
    if (this.travelling) this.followAddress();
    this.travelling = false;
    this.refit();
  }

  load(position) {
    const { last, duration, steps } = this.film;
    this.player.load({ last, duration, holds: steps.map((step) => step.hold ?? 500) }, position);
  }

  beginning() {
    return calmMotion() ? this.film.last : 0;
  }

  /** The same film once more: presenting makes type and lines larger. */
  reread() {
    const { film } = this.payload;
    this.film = readFilm(this.screen.presenting() ? forTheBackRow(film) : film);
    this.figure.redraw();
  }

  // --- furniture

  furnish(labels) {
    this.chromeLife?.end();
    this.chromeLife = scope();
    this.labels = labels;
    this.chrome = makeChrome(labels, this.player, this.actions(), this.chromeLife);
    this.parts.bottom.replaceChildren(...this.chrome.nodes);
  }

  /** Layer chips, handles and panel belong to the film. */
  refit() {
    const { top, overlay, figure, root } = this.parts;
    const { chips, refresh } = makeLayers(this.film, this.layers, (key) => this.toggleLayer(key));
    this.refreshLayers = refresh;
    top.replaceChildren(...chips);
    top.hidden = !chips.length;
    this.refitHandles(overlay, figure);
    this.chrome.caption.load(this.film.steps);
    root.dataset.steps = this.film.steps.length;
    root.style.setProperty("--stage-height", this.payload.height ? `${this.payload.height}px` : "");
    this.changed();
  }

  refitHandles(overlay, figure) {
    const held = document.activeElement?.dataset?.handle;
    const open = this.panel?.node.open, chosen = this.panel?.chosen();
    const host = {
      gd: () => this.parts.plot, value: this.drag.value, drag: this.drag, early: (name) => this.early(name),
      choose: (handle) => this.panel.choose(handle.name),
    };
    this.handles?.end();
    this.handles = makeHandles(overlay, this.film.handles, host);
    this.panel?.node.remove();
    this.panel = makePanel(this.film.handles, host, this.labels);
    if (open !== undefined) this.panel.node.open = open;
    if (chosen) this.panel.choose(chosen);
    figure.append(this.panel.node);
    if (held) overlay.querySelector(`[data-handle="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  // --- the picture

  values() {
    const { position } = this.player.clock;
    return this.drag.values(stateAt(this.film, position), position);
  }

  render() {
    if (!this.film) return;
    const start = performance.now();
    this.figure.render();
    this.chrome.transport.moved();
    this.stats.frame(performance.now() - start);
    this.panel?.refresh();
  }

  /** Render in the next frame, once, however often it is asked. */
  request() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.render();
    });
  }

  placeHandles() {
    if (this.figure.ready()) this.handles?.place();
    this.parts.root.classList.toggle("is-ahead", this.drag.holding());
  }

  /** A matrix that is still on its way: the moving one is not it yet. */
  early(name) {
    return this.film.variables[name].role === "matrix" && this.player.clock.position < this.film.home && !this.drag.active();
  }

  changed() {
    if (!this.film || !this.chrome) return;
    const { root, plot } = this.parts;
    const step = this.film.steps[this.player.shown()];
    this.chrome.transport.changed();
    this.chrome.caption.show(step);
    root.dataset.state = this.player.clock.playing ? "playing" : "paused";
    if (!this.player.tweening()) root.dataset.step = Math.round(this.player.clock.position);
    root.setAttribute("aria-label", this.labels.alt);
    plot.setAttribute("aria-label", `${this.labels.alt} ${step.sentence}`.trim());
    this.address?.later();
  }

  resized() {
    cancelAnimationFrame(this.resizing);
    this.resizing = requestAnimationFrame(() => this.film && this.figure.redraw());
  }

  // --- view, layers, address

  viewed() {
    this.render();
    this.address?.later();
  }

  zoomTo(zoom) {
    this.view.zoom = zoom;
    cancelAnimationFrame(this.zooming);
    this.zooming = requestAnimationFrame(async () => {
      await this.figure.relayout({ "xaxis.range": zoom.slice(0, 2), "yaxis.range": zoom.slice(2) });
      this.viewed();
    });
  }

  resetView() {
    Object.assign(this.view, { zoom: null, camera: null, resets: this.view.resets + 1 });
    this.figure.redraw();
    this.address?.later();
  }

  setLayers(keys) {
    this.layers.clear();
    keys.forEach((key) => this.layers.add(key));
  }

  toggleLayer(key) {
    if (!this.layers.delete(key)) this.layers.add(key);
    this.refreshLayers();
    this.figure.redraw();
    this.address?.later();
  }

  followAddress() {
    const asked = readAddress(location.search, { last: this.film.last, layers: this.film.layers.map((layer) => layer.key) });
    this.player.jump(asked.step ?? this.beginning());
    if (this.film.layout.scene) this.view.camera = asked.camera;
    else this.view.zoom = asked.zoom;
    this.view.resets += 1;
    this.setLayers(asked.layers ?? usual(this.film));
    this.refreshLayers?.();
  }

  /** Back or forward: this film at the address's step now; the server's next film will be placed there too. */
  travelled() {
    this.travelling = true;
    this.followAddress();
    this.figure.redraw();
  }

  /** What the address should say; null is left out. */
  addressed() {
    const { zoom, camera } = this.view;
    const on = this.film.layers.map((layer) => layer.key).filter((key) => this.layers.has(key));
    const step = clamp(Math.round(this.player.base()), 0, this.film.last);
    return {
      step: step === 0 && this.beginning() === 0 ? null : String(step),
      camera: camera && this.film.layout.scene ? cameraText(camera) : null,
      zoom: zoom && !this.film.spatial ? zoomText(zoom) : null,
      layers: same(on, usual(this.film)) ? null : on.join(",") || "none",
    };
  }

  // --- what the buttons do

  actions() {
    return {
      resetView: () => this.resetView(),
      copyLink: () => this.copyLink(),
      take: (options) => this.take(options),
      copyImage: (options) => this.confirm(copy(this.capture(options))),
      present: () => this.screen.togglePresent(),
      full: () => this.screen.toggleFull(),
      leave: () => this.screen.leave(),
    };
  }

  copyLink() {
    this.address?.flush();
    this.confirm(Promise.resolve().then(() => navigator.clipboard.writeText(location.href)));
  }

  confirm(promise) {
    return promise.then(() => this.chrome.say(this.labels.copied), () => this.chrome.say(this.labels.copyFailed));
  }

  capture(options) {
    return capture(this.figure.captureHost(this.parts.root), options);
  }

  async take(options) {
    const name = `${this.payload.id}-${this.parts.root.dataset.step}`;
    try {
      save(await this.capture(options), `${name}.${options.format}`);
    } catch {
      this.chrome.say(this.labels.captureFailed);
    }
  }

  send(variable, value) {
    const camera = this.film.layout.scene ? currentCamera(this.parts.plot) : null;
    this.trigger?.("drag", { variable, value, step: Math.round(this.player.clock.position), camera });
  }

  // --- when something cannot be shown

  fail(error) {
    console.warn("atlas stage:", error);
    const { root, figure } = this.parts;
    const sentence = this.labels?.[error.message] ?? this.labels?.broken ?? String(error.message);
    root.classList.add("is-failed");
    figure.dataset.problem = sentence;
    figure.setAttribute("role", "alert");
  }

  // --- for tests and benches

  inspection() {
    return {
      gd: this.parts.plot, stage: this,
      position: () => this.player.clock.position,
      state: () => this.values(),
      positionsOf: (name) => positionsOf(this.parts.plot, name),
      frameStats: () => this.stats.read(),
      clearStats: () => this.stats.clear(),
      capture: (options) => this.capture(options),
      frames: (options) => frames(this.figure.captureHost(this.parts.root), { film: this.film, at: (p) => this.standAt(p), ...options }),
      whenIdle: () => this.whenIdle(),
    };
  }

  async standAt(position) {
    this.player.seek(position);
    await this.whenIdle();
  }

  async whenIdle() {
    const busy = () => this.player.moving() || this.drag.active() || this.asked != null;
    do await new Promise(requestAnimationFrame);
    while (busy() || !(await this.figure.idle()));
  }

  end(parent) {
    this.player.end();
    cancelAnimationFrame(this.asked);
    this.handles?.end();
    this.chromeLife?.end();
    this.life.end();
    this.figure.end();
    this.parts.root.remove();
    delete parent.atlasStage;
  }
}

function positionsOf(gd, name) {
  const trace = gd.data?.find((one) => one.meta?.name === name);
  const list = (values) => (values ? Array.from(values, (value) => (Number.isNaN(value) ? null : value)) : null);
  return trace ? { x: list(trace.x), y: list(trace.y), z: list(trace.z) } : null;
}
