// A drawn figure as a standalone SVG. (First version of the lead's, so that the stage loads: helper A replaces it.)

/** The layers that plotly has drawn in `gd`, as one SVG document. */
export function svgOf(gd, { width, height, background, title = "", desc = "" }) {
  const layers = [...gd.querySelectorAll(".main-svg")].map((svg) => svg.cloneNode(true));
  const text = layers.map((svg) => new XMLSerializer().serializeToString(svg)).join("");
  const under = background ? `<rect width="${width}" height="${height}" fill="${background}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${under}${text}</svg>`;
}

/** The SVG drawn at a scale. */
export async function rasterOf(svg, { width, height, scale = 1 }) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return canvas;
}
