// What the buttons do beyond playing: links, pictures, screens.

import { copy, picture, save } from "./capture.js";

/** `stage`: where, figure, screen, chrome, labels, payload, parts. */
export function makeDeeds(stage) {
  const say = (word) => stage.chrome.say(stage.labels[word]);
  const confirm = (promise) => promise.then(() => say("copied"), () => say("copyFailed"));
  const capture = (options) => picture(stage.figure.captureHost(stage.parts.root), options);
  const name = (options) => `${stage.payload.id}-${stage.parts.root.dataset.step}.${options.format}`;
  const copyLink = () => {
    stage.where.tellNow();
    return confirm(Promise.resolve().then(() => navigator.clipboard.writeText(location.href)));
  };
  return {
    capture,
    copyLink,
    resetView: () => stage.where.resetView(),
    take: (options) => capture(options).then((blob) => save(blob, name(options)), () => say("captureFailed")),
    copyImage: (options) => confirm(Promise.resolve().then(() => copy(capture(options)))),
    present: () => stage.screen.togglePresent(),
    full: () => stage.screen.toggleFull(),
    leave: () => stage.screen.leave(),
  };
}
