// The stage: mounts once, takes payloads, and ties position, values and picture together.

import { calmMotion, scope } from "./dom.js";
import { same } from "./decode.js";
import { forTheBackRow, opened, picture, readFilm, stateAt } from "./film.js";
import { makeChrome, makeFrame, watchKeys } from "./chrome.js";
import { makeDeeds } from "./deeds.js";
import { askBeforeLeaving } from "./leaving.js";
import { offerCopies } from "./listing.js";
import { Drag } from "./drag.js";
import { Figure } from "./figure.js";
import { makeHandles } from "./handles.js";
import { inspection } from "./inspect.js";
import { makeLayers } from "./layers.js";
import { makeLinks } from "./links.js";
import { makePanel } from "./panel.js";
import { Player } from "./player.js";
import { makeScreen, uncover } from "./present.js";
import { makeStats } from "./stats.js";
import { currentCamera, watchOrbit, watchPinch, watchWheel } from "./view.js";
import { Whereabouts } from "./whereabouts.js";

/** The component's entry: called at mount and for every payload. Returns what undoes the mount. */
export default function atlas({ data, parentElement, setTriggerValue }, { plotly }) {
  const stage = (parentElement.atlasStage ??= new Stage(parentElement, plotly));
  const turn = (stage.turn = (stage.turn ?? 0) + 1);
  stage.trigger = setTriggerValue;
  stage.receive(data);
  // Streamlit also undoes a call that a newer one has overtaken: only the last one may take the stage down
  return () => setTimeout(() => stage.turn === turn && stage.end(parentElement));
}

/** The page speaks the payload's language too. Writing it anew would have every element's style computed again. */
function speak(language) {
  const { documentElement: page } = document;
  if (language && page.lang !== language) page.lang = language;
}

class Stage {
  constructor(parent, plotly) {
    this.life = scope();
    this.received = 0;
    this.parts = makeFrame();
    this.stats = makeStats();
    this.player = new Player({ onMove: () => this.render(), onChange: () => this.changed() });
    this.where = new Whereabouts(this);
    this.drag = new Drag(this.hand());
    this.figure = new Figure(this.parts.plot, plotly, this.source());
    this.screen = makeScreen(this.parts.root, this.life, () => this.reread());
    this.deeds = makeDeeds(this);
    this.links = makeLinks(this.parts.links, this.parts.canvas, this.linked(), this.life);
    this.watch();
    offerCopies();
    askBeforeLeaving();
    this.parent = parent;
    this.parts.root.atlas = inspection(this);
  }

  hand() {
    return {
      film: () => this.film, player: this.player, request: () => this.request(),
      send: (variable, value) => this.send(variable, value), freed: () => this.takeWaiting(),
    };
  }

  source() {
    return {
      film: () => this.film, view: this.where.view, layers: this.where.layers,
      picture: () => this.links.dress(picture(this.film, this.player.clock.position, this.values())),
      holding: () => this.drag.holding(),
      onView: () => this.where.viewed(), onMoving: () => this.placeHandles(),
      onDrawn: () => this.placeHandles(), onProblem: (error) => this.fail(error),
    };
  }

  linked() {
    return {
      gd: () => this.parts.plot, film: () => this.film, step: () => Math.round(this.player.clock.position),
      busy: () => this.drag.active(), request: () => this.request(), write: (term) => this.write(term),
      pick: (name, index) => this.send(name, index),
    };
  }

  watch() {
    const { life, where } = this;
    const { root, canvas, plot } = this.parts;
    const flat = () => this.figure.ready() && !this.film.spatial && this.film.layout.xaxis;
    const deep = () => this.figure.ready() && this.film.spatial;
    watchKeys(root, this.player, this.deeds, this.screen, life);
    watchWheel(plot, life);
    watchPinch(plot, plot, life, { active: flat, onZoom: (zoom) => where.zoomTo(zoom) });
    watchOrbit(plot, where.view, life, { active: deep, onChange: () => where.tell(), onMoving: () => this.placeHandles() });
    life.listen(plot, "pointerdown", () => root.focus({ preventScroll: true }), { capture: true });
    life.listen(plot, "dblclick", () => where.resetView());
    const observer = new ResizeObserver(() => this.resized());
    observer.observe(canvas);
    life.onEnd(() => observer.disconnect());
  }

  // --- payloads

  /** Of two that are being opened, the later one counts. */
  receive(data) {
    const turn = ++this.received;
    this.opening = false;
    if (this.bytes && same(this.bytes, data)) return this.where.tell();
    const payload = opened(data);
    if (!(payload instanceof Promise)) return this.take(payload, data);
    this.opening = true;
    const last = () => turn === this.received && !(this.opening = false);
    payload.then((found) => last() && this.take(found, data), (error) => last() && this.fail(error));
  }

  take(payload, data, late = false) {
    if (this.drag.active()) return void (this.waiting = [payload, data]);
    this.appear();
    try {
      this.adopt(payload, data, late);
    } catch (error) {
      this.fail(error);
    }
  }

  /** On the page with its first film: until then a presentation stays covered (pages/shared/early.py). */
  appear() {
    const { root } = this.parts;
    if (root.parentElement !== this.parent) this.parent.append(root);
  }

  takeWaiting() {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.take(...waiting, true);
  }

  adopt(payload, data, late) {
    const before = this.payload;
    const fresh = payload.id !== before?.id;
    this.bytes = data;
    this.payload = payload;
    if (before && this.hears(payload.said, before.said) && !fresh && payload.revision === before.revision) return;
    speak(payload.language);
    this.film = this.read(payload.film);
    this.figure.redraw(); // begins when all below is done; until then nothing is drawn over the old figure
    this.furnish(payload.labels);
    this.drag.received(this.film, late);
    this.load(fresh ? this.beginning() : Math.min(this.player.clock.position, this.film.last));
    if (fresh) this.where.open(payload.address);
    else this.where.goOn();
    this.refit();
    this.parts.root.classList.remove("is-failed");
    this.where.tell();
    uncover(this.parts.root);
    if (before && payload.play && payload.play !== before.play) this.tellAll();
  }

