// What a drag means where no server answers: the film as far as the browser alone knows it.

import { same } from "./decode.js";

/** The states of the moving variable after the dragged value came: null where only the server would know. */
function stateAfter(state, moving, before, value, early) {
  if (!(moving in state)) return state;
  if (same(state[moving], before)) return { ...state, [moving]: value };
  return early ? state : null;
}

/** The steps up to the first that cannot be known, with other words: their own tell of other numbers. */
function stepsAfter(steps, variable, moving, value, home, sentence) {
  const known = [];
  for (const [k, step] of steps.entries()) {
    const state = stateAfter(step.state ?? {}, moving, variable.value, value, k < home);
    if (!state) break;
    known.push({ ...step, state, sentence, formula: "", path: {} });
  }
  return known;
}

const stale = (trace) => Boolean(trace.meta?.still);

/** Traces that only the server computes stay away, and nothing moves them. */
function framesAfter(frames, data, count) {
  return (frames ?? []).slice(0, count).map((frame) => {
    const kept = frame.traces.map((index, i) => [index, frame.data[i]]).filter(([index]) => !stale(data[index]));
    return { ...frame, traces: kept.map(([index]) => index), data: kept.map(([, one]) => one) };
  });
}

/** The payload that answers a drag {variable, value}; `sentence` stands for those of the steps. */
export function answered(payload, { variable: name, value }, sentence) {
  const { film } = payload, { meta } = film.layout;
  const variable = meta.variables?.[name];
  if (!variable) return payload; // a cell that was picked: only the server looks into it
  const moving = variable.moving ?? name;
  const steps = stepsAfter(meta.steps, variable, moving, value, meta.home ?? 0, sentence);
  const variables = { ...meta.variables, [name]: { ...variable, value } };
  const data = film.data.map((trace) => (stale(trace) ? { ...trace, visible: false } : trace));
  return {
    ...payload, revision: payload.revision + 1,
    film: { data, frames: framesAfter(film.frames, film.data, steps.length), layout: { ...film.layout, meta: { ...meta, variables, steps } } },
  };
}
