// Any format of a figure, made in the browser; what needs an encoder is encoded by the server and kept nowhere.

import { Refused, encoded } from "./encode.js";
import { FILMS, SIZES } from "./formats.js";
import { Studio } from "./studio.js";

const PRINTED = 4; // pixels of a page for each of the screen
const MOST_PIXELS = 64e6; // of one picture: what browsers' canvases hold
const FAST = 960; // a film's width where nothing else is asked for

function sizeOf(gd, { size = "screen", width, film = false }) {
  const [wide, high] = SIZES[size] ?? [gd._fullLayout.width, gd._fullLayout.height];
  return { width: wide, height: high, scale: (width ?? (film ? Math.min(FAST, wide) : wide)) / wide };
}

/**
 * `subject`: {gd, url, payload, view: {step, camera, zoom, layers}, background, name, link}.
 * `options`: {format: "png" | "svg" | "pdf" | "gif" | "mp4" | "webp" | "zip" | "html", size: "screen" | "16:9" | "4:3" |
 * "1:1", width, scale, transparent, caption, loop, speed}. -> {blob, name}
 */
export async function make(subject, options, { progress = () => {}, signal } = {}) {
  const { format = "png" } = options;
  const ending = format === "zip" ? "steps.zip" : format;
  const name = `${subject.name}${format === "png" || format === "svg" || format === "pdf" ? `-${Math.round(subject.view.step)}` : ""}.${ending}`;
  if (format === "html") return { name, blob: await interactive(subject, signal) };
  const studio = new Studio(subject.url);
  try {
    await studio.load(subject.payload, subject.view);
    return { name, blob: await taken(studio, subject, name, options, { progress, signal }) };
  } finally {
    studio.end();
  }
}

async function taken(studio, subject, name, { format = "png", scale = 1, transparent = false, ...options }, work) {
  const background = transparent ? null : subject.background;
  const language = subject.payload.language;
  const place = sizeOf(subject.gd, { ...options, film: FILMS.includes(format) });
  const plate = { ...place, scale: place.scale * (format === "pdf" ? PRINTED : scale), background, caption: options.caption };
  if (place.width * place.height * plate.scale ** 2 > MOST_PIXELS) throw new Refused("tooLarge");
  if (format === "svg") return new Blob([await studio.svg(plate)], { type: "image/svg+xml" });
  if (format === "png") return studio.picture(plate);
  if (format === "pdf") {
    const files = [{ name: "f0", blob: await studio.picture(plate) }];
    const { width, height } = plate;
    return encoded("pdf", { name, language, width, height, title: subject.payload.labels?.alt ?? "" }, files, work);
  }
  if (format === "zip") return encoded("steps", { name, language }, await studio.steps(plate, work), work);
  return studio.film({ ...plate, background: subject.background, name, format, speed: options.speed, loop: options.loop }, work);
}

async function interactive({ payload, link, view, name }, signal) {
  const { standalone } = await import("./standalone.js");
  return standalone([{ ...payload, link, view }], { title: payload.labels?.alt ?? name, language: payload.language, signal });
}
