// Where a point of space lies on the screen, by the camera that plotly's scene is drawn with.

function apply(m, [x, y, z, w]) {
  return [0, 1, 2, 3].map((row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row] * w);
}

/**
 * Words in space keep their size. plotly makes letters for the pixel ratio of the last drawing (2), but those of the
 * first drawing for 1: a text that changes would be half as high. Before every change we put the 1 back.
 */
export function steadyWords(gd) {
  for (const [name, part] of Object.entries(gd._fullLayout ?? {})) {
    if (!/^scene\d*$/.test(name)) continue;
    for (const object of part._scene?.glplot?.objects ?? []) if ("pixelRatio" in object) object.pixelRatio = 1;
  }
}

/** Whether a handle stands in a space: its axes are the name of a scene. */
export const inSpace = (handle) => typeof handle.axes === "string";

/**
 * Pixels of the drawing area, or null when plotly draws no scene (or the point lies behind the eye).
 *
 * By the matrices that the scene was drawn with, whoever drew it: lens.js computes them for what plotly does not draw,
 * and a test holds the two together within a pixel.
 */
export function projectScene(gd, point, name = "scene") {
  const scene = gd._fullLayout?.[name]?._scene;
  const camera = scene?.glplot?.cameraParams;
  const box = scene?.container?.getBoundingClientRect();
  if (!camera || !box?.width) return null;
  const scaled = [0, 1, 2].map((k) => (point[k] ?? 0) * scene.dataScale[k]);
  const [x, y, , w] = [camera.model, camera.view, camera.projection].reduce((v, m) => apply(m, v), [...scaled, 1]);
  if (!(w > 0)) return null;
  const own = gd.getBoundingClientRect();
  return [
    box.left - own.left + (0.5 + (0.5 * x) / w) * box.width,
    box.top - own.top + (0.5 - (0.5 * y) / w) * box.height,
  ];
}
