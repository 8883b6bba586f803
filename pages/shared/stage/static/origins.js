// Whose cell is it, where does it come from, and what was computed: the arithmetic of linked views, without a picture.

const MOST_TERMS = 8; // written out; of more the first ones and the last

const traceOf = (gd, name) => gd.data.find((trace) => trace.meta?.name === name);

function ownIndex({ rank, lying, first = [0, 0] }, i, j) {
  if (rank === 0) return [];
  if (rank === 1) return [lying ? j + first[1] : i + first[0]];
  return [i + first[0], j + first[1]];
}

/** Every cell of every Cells panel at a step: {tensor, index, text, x, y, i, j, axes, block, whole}. */
export function cellsAt(gd, film, step) {
  const out = [];
  for (const { kind, panel, axes } of film.meta.linked) {
    if (kind !== "cells") continue;
    const blocks = film.steps[step]?.cells?.[panel] ?? [];
    for (const part of ["", "over-"]) {
      const squares = traceOf(gd, `${panel}-${part}squares`), numbers = traceOf(gd, `${panel}-${part}numbers`);
      const own = blocks.filter((block) => Boolean(block.over) === Boolean(part));
      if (squares && numbers) readBlocks(own, squares, numbers, axes, panel, out);
    }
  }
  return out;
}

function readBlocks(blocks, squares, numbers, axes, panel, out) {
  const count = blocks.reduce((sum, { size }) => sum + size[0] * size[1], 0);
  if (squares.x.length !== count) return; // in between two steps
  let k = 0;
  blocks.forEach((block, b) => {
    for (let i = 0; i < block.size[0]; i++) {
      for (let j = 0; j < block.size[1]; j++, k++) {
        out.push({
          tensor: block.tensor, index: [...block.at, ...ownIndex(block, i, j)], text: plain(numbers.text[k]),
          x: squares.x[k], y: squares.y[k], i, j, axes, block: `${panel}/${block.over ?? ""}/${b}`, form: block,
        });
      }
    }
  });
}

const plain = (text) => (text ?? "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&").trim();

/** "C[1, 0]", or "s" for a single number. */
export const nameOf = ({ tensor, index }) => (index.length ? `${tensor}[${index.join(", ")}]` : tensor);

/** The sizes of a tensor along its axes, as far as its cells tell. */
function sizesOf(tensor, cells) {
  const own = cells.filter((cell) => cell.tensor === tensor);
  const sizes = (own[0]?.index ?? []).map((_, axis) => 1 + Math.max(...own.map((cell) => cell.index[axis])));
  const { form } = own[0] ?? {};
  if (form?.whole && form.rank === 2) sizes.splice(-2, 2, ...form.whole);
  if (form?.whole && form.rank === 1) sizes.splice(-1, 1, form.lying ? form.whole[1] : form.whole[0]);
  return sizes;
}

/** Whether the cell at `index` of a tensor with these sizes goes into the result cell at `target`. */
export function goesInto({ follows, until }, index, sizes, target) {
  if (until !== undefined && index[until] > target[until]) return false;
  return follows.length === index.length &&
    follows.every((axis, k) => axis === null || (sizes[k] === 1 ? index[k] === 0 : index[k] === target[axis]));
}

const inOrder = (one, other) => {
  const k = one.index.findIndex((entry, axis) => entry !== other.index[axis]);
  return k < 0 ? 0 : one.index[k] - other.index[k];
};

/** The cells of one source that go into a result cell, each index once, in order. */
function taken(source, cell, cells) {
  const sizes = sizesOf(source.tensor, cells);
  const own = cells.filter((one) => one.tensor === source.tensor && goesInto(source, one.index, sizes, cell.index));
  const once = new Map(own.map((one) => [one.index.join(), one]));
  const count = source.follows.reduce((product, axis, k) => product * (axis !== null ? 1 : k === source.until ? cell.index[k] + 1 : (sizes[k] ?? 1)), 1);
  return { cells: [...once.values()].sort(inOrder), count };
}

/** All cells that go into a result cell, from every source, wherever they are shown. */
export function originsOf(link, cell, cells) {
  return link.sources.flatMap((source) => {
    const sizes = sizesOf(source.tensor, cells);
    return cells.filter((one) => one.tensor === source.tensor && goesInto(source, one.index, sizes, cell.index));
  });
}

const factor = (text) => (text.startsWith("−") ? `(${text})` : text);

function shortened(terms, count, sign) {
  if (terms.length < count) return `${terms.slice(0, MOST_TERMS - 1).join(sign)}${sign}…`;
  if (terms.length <= MOST_TERMS) return terms.join(sign);
  return [...terms.slice(0, MOST_TERMS - 2), "…", terms.at(-1)].join(sign);
}

const SIGNS = { "+": " + ", "-": " − ", "*": "·", "/": " / " };

/** "C[1, 0] = 2·1 + 0·4 + 3·5 = 17"; null where a number is not known or there is no rule. */
export function term({ sources, formula }, cell, cells) {
  const wanted = formula === "dot" || formula in SIGNS ? 2 : formula ? 1 : 0;
  const parts = sources.slice(0, wanted).map((source) => taken(source, cell, cells));
  if (!wanted || parts.some((part) => !part.cells.length || part.cells.some((one) => !one.text))) return null;
  const written = worked(formula, parts);
  return `${nameOf(cell)} = ${written}${cell.text ? ` = ${cell.text}` : ""}`;
}

function worked(formula, [first, second]) {
  const texts = first.cells.map((one) => one.text);
  if (formula === "dot") {
    const products = texts.map((text, k) => `${factor(text)}·${factor(second.cells[k]?.text ?? "?")}`);
    return shortened(products, first.count, " + ");
  }
  if (formula in SIGNS) return `${formula === "*" ? factor(texts[0]) : texts[0]}${SIGNS[formula]}${factor(second.cells[0].text)}`;
  if (formula === "prod") return shortened(texts.map(factor), first.count, "·");
  const sum = shortened(texts.map((text, k) => (k ? factor(text) : text)), first.count, " + ");
  if (formula === "sum") return sum;
  if (formula === "mean") return `(${sum}) / ${first.count}`;
  return `${formula}(${shortened(texts, first.count, ", ")})`;
}
