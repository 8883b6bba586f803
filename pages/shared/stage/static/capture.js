// Pictures of the figure: PNG, SVG, the clipboard, and the frames of its animation. All in the browser.

const SLIDE = { width: 1280, height: 720 };

const themed = (root) => getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#ffffff";

/** The figure as it stands, ready to be drawn once more elsewhere. */
function still(gd, layout, background) {
  return { data: gd.data, layout: { ...layout, paper_bgcolor: background, plot_bgcolor: "rgba(0,0,0,0)" }, config: { staticPlot: true } };
}

function blobOf(address) {
  const [head, body] = [address.slice(0, address.indexOf(",")), address.slice(address.indexOf(",") + 1)];
  const bytes = head.endsWith(";base64")
    ? Uint8Array.from(atob(body), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(decodeURIComponent(body));
  return new Blob([bytes], { type: head.slice(5).split(";")[0] });
}

/**
 * `host`: {Plotly, gd, root, layoutFor(size), sized(gd, size)}.
 * `options`: {format: "png" | "svg", scale, slide, transparent} -> Blob
 */
export async function picture(host, { format = "png", scale = 1, slide = false, transparent = false } = {}) {
  const { Plotly, gd, root } = host;
  const size = slide ? SLIDE : { width: gd._fullLayout.width, height: gd._fullLayout.height };
  const figure = still(gd, host.layoutFor(size), transparent ? "rgba(0,0,0,0)" : themed(root));
  const box = document.createElement("div");
  Object.assign(box.style, { position: "fixed", left: "-20000px", top: "0", width: `${size.width}px`, height: `${size.height}px` });
  document.body.append(box);
  try {
    await Plotly.newPlot(box, figure.data.map((trace) => ({ ...trace })), figure.layout, figure.config);
    await host.resize(box);
    return blobOf(await Plotly.toImage(box, { format, ...size, scale: slide ? scale * 1.5 : scale }));
  } finally {
    Plotly.purge(box);
    box.remove();
  }
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The promise goes into the ClipboardItem: Safari wants it made inside the click. */
export const copy = (blobPromise) => navigator.clipboard.write([new ClipboardItem({ "image/png": blobPromise })]);

/** Every picture of the animation: {time (ms), blob}. `at(position)` draws one and resolves when it stands. */
export async function* frames(host, { film, at, fps = 20, ...options }) {
  let time = 0;
  for (let step = 0; step <= film.last; step++) {
    await at(step);
    yield { time, blob: await picture(host, options), hold: film.steps[step].hold ?? 500 };
    time += film.steps[step].hold ?? 500;
    if (step === film.last) return;
    const count = Math.max(1, Math.round((film.duration / 1000) * fps));
    for (let i = 1; i < count; i++) {
      await at(step + i / count);
      yield { time: time + (film.duration * i) / count, blob: await picture(host, options), hold: 1000 / fps };
    }
    time += film.duration;
  }
}
