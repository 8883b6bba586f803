// The step's sentence, read aloud as it changes, and the formula with its numbers.

import { element } from "./dom.js";

const longest = (texts) => texts.reduce((best, text) => ((text ?? "").length > best.length ? text : best), "");

const line = (more = {}, live = {}) => {
  const sentence = element("p", { class: "atlas-sentence", ...live });
  const formula = element("p", { class: "atlas-formula" });
  return { sentence, formula, node: element("div", { class: "atlas-line", ...more }, sentence, formula) };
};

/** What stands in `backticks` is code; a lone backtick is only itself. */
export function worded(text) {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return [text];
  return pieces.map((piece, k) => (k % 2 ? element("code", { class: "atlas-code" }, piece) : piece));
}

function write({ sentence, formula }, step) {
  if (sentence.dataset.text !== step.sentence) {
    sentence.dataset.text = step.sentence;
    sentence.replaceChildren(...worded(step.sentence));
  }
  if (formula.textContent !== (step.formula ?? "")) formula.textContent = step.formula ?? "";
}

/** Invisible longest texts hold the place, so that the figure does not jump from step to step. */
export function makeCaption() {
  const shown = line({}, { "aria-live": "polite", "aria-atomic": "true" });
  const holder = line({ "aria-hidden": "true", style: "visibility: hidden" });
  return {
    node: element("div", { class: "atlas-caption" }, holder.node, shown.node),
    load: (steps) =>
      write(holder, { sentence: longest(steps.map((step) => step.sentence)), formula: longest(steps.map((step) => step.formula)) }),
    show: (step) => write(shown, step),
  };
}
