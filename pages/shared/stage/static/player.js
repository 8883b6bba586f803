// The clock: a position in [0, last] that plays, steps, holds, loops. It knows nothing of pictures.

import { calmMotion, clamp } from "./dom.js";

/** `onMove(position)` at every frame, `onChange()` when what the buttons show has changed. */
export function makePlayer({ onMove, onChange }) {
  const clock = { position: 0, last: 0, duration: 800, holds: [], playing: false, speed: 1, loop: false };
  let motion = null; // {kind: "tween", from, to, spent, length} | {kind: "hold", spent, length, then}
  let raf = 0;
  let before = 0;

  const wake = () => {
    if (raf) return;
    before = performance.now();
    raf = requestAnimationFrame(tick);
  };
  const rest = () => {
    cancelAnimationFrame(raf);
    raf = 0;
    motion = null;
  };
  function tick(now) {
    const passed = clamp(now - before, 0, 100) * clock.speed; // a page that slept goes on where it was
    before = now;
    raf = requestAnimationFrame(tick);
    advance(passed);
    if (!motion) rest();
  }
  function advance(passed) {
    motion.spent += passed;
    const done = motion.spent >= motion.length;
    if (motion.kind === "hold") return done ? motion.then() : undefined;
    const { from, to, spent, length } = motion;
    move(done ? to : from + ((to - from) * spent) / length);
    if (done) arrive(to);
  }
  function move(position) {
    clock.position = position;
    onMove(position);
  }
  function tween(to) {
    const length = clock.duration * Math.abs(to - clock.position);
    if (calmMotion() || length === 0) {
      move(to);
      return arrive(to);
    }
    motion = { kind: "tween", from: clock.position, to, spent: 0, length };
    onChange();
    wake();
  }
  function hold(length, then) {
    motion = { kind: "hold", spent: 0, length, then };
    wake();
  }
  function arrive(step) {
    motion = null;
    onChange();
    if (!clock.playing) return;
    const pause = (clock.holds[step] ?? 500) + (calmMotion() ? clock.duration : 0);
    if (step < clock.last) return hold(pause, () => tween(step + 1));
    if (clock.loop) return hold(Math.max(pause, 1000), again);
    pause_();
  }
  function again() {
    move(0);
    arrive(0);
  }
  function pause_() {
    clock.playing = false;
    rest();
    onChange();
  }
  const nearest = () => Math.round(clock.position);
  const heading = () => (motion?.kind === "tween" ? motion.to : null);

  return {
    clock,
    /** The step that the eye is led to: the goal of a running tween, else the one just being reached. */
    shown: () => heading() ?? Math.ceil(clock.position - 1e-9),
    moving: () => motion !== null,
    tweening: () => heading() !== null,
    load({ last, duration, holds }, position) {
      Object.assign(clock, { last, duration, holds });
      clock.position = clamp(position, 0, last);
      if (motion?.kind === "tween" && motion.to > last) pause_();
      onChange();
    },
    play() {
      clock.playing = true;
      rest();
      if (clock.position >= clock.last) move(0);
      onChange();
      if (clock.last === 0) return pause_();
      Number.isInteger(clock.position) ? hold(120, () => tween(clock.position + 1)) : tween(Math.ceil(clock.position));
    },
    pause: pause_,
    /** To a step, moving (from wherever a running tween was heading). */
    go(step) {
      const from = heading();
      pause_();
      if (from !== null) move(from);
      tween(clamp(step, 0, clock.last));
    },
    jump(step) {
      pause_();
      move(clamp(step, 0, clock.last));
      onChange();
    },
    seek(position) {
      if (clock.playing || motion) pause_();
      move(clamp(position, 0, clock.last));
      onChange();
    },
    settle: () => tween(nearest()),
    base: () => heading() ?? nearest(),
    set(options) {
      Object.assign(clock, options);
      onChange();
    },
    end: rest,
  };
}
