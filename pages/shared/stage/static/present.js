// Full screen, and presenting: only figure, sentence and formula, large enough for the back row.

import { element } from "./dom.js";

const POINTED = 2500; // ms that the way out stays after the pointer has moved

/** The page that was to be presented was kept out of sight until now (pages/shared/early.py): until its own stage came. */
export function uncover(root) {
  if (root.closest(".st-key-stage")) document.querySelector("#atlas-until-stage")?.remove();
}

/** `onPresent(on)` is told when presenting begins and ends. */
export function makeScreen(root, life, onPresent) {
  const curtain = element("div", { class: "atlas-curtain", hidden: true });
  let presenting = false, timer = 0;
  const whole = () => root.closest("[data-whole]") ?? root; // a deck stays full while its slides change
  const isFull = () => document.fullscreenElement === whole();
  async function full(on) {
    try {
      if (on && !isFull()) await whole().requestFullscreen();
      if (!on && isFull()) await document.exitFullscreen();
    } catch {
      // no full screen here (a link, an embedded frame, iOS): presenting fills the window instead
    }
  }
  function present(on) {
    if (presenting === on) return;
    presenting = on;
    cover(false);
    root.classList.toggle("is-presenting", on);
    onPresent(on);
    full(on);
    root.focus({ preventScroll: true });
  }
  /** Nothing to look at, as with a clicker: the class looks at the speaker. */
  function cover(on) {
    curtain.hidden = !on;
    if (on) root.append(curtain);
  }
  function pointed() {
    root.classList.add("is-pointed");
    clearTimeout(timer);
    timer = setTimeout(() => root.classList.remove("is-pointed"), POINTED);
  }
  life.listen(document, "fullscreenchange", () => !document.fullscreenElement && present(false));
  life.listen(root, "pointermove", pointed, { passive: true });
  life.listen(curtain, "pointerdown", () => cover(false));
  life.onEnd(() => clearTimeout(timer));
  return {
    presenting: () => presenting,
    blank: () => !curtain.hidden,
    cover,
    present: () => present(true),
    toggleFull: () => full(!isFull()),
    togglePresent: () => present(!presenting),
    leave: () => present(false),
  };
}
