// The other end of press.js, a thread of its own: a picture comes, a PNG goes back, or null where it cannot be made.

async function pressed(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
  return canvas.convertToBlob({ type: "image/png" });
}

addEventListener("message", async ({ data: { number, bitmap } }) => {
  postMessage({ number, blob: await pressed(bitmap).catch(() => null) });
});
