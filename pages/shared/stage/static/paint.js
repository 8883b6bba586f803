// Paints a document of svg.js onto a canvas. The browser's own way, an image of the document, makes a page of its own for
// every one, with fonts and styles: of a film's frame that was two thirds of the time.
//
// It knows what svg.js, shapes.js and plate.js write; of anything else nothing is painted, and the image is taken.

const NESTING = new Set(["svg", "g"]);
const UNSEEN = new Set(["defs", "title", "desc", "clipPath"]);
const INHERITED = new Set([
  ..."fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap".split(" "),
  ..."stroke-linejoin stroke-miterlimit shape-rendering image-rendering text-anchor font-family font-size font-weight".split(" "),
  ..."font-style letter-spacing".split(" "),
]);
const FOREIGN = new Set(["mask", "filter", "font-variant", "clip-rule", "dx"]); // what would look otherwise without it
const USUAL = {
  fill: "black", "fill-opacity": "1", "fill-rule": "nonzero", stroke: "none", "stroke-width": "1", "stroke-opacity": "1", "stroke-dasharray": "none",
  "stroke-dashoffset": "0", "stroke-linecap": "butt", "stroke-linejoin": "miter", "stroke-miterlimit": "4", "shape-rendering": "auto",
  "image-rendering": "auto", "text-anchor": "start", "font-family": "sans-serif", "font-size": "16px", "font-weight": "normal", "font-style": "normal",
  "letter-spacing": "0",
};
const ALIGNED = { start: "left", middle: "center", end: "right" };
const SHIFT = { start: 0, middle: 0.5, end: 1 };
const STRAIGHT = /^(?:[MLHVmlhv][-\d.,\s]+|[Zz])+$/;
const MOST_KEPT = 4000; // paths; a film has the same ones again and again

class Unknown extends Error {}

const paths = new Map(); // d -> Path2D
const pictures = new Map(); // data: address -> Promise of an image

function pathOf(d) {
  let path = paths.get(d);
  if (path) return path;
  if (paths.size > MOST_KEPT) paths.clear();
  paths.set(d, (path = new Path2D(d)));
  return path;
}

async function decoded(address) {
  if (!pictures.has(address)) {
    pictures.clear(); // of one film only
    const image = Object.assign(new Image(), { src: address });
    pictures.set(address, image.decode().then(() => image));
  }
  return [address, await pictures.get(address)];
}

/** Whether the document could be painted; where not, the canvas is left as it was. */
export async function paint(svgText, canvas) {
  const { documentElement: root } = new DOMParser().parseFromString(svgText, "image/svg+xml");
  if (root.tagName !== "svg") return false;
  const images = new Map(await Promise.all([...root.querySelectorAll("image")].map((image) => decoded(image.getAttribute("xlink:href") ?? ""))));
  const painter = new Painter(root, canvas, images);
  try {
    painter.document(root);
    return true;
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    canvas.width = canvas.width; // empty again
    return false;
  }
}

const number = (node, name) => parseFloat(node.getAttribute(name)) || 0;

/** [[name, [numbers]], ...] */
const transformsOf = (text) => [...text.matchAll(/(\w+)\s*\(([^)]*)\)/g)].map(([, name, inside]) => [name, inside.split(/[\s,]+/).filter(Boolean).map(Number)]);

const TRANSFORMS = {
  translate: (to, [x, y = 0]) => to.translateSelf(x, y),
  scale: (to, [x, y = x]) => to.scaleSelf(x, y),
  rotate: (to, [angle, x = 0, y = 0]) => to.translateSelf(x, y).rotateSelf(angle).translateSelf(-x, -y),
  matrix: (to, values) => to.multiplySelf(new DOMMatrix(values)),
};

function matrixOf(text) {
  const found = new DOMMatrix();
  for (const [name, values] of transformsOf(text)) {
    if (!TRANSFORMS[name]) throw new Unknown(name);
    TRANSFORMS[name](found, values);
  }
  return found;
}

