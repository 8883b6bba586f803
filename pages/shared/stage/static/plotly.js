// plotly.js, loaded once a page and shared by all stages; and whether the browser has WebGL.

const SLOT = Symbol.for("atlas.plotly");

export function loadPlotly(url) {
  globalThis[SLOT] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => (globalThis.Plotly ? resolve(globalThis.Plotly) : reject(new Error("no Plotly")));
    script.onerror = () => reject(new Error("plotly.js did not load"));
    document.head.append(script);
  }).catch((error) => {
    delete globalThis[SLOT]; // the next mount may try again
    throw error;
  });
  return globalThis[SLOT];
}

export function hasWebgl() {
  try {
    const context = document.createElement("canvas").getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return Boolean(context);
  } catch {
    return false;
  }
}
