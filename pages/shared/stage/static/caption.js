// The step's sentence, read aloud as it changes, and the formula with its numbers.

import { element } from "./dom.js";

const longest = (texts) => texts.reduce((best, text) => ((text ?? "").length > best.length ? text : best), "");

/** Invisible longest texts hold the place, so that the figure does not jump from step to step. */
export function makeCaption() {
  const sentence = element("p", { class: "atlas-sentence", "aria-live": "polite", "aria-atomic": "true" });
  const formula = element("p", { class: "atlas-formula" });
  const holders = [element("p", { class: "atlas-sentence" }), element("p", { class: "atlas-formula" })];
  const stack = (live, holder) => {
    holder.setAttribute("aria-hidden", "true");
    holder.classList.add("is-holder");
    return element("div", { class: "atlas-stack" }, holder, live);
  };
  const node = element("div", { class: "atlas-caption" }, stack(sentence, holders[0]), stack(formula, holders[1]));
  return {
    node,
    load(steps) {
      holders[0].textContent = longest(steps.map((step) => step.sentence));
      holders[1].textContent = longest(steps.map((step) => step.formula));
      holders[1].parentElement.hidden = !holders[1].textContent;
    },
    show(step) {
      if (sentence.textContent !== step.sentence) sentence.textContent = step.sentence;
      if (formula.textContent !== (step.formula ?? "")) formula.textContent = step.formula ?? "";
    },
  };
}
