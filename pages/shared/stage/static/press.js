// Pictures as PNG: beside the page's own thread where the browser can, so that the next one is drawn meanwhile. On that
// thread browsers encode when there is nothing else to do, and in a tab that nobody sees once in a second.

import { served } from "./encode.js";

const alone = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));

export class Press {
  #worker = null;
  #waiting = new Map(); // number -> done
  #count = 0;

  constructor() {
    if (!served() || !globalThis.OffscreenCanvas) return; // a file of its own may start no worker
    this.#worker = new Worker(new URL("./presser.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data: { number, blob } }) => this.#done(number, blob);
    this.#worker.onerror = () => this.end();
  }

  /** Promise of a Blob. The canvas stays as it is until then. */
  async png(canvas) {
    return (this.#worker && (await this.#beside(canvas))) ?? alone(canvas);
  }

  /** What waits is made here. */
  end() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const number of [...this.#waiting.keys()]) this.#done(number, null);
  }

  async #beside(canvas) {
    const bitmap = await createImageBitmap(canvas), number = (this.#count += 1);
    return new Promise((done) => {
      this.#waiting.set(number, done);
      if (this.#worker) this.#worker.postMessage({ number, bitmap }, [bitmap]);
      else this.#done(number, null);
    });
  }

  #done(number, blob) {
    this.#waiting.get(number)?.(blob);
    this.#waiting.delete(number);
  }
}
