"""How fast the stage moves: playing and dragging a 41x41-line grid against an empty rAF loop; space against bare
plotly.js drawing the same arrays. Run it: `python -m tests.bench.bench_stage`. It prints; it never fails."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests import chrome
from tests.browser import samples
from tests.browser.bench_page import give, serving

SECONDS = 3
EMPTY = """(seconds) => new Promise((done) => {
    const stamps = [];
    const again = () => requestAnimationFrame(look);
    const look = (now) => { stamps.push(now); now - stamps[0] < seconds * 1000 ? again() : done(stamps); };
    requestAnimationFrame(look);
})"""
WATCH_PICTURE = """() => {
    window.pictures = [];
    const size = (path) => path.getAttribute("d").length;
    const [line] = [...document.querySelectorAll(".js-line")].sort((a, b) => size(b) - size(a));
    const note = () => pictures.push(performance.now());
    new MutationObserver(note).observe(line, { attributes: true, attributeFilter: ["d"] });
}"""
TURNS = """async ([rounds, frames]) => {
    const { gd, stage } = root(), box = document.createElement("div"), { player, film } = stage;
    box.style.cssText = `width:${gd.clientWidth}px;height:${gd.clientHeight}px`;
    document.body.append(box);
    const data = gd.data.map((trace) => ({ ...trace }));
    await Plotly.newPlot(box, data, structuredClone(gd.layout), { plotGlPixelRatio: 2 });
    // what the stage draws at each position, as plotly wants to be told: the same traces, attributes and numbers
    const places = Array.from({ length: frames }, (_, k) => (0.1 + (0.8 * k) / frames) * film.last), told = [];
    for (const place of places) {
        player.seek(place);
        const entries = [...stage.source().picture()].filter(([index]) => gd._fullData[index]);
        const paths = [...new Set(entries.flatMap(([, attributes]) => Object.keys(attributes)))];
        const list = (path) => entries.map(([, attributes]) => attributes[path]);
        told.push([Object.fromEntries(paths.map((path) => [path, list(path)])), entries.map(([index]) => index)]);
    }
    await root().whenIdle();
    const next = () => new Promise(requestAnimationFrame);
    const drawn = (host) => {
        const gl = host.querySelector(".gl-container canvas").getContext("webgl");
        gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4)); // waits for the drawing
    };
    const one = async (host, act) => {
        await next();
        const begun = performance.now();
        act();
        const called = performance.now();
        await next(); // plotly's scenes draw in a frame of their own
        drawn(host);
        return [performance.now() - begun, called - begun];
    };
    const ours = (k) => one(gd, () => player.seek(places[k]));
    const bare = (k) => one(box, () => Plotly.restyle(box, ...told[k]));
    const found = { ours: [], bare: [] };
    for (let round = 0; round < rounds; round++) {
        for (let k = 0; k < frames; k++) { // in turns, and each the first every other time
            const both = [["ours", ours], ["bare", bare]];
            for (const [name, act] of (round + k) % 2 ? both : both.reverse()) {
                const took = await act(k);
                if (round > 0) found[name].push(took); // the first round warms up
            }
        }
    }
    return found;
}"""
ROUNDS, FRAMES = 8, 16


def rate(stamps: list[float]) -> float:
    """Frames a second of a list of times in ms."""
    return 1000 * (len(stamps) - 1) / (stamps[-1] - stamps[0]) if len(stamps) > 1 else 0.0


def middle(values: list[float], share: float = 0.5) -> float:
    """A quantile."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def slow(film: samples.Film) -> samples.Film:
    """One tween that lasts longer than the measurement."""
    film["layout"]["meta"]["duration"] = 1000 * (SECONDS + 2)
    return film


def opened(browser: Browser, url: str, film: samples.Film) -> Page:
    """A page at 1400x900 with the film on the stage."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(url)
    give(page, samples.payload(film))
    return page


def playing(page: Page) -> dict[str, Any]:
    """Frames drawn while a tween runs."""
    page.evaluate("window.pictures = []; root().clearStats(); root().stage.player.step(1)")
    page.wait_for_timeout(1000 * SECONDS)
    return page.evaluate("({ ...root().frameStats(), pictures })")


def dragging(page: Page) -> dict[str, Any]:
    """Frames drawn while a column is dragged by a pointer that moves at every frame."""
    return page.evaluate(
        """async (seconds) => {
            root().stage.player.jump(1);
            await root().whenIdle();
            const knob = document.querySelector('[data-handle="A[:,0]"]'), box = knob.getBoundingClientRect();
            const [x, y] = [box.left + 22, box.top + 22];
            const point = (type, dx, dy) => knob.dispatchEvent(new PointerEvent(type,
                { clientX: x + dx, clientY: y + dy, pointerId: 1, button: 0, bubbles: true }));
            knob.setPointerCapture = () => {};
            point("pointerdown", 0, 0);
            root().clearStats();
            window.pictures = [];
            const start = performance.now();
            while (performance.now() - start < seconds * 1000) {
                await new Promise(requestAnimationFrame);
                const t = (performance.now() - start) / 400;
                point("pointermove", 80 * Math.sin(t), 60 * Math.cos(t) - 60);
            }
            const stats = { ...root().frameStats(), pictures: [...pictures] }, messages = sent.length;
            point("pointerup", 0, 0);
            await root().whenIdle();
            return { ...stats, during: messages, after: sent.length };
        }""",
        SECONDS,
    )


def report(name: str, stats: dict[str, Any], floor: float) -> None:
    """One line: frames a second, the share of the floor, the 95th percentile of a frame, changes of the grid."""
    fps = rate(stats["stamps"])
    gaps = [later - before for before, later in pairwise(stats["stamps"])]
    drawn = f", {rate(stats['pictures']):5.1f} pictures/s" if stats.get("pictures") else ""
    print(
        f"{name:<34} {fps:6.1f} fps  {fps / floor:5.2f} of an empty loop, p95 {middle(gaps, 0.95):5.1f} ms{drawn}"
    )


def in_turns(found: dict[str, list[list[float]]]) -> None:
    """The stage and bare plotly, frame by frame in turns in one page: medians of the whole frame and of the call."""
    for part, name in enumerate(("frame until drawn", "call alone")):
        ours, bare = ([times[part] for times in found[key]] for key in ("ours", "bare"))
        print(
            f"  3-D, {name:<27} {middle(ours):6.1f} / {middle(bare):5.1f} ms, {middle(ours) / middle(bare):5.2f} times "
            f"bare plotly (limit 1.1), p95 {middle(ours, 0.95) / middle(bare, 0.95):5.2f}, {len(ours)} frames each"
        )


def main() -> None:
    """Measure and print."""
    with serving(8713) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chrome.find(), args=chrome.FLAGS)
        page = opened(browser, url, slow(samples.plane(lines=41)))
        floor = rate(page.evaluate(EMPTY, SECONDS))
        print(f"{'empty rAF loop':<34} {floor:6.1f} fps")
        page.evaluate(WATCH_PICTURE)
        report("plane, 41x41 lines, playing", playing(page), floor)
        drag = dragging(page)
        report("plane, 41x41 lines, dragging", drag, floor)
        print(f"{'messages while dragging, after':<34} {drag['during']}, {drag['after']}")
        page.close()
        page = opened(browser, url, slow(samples.space(lines=9)))
        report("space, 9x9x2 lines, playing", playing(page), floor)
        in_turns(page.evaluate(TURNS, [ROUNDS, FRAMES]))
        browser.close()


if __name__ == "__main__":
    main()
