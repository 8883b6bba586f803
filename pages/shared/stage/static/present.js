// Full screen, and presenting: only figure, sentence and formula, large enough for the back row.

/** `onPresent(on)` is told when presenting begins and ends. */
export function makeScreen(root, life, onPresent) {
  let presenting = false;
  const isFull = () => document.fullscreenElement === root;
  async function full(on) {
    try {
      if (on && !isFull()) await root.requestFullscreen();
      if (!on && isFull()) await document.exitFullscreen();
    } catch {
      // no full screen here (an embedded frame, iOS): presenting fills the window instead
    }
  }
  function present(on) {
    if (presenting === on) return;
    presenting = on;
    root.classList.toggle("is-presenting", on);
    onPresent(on);
    full(on);
    root.focus({ preventScroll: true });
  }
  life.listen(document, "fullscreenchange", () => !document.fullscreenElement && present(false));
  return {
    presenting: () => presenting,
    toggleFull: () => full(!isFull()),
    togglePresent: () => present(!presenting),
    leave: () => present(false),
  };
}
