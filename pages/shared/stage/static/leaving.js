// Slides lie in the visit. Where this browser cannot keep them beside it, a page that is reloaded or closed while there
// are some asks first, once for all stages.

const SLIDES = ".st-key-slides-link, .atlas-strip-slide"; // the header's way to them, and they themselves
let asks = false, safe = false;

export function askBeforeLeaving() {
  if (asks) return;
  asks = true;
  addEventListener("beforeunload", (event) => !safe && document.querySelector(SLIDES) && event.preventDefault());
}

/** Whether everything lies in this browser (kept.js), so that leaving takes nothing away. */
export function leaveSafely(all) {
  safe = all;
}
