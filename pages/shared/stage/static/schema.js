// plotly.js asks of every trace, at every frame, which of its attributes are lists, by walking the whole schema of its
// kind: a third of the time of a frame. The schema does not change, so it is walked once a kind.

const plans = new WeakMap(); // attributes of a kind -> [{stack, lists}]

const isList = (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
const isPlain = (value) => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

/** Where the lists of a kind may be: paths, and which parts of them are lists of objects. */
function planOf(schema, attributes) {
  const known = plans.get(attributes);
  if (known) return known;
  const found = [];
  let stack = [], lists = [];
  schema.crawl(attributes, (attribute, name, _attributes, level) => {
    stack = [...stack.slice(0, level), name];
    lists = [...lists.slice(0, level), attribute?._isLinkedToArray];
    const ticks = stack[level - 1] === "colorbar" && (name === "ticktext" || name === "tickvals");
    if (attribute && (attribute.valType === "data_array" || attribute.arrayOk === true) && !ticks) found.push({ stack, lists });
  });
  plans.set(attributes, found);
  return found;
}

/** The lists of `trace` along one path of a plan. */
function follow(container, { stack, lists }, depth, path, found) {
  const item = container[stack[depth]], here = path + stack[depth];
  if (depth === stack.length - 1) {
    if (isList(item)) found.push(here);
  } else if (lists[depth]) {
    if (Array.isArray(item)) item.forEach((one, k) => isPlain(one) && follow(one, { stack, lists }, depth + 1, `${here}[${k}].`, found));
  } else if (isPlain(item)) follow(item, { stack, lists }, depth + 1, `${here}.`, found);
}

/** What plotly's own function walks first for every trace. */
function commonOf(schema) {
  const { crawl } = schema, walked = [];
  schema.crawl = (attributes) => void walked.push(attributes);
  try {
    schema.findArrayAttributes({});
  } finally {
    schema.crawl = crawl;
  }
  return walked.length === 1 ? walked[0] : null;
}

/** Have plotly.js walk each schema once. Where another plotly.js is made otherwise, nothing is changed. */
export function walkOnce({ PlotSchema: schema }) {
  if (!schema?.findArrayAttributes || schema.atlas) return;
  const common = commonOf(schema);
  if (!common) return;
  schema.atlas = schema.findArrayAttributes; // as it was: the tests hold the two equal
  schema.findArrayAttributes = (trace) => {
    const found = [];
    for (const attributes of [common, trace._module?.attributes]) {
      if (attributes) for (const place of planOf(schema, attributes)) follow(trace, place, 0, "", found);
    }
    return found;
  };
}
