// The step's sentence, read aloud as it changes, and the formula with its numbers.

import { element } from "./dom.js";

const longest = (texts) => texts.reduce((best, text) => ((text ?? "").length > best.length ? text : best), "");

const line = (more = {}, live = {}) => {
  const sentence = element("p", { class: "atlas-sentence", ...live });
  const formula = element("p", { class: "atlas-formula" });
  return { sentence, formula, node: element("div", { class: "atlas-line", ...more }, sentence, formula) };
};

function write({ sentence, formula }, step) {
  if (sentence.textContent !== step.sentence) sentence.textContent = step.sentence;
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
