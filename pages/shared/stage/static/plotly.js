// plotly.js, loaded once a page and shared by all stages; and whether the browser has WebGL.

import { walkOnce } from "./schema.js";

const SLOT = Symbol.for("atlas.plotly");

export function loadPlotly(url) {
  globalThis[SLOT] ??= loaded(url).then(() => {
    const Plotly = (globalThis.Plotly ??= globalThis.beginPlotly());
    walkOnce(Plotly);
    return Plotly;
  }).catch((error) => {
    delete globalThis[SLOT]; // the next mount may try again
    throw error;
  });
  return globalThis[SLOT];
}

/** When the script has run: ours waits to be called (pages/shared/stage/library.py), another one is there at once. */
function loaded(url) {
  if (globalThis.Plotly || globalThis.beginPlotly) return Promise.resolve();
  const script = onItsWay(url) ?? Object.assign(document.createElement("script"), { src: url });
  return new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("plotly.js did not load")));
    if (!script.isConnected) document.head.append(script);
  });
}

/** The page's own tag, which the server put there, while its script has not arrived: loading it twice costs a second. */
function onItsWay(url) {
  const tag = [...document.scripts].find((script) => script.src === url);
  return document.readyState !== "complete" && !performance.getEntriesByName(url).length ? tag : undefined;
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
