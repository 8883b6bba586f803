// What was made goes to the reader: a file, or the clipboard.

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The promise goes into the ClipboardItem: Safari wants it made inside the click. */
export const copy = (blobPromise) => navigator.clipboard.write([new ClipboardItem({ "image/png": blobPromise })]);
