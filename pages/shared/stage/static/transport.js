// The bar below the figure: step back, play, step forward, scrub, counter, speed, loop.

import { element, icon, iconButton, relabel } from "./dom.js";
import { fill } from "./words.js";

const SPEEDS = [0.5, 1, 2];

function scrubber(player, labels) {
  const input = element("input", { type: "range", class: "atlas-range atlas-scrub", min: 0, step: "any", value: 0, "aria-label": labels.scrub });
  input.addEventListener("input", () => player.seek(Number(input.value)));
  input.addEventListener("change", () => player.settle());
  return input;
}

function speedChoice(player, labels) {
  const name = (speed) => `${speed}×`;
  const select = element("select", { class: "atlas-speed", "aria-label": labels.speed, title: labels.speed },
    ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === player.clock.speed }, name(speed))));
  select.addEventListener("change", () => player.set({ speed: Number(select.value) }));
  return select;
}

export function makeTransport(player, labels) {
  const play = iconButton("play", labels.play, () => player.toggle(), { class: "atlas-button atlas-play" });
  const back = iconButton("back", labels.back, () => player.step(-1));
  const forward = iconButton("forward", labels.forward, () => player.step(1));
  const loop = iconButton("loop", labels.loop, () => player.set({ loop: !player.clock.loop }));
  const scrub = scrubber(player, labels);
  const ticks = element("div", { class: "atlas-ticks", "aria-hidden": "true" });
  const counter = element("span", { class: "atlas-counter" });
  const node = element("div", { class: "atlas-transport", role: "group", "aria-label": labels.transport },
    back, play, forward, element("div", { class: "atlas-track" }, ticks, scrub), counter, speedChoice(player, labels), loop);

  function moved() {
    const { position, last } = player.clock;
    scrub.value = position;
    scrub.style.setProperty("--done", last ? position / last : 0);
  }
  function changed() {
    const { playing, last } = player.clock;
    play.replaceChildren(icon(playing ? "pause" : "play"));
    relabel(play, playing ? labels.pause : labels.play);
    loop.setAttribute("aria-pressed", String(player.clock.loop));
    const step = player.shown();
    counter.textContent = `${step + 1} / ${last + 1}`;
    scrub.max = last;
    scrub.setAttribute("aria-valuetext", fill(labels.stepOf, { step: step + 1, steps: last + 1 }));
    back.disabled = step <= 0;
    forward.disabled = step >= last;
    node.hidden = last === 0;
    if (ticks.childElementCount !== last + 1) ticks.replaceChildren(...Array.from({ length: last + 1 }, () => element("i")));
    moved();
  }
  return { node, moved, changed };
}
