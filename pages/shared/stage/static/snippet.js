// The line of HTML that shows a page's stage in another page.

import { escaped } from "./words.js";

/** `<iframe ...>` of the page at `address`, its stage alone. */
export function snippet(address, title) {
  const url = new URL(address);
  url.searchParams.set("embed", "true");
  return `<iframe src="${escaped(url.href)}" width="960" height="640" title="${escaped(title)}" style="border:0" loading="lazy" allow="fullscreen; clipboard-write"></iframe>`;
}
