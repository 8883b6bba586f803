// The strip of slides: one chosen, moved by the hand or by keys, taken out, and what was done taken back.

import { element, scope } from "./dom.js";
import { unframed, unpacked } from "./framing.js";
import { fill } from "./words.js";

const TYPING = "input, select, textarea, [contenteditable]";
const ON = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** The address of an unpacked drawing. */
const drawn = async (packed) =>
  URL.createObjectURL(new Blob([await unpacked(packed).catch(() => "")], { type: "image/svg+xml" }));

/** The component's entry, as the stage's. */
export default function strip({ data, parentElement, setTriggerValue }) {
  const shown = (parentElement.atlasStrip ??= new Strip(parentElement));
  const turn = (shown.turn = (shown.turn ?? 0) + 1);
  shown.tell = (deed) => setTriggerValue("deed", { ...deed, at: Date.now() });
  shown.receive(data);
  return () => setTimeout(() => shown.turn === turn && shown.end(parentElement));
}

class Strip {
  constructor(parent) {
    this.life = scope();
    this.pictures = new Map(); // mark of a drawing -> its address, promised
    this.list = element("ol", { class: "atlas-strip", role: "listbox" });
    this.life.listen(this.list, "keydown", (event) => this.onKey(event));
    this.life.listen(document, "keydown", (event) => this.onAnyKey(event));
    this.watchDrag();
    parent.append(this.list);
  }

  async receive(data) {
    const { header, files } = unframed(data);
    const turn = (this.received = (this.received ?? 0) + 1);
    const addresses = await this.draw(header.slides, files);
    if (turn !== this.received) return;
    const focused = this.list.contains(document.activeElement);
    const moved = this.header?.chosen !== header.chosen || this.header?.slides.length !== header.slides.length;
    this.header = header;
    this.addresses = addresses;
    this.list.setAttribute("aria-label", header.words.slides);
    this.list.replaceChildren(...header.slides.map((slide, k) => this.item(slide, k)));
    if (focused) this.chosen()?.focus({ preventScroll: true });
    if (moved) this.reveal();
  }

  /** Drawings become addresses once; those of slides that are gone are let go. */
  async draw(slides, files) {
    for (const { key, mark } of slides) {
      if (files.get(key)?.length && !this.pictures.has(mark)) this.pictures.set(mark, drawn(files.get(key)));
    }
    const kept = new Set(slides.map((slide) => slide.mark));
    for (const mark of [...this.pictures.keys()]) if (!kept.has(mark)) this.forget(mark);
    const shown = await Promise.all(slides.map(async ({ mark }) => [mark, await this.pictures.get(mark)]));
    return new Map(shown);
  }

  forget(mark) {
    this.pictures.get(mark).then((address) => URL.revokeObjectURL(address));
    this.pictures.delete(mark);
  }

  item({ key, title, theme, mark, kind }, k) {
    const { words, chosen, slides } = this.header;
    const address = this.addresses.get(mark);
    const name = fill(words.slideOf, { slide: k + 1, slides: slides.length, title });
    return element("li", {
      class: "atlas-strip-slide", role: "option", "aria-selected": String(key === chosen), "aria-label": name, "data-key": key,
      tabindex: key === chosen ? "0" : "-1", draggable: "true", onclick: () => this.choose(key),
    },
      element("span", { class: "atlas-strip-number" }, String(k + 1)),
      element("span", { class: "atlas-strip-picture", "data-theme": theme, "data-kind": kind },
        address ? element("img", { src: address, alt: "", draggable: "false" }) : null),
      element("span", { class: "atlas-strip-title" }, title));
  }

  chosen = () => this.list.querySelector('[aria-selected="true"]');

  /** The chosen slide comes into view within the strip; the page stays where it is. */
  reveal() {
    const item = this.chosen(), { list } = this;
    if (!item) return;
    const [above, below] = [item.offsetTop - list.offsetTop, item.offsetTop - list.offsetTop + item.offsetHeight];
    if (above < list.scrollTop) list.scrollTop = above;
    else if (below > list.scrollTop + list.clientHeight) list.scrollTop = below - list.clientHeight;
    const [left, right] = [item.offsetLeft - list.offsetLeft, item.offsetLeft - list.offsetLeft + item.offsetWidth];
    if (left < list.scrollLeft) list.scrollLeft = left;
    else if (right > list.scrollLeft + list.clientWidth) list.scrollLeft = right - list.clientWidth;
  }

  choose(key) {
    for (const item of this.list.children) {
      const on = item.dataset.key === key;
      item.setAttribute("aria-selected", String(on));
      item.tabIndex = on ? 0 : -1;
      if (on) item.focus({ preventScroll: true });
    }
    this.reveal();
    if (key !== this.header.chosen) this.tell({ name: "choose", key });
  }

  onKey(event) {
    const item = event.target.closest(".atlas-strip-slide");
    if (!item || event.ctrlKey || event.metaKey) return;
    const items = [...this.list.children], at = items.indexOf(item), { key } = item.dataset;
    const done = (action) => (event.preventDefault(), event.stopPropagation(), action());
    if (event.key in ON && event.altKey) return done(() => this.tell({ name: "move", key, to: at + ON[event.key] }));
    if (event.altKey) return;
    if (event.key in ON) return done(() => items[at + ON[event.key]] && this.choose(items[at + ON[event.key]].dataset.key));
    if (event.key === "Home") return done(() => this.choose(items[0].dataset.key));
    if (event.key === "End") return done(() => this.choose(items.at(-1).dataset.key));
    if (event.key === "Enter" || event.key === " ") return done(() => this.choose(key));
    if (event.key === "Delete" || event.key === "Backspace") done(() => this.tell({ name: "delete", key }));
  }

  /** Undo and redo, anywhere on the page but in a field, which has an undo of its own. */
  onAnyKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest?.(TYPING)) return;
    const key = event.key.toLowerCase();
    const name = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
    if (!name) return;
    event.preventDefault();
    this.tell({ name });
  }

  watchDrag() {
    const { list, life } = this;
    let held = null, to = null;
    const clear = () => list.querySelectorAll(".is-before, .is-after, .is-held").forEach((item) => item.classList.remove("is-before", "is-after", "is-held"));
    life.listen(list, "dragstart", (event) => {
      held = event.target.closest(".atlas-strip-slide");
      held.classList.add("is-held");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", held.querySelector(".atlas-strip-title").textContent);
    });
    life.listen(list, "dragover", (event) => {
      const over = event.target.closest(".atlas-strip-slide");
      if (!held || !over) return;
      event.preventDefault();
      const { top, height, left, width } = over.getBoundingClientRect();
      const across = list.scrollWidth > list.clientWidth + 1 || list.clientHeight < height * 1.5;
      const behind = across ? event.clientX > left + width / 2 : event.clientY > top + height / 2;
      const items = [...list.children], at = items.indexOf(over) + (behind ? 1 : 0);
      to = at - (items.indexOf(held) < at ? 1 : 0);
      clear();
      held.classList.add("is-held");
      over.classList.add(behind ? "is-after" : "is-before");
    });
    life.listen(list, "drop", (event) => {
      event.preventDefault();
      if (held && to !== null) this.tell({ name: "move", key: held.dataset.key, to });
    });
    life.listen(list, "dragend", () => {
      clear();
      held = to = null;
    });
  }

  end(parent) {
    this.life.end();
    for (const mark of [...this.pictures.keys()]) this.forget(mark);
    this.list.remove();
    delete parent.atlasStrip;
  }
}
