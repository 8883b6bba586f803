// What the buttons do beyond playing: links, pictures and films, screens.

import { copy, save } from "./capture.js";
import { Refused } from "./encode.js";
import { orbited, zoomed } from "./orbit.js";
import { snippet } from "./snippet.js";

const themed = (root) => getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#ffffff";

/** `stage`: where, figure, film, player, screen, chrome, labels, payload, parts. */
export function makeDeeds(stage) {
  const say = (word) => stage.chrome.say(stage.labels[word] ?? word);
  const confirm = (promise) => promise.then(() => say("copied"), () => say("copyFailed"));
  const write = (text) => confirm(Promise.resolve().then(() => navigator.clipboard.writeText(text())));
  const subject = () => ({
    gd: stage.parts.plot, url: stage.figure.url, payload: stage.payload, view: stage.where.seen(),
    background: themed(stage.parts.root), name: stage.payload.id, link: here(),
  });
  const here = () => stage.where.link();
  /** What makes files comes when the first one is wanted. */
  async function captured(options, work) {
    const now = subject();
    const { make } = await import("./make.js");
    return make(now, options, work);
  }
  async function take(options, work) {
    try {
      const { blob, name } = await captured(options, work);
      work.signal.throwIfAborted();
      save(blob, name);
      say("saved");
    } catch (error) {
      if (error.name === "AbortError") return say("cancelled");
      console.warn("atlas export:", error);
      say((error instanceof Refused && error.message) || "captureFailed");
    }
  }
  return {
    take,
    make: captured,
    capture: (options) => captured(options).then(({ blob }) => blob),
    copyLink: () => write(here),
    copyImage: (options) => confirm(Promise.resolve().then(() => copy(captured(options).then(({ blob }) => blob)))),
    embed: () => write(() => snippet(here(), stage.labels.alt)),
    adds: () => Boolean(stage.payload.adds),
    addSlide: () => stage.addSlide(),
    films: () => stage.film.last > 0,
    resetView: () => stage.where.resetView(),
    turn: (x, y) => stage.where.look((camera) => orbited(camera, x, y)),
    approach: (factor) => stage.where.look((camera) => zoomed(camera, factor)),
    present: () => stage.screen.togglePresent(),
    full: () => stage.screen.toggleFull(),
    leave: () => stage.screen.leave(),
  };
}
