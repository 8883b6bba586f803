// A deck as a file: every slide is drawn in the browser, one after the other, and packed by the server or into HTML.

import { save } from "./capture.js";
import { element, idle, scope } from "./dom.js";
import { Refused, encoded } from "./encode.js";
import { unframed, unpacked } from "./framing.js";
import { Studio } from "./studio.js";
import { fill } from "./words.js";

const FIGURE = { width: 1170, height: 480 }; // the place of a figure on a slide of core/export/deck.py
const PLATE = { width: 1280, height: 720 };
const SCALE = 2;
const PATIENCE = 20_000; // ms until the slides must have come
const FORMS = { pptx: { make: presentation, ending: "pptx" }, html: { make: page, ending: "html" }, zip: { make: pictures, ending: "zip" } };

/** The component's entry, as the stage's. */
export default function deckmaker({ data, parentElement, setTriggerValue }, { plotly }) {
  const shown = (parentElement.atlasDeckmaker ??= new Deckmaker(parentElement, plotly));
  const turn = (shown.turn = (shown.turn ?? 0) + 1);
  shown.ask = (number) => setTriggerValue("wanted", { number });
  shown.receive(data);
  return () => setTimeout(() => shown.turn === turn && shown.end(parentElement));
}

class Deckmaker {
  #waiting = null; // {number, come}: slides that were asked for
  #running = null;

