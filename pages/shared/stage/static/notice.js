// A sentence that is read aloud when it changes, and takes the focus when a press of the reader's has brought it.

import { worded } from "./caption.js";
import { element } from "./dom.js";

const told = new Map(); // which number of each notice has had the focus; a page drawn anew does not take it again

/** The component's entry, as the stage's. `data`: {id, text, kind, number}; a number of 0 never takes the focus. */
export default function notice({ data, parentElement }) {
  const node = (parentElement.atlasNotice ??= element("p", { class: "atlas-notice", role: "status", tabindex: "-1" }));
  const { id, text, kind, number } = data;
  if (!node.parentElement) parentElement.append(node);
  if (node.dataset.text !== text) {
    node.dataset.text = text;
    node.replaceChildren(...worded(text));
  }
  node.dataset.kind = kind;
  node.hidden = !text;
  if (number && told.get(id) !== number) node.focus();
  told.set(id, number);
}
