// What tests and benches may ask of a stage: root.atlas.

import { frames } from "./capture.js";

const PATIENCE = 30_000; // ms

function positionsOf(gd, name) {
  const trace = gd.data?.find((one) => one.meta?.name === name);
  const list = (values) => (values ? Array.from(values, (value) => (Number.isNaN(value) ? null : value)) : null);
  return trace ? { x: list(trace.x), y: list(trace.y), z: list(trace.z) } : null;
}

/** Resolves when nothing moves, nothing is dragged and plotly has drawn all it was told. */
async function whenIdle(stage) {
  const busy = () => stage.player.moving() || stage.drag.active() || stage.asked != null;
  const end = performance.now() + PATIENCE;
  do {
    await new Promise(requestAnimationFrame);
    if (performance.now() > end) throw new Error("the stage does not come to rest");
  } while (busy() || !(await stage.figure.idle()));
}

export function inspection(stage) {
  const gd = stage.parts.plot;
  const at = (position) => {
    stage.player.seek(position);
    return whenIdle(stage);
  };
  return {
    gd, stage,
    position: () => stage.player.clock.position,
    state: () => stage.values(),
    positionsOf: (name) => positionsOf(gd, name),
    frameStats: () => stage.stats.read(),
    clearStats: () => stage.stats.clear(),
    capture: (options) => stage.deeds.capture(options),
    frames: (options) => frames(stage.figure.captureHost(stage.parts.root), { film: stage.film, at, ...options }),
    whenIdle: () => whenIdle(stage),
  };
}
