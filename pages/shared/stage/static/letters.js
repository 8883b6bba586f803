// Letters in a standalone SVG: the fonts, and plotly's little markup as tspans.

import { escaped } from "./words.js";

/** The figures' own stack (core/figures/theme.py): each system finds a font with Latin and one with Chinese in it. */
export const FONTS = 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

const CHINESE = ['"PingFang SC"', '"Microsoft YaHei"', '"Noto Sans CJK SC"'];

/** A stack that ends in a font with Chinese, before the generic family that it may name last. */
export function withChinese(family) {
  if (!family) return FONTS;
  if (/CJK|YaHei|PingFang/.test(family)) return family;
  const parts = family.split(",").map((part) => part.trim());
  const generic = /^(sans-serif|serif|monospace|system-ui|cursive)$/.test(parts.at(-1)) ? parts.pop() : "sans-serif";
  return [...parts, ...CHINESE, generic].join(", ");
}

const LOOKS = { b: 'font-weight="bold"', strong: 'font-weight="bold"', i: 'font-style="italic"', em: 'font-style="italic"', sub: 'font-size="70%" dy="0.3em"', sup: 'font-size="70%" dy="-0.45em"' };
const BACK = { sub: "-0.21em", sup: "0.315em" };

const letterOf = (code) => (code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd");
const plain = (text) => text.replace(/&(lt|gt|amp|nbsp|quot|#(\d+));/g, (all, name, code) => (code ? letterOf(Number(code)) : { lt: "<", gt: ">", amp: "&", nbsp: "\u00a0", quot: '"' }[name]));

/** "<b>x</b><sub>1</sub>" as tspans. What is no tag of these is written as it stands. */
export function rich(text) {
  const open = [];
  let out = "", lift = "";
  for (const part of text.split(/(<\/?(?:b|strong|i|em|sub|sup)>)/i)) {
    const [, end, tag] = /^<(\/?)(\w+)>$/.exec(part) ?? [];
    const name = tag?.toLowerCase();
    if (!name || !(name in LOOKS)) {
      if (part) out += lift ? `<tspan dy="${lift}">${escaped(plain(part))}</tspan>` : escaped(plain(part));
      if (part) lift = "";
    } else if (!end) {
      open.push(name);
      out += `<tspan ${LOOKS[name]}>`;
    } else if (open.at(-1) === name) {
      open.pop();
      out += "</tspan>";
      lift = BACK[name] ?? lift;
    }
  }
  return out + "</tspan>".repeat(open.length);
}
