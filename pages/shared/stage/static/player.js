// The clock: a position in [0, last] that plays, steps, holds, loops. It knows nothing of pictures.

import { calmMotion, clamp } from "./dom.js";

const START = 120; // ms between pressing Play and the first motion
const LONGEST_FRAME = 100; // ms: a page that slept goes on where it was

export class Player {
  #motion = null; // {kind: "tween", from, to, spent, length} | {kind: "hold", spent, length, then}
  #raf = 0;
  #before = 0;

  /** `onMove(position)` at every frame, `onChange()` when what the buttons show has changed. */
  constructor({ onMove, onChange }) {
    this.clock = { position: 0, last: 0, duration: 800, holds: [], playing: false, speed: 1, loop: false };
    this.onMove = onMove;
    this.onChange = onChange;
  }

  // --- what it is doing

  moving = () => this.#motion !== null;
  tweening = () => this.#motion?.kind === "tween";
  /** The step that the eye is led to: the goal of a running tween, else the one just being reached. */
  shown = () => (this.tweening() ? this.#motion.to : Math.ceil(this.clock.position - 1e-9));
  /** The step from which one forward or back is counted. */
  base = () => (this.tweening() ? this.#motion.to : Math.round(this.clock.position));

  // --- what it is told

  load({ last, duration, holds }, position) {
    Object.assign(this.clock, { last, duration, holds, position: clamp(position, 0, last) });
    if (this.tweening() && this.#motion.to > last) this.pause();
    this.onChange();
  }

  set(options) {
    Object.assign(this.clock, options);
    this.onChange();
  }

  toggle() {
    if (this.clock.playing) this.pause();
    else this.play();
  }

  play() {
    const { clock } = this;
    clock.playing = clock.last > 0;
    this.#rest();
    if (clock.playing && clock.position >= clock.last) this.#move(0);
    this.onChange();
    if (!clock.playing) return;
    if (Number.isInteger(clock.position)) this.#hold(START, () => this.#tween(clock.position + 1));
    else this.#tween(Math.ceil(clock.position));
  }

  pause() {
    this.clock.playing = false;
    this.#rest();
    this.onChange();
  }

  /** `count` steps on, moving, from wherever a running tween was heading. */
  step(count) {
    const from = this.base();
    const heading = this.tweening();
    this.pause();
    if (heading) this.#move(from);
    this.#tween(clamp(from + count, 0, this.clock.last));
  }

  jump(step) {
    this.pause();
    this.#move(clamp(step, 0, this.clock.last));
    this.onChange();
  }

  seek(position) {
    if (this.clock.playing || this.#motion) this.pause();
    this.#move(clamp(position, 0, this.clock.last));
    this.onChange();
  }

  /** To the nearest step, moving. */
  settle() {
    this.#tween(Math.round(this.clock.position));
  }

  end() {
    this.#rest();
  }

  // --- how it runs

  #move(position) {
    this.clock.position = position;
    this.onMove(position);
  }

  #tween(to) {
    const { position, duration } = this.clock;
    const length = duration * Math.abs(to - position);
    if (calmMotion() || length === 0) {
      this.#move(to);
      this.#arrive(to);
      return;
    }
    this.#motion = { kind: "tween", from: position, to, spent: 0, length };
    this.onChange();
    this.#wake();
  }

  #hold(length, then) {
    this.#motion = { kind: "hold", spent: 0, length, then };
    this.#wake();
  }

  #arrive(step) {
    const { clock } = this;
    this.#motion = null;
    this.onChange();
    if (!clock.playing) return;
    const rest = (clock.holds[step] ?? 500) + (calmMotion() ? clock.duration : 0);
    if (step < clock.last) this.#hold(rest, () => this.#tween(step + 1));
    else if (clock.loop) this.#hold(Math.max(rest, 1000), () => this.#again());
    else this.pause();
  }

  #again() {
    this.#move(0);
    this.#arrive(0);
  }

  #wake() {
    if (this.#raf) return;
    this.#before = performance.now();
    this.#raf = requestAnimationFrame((now) => this.#tick(now));
  }

  #rest() {
    cancelAnimationFrame(this.#raf);
    this.#raf = 0;
    this.#motion = null;
  }

  #tick(now) {
    const passed = clamp(now - this.#before, 0, LONGEST_FRAME) * this.clock.speed;
    this.#before = now;
    this.#raf = requestAnimationFrame((later) => this.#tick(later));
    this.#advance(passed);
    if (!this.#motion) this.#rest();
  }

  #advance(passed) {
    const motion = this.#motion;
    motion.spent += passed;
    const done = motion.spent >= motion.length;
    if (motion.kind === "hold") {
      if (done) motion.then();
      return;
    }
    const { from, to, spent, length } = motion;
    this.#move(done ? to : from + ((to - from) * spent) / length);
    if (done) this.#arrive(to);
  }
}
