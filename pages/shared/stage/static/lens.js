// The camera of a space as plotly.js sets it up, in numbers of our own: where a point of the data lies in the picture.
// Matrices are lists of 16, column by column, as in WebGL. Source: plotly.js 4.1, gl-plot3d (`calcCameraParams`).

const FIELD = Math.PI / 4, NEAR = 0.01, FAR = 1000;
const CAMERA = { eye: { x: 1.25, y: 1.25, z: 1.25 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0, y: 0, z: 1 } };

export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const unit = (a) => {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
};

const listed = (point, usual) => ["x", "y", "z"].map((axis) => point?.[axis] ?? usual[axis]);

/** {eye, center, up} as lists, each part that is not given as plotly has it. */
export const partsOf = (camera = {}) =>
  Object.fromEntries(Object.entries(CAMERA).map(([part, usual]) => [part, listed(camera[part], usual)]));

/** Right, up and back of someone at the eye who looks at the centre. */
export function frameOf({ eye, center, up }) {
  const back = unit(minus(eye, center)), right = unit(cross(up, back));
  return { right, up: cross(back, right), back };
}

function viewOf(parts) {
  const { right, up, back } = frameOf(parts), { eye } = parts;
  return [right[0], up[0], back[0], 0, right[1], up[1], back[1], 0, right[2], up[2], back[2], 0,
    -dot(right, eye), -dot(up, eye), -dot(back, eye), 1];
}

function projectionOf(shape, orthographic) {
  if (orthographic) return [1 / shape, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2 / (NEAR - FAR), 0, 0, 0, (FAR + NEAR) / (NEAR - FAR), 1];
  const near = 1 / Math.tan(FIELD / 2);
  return [near / shape, 0, 0, 0, 0, near, 0, 0, 0, 0, (FAR + NEAR) / (NEAR - FAR), -1, 0, 0, (2 * FAR * NEAR) / (NEAR - FAR), 0];
}

const modelOf = (ranges, aspect) => {
  const scale = ranges.map(([low, high], k) => aspect[k] / (high - low));
  const shift = ranges.map(([low, high], k) => (-scale[k] * (low + high)) / 2);
  return [scale[0], 0, 0, 0, 0, scale[1], 0, 0, 0, 0, scale[2], 0, ...shift, 1];
};

/**
 * `camera`: {eye, center, up, projection}, `ranges`: three [low, high], `aspect`: the lengths of the three axes,
 * `box`: {left, top, width, height} in pixels of the picture.
 *
 * In the world the axes are as long as `aspect` says, with the middle of the ranges at the origin.
 */
export function lensOf({ camera, ranges, aspect, box }) {
  const orthographic = camera?.projection?.type === "orthographic";
  const parts = partsOf(camera), frame = frameOf(parts);
  const shape = box.width / box.height;
  const model = modelOf(ranges, aspect), view = viewOf(parts), projection = projectionOf(shape, orthographic);
  const world = (x, y, z) => [model[0] * x + model[12], model[5] * y + model[13], model[10] * z + model[14]];

  /** The three coordinates of a point of the world as the eye sees it: to the right, up, and how far away. */
  function seen([x, y, z]) {
    return [
      view[0] * x + view[4] * y + view[8] * z + view[12],
      view[1] * x + view[5] * y + view[9] * z + view[13],
      -(view[2] * x + view[6] * y + view[10] * z + view[14]),
    ];
  }
  const centre = [box.left + box.width / 2, box.top + box.height / 2];
  const flat = (box.height / 2) * (orthographic ? 1 : projection[5]);

  /** Pixels of a point that the eye sees. */
  const onPaper = ([right, up, far]) => {
    const scale = orthographic ? flat : flat / far;
    return [centre[0] + right * scale, centre[1] - up * scale];
  };
  return {
    model, view, projection, orthographic, box, aspect, ranges, frame, shape,
    eye: parts.eye, near: orthographic ? -Infinity : NEAR, world, seen, onPaper,
    /** World units that one pixel is long at the middle of the world: for what keeps its size in the picture. */
    pixel: (orthographic ? 2 : Math.max(seen([0, 0, 0])[2], NEAR)) / box.height,
  };
}
