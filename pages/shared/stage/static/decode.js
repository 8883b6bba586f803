// Typed arrays on the wire ({dtype, bdata, shape}) -> real typed arrays, and small helpers on attribute trees.

const KINDS = {
  f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array,
  i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array,
};

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function typed({ dtype, bdata, shape }) {
  const flat = new KINDS[dtype](fromBase64(bdata).buffer);
  const sizes = shape === undefined ? [] : String(shape).split(",").map(Number);
  if (sizes.length < 2) return flat;
  const [rows, columns] = sizes;
  return Array.from({ length: rows }, (_, row) => flat.subarray(row * columns, (row + 1) * columns));
}

/** The same tree with every typed array decoded. Lists of plain values are kept as they are. */
export function decode(node) {
  if (Array.isArray(node)) return typeof node[0] === "object" && node[0] !== null ? node.map(decode) : node;
  if (node === null || typeof node !== "object") return node;
  if (typeof node.bdata === "string" && KINDS[node.dtype]) return typed(node);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, decode(value)]));
}

export const isList = (value) => Array.isArray(value) || ArrayBuffer.isView(value);
const isTree = (value) => value !== null && typeof value === "object" && !isList(value);

const NEVER_MOVES = new Set(["meta", "type", "uid"]);

/** {marker: {size: 3}} -> {"marker.size": 3}, without what names a trace. */
export function flatten(tree, prefix = "", out = {}) {
  for (const [key, value] of Object.entries(tree)) {
    if (prefix === "" && NEVER_MOVES.has(key)) continue;
    if (isTree(value)) flatten(value, `${prefix}${key}.`, out);
    else out[prefix + key] = value;
  }
  return out;
}

/** A copy whose trees are its own and whose lists are shared: plotly writes into the trees it is given. */
export const copyTree = (tree) =>
  Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, isTree(value) ? copyTree(value) : value]));

/** A copy of `tree` in which the dotted `path` is `value`; everything untouched is shared. */
export function withPath(tree, path, value) {
  const [head, ...rest] = path.split(".");
  const copy = isTree(tree) ? { ...tree } : {};
  copy[head] = rest.length ? withPath(copy[head], rest.join("."), value) : value;
  return copy;
}

export const withPaths = (tree, attributes) =>
  Object.entries(attributes).reduce((copy, [path, value]) => withPath(copy, path, value), tree);

export const atPath = (tree, path) => path.split(".").reduce((node, key) => node?.[key], tree);

/** Equal numbers, texts and lists, whatever holds them. */
export function same(one, other) {
  if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return true;
  if (!isList(one) || !isList(other) || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!same(one[i], other[i])) return false;
  return true;
}
