// Where the visitor is: zoom, camera, layers and step, and how the address tells them.

import { clamp } from "./dom.js";
import { same } from "./decode.js";
import { cameraText, makeAddress, read, unframed, written, zoomText } from "./address.js";
import { usual } from "./layers.js";
import { cameras, currentCamera } from "./view.js";

const keysOf = (film) => film.layers.map((layer) => layer.key);

export class Whereabouts {
  #address = null;
  #travelling = false;
  #zooming = 0;

  /** `stage`: film, player, figure, screen, beginning(), refreshLayers(), render(), life. */
  constructor(stage) {
    this.stage = stage;
    this.view = { zoom: null, camera: null, home: null, resets: 0, drawn: -1, own: false };
    this.layers = new Set();
  }

  /** A new subject begins with its own view; the stage that owns the address follows it. */
  open(owner) {
    if (owner) {
      const parts = { values: () => this.#said(), onTravel: () => this.#travelled(), life: this.stage.life };
      this.#address ??= makeAddress(parts);
    }
    this.#forget();
    this.#show(usual(this.stage.film));
    const { view } = this.stage.payload; // what a file says, which has no address
    if (owner) this.#follow();
    else if (view) this.#follow({ ...view, step: view.step == null ? null : Math.round(view.step) });
    if (owner ? this.#asked().present : view?.present) this.stage.screen.present();
  }

  /** The same subject, another film: after back or forward at the address's place. */
  goOn() {
    if (this.#travelling) this.#follow();
    this.#travelling = false;
  }

  /** Something may have changed that the address says. */
  tell() {
    this.#address?.later();
  }

  /** What a picture of this stage is taken of: {step (also between two), camera, zoom, layers, others}. */
  seen() {
    const { film, player, parts } = this.stage, { zoom } = this.view;
    const camera = film.layout.scene ? currentCamera(parts.plot) ?? this.view.camera : null;
    const others = Object.fromEntries(cameras(parts.plot).filter(([name]) => name !== "scene"));
    return { step: player.clock.position, camera, zoom: film.spatial ? null : zoom, layers: [...this.layers], others };
  }

  /** The same for a slide: null where nothing differs from how the figure comes. */
  chosen() {
    const { film, player } = this.stage, { zoom, camera } = this.view;
    const on = keysOf(film).filter((key) => this.layers.has(key));
    return {
      step: clamp(player.base(), 0, film.last),
      camera: camera && film.layout.scene ? this.seen().camera : null,
      zoom: zoom && !film.spatial ? [...zoom] : null,
      layers: same(on, usual(film)) ? null : on,
    };
  }

  tellNow() {
    this.#address?.flush();
  }

  zoomTo(zoom) {
    const { figure } = this.stage;
    this.view.zoom = zoom;
    cancelAnimationFrame(this.#zooming);
    this.#zooming = requestAnimationFrame(async () => {
      await figure.relayout({ "xaxis.range": zoom.slice(0, 2), "yaxis.range": zoom.slice(2) });
      this.viewed();
    });
  }

  /** Another look at every space: `way` (of orbit.js) makes a camera of a camera. Whether there is a space. */
  look(way) {
    const { film, figure, parts } = this.stage;
    if (!film.spatial || !figure.ready()) return false;
    const seen = Object.fromEntries(cameras(parts.plot).map(([name, camera]) => [name, way(camera)]));
    if (seen.scene) this.view.camera = seen.scene;
    const change = Object.fromEntries(Object.entries(seen).map(([name, camera]) => [`${name}.camera`, camera]));
    figure.relayout(change).then(() => this.viewed());
    return true;
  }

  viewed() {
    this.stage.render();
    this.tell();
  }

  resetView() {
    this.#forget();
    this.stage.figure.redraw();
    this.tell();
  }

  toggle(key) {
    if (!this.layers.delete(key)) this.layers.add(key);
    this.stage.refreshLayers?.();
    this.stage.figure.redraw();
    this.tell();
  }

  #forget() {
    Object.assign(this.view, { zoom: null, camera: null, resets: this.view.resets + 1 });
  }

  #show(keys) {
    this.layers.clear();
    keys.forEach((key) => this.layers.add(key));
  }

  #asked() {
    const { film } = this.stage;
    return read(location.search, { last: film.last, layers: keysOf(film) });
  }

  #follow(asked = this.#asked()) {
    const { film, player } = this.stage;
    player.jump(asked.step ?? this.stage.beginning());
    this.#forget();
    if (film.layout.scene) this.view.camera = asked.camera ?? null;
    else this.view.zoom = asked.zoom ?? null;
    this.#show(asked.layers ?? usual(film));
    this.stage.refreshLayers?.();
  }

  /** Back or forward: this film at the address's step now; the server's next film will be placed there too. */
  #travelled() {
    this.#travelling = true;
    this.#follow();
    this.stage.figure.redraw();
  }

  /** The page's address as it is now; of a figure in a file or on a slide, that of the page it is from. */
  link() {
    const { link } = this.stage.payload;
    this.tellNow();
    const url = new URL(link || location.href, location.href);
    const search = link ? written(url.search, { ...this.#said(), shelf: url.searchParams.get("shelf") }) : url.search;
    url.search = unframed(search);
    return url.href;
  }

  /** What the address should say; null is left out. */
  #said() {
    const { film, player } = this.stage;
    const { zoom, camera } = this.view;
    const on = keysOf(film).filter((key) => this.layers.has(key));
    const step = clamp(player.base(), 0, film.last);
    return {
      step: step === 0 && this.stage.beginning() === 0 ? null : String(step),
      camera: camera && film.layout.scene ? cameraText(camera) : null,
      zoom: zoom && !film.spatial ? zoomText(zoom) : null,
      layers: same(on, usual(film)) ? null : on.join(",") || "none",
      present: this.stage.screen.presenting() ? "true" : null,
      shelf: this.stage.payload.shelf || null,
    };
  }
}
