// In space a handle is moved by sliders: one for each coordinate that is free.

import { element, icon } from "./dom.js";
import { fill, number, symbol } from "./words.js";
import { isFree, positionOf } from "./handles.js";
import { inSpace } from "./scene.js";

const AXES = ["x", "y", "z"];

function row(handle, axis, host, labels) {
  const output = element("output", { class: "atlas-panel-number" });
  const input = element("input", {
    type: "range", min: -(handle.limit ?? 10), max: handle.limit ?? 10, step: handle.step ?? 0.1, class: "atlas-range",
    "aria-label": fill(labels.coordinate, { name: handle.label, axis: AXES[axis] }),
  });
  let held = false;
  input.addEventListener("input", () => {
    const first = !held;
    held = true; // before the drag begins: from now on the slider leads and is not set
    if (first) host.drag.begin(handle);
    const point = [...positionOf(handle, host.value(handle.variable))];
    point[axis] = Number(input.value);
    host.drag.move(handle, point);
  });
  input.addEventListener("change", () => {
    if (held) host.drag.release(handle);
    held = false;
  });
  const node = element("label", { class: "atlas-panel-row" }, element("i", {}, AXES[axis]), input, output);
  const refresh = (point) => {
    if (!held) input.value = point[axis];
    output.textContent = number(point[axis]);
  };
  return { node, refresh };
}

/** `host`: {value(variable), drag}. `before`: the panel that it takes the place of; the choice and the opening stay. */
export function makePanel(handles, host, labels, before) {
  const spatial = handles.filter(inSpace);
  let chosen = spatial.find((handle) => handle.name === before?.chosen()) ?? spatial[0];
  let rows = [];
  const chips = spatial.map((handle) =>
    element("button", {
      type: "button", class: "atlas-panel-chip", "aria-label": handle.label, title: handle.label,
      style: `--handle: ${handle.color ?? "currentColor"}`, onclick: () => choose(handle.name),
    }, symbol(handle)));
  const body = element("div", { class: "atlas-panel-rows" });
  const node = element("details", { class: "atlas-panel", hidden: spatial.length === 0, open: before?.node.open ?? innerWidth > 700 },
    element("summary", {}, labels.move, icon("chevron")),
    element("div", { class: "atlas-panel-chips", role: "group", "aria-label": labels.move }, ...chips), body);
  const refresh = () => chosen && rows.forEach((one) => one.refresh(positionOf(chosen, host.value(chosen.variable))));
  function choose(name) {
    chosen = spatial.find((handle) => handle.name === name) ?? chosen;
    if (!chosen) return;
    chips.forEach((chip, i) => chip.setAttribute("aria-pressed", spatial[i] === chosen));
    const d = host.value(chosen.variable).length;
    rows = AXES.map((_, axis) => axis).filter((axis) => axis < d && isFree(chosen, axis)).map((axis) => row(chosen, axis, host, labels));
    body.replaceChildren(...rows.map((one) => one.node));
    refresh();
  }
  choose(chosen?.name);
  return { node, refresh, choose, chosen: () => chosen?.name };
}
