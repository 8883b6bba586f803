// What needs an encoder goes to the server and comes back as a file; nothing of it is kept there.

/** An encoder's own sentence why it made nothing. */
export class Refused extends Error {}

const addressOf = (what) => new URL(`../../export/${what}`, import.meta.url);

/** Whether the figure stands on a page of a server, or in a file of its own. */
export const served = () => import.meta.url.startsWith("http");

/** `files`: [{name, blob}] and a question of plain data. -> Blob; raises Refused, or AbortError by `signal`. */
export async function encoded(what, question, files, { signal } = {}) {
  const told = { ...question, files: files.map(({ name, blob }) => ({ name, size: blob.size })) };
  const header = new TextEncoder().encode(JSON.stringify(told));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, header.length);
  const body = new Blob([length, header, ...files.map(({ blob }) => blob)]);
  const reply = await fetch(addressOf(what), { method: "POST", body, signal, headers: { "X-Atlas-Export": "1" } });
  if (reply.ok) return reply.blob();
  const { sentence = "" } = await reply.json().catch(() => ({}));
  throw new Refused(sentence);
}