const SHAPES = {
  path: (node) => pathOf(node.getAttribute("d")),
  rect(node) {
    const path = new Path2D(), box = ["x", "y", "width", "height"].map((name) => number(node, name));
    const round = number(node, "rx") || number(node, "ry");
    if (round) path.roundRect(...box, Math.min(round, box[2] / 2, box[3] / 2));
    else path.rect(...box);
    return path;
  },
  circle(node) {
    const path = new Path2D();
    path.arc(number(node, "cx"), number(node, "cy"), number(node, "r"), 0, 2 * Math.PI);
    return path;
  },
  ellipse(node) {
    const path = new Path2D();
    path.ellipse(...["cx", "cy", "rx", "ry"].map((name) => number(node, name)), 0, 0, 2 * Math.PI);
    return path;
  },
  line: (node) => pathOf(`M${number(node, "x1")} ${number(node, "y1")}L${number(node, "x2")} ${number(node, "y2")}`),
  polyline: (node) => pathOf(`M${node.getAttribute("points")}`),
  polygon: (node) => pathOf(`M${node.getAttribute("points")}Z`),
};

const seen = (look, paint, opacity) => look[paint] !== "none" && look[paint] !== "transparent" && parseFloat(look[opacity]) > 0;
const fills = (look) => seen(look, "fill", "fill-opacity");
const strokes = (look) => seen(look, "stroke", "stroke-opacity") && parseFloat(look["stroke-width"]) > 0;

function colour(value) {
  if (value.includes("url(")) throw new Unknown(value);
  return value;
}

/** The straight lines of a path, each {x0, y0, x1, y1}; null where it has others. */
function straight(d) {
  if (!STRAIGHT.test(d)) return null;
  const lines = [];
  let x = 0, y = 0, start = [0, 0];
  const to = (nextX, nextY) => {
    lines.push({ x0: x, y0: y, x1: nextX, y1: nextY });
    [x, y] = [nextX, nextY];
  };
  for (const [, letter, inside] of d.matchAll(/([MLHVZmlhvz])([^MLHVZmlhvz]*)/g)) {
    const values = inside.match(/-?[\d.]+/g)?.map(Number) ?? [], own = letter === letter.toLowerCase();
    const name = letter.toUpperCase(), fromX = own ? x : 0, fromY = own ? y : 0;
    if (values.length > (name === "M" || name === "L" ? 2 : 1)) return null;
    if (name === "M") start = [x, y] = [fromX + values[0], fromY + values[1]];
    else if (name === "L") to(fromX + values[0], fromY + values[1]);
    else if (name === "H") to(fromX + values[0], y);
    else if (name === "V") to(x, fromY + values[0]);
    else to(...start);
  }
  return lines;
}

class Painter {
  #layers = []; // free ones

  constructor(root, canvas, images) {
    Object.assign(this, { root, canvas, images });
    this.context = this.#contextOf(canvas);
  }

  document(root) {
    const [, , wide, high] = this.#viewBox(root);
    this.context.setTransform(this.canvas.width / wide, 0, 0, this.canvas.height / high, 0, 0);
    this.#children(root, this.#look(root, USUAL), 1);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Our documents show all of what they measure. */
  #viewBox(node) {
    const box = node.getAttribute("viewBox")?.split(/[\s,]+/).map(Number) ?? [0, 0, number(node, "width"), number(node, "height")];
    if (box[0] || box[1] || !(box[2] > 0 && box[3] > 0)) throw new Unknown("viewBox");
    return box;
  }

