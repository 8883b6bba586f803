// What the hand holds: dragged values stand in for the film's until the server's answer arrives.

import { same } from "./decode.js";
import { allowed, movedTo, positionOf } from "./handles.js";

const close = (one, other) => same(rounded(one), rounded(other));
const rounded = (value) => (Array.isArray(value) ? value.map(rounded) : Math.round(value * 1e4) / 1e4);

/** `host`: {film(), player, request(), send(variable, value), freed()}. */
export function makeDrag(host) {
  const held = new Map(); // variable -> value
  let active = null;
  let unanswered = 0;

  const value = (name) => held.get(name) ?? host.film().variables[name].value;

  /** A matrix is dragged where it is at work: before `home` the moving matrix is not it yet. */
  function goHome(variable) {
    const { player } = host, film = host.film();
    const step = player.base();
    const standing = film.steps[step].state?.[variable.moving];
    const early = step < film.home && standing !== undefined && !close(standing, variable.value);
    player.jump(early ? film.home : step);
  }
  function put(handle, point, snap) {
    const now = value(handle.variable);
    held.set(handle.variable, movedTo(handle, now, allowed(handle, point, positionOf(handle, now), snap)));
    host.request();
  }
  return {
    value,
    holding: () => held.size > 0,
    active: () => active !== null,
    begin(handle) {
      active = handle;
      goHome(host.film().variables[handle.variable]);
    },
    move: (handle, point) => put(handle, point, false),
    release(handle) {
      if (active !== handle) return;
      active = null;
      put(handle, positionOf(handle, value(handle.variable)), true);
      const same = unanswered === 0 && close(value(handle.variable), host.film().variables[handle.variable].value);
      if (same) held.delete(handle.variable);
      else {
        unanswered += 1;
        host.send(handle.variable, value(handle.variable));
      }
      host.freed();
    },
    /** A new film arrived: let go of what it contains, keep what is still on its way. */
    received(film) {
      const known = [...held].every(([name, now]) => film.variables[name]?.value.length === now.length);
      const answered = known && [...held].every(([name, now]) => close(now, film.variables[name].value));
      unanswered = answered ? 0 : Math.max(0, unanswered - 1);
      if (!known || (!active && unanswered === 0)) held.clear();
    },
    /** The film's variables, and the moving ones where the hand moves them. */
    values(state, position) {
      const film = host.film();
      const out = Object.fromEntries(Object.keys(film.variables).map((name) => [name, value(name)]));
      Object.assign(out, state);
      if (!active && position < film.home) return out;
      for (const [name, now] of held) out[film.variables[name].moving ?? name] = now;
      return out;
    },
  };
}
