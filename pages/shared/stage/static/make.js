// Any format of a figure, made in the browser; what needs an encoder is encoded by the server and kept nowhere.

import { Studio } from "./studio.js";

/** Pixels of a figure's sizes; "screen" is as the stage stands. */
export const SIZES = { "16:9": [1280, 720], "4:3": [960, 720], "1:1": [720, 720] };
export const FILMS = ["mp4", "gif", "webp"];
const FRAMES = { mp4: 30, gif: 20, webp: 25 }; // a second
const MOST_FRAMES = 600;
const DRAWING = 0.8; // of the progress; the rest is encoding
const TYPES = { svg: "image/svg+xml", html: "text/html" };
const FAST = 960; // a film's width where nothing else is asked for

/** An encoder's own sentence why it made nothing. */
export class Refused extends Error {}

/** A film in yuv420p has half as many colours as pixels, each way. */
const even = (length) => 2 * Math.round(length / 2);

function sizeOf(gd, { size = "screen", width, film = false }) {
  const [wide, high] = SIZES[size] ?? [gd._fullLayout.width, gd._fullLayout.height];
  if (!film) return { width: wide, height: high, scale: (width ?? wide) / wide };
  return { width: even(wide), height: even(high), scale: even(width ?? Math.min(FAST, wide)) / even(wide) };
}

const exportsAt = (what) => new URL(`../../export/${what}`, import.meta.url);

/** Whether the figure stands on a page of a server, or in a file of its own. */
export const served = () => import.meta.url.startsWith("http");

/** `files`: [{name, blob}] and a question of plain data, to the server's encoder and back. */
export async function encoded(what, question, files, { signal } = {}) {
  const header = new TextEncoder().encode(JSON.stringify({ ...question, files: files.map(({ name, blob }) => ({ name, size: blob.size })) }));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, header.length);
  const body = new Blob([length, header, ...files.map(({ blob }) => blob)]);
  const reply = await fetch(exportsAt(what), { method: "POST", body, signal, headers: { "X-Atlas-Export": "1" } });
  if (reply.ok) return reply.blob();
  const told = await reply.json().catch(() => ({}));
  throw new Refused(told.sentence ?? "");
}

/**
 * `subject`: {gd, url, payload, film, view: {step, camera, zoom, layers}, background, name, link}.
 * `options`: {format: "png" | "svg" | "pdf" | "gif" | "mp4" | "webp" | "zip" | "html", size: "screen" | "16:9" | "4:3" |
 * "1:1", width, scale, transparent, caption, loop, speed}. -> {blob, name}
 */
export async function make(subject, options, { progress = () => {}, signal } = {}) {
  const { format = "png" } = options;
  const ending = format === "zip" ? "steps.zip" : format;
  const name = `${subject.name}${format === "png" || format === "svg" || format === "pdf" ? `-${Math.round(subject.view.step)}` : ""}.${ending}`;
  if (format === "html") return { name, blob: await interactive(subject) };
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
  const plate = { ...place, scale: place.scale * scale, background, caption: options.caption };
  if (format === "svg") return new Blob([await studio.svg(plate)], { type: TYPES.svg });
  if (format === "png") return studio.picture(plate);
  if (format === "pdf") {
    const files = [{ name: "f0", blob: await studio.picture({ ...plate, scale: 4 }) }];
    const { width, height } = plate;
    return encoded("pdf", { name, language, width, height, title: subject.payload.labels?.alt ?? "" }, files, work);
  }
  const part = { ...work, progress: (share) => work.progress(DRAWING * share) };
  if (format === "zip") return encoded("steps", { name, language }, await studio.steps(plate, part), work);
  const { speed = 1, loop = true } = options;
  const { blobs, times } = await studio.frames({ ...plate, background: subject.background, fps: FRAMES[format], speed, most: MOST_FRAMES }, part);
  const files = blobs.map((blob, index) => ({ name: `f${index}`, blob }));
  return encoded("film", { name, language, format, times, loop }, files, work);
}

async function interactive({ payload, link, view, name }) {
  const { standalone } = await import("./standalone.js");
  return standalone([{ ...payload, link, view }], { title: payload.labels?.alt ?? name, language: payload.language });
}
