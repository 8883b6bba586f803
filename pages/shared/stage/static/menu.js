// The capture menu: a small popover of choices that closes by Escape, by a click elsewhere, or after a choice.

import { element, iconButton } from "./dom.js";

const check = (label) => {
  const input = element("input", { type: "checkbox" });
  return { input, node: element("label", { class: "atlas-menu-check" }, input, element("span", {}, label)) };
};

/** `take(options)` saves a picture, `copy(options)` puts it on the clipboard. */
export function makeMenu(labels, { take, copy }, life) {
  const slide = check(labels.slide), transparent = check(labels.transparent);
  const options = (more) => ({ slide: slide.input.checked, transparent: transparent.input.checked, ...more });
  const item = (text, action) => element("button", { type: "button", class: "atlas-menu-item", onclick: () => (close(true), action()) }, text);
  const menu = element("div", { class: "atlas-menu", hidden: true, role: "group", "aria-label": labels.capture },
    slide.node, transparent.node, element("hr"),
    element("div", { class: "atlas-menu-row" }, ...[1, 2, 4].map((scale) => item(`PNG ${scale}×`, () => take(options({ format: "png", scale }))))),
    element("div", { class: "atlas-menu-row" }, item("SVG", () => take(options({ format: "svg" }))), item(labels.copyImage, () => copy(options({ format: "png", scale: 2 })))));
  const button = iconButton("camera", labels.capture, () => (menu.hidden ? open() : close(true)), { "aria-expanded": "false", "aria-haspopup": "true" });
  const node = element("div", { class: "atlas-menu-anchor" }, button, menu);
  function open() {
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    slide.input.focus();
  }
  function close(back) {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }
  node.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close(true);
  });
  life.listen(document, "pointerdown", (event) => !node.contains(event.target) && close(false));
  return { node };
}
