// plotly.js, loaded once a page and shared by all stages; and whether the browser has WebGL.

import { walkOnce } from "./schema.js";

const SLOT = Symbol.for("atlas.plotly");

export function loadPlotly(url) {
  globalThis[SLOT] ??= new Promise((resolve, reject) => {
    if (globalThis.Plotly) return resolve(globalThis.Plotly);
    const script = onItsWay(url) ?? Object.assign(document.createElement("script"), { src: url });
    script.addEventListener("load", () => (globalThis.Plotly ? resolve(globalThis.Plotly) : reject(new Error("no Plotly"))));
    script.addEventListener("error", () => reject(new Error("plotly.js did not load")));
    if (!script.isConnected) document.head.append(script);
  }).then((Plotly) => {
    walkOnce(Plotly);
    return Plotly;
  }).catch((error) => {
    delete globalThis[SLOT]; // the next mount may try again
    throw error;
  });
  return globalThis[SLOT];
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
