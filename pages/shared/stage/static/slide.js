// A slide of a self-contained file: title, stage, caption, code, and the link to the living page.

import atlas from "./stage.js";
import { answered } from "./offline.js";
import { element } from "./dom.js";

const web = (link) => (/^https?:\/\//.test(link ?? "") ? link : null);

function footOf({ caption, code, link }, words) {
  const living = web(link);
  return element("footer", { class: "atlas-slide-foot", hidden: !caption && !code && !living },
    element("p", { class: "atlas-slide-caption" }, caption ?? ""),
    code ? element("details", { class: "atlas-slide-code" }, element("summary", {}, words.code), element("pre", { tabindex: "0" }, element("code", {}, code))) : null,
    living ? element("a", { class: "atlas-slide-link", href: living, target: "_blank", rel: "noopener noreferrer" }, words.living) : null);
}

/** `payload` as page.js completes it. Nothing is drawn before `show()`, and nothing after `hide()`. */
export function makeSlide(payload, words) {
  const place = element("div", { class: "atlas-slide-place" });
  const title = payload.title || payload.labels.alt;
  const node = element("article", { class: "atlas-slide", tabindex: "-1", "data-theme": payload.theme ?? "light", "aria-label": title },
    element("h1", { class: "atlas-slide-title" }, title), place, footOf(payload, words));
  const plain = { ...payload, title: undefined, caption: undefined, code: undefined };
  let shown = null, undo = null;

  function receive(next) {
    shown = next;
    const setTriggerValue = (_, drag) => receive(answered(shown, drag, words.moved));
    undo = atlas({ data: JSON.stringify(next), parentElement: place, setTriggerValue }, {});
  }
  const stage = () => place.querySelector(".atlas-stage")?.atlas.stage;
  /** What the hand has moved goes back to where the file has it. */
  function restore() {
    if (shown && shown.film !== payload.film) receive({ ...plain, revision: shown.revision + 1 });
  }
  place.addEventListener("click", (event) => event.target.closest('[data-name="view"]') && restore());
  place.addEventListener("dblclick", (event) => event.target.closest(".atlas-plot") && restore());
  return {
    node, title, payload, stage,
    last: (payload.film.layout.meta?.steps?.length ?? 1) - 1,
    show: (view = payload.view) => receive({ ...plain, view }),
    hide() {
      undo?.();
      shown = undo = null;
    },
  };
}
