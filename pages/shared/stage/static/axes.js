// The letters of the axes in the comments of the shown code, in the colours of the picture: (n, k) @ (k, m) -> (n, m).

const LOOKS = [60, 400, 1500, 4000]; // ms after an answer: the page writes the code later than the film comes
const COMMENT = /#.*$/gm, BRACKETS = /\(([^()]*)\)/g, WORD = /[A-Za-z_]\w*/g;

/** [[start, end, axis], ...] of the axis names between brackets in comments of `text`. */
export function namesIn(text, axes) {
  const found = [];
  for (const comment of text.matchAll(COMMENT)) {
    for (const bracket of comment[0].matchAll(BRACKETS)) {
      for (const word of bracket[1].matchAll(WORD)) {
        const start = comment.index + bracket.index + 1 + word.index;
        if (word[0] in axes) found.push([start, start + word[0].length, word[0]]);
      }
    }
  }
  return found;
}

function rangesIn(node, axes) {
  return namesIn(node.data, axes).map(([start, end, axis]) => {
    const range = new Range();
    range.setStart(node, start);
    range.setEnd(node, end);
    return [axis, range];
  });
}

function textsOf(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) if (walker.currentNode.data.includes("#")) found.push(walker.currentNode);
  return found;
}

/** Colours the code of the page; nothing of the document is changed, and where the browser cannot do it, nothing is. */
export function makeAxisColours(life) {
  const sheet = new CSSStyleSheet();
  let axes = {}, rules = "", timers = [];
  if (!globalThis.CSS?.highlights) return { load() {} };
  document.adoptedStyleSheets.push(sheet);
  const names = () => Object.keys(axes).filter((axis) => /^\w+$/.test(axis));
  const clear = () => [...CSS.highlights.keys()].filter((key) => key.startsWith("atlas-axis-")).forEach((key) => CSS.highlights.delete(key));
  function look() {
    const found = [...document.querySelectorAll(".st-key-code code")].flatMap(textsOf).flatMap((node) => rangesIn(node, axes));
    clear();
    for (const axis of names()) {
      const own = found.filter(([name]) => name === axis).map(([, range]) => range);
      if (own.length) CSS.highlights.set(`atlas-axis-${axis}`, new Highlight(...own));
    }
  }
  const stop = () => timers.splice(0).forEach(clearTimeout);
  life.onEnd(() => {
    stop();
    clear();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
  });
  return {
    /** `known`: axis name -> colour. */
    load(known) {
      axes = known ?? {};
      const wanted = names().map((axis) => `::highlight(atlas-axis-${axis}) { color: ${axes[axis]}; }`).join("\n");
      if (wanted !== rules) sheet.replaceSync((rules = wanted)); // has the style of every element computed again
      stop();
      timers = LOOKS.map((time) => setTimeout(look, time));
    },
  };
}