  /** What had been held back is there: from the beginning; at once where motion is not wanted. */
  tellAll() {
    this.player.jump(calmMotion() ? this.film.last : 0);
    if (!calmMotion()) this.player.play();
  }

  read(figure) {
    const film = readFilm(this.screen.presenting() ? forTheBackRow(figure) : figure);
    return this.payload.fixed ? { ...film, handles: [] } : film;
  }

  /** The same film once more: presenting makes type and lines larger. */
  reread() {
    this.film = this.read(this.payload.film);
    this.figure.redraw();
    this.where.tell();
  }

  load(position) {
    const { last, duration, steps } = this.film;
    this.player.load({ last, duration, holds: steps.map((step) => step.hold ?? 500) }, position);
  }

  beginning() {
    return calmMotion() || this.payload.finished ? this.film.last : 0;
  }

  // --- furniture

  furnish(labels) {
    const words = JSON.stringify(labels);
    if (words === this.words) return;
    this.words = words;
    this.labels = labels;
    this.chromeLife?.end();
    this.chromeLife = scope();
    this.chrome = makeChrome(labels, this.player, this.deeds, this.chromeLife);
    this.parts.bottom.replaceChildren(...this.chrome.nodes);
  }

  /** Layer chips, handles, panel and the words' place belong to the film. */
  refit() {
    const { top, root } = this.parts;
    const { chips, refresh } = makeLayers(this.film, this.where.layers, (key) => this.where.toggle(key));
    this.refreshLayers = refresh;
    top.replaceChildren(...chips);
    top.hidden = !chips.length;
    this.refitHandles();
    this.chrome.caption.load(this.film.steps);
    root.dataset.steps = this.film.steps.length;
    root.style.setProperty("--stage-lines", this.film.meta.lines ?? 1);
    root.style.setProperty("--stage-height", this.payload.height ? `${this.payload.height}px` : "");
    this.changed();
  }

  refitHandles() {
    const { overlay, figure } = this.parts, { drag } = this;
    const focused = document.activeElement?.dataset?.handle;
    const before = this.panel;
    const host = {
      gd: () => this.parts.plot, value: drag.value, drag, early: (name) => this.early(name),
      choose: (handle) => this.panel.choose(handle.name),
    };
    this.handles?.end();
    this.handles = makeHandles(overlay, this.film.handles, host);
    this.panel = makePanel(this.film.handles, host, this.labels, before);
    before?.node.remove();
    figure.append(this.panel.node);
    if (focused) overlay.querySelector(`[data-handle="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
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
    if (this.figure.ready()) this.links.place();
    this.parts.root.classList.toggle("is-ahead", this.drag.holding());
  }

  /** A matrix that is still on its way: the moving one is not it yet. */
  early(name) {
    return this.film.variables[name].role === "matrix" && this.player.clock.position < this.film.home && !this.drag.active();
  }

  changed() {
    if (!this.film || !this.chrome) return;
    const { root, plot } = this.parts, { player, labels } = this;
    const step = this.film.steps[player.shown()];
    this.chrome.transport.changed();
    this.chrome.caption.show(this.term ? { ...step, formula: this.term } : step);
    root.dataset.state = player.clock.playing ? "playing" : "paused";
    if (!player.tweening()) root.dataset.step = Math.round(player.clock.position);
    root.setAttribute("aria-label", labels.alt);
    plot.setAttribute("aria-label", `${labels.alt} ${step.sentence}`.trim());
    this.where.tell();
  }

  /** A term in place of the step's own formula; null: the step's own again. */
  write(term) {
    if (term === (this.term ?? null)) return;
    this.term = term;
    const step = this.film.steps[this.player.shown()];
    this.chrome?.caption.show(term ? { ...step, formula: term } : step);
  }

  resized() {
    cancelAnimationFrame(this.resizing);
    this.resizing = requestAnimationFrame(() => this.film && this.figure.redraw());
  }

  send(variable, value) {
    const camera = this.film.layout.scene ? currentCamera(this.parts.plot) : null;
    this.trigger?.("drag", { variable, value, step: Math.round(this.player.clock.position), camera });
  }

  /** What is looked at goes to the page, for a slide; `at` tells two presses apart. */
  addSlide() {
    this.trigger?.("slide", { ...this.where.chosen(), at: Date.now() });
  }

  /** Whether the page has answered with a sentence, which is shown. */
  hears(said, before) {
    if (!said || said.number === before?.number) return false;
    this.chrome?.say(said.text);
    return true;
  }

  // --- ends

  /** A sentence in place of the figure; nothing is thrown into the page. */
  fail(error) {
    this.appear();
    console.warn("atlas stage:", error);
    uncover(this.parts.root);
    const { root, figure } = this.parts;
    root.classList.add("is-failed");
    figure.dataset.problem = this.labels?.[error.message] ?? this.labels?.broken ?? String(error.message);
    figure.setAttribute("role", "alert");
  }

  end(parent) {
    this.received++; // what is still being opened is nobody's any more
    this.player.end();
    cancelAnimationFrame(this.asked);
    cancelAnimationFrame(this.resizing);
    this.handles?.end();
    this.chromeLife?.end();
    this.life.end();
    this.figure.end();
    this.parts.root.remove();
    delete parent.atlasStage;
  }
}
