// One file that needs no server: the shell, which has everything, and in it what it shows.

import { escaped } from "./words.js";

const MARK = "<!--atlas:subject-->";

/** The shell has the stage's words in every language; of a payload's own only the figure's name is needed. Nor is there a page. */
const lean = ({ labels, shelf, adds, said, ...payload }) => ({ ...payload, labels: { alt: labels?.alt ?? "" } });

/** JSON that no script element ends at, whatever a title or a text of a visitor says. */
const harmless = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

/**
 * `payloads`: what stages were given, each with what may be added: `view` {step, camera, zoom, layers}, `link`, `title`,
 * `caption`, `code`. One is a figure with its page, several are a deck. -> Promise<Blob>
 */
export async function standalone(payloads, { shell = new URL("./shell.html", import.meta.url), title = "", language = "en", signal } = {}) {
  const reply = await fetch(shell, { signal });
  if (!reply.ok) throw new Error("The shell of the file could not be loaded.");
  const text = await reply.text();
  const at = text.indexOf(MARK);
  const subject = { title, language, payloads: payloads.map(lean) };
  const filled = `<title>${escaped(title || "Tensor Atlas")}</title>\n<script type="application/json" id="atlas-subject">${harmless(subject)}</script>`;
  return new Blob([text.slice(0, at), filled, text.slice(at + MARK.length)], { type: "text/html" });
}
