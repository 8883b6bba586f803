// The figure as a standalone SVG: what plotly has drawn, with its looks written onto the shapes, and spaces as vectors.

import { FONTS, withChinese } from "./letters.js";
import { escaped } from "./words.js";
import { paint } from "./paint.js";
import { lensIn, sceneMarkup, sceneNames } from "./project.js";

const SVG = "http://www.w3.org/2000/svg";

/** Attributes that say how a shape lies and looks; all others, and whatever could run or fetch, stay behind. */
const KEPT = new Set([
  ..."x y width height cx cy r rx ry x1 y1 x2 y2 fx fy dx dy d points transform viewBox preserveAspectRatio".split(" "),
  ..."offset gradientUnits gradientTransform patternUnits patternContentUnits patternTransform spreadMethod clipPathUnits".split(" "),
]);
const LOOKS = new Set([
  ..."fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap".split(" "),
  ..."stroke-linejoin stroke-miterlimit opacity shape-rendering image-rendering text-anchor font-family font-size".split(" "),
  ..."font-weight font-style font-variant letter-spacing clip-path clip-rule mask filter stop-color stop-opacity".split(" "),
]);
/** What a style sheet may give to a shape of plotly's beyond what is written on it, with the value that says nothing. */
const FROM_SHEETS = { "shape-rendering": "auto", "font-variant": "normal", "letter-spacing": "normal" };
const NOTHING_SAID = {
  opacity: "1", "fill-opacity": "1", "stroke-opacity": "1", "stroke-dasharray": "none", "stroke-dashoffset": "0px", "font-weight": "normal", "font-style": "normal",
  "font-variant": "normal", "shape-rendering": "auto", "stroke-miterlimit": "4", "clip-path": "none", filter: "none", mask: "none",
};
const LEFT_OUT = /\b(?:draglayer|hoverlayer|zoomlayer|selectionlayer|menulayer|modebar|hover|legendtoggle)\b/;
const SHAPES = new Set(["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"]);
const TAGS = new Set([...SHAPES, ..."svg g text tspan image defs clipPath linearGradient radialGradient stop pattern mask use".split(" ")]);
const MARK = "\ufdd0"; // in place of what ids will begin with: no character, so that no text holds it
const REFERENCE = /url\(\s*["']?[^"')#]*#([^"')]+)["']?\s*\)/;

const figures = new WeakMap(); // gd -> what is known of its nodes' looks: a film writes the same ones again and again
const MOST_KNOWN = 5000;

/**
 * The figure in `gd` as plotly has drawn it now, as the text of an SVG document of its own: no script, nothing that
 * is fetched, no foreignObject, the fonts a stack with Chinese. Every mark is a vector, spaces too (project.js); only a
 * trace that is a picture itself (`image`, `heatmap`: the photograph of a practice example) stays an <image>.
 *
 * `width`, `height`: the size the document says, by default the figure's own; `background`: a colour, or nothing
 * where the ground shall be seen through; `title`, `desc`: what it says to those who do not see it.
 */
export function svgOf(gd, { width, height, background, title, desc, language } = {}) {
  const { width: own, height: high } = gd._fullLayout;
  const writer = new Writer(gd);
  const [paper, ...above] = [...gd.querySelectorAll(".main-svg")].map((layer) => writer.inside(layer));
  const spaces = sceneNames(gd).map((name) => writer.clipped(sceneMarkup(gd, name), lensIn(gd, name).box, name));
  const body = [paper ?? "", ...spaces, ...above].join("");
  const defs = writer.definitions();
  const told = (title ? `<title>${escaped(title)}</title>` : "") + (desc ? `<desc>${escaped(desc)}</desc>` : "");
  const ground = background && background !== "transparent" ? `<rect width="${own}" height="${high}" fill="${escaped(background)}"/>` : "";
  const said = escaped(language ?? document.documentElement.lang ?? "en");
  return `<svg xmlns="${SVG}" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" width="${width ?? own}" height="${height ?? high}"`
    + ` viewBox="0 0 ${own} ${high}" xml:lang="${said}" lang="${said}" role="img" font-family="${escaped(FONTS)}" font-size="12">`
    + told + named((defs ? `<defs>${defs}</defs>` : "") + ground + body) + "</svg>";
}

/** The ids begin with a word made of the drawing: two documents may stand in one page, and the same one is the same text. */
function named(drawing) {
  let hash = 2166136261; // FNV-1a
  for (let i = 0; i < drawing.length; i++) hash = Math.imul(hash ^ drawing.charCodeAt(i), 16777619);
  return drawing.replaceAll(MARK, `a${(hash >>> 0).toString(36)}-`);
}

/** An SVG document of ours as a picture of pixels: `width` x `height`, times `scale`. */
export async function rasterOf(svgText, { width, height, scale = 1 }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
  if (!(await paint(svgText, canvas))) await drawAsImage(svgText, canvas);
  return canvas;
}

/** As the browser itself shows it. */
export async function drawAsImage(svgText, canvas) {
  const address = URL.createObjectURL(new Blob([svgText], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Looks as plotly writes them: [[property, value], ...]. */
const looksOf = (style) =>
  [...style.matchAll(/([\w-]+)\s*:\s*((?:[^;"']|"[^"]*"|'[^']*')+)/g)].map(([, name, value]) => [name, value.trim()]);

const isZero = (value) => value !== undefined && parseFloat(value) === 0;

const isUnseen = (looks) => looks.get("display") === "none" || looks.get("visibility") === "hidden" || isZero(looks.get("opacity"));

/** Whether a shape with these looks leaves anything on the paper. */
function paints(looks) {
  const has = (paint, usual) => {
    const value = looks.get(paint) ?? usual;
    return value !== "none" && value !== "transparent" && !isZero(looks.get(`${paint}-opacity`));
  };
  return has("fill", "black") || (has("stroke", "none") && !isZero(looks.get("stroke-width")));
}

const hasPath = (node) => node.tagName !== "path" || Boolean(node.getAttribute("d"));

/** All that is written on a node about how it looks. */
function said(node) {
  const { attributes } = node;
  let text = node.getAttribute("style") ?? "";
  for (let i = 0; i < attributes.length; i++) if (LOOKS.has(attributes[i].name)) text += `\n${attributes[i].name}=${attributes[i].value}`;
  return text;
}

/** Writes the nodes of one figure, and what they refer to. */
class Writer {
  #wanted = new Set();
  #clips = "";

  constructor(gd) {
    this.gd = gd;
    if (!figures.has(gd)) figures.set(gd, { sheet: new Map(), plans: new Map() });
    Object.assign(this, figures.get(gd));
  }

  inside(node) {
    let out = "";
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === Node.TEXT_NODE) out += escaped(child.data);
      else if (child.nodeType === Node.ELEMENT_NODE && child.tagName !== "defs") out += this.#element(child);
    }
    return out;
  }

  /** The clip paths and gradients that are used, and what those use. */
  definitions() {
    const done = new Set();
    let out = this.#clips;
    for (const id of this.#wanted) { // grows while it is walked
      if (done.has(id)) continue;
      done.add(id);
      const node = this.gd.querySelector(`#${CSS.escape(id)}`);
      if (node) out += this.#tag(node, this.#text(this.#looks(node)), this.inside(node));
    }
    return out;
  }

  /** Markup of which only what lies in `box` is shown. */
  clipped(markup, { left, top, width, height }, name) {
    if (!markup) return "";
    this.#clips += `<clipPath id="${MARK}${name}"><rect x="${left}" y="${top}" width="${width}" height="${height}"/></clipPath>`;
    return `<g clip-path="url(#${MARK}${name})">${markup}</g>`;
  }

  #element(node) {
    const tag = node.tagName, plan = this.#plan(node);
    if (plan.nothing || !TAGS.has(tag)) return "";
    const looks = plan.text ?? this.#text(this.#looks(node));
    if (SHAPES.has(tag)) return hasPath(node) ? this.#tag(node, looks, "") : "";
    if (tag === "image") return this.#image(node, looks);
    const inside = this.inside(node);
    return inside.trim() ? this.#tag(node, looks, inside) : "";
  }

  /** What is known of all nodes with the same name, class and looks: `text` is null where they refer to another node. */
  #plan(node) {
    const name = node.getAttribute("class") ?? "";
    const key = `${node.tagName}\n${name}\n${said(node)}`;
    const known = this.plans.get(key);
    if (known) return known;
    const looks = this.#looks(node);
    const refers = [...looks.values()].some((value) => value.includes("url("));
    const nothing = LEFT_OUT.test(name) || isUnseen(looks) || (SHAPES.has(node.tagName) && !paints(looks));
    const plan = { nothing, text: refers ? null : this.#text(looks) };
    if (this.plans.size > MOST_KNOWN) this.plans.clear();
    this.plans.set(key, plan);
    return plan;
  }

  #looks(node) {
    const looks = new Map([...this.#fromSheet(node)]);
    for (const { name, value } of node.attributes) if (LOOKS.has(name)) looks.set(name, value);
    for (const [name, value] of looksOf(node.getAttribute("style") ?? "")) looks.set(name, value);
    return looks;
  }

  /** Asking for computed styles is slow, and plotly's own sheet goes by class alone. */
  #fromSheet(node) {
    const name = node.getAttribute("class");
    if (!name) return [];
    const key = `${node.tagName} ${name.replace(/\btrace[0-9a-f]+\b/, "")}`;
    const known = this.sheet.get(key);
    if (known) return known;
    const computed = getComputedStyle(node), above = getComputedStyle(node.parentNode);
    const given = Object.entries(FROM_SHEETS)
      .map(([look, usual]) => [look, computed.getPropertyValue(look), usual, above.getPropertyValue(look)])
      .filter(([, value, usual, inherited]) => value && value !== usual && value !== inherited)
      .map(([look, value]) => [look, value]);
    this.sheet.set(key, given);
    return given;
  }

  /** A picture that is in the page already; nothing is fetched. */
  #image(node, looks) {
    const source = node.getAttribute("href") ?? node.getAttributeNS("http://www.w3.org/1999/xlink", "href") ?? "";
    return /^data:image\/(?:png|jpeg|gif|webp)[;,]/.test(source) ? this.#tag(node, looks, "", ` xlink:href="${escaped(source)}"`) : "";
  }

  /** `looks`: the attributes that say how it looks, as text. */
  #tag(node, looks, inside, more = "") {
    const tag = node.tagName, { attributes } = node;
    let own = more;
    for (let i = 0; i < attributes.length; i++) {
      const { name, value } = attributes[i];
      if (KEPT.has(name)) own += value === "" ? "" : ` ${name}="${escaped(value)}"`;
      else if (name === "id" && this.#wanted.has(value)) own += ` id="${escaped(MARK + value)}"`;
      else if (name === "href" && tag === "use") own += ` xlink:href="${escaped(this.#use(value))}"`;
    }
    own += looks;
    if (tag === "text" && /^\s|\s$|\s\s/.test(node.textContent)) own += ' xml:space="preserve"';
    if (tag === "g" && !own) return inside;
    return inside ? `<${tag}${own}>${inside}</${tag}>` : `<${tag}${own}/>`;
  }

  #text(looks) {
    let text = "";
    for (const [name, value] of looks) text += this.#look(name, value);
    return text;
  }

  #look(name, value) {
    if (!LOOKS.has(name) || value === "" || NOTHING_SAID[name] === value) return "";
    if (name === "font-family") return value === FONTS ? "" : ` font-family="${escaped(withChinese(value))}"`;
    return ` ${name}="${escaped(this.#local(value))}"`;
  }

  /** An address of something in this figure, in the new document; the page's own address before the # goes. */
  #local(value) {
    if (!value.includes("url(")) return value;
    const id = REFERENCE.exec(value)?.[1];
    if (!id) return value;
    this.#wanted.add(id);
    return `url(#${MARK}${id})`;
  }

  #use(value) {
    if (!value.startsWith("#")) return "";
    this.#wanted.add(value.slice(1));
    return `#${MARK}${value.slice(1)}`;
  }
}
