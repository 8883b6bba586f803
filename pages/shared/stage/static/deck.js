// Slides one at a time: where the reader is, the keys, the overview, paper.

import { element, iconButton } from "./dom.js";
import { makePaper } from "./paper.js";
import { makeSlide } from "./slide.js";
import { fill } from "./words.js";

const OWN_KEYS = ".atlas-handle, .atlas-menu, select, textarea, input:not([type=range]), pre, details[open]";
const WITHIN = { ArrowRight: 1, ArrowLeft: -1 };
const BETWEEN = { PageDown: 1, PageUp: -1 };

/** `payloads` complete. -> {node, begin()} */
export function makeDeck(payloads, { title, words }) {
  const slides = payloads.map((payload) => makeSlide(payload, words));
  const paper = makePaper(slides);
  const place = element("main", { class: "atlas-deck-slide" });
  const bar = makeBar();
  const overview = makeOverview();
  const node = element("div", { class: "atlas-deck", "data-whole": "" }, place, overview, bar.node, paper.node);
  let at = 0;

  /** The slide at `index`, at its first step or, `from` behind, at its last; a presentation goes on. */
  function go(index, last = false) {
    if (!slides[index]) return;
    const present = Boolean(slides[at].stage()?.screen.presenting());
    slides[at].hide();
    at = index;
    const { payload, node: slide } = slides[at];
    document.documentElement.dataset.theme = slide.dataset.theme;
    document.title = slides.length > 1 && title ? `${slides[at].title} · ${title}` : title || slides[at].title;
    place.replaceChildren(slide);
    slides[at].show({ ...payload.view, ...(last ? { step: slides[at].last } : {}), present });
    bar.refresh();
    if (document.activeElement === document.body) focus(); // a button of ours keeps it
  }
  /** The slide is read aloud, and the keys are the stage's. */
  const focus = () => slides[at].node.focus({ preventScroll: true });

  /** A step on or back; past the film's end, the next slide. */
  function walk(count) {
    const { player, film } = slides[at].stage();
    const to = player.base() + count;
    if (to >= 0 && to <= film.last) player.step(count);
    else go(at + count, count < 0);
  }

  async function print() {
    await paper.ready();
    window.print();
  }

  function makeBar() {
    const back = iconButton("back", words.previous, () => go(at - 1, true));
    const forward = iconButton("forward", words.next, () => go(at + 1));
    const counter = element("span", { class: "atlas-counter", role: "status" });
    const refresh = () => {
      back.disabled = at === 0;
      forward.disabled = at === slides.length - 1;
      counter.textContent = `${at + 1} / ${slides.length}`;
      counter.setAttribute("aria-label", fill(words.slideOf, { slide: at + 1, slides: slides.length }));
    };
    const several = slides.length > 1 ? [back, counter, forward, iconButton("overview", words.overview, () => look(overview.hidden))] : [];
    const tools = [...several, iconButton("print", words.print, print)];
    return { refresh, node: element("nav", { class: "atlas-deck-bar atlas-stage-words", "aria-label": words.slides }, ...tools) };
  }

  function makeOverview() {
    const choices = slides.map((slide, k) =>
      element("button", { type: "button", class: "atlas-overview-choice", "data-theme": slide.payload.theme ?? "light", onclick: () => (look(false), go(k)) },
        paper.images[k].cloneNode(), element("span", {}, `${k + 1}  ${slide.title}`)));
    return element("section", { class: "atlas-overview", hidden: true, "aria-label": words.overview }, ...choices);
  }
  function look(open) {
    overview.hidden = !open;
    if (!open) return focus();
    paper.ready();
    paper.images.forEach((image, k) => {
      const show = () => (overview.children[k].firstElementChild.src = image.src);
      if (image.src) show();
      else image.addEventListener("load", show, { once: true });
    });
    overview.children[at].focus();
  }

  function onKey(event) {
    const { key } = event, screen = slides[at].stage()?.screen;
    if ((event.ctrlKey || event.metaKey) && key === "p") return done(event, print);
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(OWN_KEYS) || screen?.blank()) return;
    if (!overview.hidden) return void (key === "Escape" && done(event, () => look(false)));
    if (key in WITHIN) return done(event, () => walk(WITHIN[key]));
    if (key in BETWEEN) return done(event, () => (screen?.presenting() ? walk(BETWEEN[key]) : go(at + BETWEEN[key])));
    if (key === "o" && slides.length > 1 && !screen?.presenting()) return done(event, () => look(true));
    if (!event.target.closest?.(".atlas-stage, button, a, summary")) pass(event);
  }
  /** A key that nothing has the focus for is the stage's. */
  function pass(event) {
    slides[at].stage()?.parts.root.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: false }));
  }
  function done(event, action) {
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  return {
    node,
    begin() {
      document.addEventListener("keydown", onKey, { capture: true });
      go(0);
      slides[0].stage()?.parts.root.atlas.whenIdle().then(paper.ready, () => {});
    },
  };
}
