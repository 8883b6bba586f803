// What the hand holds: dragged values stand in for the film's until the server's answer arrives.

import { same } from "./decode.js";
import { allowed, movedTo, positionOf } from "./handles.js";

const rounded = (value) => (Array.isArray(value) ? value.map(rounded) : Math.round(value * 1e4) / 1e4);
const close = (one, other) => same(rounded(one), rounded(other));

export class Drag {
  #held = new Map(); // variable -> value
  #active = null;
  #unanswered = 0;

  /** `host`: {film(), player, request(), send(variable, value), freed()}. */
  constructor(host) {
    this.host = host;
  }

  value = (name) => this.#held.get(name) ?? this.host.film().variables[name].value;
  holding = () => this.#held.size > 0;
  active = () => this.#active !== null;

  begin(handle) {
    this.#active = handle;
    this.#goHome(this.host.film().variables[handle.variable]);
  }

  move(handle, point) {
    this.#put(handle, point, false);
  }

  release(handle) {
    if (this.#active !== handle) return;
    const { host } = this, name = handle.variable;
    this.#active = null;
    this.#put(handle, positionOf(handle, this.value(name)), true);
    if (this.#unanswered === 0 && close(this.value(name), host.film().variables[name].value)) this.#held.delete(name);
    else {
      this.#unanswered += 1;
      host.send(name, this.value(name));
    }
    host.freed();
  }

  /**
   * A new film arrived: let go of what it contains, keep what is still on its way. `late`: it came while the hand was
   * moving, so it cannot be the answer to the last release.
   */
  received(film, late = false) {
    const held = [...this.#held];
    const known = held.every(([name, now]) => film.variables[name]?.value.length === now.length);
    const answered = known && held.every(([name, now]) => close(now, film.variables[name].value));
    const least = late ? Math.min(1, this.#unanswered) : 0;
    this.#unanswered = answered ? 0 : Math.max(least, this.#unanswered - 1);
    if (!known || (!this.#active && this.#unanswered === 0)) this.#held.clear();
  }

  /** The film's variables, and the moving ones where the hand moves them. */
  values(state, position) {
    const film = this.host.film();
    const out = Object.fromEntries(Object.keys(film.variables).map((name) => [name, this.value(name)]));
    Object.assign(out, state);
    if (!this.#active && position < film.home) return out;
    for (const [name, now] of this.#held) out[film.variables[name].moving ?? name] = now;
    return out;
  }

  /** A matrix is dragged where it is at work: before `home` it has not arrived, and later another may have acted. */
  #goHome(variable) {
    const { player } = this.host, film = this.host.film();
    const step = player.base();
    const standing = film.steps[step].state?.[variable.moving];
    const early = step !== film.home && standing !== undefined && !close(standing, variable.value);
    player.jump(early ? film.home : step);
  }

  #put(handle, point, snap) {
    const now = this.value(handle.variable);
    const to = allowed(handle, point, positionOf(handle, now), snap);
    this.#held.set(handle.variable, movedTo(handle, now, to));
    this.host.request();
  }
}
