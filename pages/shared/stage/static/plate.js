// A picture with the step's sentence and formula under it, as on the page.

import { FONTS } from "./letters.js";
import { escaped } from "./words.js";

const SIZE = 0.034; // of the sentence's letters, of the picture's width
const LEADING = 1.42;
const MOST_LINES = 3;

const fontOf = (film) => film.layout.font?.family ?? FONTS;
const plain = (text) => (text ?? "").replaceAll("`", "");
const context = () => document.createElement("canvas").getContext("2d");
/** What may stand at the end of a line: a word with its space, or one Chinese character with the marks behind it. */
const pieces = (text) => text.match(/[\u3400-\u9fff\u3000-\u303f\uff00-\uffef][，。；：、！？）」』”]*|[^\s\u3400-\u9fff\u3000-\u303f\uff00-\uffef]+\s*|\s+/g) ?? [];

/** `text` in lines of at most `width` pixels. */
export function wrapped(text, width, measure) {
  const lines = [];
  let line = "";
  const whole = (piece) => (measure(piece.trimEnd()) > width ? [...piece] : [piece]); // what fits no line is broken
  for (const piece of pieces(text.trim()).flatMap(whole)) {
    if (line && measure((line + piece).trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
  }
  return line.trim() ? [...lines, line.trimEnd()] : lines;
}

/** The first lines; what is left out is seen to be. */
const cut = (lines) => (lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]} …`] : lines);

/**
 * How a picture of `width` x `height` is divided: {figure: {width, height}, dressed(svg, {step, ...}) -> svg}. The
 * words have the same room in every step, so that nothing jumps in a film.
 */
export function plateOf(film, { width, height, caption = false }) {
  const whole = { figure: { width, height }, dressed: (svg) => svg };
  if (!caption) return whole;
  const size = Math.min(Math.max(width * SIZE, 13), 30), margin = size * 1.2;
  const pen = context();
  pen.font = `${size}px ${fontOf(film)}`;
  const measure = (text) => pen.measureText(text).width;
  const told = film.steps.map((step) => ({
    sentence: cut(wrapped(plain(step.sentence), width - 3 * margin, measure)),
    formula: cut(wrapped(plain(step.formula), width - 3 * margin, measure)),
  }));
  const most = Math.max(...told.map(({ sentence, formula }) => sentence.length + formula.length));
  if (!most) return whole;
  const room = Math.ceil(most * size * LEADING + 1.2 * margin);
  if (height - room < height / 3) return whole;
  return { figure: { width, height: height - room }, dressed: (svg, more) => framed(svg, { ...more, told, film, size, margin, room }) };
}

function framed(svg, { step, width, height, background, told, film, size, margin, room }) {
  const { sentence, formula } = told[film.steps.indexOf(step)];
  const ink = film.layout.font?.color ?? "#222";
  const line = (text, row, more) =>
    `<text x="${margin}" y="${(height - room + 0.4 * margin + (row + 0.9) * size * LEADING).toFixed(1)}" font-size="${size.toFixed(1)}" fill="${ink}"${more}>${escaped(text)}</text>`;
  const words = [
    ...sentence.map((text, row) => line(text, row, "")),
    ...formula.map((text, row) => line(text, sentence.length + row, ' opacity="0.72"')),
  ];
  const under = background ? `<rect width="${width}" height="${height}" fill="${background}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">${under}${svg.replace(/^<\?xml[^>]*\?>\s*/, "")}` +
    `<g font-family="${escaped(fontOf(film))}">${words.join("")}</g></svg>`;
}
