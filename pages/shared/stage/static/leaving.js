// Slides lie in the visit: a page that is reloaded or closed while there are some asks first, once for all stages.

const SLIDES = ".st-key-slides-link, .atlas-strip-slide"; // the header's way to them, and they themselves
let asks = false;

export function askBeforeLeaving() {
  if (asks) return;
  asks = true;
  addEventListener("beforeunload", (event) => document.querySelector(SLIDES) && event.preventDefault());
}