  #contextOf(canvas) {
    return canvas.getContext("2d", { willReadFrequently: true }); // in memory: it is read at once
  }

  #look(node, above) {
    let look = above;
    const { attributes } = node;
    for (let k = 0; k < attributes.length; k++) {
      const { name, value } = attributes[k];
      if (FOREIGN.has(name)) throw new Unknown(name);
      if (!INHERITED.has(name)) continue;
      if (look === above) look = { ...above };
      look[name] = name === "font-size" && value.endsWith("%") ? `${(parseFloat(value) / 100) * parseFloat(above[name])}px` : value;
    }
    return look;
  }

  #children(node, look, alpha) {
    for (let child = node.firstElementChild; child; child = child.nextElementSibling) this.#element(child, look, alpha);
  }

  #element(node, above, alpha) {
    const tag = node.tagName;
    if (UNSEEN.has(tag)) return;
    const look = this.#look(node, above), opacity = parseFloat(node.getAttribute("opacity") ?? 1);
    const transform = node.getAttribute("transform"), clip = node.getAttribute("clip-path"), nested = tag === "svg";
    if (!(opacity > 0)) return;
    const apart = transform || clip || nested;
    if (apart) this.context.save();
    if (transform) this.#apply(matrixOf(transform));
    if (clip) this.context.clip(this.#clip(clip));
    if (nested) this.#frame(node);
    if (opacity >= 1 || this.#once(node, look)) this.#inside(node, tag, look, alpha * opacity);
    else this.#layer(alpha * opacity, () => this.#inside(node, tag, look, 1));
    if (apart) this.context.restore();
  }

  #apply({ a, b, c, d, e, f }) {
    this.context.transform(a, b, c, d, e, f);
  }

  #inside(node, tag, look, alpha) {
    if (NESTING.has(tag)) return this.#children(node, look, alpha);
    if (tag === "text") return this.#text(node, look, alpha);
    if (tag === "image") return this.#image(node, look, alpha);
    if (!SHAPES[tag]) throw new Unknown(tag);
    this.#shape(node, tag, look, alpha);
  }

  /** A document in a document: no more of it than its frame. */
  #frame(node) {
    const [, , wide, high] = this.#viewBox(node), width = number(node, "width") || wide, height = number(node, "height") || high;
    this.context.beginPath();
    this.context.rect(0, 0, width, height);
    this.context.clip();
    this.context.scale(width / wide, height / high);
  }

  #clip(reference) {
    const node = this.root.querySelector(`clipPath[id="${CSS.escape(/#([^"')]+)/.exec(reference)?.[1] ?? "")}"]`);
    if (!node || node.hasAttribute("transform") || node.getAttribute("clipPathUnits") === "objectBoundingBox") throw new Unknown("clipPath");
    const path = new Path2D();
    for (const child of node.children) {
      if (!SHAPES[child.tagName]) throw new Unknown("clipPath");
      path.addPath(SHAPES[child.tagName](child), matrixOf(child.getAttribute("transform") ?? ""));
    }
    return path;
  }

  // --- opacity

  /** Whether all of it is one stroke of the brush: then it may be painted faintly at once. */
  #once(node, look) {
    if (node.tagName === "g") {
      const [only, ...more] = node.children;
      return !more.length && (!only || this.#once(only, this.#look(only, look)));
    }
    return !(fills(look) && strokes(look));
  }

  /** What `draw` paints is laid over the picture as one, so faint. */
  #layer(alpha, draw) {
    const { context } = this, { width, height } = this.canvas;
    const layer = this.#layers.pop() ?? this.#contextOf(new OffscreenCanvas(width, height));
    layer.setTransform(context.getTransform());
    this.context = layer;
    draw();
    this.context = context;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = alpha;
    context.drawImage(layer.canvas, 0, 0);
    context.restore();
    layer.setTransform(1, 0, 0, 1, 0, 0);
    layer.clearRect(0, 0, width, height);
    this.#layers.push(layer);
  }

  // --- shapes

  #shape(node, tag, look, alpha) {
    const { context } = this, crisp = look["shape-rendering"].toLowerCase() === "crispedges";
    const path = SHAPES[tag](node);
    if (fills(look)) {
      context.globalAlpha = alpha * parseFloat(look["fill-opacity"]);
      context.fillStyle = colour(look.fill);
      if (!(crisp && tag === "rect" && this.#crispRect(...["x", "y", "width", "height"].map((name) => number(node, name))))) context.fill(path, look["fill-rule"]);
    }
    if (!strokes(look)) return;
    context.globalAlpha = alpha * parseFloat(look["stroke-opacity"]);
    context.strokeStyle = context.fillStyle = colour(look.stroke);
    if (crisp && tag === "path" && this.#crispLines(node.getAttribute("d"), look)) return;
    this.#pen(look);
    context.stroke(path);
  }

  #pen(look) {
    const { context } = this, dashes = look["stroke-dasharray"];
    context.lineWidth = parseFloat(look["stroke-width"]);
    context.lineCap = look["stroke-linecap"];
    context.lineJoin = look["stroke-linejoin"];
    context.miterLimit = parseFloat(look["stroke-miterlimit"]);
    context.setLineDash(dashes === "none" ? [] : dashes.split(/[\s,]+/).filter(Boolean).map(parseFloat));
    context.lineDashOffset = parseFloat(look["stroke-dashoffset"]);
  }

  /** Lines along the axes without soft edges, as the hair lines of a grid are; false where there are others. */
  #crispLines(d, look) {
    const lines = look["stroke-dasharray"] === "none" && straight(d), half = parseFloat(look["stroke-width"]) / 2;
    if (!lines || lines.some(({ x0, y0, x1, y1 }) => x0 !== x1 && y0 !== y1)) return false;
    const { b, c } = this.context.getTransform();
    if (b || c) return false;
    for (const { x0, y0, x1, y1 } of lines) {
      const level = y0 === y1, left = Math.min(x0, x1), top = Math.min(y0, y1);
      if (level) this.#crispRect(left, y0 - half, Math.abs(x1 - x0), 2 * half);
      else this.#crispRect(x0 - half, top, 2 * half, Math.abs(y1 - y0));
    }
    return true;
  }

  /** Whole pixels: those whose middle lies in it, and never less than one. False where the picture is turned. */
  #crispRect(x, y, width, height) {
    const { context } = this, { a, b, c, d, e, f } = context.getTransform();
    if (b || c) return false;
    const edge = (value) => Math.ceil(value - 0.5);
    const [left, right] = [a * x + e, a * (x + width) + e].sort((one, other) => one - other).map(edge);
    const [top, bottom] = [d * y + f, d * (y + height) + f].sort((one, other) => one - other).map(edge);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillRect(left, top, Math.max(right - left, 1), Math.max(bottom - top, 1));
    context.restore();
    return true;
  }

  #image(node, look, alpha) {
    const { context } = this, image = this.images.get(node.getAttribute("xlink:href") ?? "");
    if (!image || node.getAttribute("preserveAspectRatio") !== "none") throw new Unknown("image");
    context.globalAlpha = alpha;
    context.imageSmoothingEnabled = !/pixelated|crisp|optimizespeed/i.test(look["image-rendering"]);
    context.drawImage(image, ...["x", "y", "width", "height"].map((name) => number(node, name)));
  }

  // --- words

  #text(node, look, alpha) {
    const at = { x: number(node, "x"), y: number(node, "y"), line: null };
    const lines = [];
    this.#words(node, look, at, lines, node.getAttribute("xml:space") === "preserve");
    for (const line of lines) this.#line(line, alpha);
  }

  /** The lines of a text, each {x, y, anchor, parts: [{text, look, down}]}: one begins where a place is given. */
  #words(node, look, at, lines, kept) {
    if (node.hasAttribute("x")) Object.assign(at, { x: number(node, "x"), line: null });
    if (node.hasAttribute("y")) Object.assign(at, { y: number(node, "y"), line: null });
    const down = node.getAttribute("dy");
    if (down) at.y += parseFloat(down) * (down.endsWith("em") ? parseFloat(look["font-size"]) : 1);
    for (const child of node.childNodes) {
      if (child.nodeType === Node.ELEMENT_NODE) {
        if (child.tagName !== "tspan" || child.hasAttribute("transform") || child.hasAttribute("opacity")) throw new Unknown(child.tagName);
        this.#words(child, this.#look(child, look), at, lines, kept);
        continue;
      }
      const text = kept ? child.data.replace(/[\n\r\t]/g, " ") : child.data.replace(/\s+/g, " ");
      if (!text) continue;
      if (!at.line) lines.push((at.line = { x: at.x, anchor: look["text-anchor"], parts: [] }));
      at.line.parts.push({ text, look, y: at.y });
    }
  }

  #line({ x, anchor, parts }, alpha) {
    const { context } = this, { a, b, c, d } = context.getTransform(), scale = Math.sqrt(Math.abs(a * d - b * c));
    context.save(); // letters as large as they will be: their shapes and steps are made for that size
    context.scale(1 / scale, 1 / scale);
    const several = parts.length > 1;
    const widths = several ? parts.map((part) => (this.#letters(part.look, scale), context.measureText(part.text).width)) : [0];
    let left = x * scale - (several ? SHIFT[anchor] * widths.reduce((sum, width) => sum + width, 0) : 0);
    parts.forEach(({ text, look, y }, k) => {
      this.#letters(look, scale);
      context.textAlign = several ? "left" : ALIGNED[anchor];
      if (strokes(look)) {
        context.globalAlpha = alpha * parseFloat(look["stroke-opacity"]);
        context.strokeStyle = colour(look.stroke);
        this.#pen({ ...look, "stroke-width": parseFloat(look["stroke-width"]) * scale });
      }
      const stroke = () => strokes(look) && context.strokeText(text, left, y * scale);
      if (fills(look)) {
        context.globalAlpha = alpha * parseFloat(look["fill-opacity"]);
        context.fillStyle = colour(look.fill);
        context.fillText(text, left, y * scale);
      }
      stroke();
      left += widths[k];
    });
    context.restore();
  }

  #letters(look, scale) {
    const { context } = this;
    context.font = `${look["font-style"]} ${look["font-weight"]} ${parseFloat(look["font-size"]) * scale}px ${look["font-family"]}`;
    context.letterSpacing = `${(parseFloat(look["letter-spacing"]) || 0) * scale}px`;
  }
}
