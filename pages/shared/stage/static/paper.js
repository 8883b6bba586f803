// The slides as pictures, each at its last step: for the overview and for paper.

import { element } from "./dom.js";
import { Studio } from "./studio.js";

const SIZE = { width: 1280, height: 640 };

const rest = () => new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
const colourOf = (node) => getComputedStyle(node).getPropertyValue("--st-background-color").trim();

function pageOf({ title, payload }, image) {
  const last = payload.film.layout.meta?.steps?.at(-1) ?? {};
  return element("section", { class: "atlas-paper-page", "data-theme": payload.theme ?? "light" },
    element("h1", { class: "atlas-slide-title" }, title), image,
    element("p", { class: "atlas-paper-words" }, `${last.sentence ?? ""}  ${last.formula ?? ""}`.replaceAll("`", "").trim()),
    element("p", { class: "atlas-slide-caption" }, payload.caption ?? ""),
    element("p", { class: "atlas-paper-link" }, payload.link ?? ""));
}

/** {node, images, ready()}: pages for the printer; `images` are filled one after the other once ready() is called. */
export function makePaper(slides) {
  const images = slides.map((slide) => element("img", { class: "atlas-paper-picture", alt: slide.title }));
  const pages = slides.map((slide, k) => pageOf(slide, images[k]));
  const node = element("div", { class: "atlas-paper" }, ...pages);
  let work = null;
  async function draw() {
    const studio = new Studio();
    for (const [k, { payload, node: slide }] of slides.entries()) {
      await rest();
      try {
        await studio.load(payload, { ...payload.view, step: undefined });
        const svg = await studio.svg({ ...SIZE, background: colourOf(slide) });
        images[k].src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
        await images[k].decode();
      } catch (error) {
        console.warn("atlas paper:", error); // the page has its words without a picture
      }
    }
    studio.end();
    node.dataset.ready = "true";
  }
  return { node, images, ready: () => (work ??= draw()) };
}