  constructor(parent, plotly) {
    this.plotly = plotly;
    this.life = scope();
    this.node = element("div", { class: "atlas-deckmaker" });
    this.life.onEnd(() => this.#running?.abort());
    parent.append(this.node);
  }

  receive(data) {
    const { header, files } = unframed(data);
    this.header = header;
    if (JSON.stringify(header.words) !== this.told) this.furnish(header.words);
    if (header.wanted && header.wanted === this.#waiting?.number) this.#waiting.come({ header, files });
  }

  furnish(words) {
    this.told = JSON.stringify(words);
    const button = (form, label, hint) =>
      element("button", { type: "button", class: "atlas-deckmaker-form", "data-form": form, title: hint, onclick: () => this.make(form) }, label);
    this.forms = element("div", { class: "atlas-deckmaker-forms", role: "group", "aria-label": words.take },
      button("pptx", "PowerPoint", words.pptx), button("html", "HTML", words.html), button("zip", words.pictures, words.zip));
    this.bar = element("progress", { max: 1, "aria-label": words.making });
    this.note = element("p", { class: "atlas-deckmaker-note", role: "status" });
    this.stop = element("button", { type: "button", class: "atlas-deckmaker-form", onclick: () => this.#running?.abort() }, words.cancel);
    this.busy = element("div", { class: "atlas-deckmaker-busy", hidden: true }, this.bar, this.stop);
    this.node.replaceChildren(this.forms, this.busy, this.note);
  }

  async make(form) {
    if (this.#running) return;
    const running = (this.#running = new AbortController());
    const { words } = this.header;
    this.show(true, words.making);
    this.stop.focus();
    let said = words.saved;
    try {
      const deck = await this.deck(running.signal);
      const work = { signal: running.signal, words, progress: (share, text) => this.progress(share, text) };
      const blob = await FORMS[form].make(deck, { plotly: this.plotly, ...work });
      running.signal.throwIfAborted();
      save(blob, `${fileName(deck.title, words.untitled)}.${FORMS[form].ending}`);
    } catch (error) {
      if (error.name !== "AbortError") console.warn("atlas deck:", error);
      said = error.name === "AbortError" ? words.cancelled : (error instanceof Refused && error.message) || words.failed;
    } finally {
      this.#running = this.#waiting = null;
      this.show(false, said);
      if (idle(this.node)) this.forms.querySelector(`[data-form="${form}"]`)?.focus({ preventScroll: true });
    }
  }

  /** The deck with its figures: the page sends them when they are asked for, and keeps them to itself otherwise. */
  async deck(signal) {
    const number = Date.now();
    const { header, files } = await new Promise((come, fail) => {
      this.#waiting = { number, come };
      signal.addEventListener("abort", () => fail(signal.reason), { once: true });
      setTimeout(() => fail(new Error("the slides do not come")), PATIENCE);
      this.ask(number);
    });
    const slides = [];
    for (const slide of header.slides) slides.push(await whole(slide, files.get(slide.key), header));
    return { title: header.title, language: header.language, slides };
  }

  progress(share, text) {
    this.bar.value = share;
    this.note.textContent = text;
  }

  show(working, text) {
    this.forms.hidden = working;
    this.busy.hidden = !working;
    this.bar.value = 0;
    this.note.textContent = text;
  }

  end(parent) {
    this.life.end();
    this.node.remove();
    delete parent.atlasDeckmaker;
  }
}

/** A slide as the makers take it: what a stage is given, its words, and the link as it leads here from elsewhere. */
async function whole({ key, mark, title, caption, formula, code, link, alt, kind, theme, language, view }, film, { base, backgrounds }) {
  const payload = {
    id: key, revision: mark, address: false, finished: false, height: null, language, theme,
    labels: { alt }, film: JSON.parse(await unpacked(film)),
  };
  const told = { title, caption, formula, code, alt, kind, theme, link: link ? location.origin + base + link : "" };
  return { payload, told, view, background: backgrounds[theme] };
}

async function eachSlide({ slides }, { plotly, signal, words, progress }, take) {
  const studio = new Studio(plotly), found = [];
  try {
    for (const [k, slide] of slides.entries()) {
      signal.throwIfAborted();
      const counted = fill(words.count, { slide: k + 1, slides: slides.length });
      const part = (share) => progress((k + share) / slides.length, counted);
      part(0);
      await studio.load(slide.payload, slide.view ?? {});
      found.push(await take(studio, slide, k, { signal, progress: part }));
    }
    return found;
  } finally {
    studio.end();
  }
}

async function presentation(deck, work) {
  const files = [];
  const slides = await eachSlide(deck, work, async (studio, { told, background }, k, part) => {
    files.push({ name: `p${k}`, blob: await studio.picture({ ...FIGURE, background, scale: SCALE }) });
    const moves = told.kind === "film" && studio.moves;
    if (moves) files.push({ name: `m${k}`, blob: await studio.film({ ...FIGURE, background, format: "mp4", loop: false }, part) });
    return { ...told, kind: moves ? "film" : "picture", picture: `p${k}`, ...(moves ? { film: `m${k}` } : {}) };
  });
  return encoded("deck", { name: fileName(deck.title, "slides"), language: deck.language, title: deck.title, slides }, files, work);
}

async function pictures(deck, work) {
  const digits = String(deck.slides.length).length;
  const files = await eachSlide(deck, work, async (studio, { told, background }, k) => ({
    name: `${String(k + 1).padStart(digits, "0")}-${fileName(told.title, "slide")}.png`,
    blob: await studio.picture({ ...PLATE, background, scale: SCALE }),
  }));
  return encoded("steps", { name: fileName(deck.title, "slides"), language: deck.language }, files, work);
}

async function page({ title, language, slides }, { signal }) {
  const { standalone } = await import("./standalone.js");
  signal.throwIfAborted();
  return standalone(slides.map((slide) => ({ ...slide.payload, ...slide.told, caption: ownCaption(slide), view: slide.view })), { title, language });
}

/** The caption, where it says something else than the step's sentence, which the figure itself shows. */
const ownCaption = ({ payload, told, view }) =>
  told.caption === payload.film.layout.meta.steps[view.step]?.sentence ? "" : told.caption;

/** A name that every system takes. */
const fileName = (title, otherwise) => title.replace(/[\\/:*?"<>|\p{C}]+/gu, " ").replace(/^[. ]+|[. ]+$/g, "").slice(0, 60).trim() || otherwise;
