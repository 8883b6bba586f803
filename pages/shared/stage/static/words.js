// Numbers and names as a reader writes them: few digits, a real minus sign, subscripts; and words as markup holds them.

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

/** At most `digits` decimals, no trailing zeros, U+2212 for minus: 1.5, −2, 0. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const rounded = Math.abs(value) >= 1e5 ? Number(value.toPrecision(4)) : Number(value.toFixed(digits));
  return String(rounded === 0 ? 0 : rounded).replace("-", "−");
}

export const tuple = (vector, digits) => `(${vector.map((entry) => number(entry, digits)).join(", ")})`;

/** "A[:,0]" -> "a₁"; a vector keeps its name. */
export function symbol(handle) {
  if (handle.column === undefined || handle.column === null) return handle.variable;
  return handle.variable.toLowerCase() + SUBSCRIPTS[(handle.column + 1) % 10];
}

/** "Step {step} of {steps}" with values put in. */
export const fill = (template, values) => template.replace(/\{(\w*)\}/g, (_, name) => values[name] ?? "");

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const UNSAYABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const SPECIAL = /[&<>"\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** `text` as XML and HTML may hold it, in a text or in quotes. */
export function escaped(text) {
  const plain = String(text);
  return SPECIAL.test(plain) ? plain.replace(UNSAYABLE, "").replace(/[&<>"]/g, (letter) => ENTITIES[letter]) : plain;
}
