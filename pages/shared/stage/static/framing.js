// Many files in one message: JSON first, then the files' bytes (pages/shared/framing.py writes it).

const LENGTH = 4; // bytes

/** `bytes` -> {header, files: Map(name -> Uint8Array)} */
export function unframed(bytes) {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const end = LENGTH + new DataView(all.buffer, all.byteOffset).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(all.subarray(LENGTH, end)));
  const files = new Map();
  let at = end;
  for (const { name, size } of header.files) {
    files.set(name, all.slice(at, at + size));
    at += size;
  }
  return { header, files };
}

/** What was gzipped, as text. */
export const unpacked = (bytes) =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
