// What tests and benches may ask of a stage: root.atlas.

const PATIENCE = 30_000; // ms

function positionsOf(gd, name) {
  const trace = gd.data?.find((one) => one.meta?.name === name);
  const list = (values) => (values ? Array.from(values, (value) => (Number.isNaN(value) ? null : value)) : null);
  return trace ? { x: list(trace.x), y: list(trace.y), z: list(trace.z) } : null;
}

/** Resolves when nothing is on its way, nothing moves, nothing is dragged and plotly has drawn all it was told. */
async function whenIdle(stage) {
  const busy = () => stage.player.moving() || stage.drag.active() || stage.asked != null || stage.opening;
  const end = performance.now() + PATIENCE;
  do {
    await new Promise(requestAnimationFrame);
    if (performance.now() > end) throw new Error("the stage does not come to rest");
  } while (busy() || !(await stage.figure.idle()));
}

/** A file as plain data: for what drives a browser from outside. */
async function made(stage, options) {
  const { name, blob } = await stage.deeds.make(options);
  const reader = new FileReader();
  const done = new Promise((resolve, reject) => Object.assign(reader, { onload: resolve, onerror: () => reject(reader.error) }));
  reader.readAsDataURL(blob);
  await done;
  return { name, type: blob.type, base64: reader.result.slice(reader.result.indexOf(",") + 1) };
}

async function framesOf(stage, options) {
  const { Studio } = await import("./studio.js");
  const studio = new Studio(stage.figure.url);
  try {
    await studio.load(stage.payload, stage.where.seen());
    const { width, height } = stage.parts.plot._fullLayout;
    return await studio.frames({ width, height, ...options });
  } finally {
    studio.end();
  }
}

export function inspection(stage) {
  const gd = stage.parts.plot;
  return {
    gd, stage,
    position: () => stage.player.clock.position,
    state: () => stage.values(),
    positionsOf: (name) => positionsOf(gd, name),
    frameStats: () => stage.stats.read(),
    clearStats: () => stage.stats.clear(),
    capture: (options) => stage.deeds.capture(options),
    make: (options) => made(stage, options),
    frames: (options) => framesOf(stage, options),
    whenIdle: () => whenIdle(stage),
  };
}
