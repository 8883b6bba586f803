// The address bar: step, camera, zoom, layers and presenting belong to the browser, and the shelf, which every page carries along.

const MINE = ["step", "camera", "zoom", "layers", "present", "shelf"];

function numbers(text, count) {
  const parts = (text ?? "").split(",");
  const values = parts.map(Number);
  const good = parts.length === count && parts.every((part) => part.trim() !== "" && part.length <= 20);
  return good && values.every((value) => Number.isFinite(value) && Math.abs(value) <= 1e6) ? values : null;
}

const vector = ([x, y, z]) => ({ x, y, z });

function readCamera(text) {
  const values = numbers(text, 9);
  if (!values) return null;
  const [eye, center, up] = [0, 3, 6].map((at) => values.slice(at, at + 3));
  return { eye: vector(eye), center: vector(center), up: vector(up) };
}

function readZoom(text) {
  const values = numbers(text, 4);
  return values && values[0] < values[1] && values[2] < values[3] ? values : null;
}

function readLayers(text, known) {
  if (text === "none") return [];
  const keys = (text ?? "").split(",");
  return text && keys.every((key) => known.includes(key)) ? keys : null;
}

/** What the address asks for; null where it asks nothing, or nothing good. */
export function read(search, { last, layers }) {
  const query = new URLSearchParams(search);
  const text = query.get("step");
  const step = /^\d{1,4}$/.test(text ?? "") && Number(text) <= last ? Number(text) : null;
  return {
    step,
    camera: readCamera(query.get("camera")),
    zoom: readZoom(query.get("zoom")),
    layers: readLayers(query.get("layers"), layers),
    present: query.get("present") === "true",
  };
}

const short = (value) => String(Number(value.toFixed(3)) || 0);

export const cameraText = ({ eye, center, up }) =>
  [eye, center ?? { x: 0, y: 0, z: 0 }, up ?? { x: 0, y: 0, z: 1 }].flatMap(({ x, y, z }) => [x, y, z]).map(short).join(",");

export const zoomText = (ranges) => ranges.map(short).join(",");

const partsOf = (search, without) => search.replace(/^\?/, "").split("&").filter((part) => part && !without.includes(part.split("=")[0]));
const joined = (parts) => (parts.length ? `?${parts.join("&")}` : "");

/** `search` as the whole page has it: without what makes a frame of it. */
export const unframed = (search) => joined(partsOf(search, ["embed", "embed_options"]));

/** `search` with our parameters set (null takes one away), the others untouched, brackets and commas readable. */
export function written(search, values) {
  const own = MINE.filter((key) => values[key] !== null && values[key] !== undefined);
  return joined([...partsOf(search, MINE), ...own.map((key) => `${key}=${encodeURIComponent(values[key]).replaceAll("%2C", ",")}`)]);
}

/** Keeps the address in step with `values()`; `onTravel` when the visitor went back or forward. */
export function makeAddress({ values, onTravel, life }) {
  const path = location.pathname;
  let timer = 0;
  function flush() {
    clearTimeout(timer);
    timer = 0;
    if (location.pathname !== path) return; // another page's address is not ours
    const search = written(location.search, values());
    if (search !== location.search) history.replaceState(history.state, "", location.pathname + search + location.hash);
  }
  function later() {
    clearTimeout(timer);
    timer = setTimeout(flush, 150);
  }
  life.listen(window, "popstate", () => location.pathname === path && onTravel());
  if (window.navigation) {
    life.listen(window.navigation, "currententrychange", (event) => {
      if (event.navigationType === "push" || event.navigationType === "replace") later();
    });
  }
  life.onEnd(() => clearTimeout(timer));
  return { flush, later };
}
