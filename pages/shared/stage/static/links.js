// Linked views: a result cell pointed at, tapped or focused lights the cells it came from, and its term is written.

import { element } from "./dom.js";
import { cellsAt, originsOf, nameOf, term } from "./origins.js";
import { frames } from "./spots.js";
import { projector } from "./view.js";

const SVG = "http://www.w3.org/2000/svg";
const SIDES = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

const groupBy = (list, key) => list.reduce((map, one) => map.set(key(one), [...(map.get(key(one)) ?? []), one]), new Map());

/** `host`: {gd(), film(), step(), busy(), write(formula or null), request()}. */
export function makeLinks(layer, canvas, host, life) {
  const drawing = document.createElementNS(SVG, "svg");
  const grid = element("div", { class: "atlas-cells", role: "grid", hidden: true });
  const voice = element("span", { class: "atlas-voice", role: "status" });
  layer.replaceChildren(drawing, grid, voice);
  let cells = [], made = "", chosen = null; // chosen: the key of the result cell whose origin is shown

  const links = () => host.film()?.steps[host.step()]?.links ?? [];
  const linkOf = (cell) => links().find((link) => link.result === cell.tensor);
  const keyOf = (cell) => nameOf(cell);
  const results = () => cells.filter(linkOf);
  const cellOf = (key) => results().find((cell) => keyOf(cell) === key);

  function read() {
    const film = host.film();
    cells = film?.meta.linked && host.gd()._fullLayout ? cellsAt(host.gd(), film, host.step()) : [];
  }

  /** Lights `cell` and its sources; null: the step's own picture again. */
  function choose(cell, aloud = false) {
    const key = cell ? keyOf(cell) : null;
    if (key === chosen && !aloud) return;
    chosen = key;
    show();
    host.request();
    if (aloud && cell) voice.textContent = term(linkOf(cell), cell, cells) ?? `${key} = ${cell.text || "?"}`;
  }

  function show() {
    const cell = chosen === null ? null : cellOf(chosen);
    drawing.replaceChildren();
    host.write(cell ? term(linkOf(cell), cell, cells) : null);
    if (!cell) return;
    const sources = originsOf(linkOf(cell), cell, cells);
    const shapes = frames(host.gd(), host.film(), [cell], "is-result", linkOf(cell), cell);
    shapes.push(...frames(host.gd(), host.film(), sources, "is-source", linkOf(cell), cell));
    drawing.append(...shapes);
  }

  // --- the pointer

  function under(event) {
    const gd = host.gd(), box = gd.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    const views = new Map();
    return results().find((cell) => {
      const view = views.get(cell.axes[0]) ?? projector(gd, cell.axes);
      views.set(cell.axes[0], view);
      const [x, y] = view.toData(...at);
      return Math.abs(x - cell.x) <= 0.5 && Math.abs(y - cell.y) <= 0.5;
    }) ?? null;
  }
  const point = (event) => {
    if (!links().length || host.busy()) return;
    read();
    const cell = under(event);
    if (cell || !grid.contains(document.activeElement)) choose(cell);
    canvas.classList.toggle("is-linked", Boolean(cell));
  };
  life.listen(canvas, "pointermove", point, { passive: true });
  life.listen(canvas, "pointerdown", point, { capture: true, passive: true });
  const pick = (cell) => {
    const link = cell && linkOf(cell);
    if (link?.pick) host.pick(link.pick, cell.index);
  };
  life.listen(canvas, "click", (event) => {
    if (!links().some((link) => link.pick) || host.busy()) return;
    read();
    pick(under(event));
  });
  life.listen(canvas, "pointerleave", (event) => event.pointerType !== "touch" && choose(null));

  // --- the keyboard: one tab stop, arrows from cell to cell

  const nodeOf = (key) => grid.querySelector(`[data-cell="${CSS.escape(key)}"]`);

  function make() {
    const shown = results();
    const word = shown.map(keyOf).join(";");
    grid.hidden = !shown.length;
    if (word === made) return;
    const held = grid.contains(document.activeElement) ? document.activeElement.dataset.cell : null;
    made = word;
    grid.setAttribute("aria-label", host.film().meta.cellsLabel ?? "");
    const blocks = [...groupBy(shown, (cell) => cell.block).values()];
    grid.replaceChildren(...blocks.map((block) =>
      element("div", { role: "rowgroup", class: "atlas-cells-block" },
        ...[...groupBy(block, (cell) => cell.i).values()].map((row) =>
          element("div", { role: "row", class: "atlas-cells-row" }, ...row.map(knob))))));
    grid.querySelector("[data-cell]")?.setAttribute("tabindex", "0");
    if (held) nodeOf(held)?.focus({ preventScroll: true });
  }
  const knob = (cell) => element("div", { role: "gridcell", tabindex: "-1", "data-cell": keyOf(cell), "aria-label": keyOf(cell) });

  life.listen(grid, "focusin", (event) => {
    const key = event.target.dataset.cell;
    grid.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    event.target.setAttribute("tabindex", "0");
    read();
    choose(cellOf(key) ?? null, true);
  });
  life.listen(grid, "focusout", (event) => !grid.contains(event.relatedTarget) && choose(null));
  life.listen(grid, "keydown", (event) => {
    const side = SIDES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") pick(cellOf(event.target.dataset.cell));
    if (event.key === "Escape") document.activeElement.blur();
    else if (!side) return;
    event.preventDefault();
    event.stopPropagation(); // on a cell the arrows do not step through the film
    if (side) nodeOf(next(event.target.dataset.cell, side))?.focus({ preventScroll: true });
  });
  /** The nearest cell to that side: what lies in the same line comes first. */
  function next(key, [right, down]) {
    const from = cellOf(key);
    const ways = results().map((cell) => {
      const ahead = right * (cell.x - from.x) + down * (cell.y - from.y);
      const aside = Math.abs(right ? cell.y - from.y : cell.x - from.x);
      return { cell, ahead, far: ahead + 4 * aside };
    });
    const best = ways.filter((way) => way.ahead > 0.4).sort((one, other) => one.far - other.far)[0];
    return best ? keyOf(best.cell) : key;
  }

  function lay() {
    const gd = host.gd();
    const blocks = [...groupBy(results(), (cell) => cell.block).values()];
    blocks.forEach((block, k) => {
      const node = grid.children[k], first = block[0], last = block.at(-1);
      if (!node) return;
      const view = projector(gd, first.axes);
      const [left, top] = view.toPixels(first.x - 0.5, first.y - 0.5);
      const [right, bottom] = view.toPixels(last.x + 0.5, last.y + 0.5);
      node.style.cssText = `left:${left}px;top:${top}px;width:${right - left}px;height:${bottom - top}px`;
    });
  }

  return {
    /** After every drawing: cells may have moved, come or gone. */
    place() {
      if (!host.film()?.meta.linked) return void (grid.hidden = true);
      read();
      make();
      lay();
      if (chosen !== null) show();
    },
    /** The step's own frames stay away while a cell's origin is shown. */
    dress(attributes) {
      if (chosen === null) return attributes;
      host.film().data.forEach((trace, index) => {
        if (/-lit$/.test(trace.meta?.name ?? "")) attributes.set(index, { ...attributes.get(index), opacity: 0 });
      });
      return attributes;
    },
    shown: () => chosen,
  };
}
