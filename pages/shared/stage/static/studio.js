// A figure drawn out of sight at a size of its own: every picture, and every frame of a film, is taken from it.

import { nextTurn } from "./dom.js";
import { Refused, encoded } from "./encode.js";
import { Figure } from "./figure.js";
import { picture as pictureAt, readFilm, valuesAt } from "./film.js";
import { usual } from "./layers.js";
import { plateOf } from "./plate.js";
import { Press } from "./press.js";
import { rasterOf, svgOf } from "./svg.js";

const RATES = { mp4: 30, gif: 20, webp: 25 }; // frames a second
const MOST_FRAMES = 600;
const MOST_PIXELS = 300e6, MOST_BYTES = 32e6; // of all frames together; the encoder takes a little more
const DRAWING = 0.8; // of the progress; the rest is encoding
const AHEAD = 3; // frames that may be on their way to bytes while the next one is drawn

const still = () => {};

export class Studio {
  #box = null;
  #figure = null;
  #film = null;
  #press = null;
  #problem = null;
  #position = 0;

  /** `url`: where plotly.js is. One figure at a time: load, take, load the next, end. */
  constructor(url) {
    this.url = url;
  }

  /** `payload`: what a stage was given. `view`: {step, camera, zoom, layers: [keys], others}, each of them optional. */
  async load(payload, view = {}) {
    this.#clear();
    this.payload = payload;
    this.#film = readFilm(payload.film);
    this.#position = Math.min(view.step ?? this.#film.last, this.#film.last);
    const seen = { zoom: view.zoom ?? null, camera: view.camera ?? null, others: view.others, home: null, resets: 0, drawn: -1, own: false };
    this.#box = document.createElement("div");
    this.#box.className = "atlas-studio";
    document.body.append(this.#box);
    this.#figure = new Figure(this.#box, this.url, {
      film: () => this.#film, view: seen, layers: new Set(view.layers ?? usual(this.#film)), holding: () => false, unseen: true,
      picture: () => pictureAt(this.#film, this.#position, valuesAt(this.#film, this.#position)),
      onView: still, onMoving: still, onDrawn: still, onProblem: (error) => (this.#problem = error),
    });
  }

  /** Whether there is anything to play. */
  get moves() {
    return this.#film.last > 0;
  }

  /** The figure at a position as SVG text. `options`: {width, height, background (null: none), caption}. */
  async svg({ position = this.#position, ...options }) {
    const plate = plateOf(this.#film, options);
    await this.#draw(position, plate.figure);
    const { width, height, background } = options;
    const { alt } = this.payload.labels ?? {};
    const step = this.#film.steps[Math.ceil(position - 1e-9)]; // the one that the eye is led to
    const drawn = svgOf(this.#box, { ...plate.figure, background, title: alt ?? "", desc: step.sentence.replaceAll("`", ""), language: this.payload.language });
    return plate.dressed(drawn, { step, width, height, background });
  }

  /** The figure as a PNG. */
  async picture({ scale = 1, ...options }) {
    return this.#png(await this.svg(options), options, scale);
  }

  /** A picture of each step: [{name, blob}]. */
  async steps(options, { progress = still, signal } = {}) {
    const found = [];
    const digits = String(this.#film.last + 1).length;
    for (let step = 0; step <= this.#film.last; step++) {
      signal?.throwIfAborted();
      found.push({ name: `${String(step + 1).padStart(digits, "0")}.png`, blob: await this.picture({ ...options, position: step }) });
      progress((step + 1) / (this.#film.last + 1));
    }
    return found;
  }

  /**
   * The frames of the film from its first step to its last: {blobs, times (ms)}. A frame that looks as the one before
   * is not made: that one stands longer.
   */
  async frames({ fps = 20, speed = 1, most = 600, scale = 1, ...options }, { progress = still, signal } = {}) {
    const blobs = [], times = [];
    let before = null;
    const places = positions(this.#film, { fps, speed, most });
    for (const [index, { position, time }] of places.entries()) {
      signal?.throwIfAborted();
      const drawn = await this.svg({ ...options, position });
      if (drawn === before) times[times.length - 1] += time;
      else {
        times.push(time);
        blobs.push(this.#png(drawn, options, scale));
        blobs.at(-1).catch(still); // heard below; one that fails while another is drawn is no surprise to the page
        if (blobs.length > AHEAD) await blobs[blobs.length - 1 - AHEAD];
      }
      before = drawn;
      progress((index + 1) / places.length);
    }
    return { blobs: await Promise.all(blobs), times };
  }

  /** The film as "mp4", "gif" or "webp". `options`: as for frames, and {format, loop, name}. */
  async film({ format = "mp4", loop = true, name = `film.${format}`, ...options }, { progress = still, signal } = {}) {
    const drawing = { signal, progress: (share) => progress(DRAWING * share) };
    const most = await this.#room(options);
    if (most <= this.#film.last) throw new Refused("tooManySteps");
    const { blobs, times } = await this.frames({ fps: RATES[format], most, ...options }, drawing);
    const files = blobs.map((blob, index) => ({ name: `f${index}`, blob }));
    return encoded("film", { name, language: this.payload.language, format, times, loop }, files, { signal });
  }

  /** How many frames of this size the encoder takes; a busy picture's have many bytes. */
  async #room({ width, height, scale = 1, ...options }) {
    const { size } = await this.picture({ ...options, width, height, scale, position: this.#film.last / 2 });
    return Math.floor(Math.min(MOST_FRAMES, MOST_PIXELS / (width * height * scale ** 2), MOST_BYTES / size));
  }

  end() {
    this.#press?.end();
    this.#press = null;
    this.#clear();
  }

  async #png(svg, { width, height }, scale) {
    this.#press ??= new Press();
    return this.#press.png(await rasterOf(svg, { width, height, scale }));
  }

  async #draw(position, { width, height }) {
    const { style } = this.#box;
    const fresh = style.width !== `${width}px` || style.height !== `${height}px` || !this.#figure.ready();
    this.#position = position;
    Object.assign(style, { width: `${width}px`, height: `${height}px` });
    await (fresh ? this.#figure.redraw() : this.#figure.render());
    while (!(await this.#figure.idle())) await nextTurn();
    if (this.#problem) throw this.#problem;
  }

  #clear() {
    this.#figure?.end();
    this.#box?.remove();
    this.#figure = this.#box = this.#problem = null;
  }
}

/** Where the film is looked at, and how long: [{position, time (ms)}]; at every step, and never oftener than `most`. */
export function positions(film, { fps, speed, most }) {
  const room = Math.floor((most - 1) / Math.max(film.last, 1));
  const count = Math.max(1, Math.min(Math.round((film.duration / 1000 / speed) * fps), room));
  const found = [];
  for (let step = 0; step <= film.last; step++) {
    const hold = (film.steps[step].hold ?? 500) / speed, part = film.duration / speed / count;
    const last = step === film.last;
    found.push({ position: step, time: last ? Math.max(hold, 1000) : hold + part });
    for (let i = 1; i < count && !last; i++) found.push({ position: step + i / count, time: part });
  }
  return found;
}
