"""Composable, measurable, computable: what the language of vectors and matrices promises, shown on one network."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number, subscript, vector
from core.operation import Step
from core.ops import areas, unfolding
from core.ops.cells import block
from core.ops.journey import COLOURS, Journey, answer
from core.ops.network import scores, stations
from core.panels import Bars, Block, Cells, Label, Layout, Mark, Panel, Path, Plane, Points, rows
from core.words import _

torch = lazy.load("torch")

ASIDE = Layout(rows((0,)).wide, aside=rows((1,), (2,), (3,), heights=(1.35, 0.9, 1)).wide, share=0.36)
CLOSE = 1e-4  # share by which two float32 results of one sum may differ


# --- composable


def composable(journey: Journey) -> Iterator[Step]:
    """Without the bends the matrices multiply into one; with them they do not."""
    flat = areas.areas(lambda X: scores(X, journey.layers, "none"), unfolding.REACH)
    layout = Layout(rows((0,)).wide, aside=rows((1,), (2,), heights=(1.4, 1)).wide, share=0.42)

    def panels(product: Cells, told: int) -> tuple[Panel, ...]:
        bent = told == 3
        marks = (
            *journey.territory("flat", flat, opacity=0.0 if bent else 1.0),
            *journey.territory("bent", journey.areas, opacity=1.0 if bent else 0.0),
            *journey.cloud("datum"),
            *journey.marker(),
        )
        return (journey.plane(marks, ""), product, _compared(journey, told))

    W, c = journey.layers[0]
    product = Cells(((block("W₁", W, colour="matrix"),),), "product")
    yield Step(
        panels(product, 0),
        _(
            "Take the bends out of the trained network. A chain of straight pieces is left, matrix after matrix."
        ),
        " ".join(f"W{subscript(k)}" for k in range(len(journey.layers), 0, -1)) + " x",
        layout,
    )
    name = "W₁"
    for k, (V, b) in enumerate(journey.layers[1:], start=2):
        before, W, c = W, V @ W, V @ c + b
        product = _product(k, V, name, before, W)
        name = f"W{subscript(k)}{name}"
        sentence = _("Composable: two straight pieces one after the other are again one. {matrix} times what stands "
                     "there is one matrix of shape {shape}.")  # fmt: skip
        formula = f"{shapes.show(tuple(V.shape))} @ {shapes.show(tuple(before.shape))} → {shapes.show(tuple(W.shape))}"
        yield Step(
            panels(product, 0),
            sentence.format(matrix=f"W{subscript(k)}", shape=shapes.show(tuple(W.shape))),
            formula,
            layout,
        )
    yield Step(panels(product, 1), *_equal(journey, W, c), layout)
    yield Step(panels(product, 2), *_flat_fails(journey), layout)
    yield Step(panels(product, 3), *_bends_back(journey), layout)


def _product(k: int, V: torch.Tensor, name: str, before: torch.Tensor, W: torch.Tensor) -> Cells:
    return Cells(
        (
            (
                block(f"W{subscript(k)}", V, colour="matrix"),
                block(name, before, before="·"),
                block(f"W{subscript(k)}{name}", W, before="="),
            ),
        ),
        "product",
    )


def _compared(journey: Journey, told: int) -> Cells:
    """x through one matrix, x through all of them, and x through the network with its bends."""
    one, chain = _both_ways(journey)
    known = None if told else 0
    line: list[Block] = [
        block("x", journey.x, colour="accent"),
        block(_("W x + c"), one, before="→", known=known),
        block(_("layer by layer"), chain, before="=", known=known),
        answer(journey.p, told == 3),
    ]
    return Cells((tuple(line),))


def _both_ways(journey: Journey) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores without bends: through the one matrix, and through one layer after the other."""
    W, c = torch.eye(2), torch.zeros(2)
    for V, b in journey.layers:
        W, c = V @ W, V @ c + b
    return W @ journey.x + c, scores(journey.x[None], journey.layers, "none")[0]


def _equal(journey: Journey, W: torch.Tensor, c: torch.Tensor) -> tuple[str, str]:
    X = journey.net.data.X
    gap = float((X @ W.T + c - scores(X, journey.layers, "none")).abs().max())
    sentence = _("The one matrix gives what the whole chain gives, for x and for all {count} points: the largest "
                 "difference is {gap}, which is rounding.")  # fmt: skip
    return sentence.format(count=len(X), gap=number(gap, 2)), f"max |W x + c − z| = {number(gap, 2)}"


def _flat_fails(journey: Journey) -> tuple[str, str]:
    data = journey.net.data
    right = float((scores(data.X_test, journey.layers, "none").argmax(1) == data.y_test).float().mean())
    sentence = _("And one matrix can only cut straight: without its bends the same network has {percent} % right. "
                 "Depth alone buys nothing.")  # fmt: skip
    return sentence.format(percent=number(100 * right)), _("{count} layers = 1 layer").format(
        count=len(journey.layers)
    )


def _bends_back(journey: Journey) -> tuple[str, str]:
    if journey.net.activation == "none":
        sentence = _("This network never had bends: what you see is all that it can do, {percent} % right.")
    else:
        sentence = _("Put the bends back between the matrices, and they no longer melt into one: {percent} % right, "
                     "and x is {kind}.")  # fmt: skip
    percent = number(100 * journey.accuracy)
    return sentence.format(percent=percent, kind=journey.kind), f"p = {vector(journey.p.tolist())}"


# --- measurable


def measurable(journey: Journey) -> Iterator[Step]:
    """How far points of one kind and of different kinds are apart, before the network and after each bend."""
    net = journey.net
    way = stations(net.data.X, journey.layers, net.activation)[0:-1:2]  # x, h1, h2, ...
    found = unfolding.frames(journey.layers, net.activation, net.data.X, 2)
    measured = [distances(H, net.data.y) for H in way]
    for k, H in enumerate(way):
        within, between = measured[k]
        sentence = (
            _("In the input two points of one kind are {within} apart on average, two of different kinds {between}: "
              "{ratio} times as far.")
            if k == 0
            else _("After bend {number} two points of one kind are {within} apart on average, two of different kinds "
                   "{between}: {ratio} times as far.")
        )  # fmt: skip
        text = sentence.format(
            number=k,
            within=number(within),
            between=number(between),
            ratio=number(_ratio(within, between), 2),
        )
        formula = f"{number(between)} / {number(within)} = {number(_ratio(within, between), 2)}"
        yield Step(_measured(journey, found[2 * k], H, measured[: k + 1], 2 * k), text, formula, ASIDE)
    last = _ratio(*measured[-1])
    sentence = _("Measurable: “alike” has become a number. The layers brought kinds apart from {before} to {after} "
                 "times; then a cut is easy, and x is {kind}, to {percent} %.")  # fmt: skip
    text = sentence.format(
        before=number(_ratio(*measured[0]), 2),
        after=number(last, 2),
        kind=journey.kind,
        percent=journey.percent,
    )
    panels = _measured(journey, found[-1], way[-1], measured, 2 * journey.bends + 2)
    yield Step(panels, text, f"p = {vector(journey.p.tolist())}", ASIDE)


def distances(H: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Mean distance of two points (n, width) of one kind, and of two points of different kinds."""
    H = H.double()
    apart = torch.linalg.vector_norm(H[:, None] - H[None], dim=-1)  # (n, 1, width) - (1, n, width) -> (n, n)
    same = y[:, None] == y[None]
    pairs = ~torch.eye(len(y), dtype=torch.bool)
    return float(apart[same & pairs].mean()), float(apart[~same].mean())


def _ratio(within: float, between: float) -> float:
    return between / max(within, 1e-12)


def _measured(
    journey: Journey, frame: unfolding.Frame, H: torch.Tensor, measured: list, told: int
) -> tuple[Panel, ...]:
    places = frame.place(H)
    means = [places[journey.of_kind(k)].mean(0) for k in range(journey.classes)]
    here = frame.place(journey.way[min(told, 2 * journey.bends)][None])
    marks: list[Mark] = [*journey.cloud("point", places)]
    marks.append(Path("between", "ink", points=unfolding.points(torch.stack(means)), width=2.5, dash="dot"))
    marks += [
        Points(f"mean-{k}", COLOURS[k], points=unfolding.points(mean[None]), size=20.0, symbol="circle-open")
        for k, mean in enumerate(means)
    ]
    if journey.finite:
        marks.append(
            Points("traveller", "accent", points=unfolding.points(here), size=15.0, symbol="diamond")
        )
    plane = Plane(dimension=2, marks=tuple(marks), state={}, reach=1.5, name="flow", bare=True)
    names = (_("input"), *(_("after bend {number}").format(number=k) for k in range(1, journey.bends + 1)))
    ratios = [_ratio(*pair) for pair in measured]
    room = [None] * (journey.bends + 1 - len(ratios))
    bars = Bars(
        "ratio", (*ratios, *room), names, _("kinds apart : kind together"), (len(ratios) - 1,), across=True,
        texts=(*(f"{number(v, 2)}×" for v in ratios), *("" for _none in room)),
    )  # fmt: skip
    return (plane, _small_map(journey), bars, journey.numbers(told))


def _small_map(journey: Journey) -> Plane:
    marks = journey.territory("won", journey.areas) + journey.cloud("datum", size=4.5) + journey.marker()
    return journey.plane(marks, _("the input: drag x"))


# --- computable


def computable(journey: Journey) -> Iterator[Step]:
    """Every line of the drawing is one multiplication: the answer is reached in so and so many steps."""
    layers = journey.layers
    products = [W.numel() for W, _b in layers]
    start = _("What does one answer cost? Every circle is a number, every line one multiplication by a weight: "
              "blue where it is above 0, red below.")  # fmt: skip
    yield Step(_counted(journey, products, 0), start, f"x = {vector(journey.x.tolist())}", ASIDE)
    for k, (W, _b) in enumerate(layers, start=1):
        rows_, columns = W.shape
        last = k == len(layers)
        words = (
            _("The last layer: {rows} × {columns} = {count} multiplications, and as many additions with the shift.")
            if last
            else _("Layer {layer}: {rows} × {columns} = {count} multiplications, as many additions with the shift, and "
                   "{rows} numbers to bend.")
        )  # fmt: skip
        text = words.format(layer=k, rows=rows_, columns=columns, count=rows_ * columns)
        yield Step(_counted(journey, products, k), text, f"{rows_} · {columns} = {rows_ * columns}", ASIDE)
    total, seen = sum(products), len(journey.net.data.X) * journey.net.epoch
    sentence = _("Computable: {total} multiplications, and x is {kind}, to {percent} %. Learning walked this way "
                 "{seen} times, and back again.")  # fmt: skip
    text = sentence.format(total=total, kind=journey.kind, percent=journey.percent, seen=seen)
    yield Step(
        _counted(journey, products, len(layers) + 1),
        text,
        f"{' + '.join(map(str, products))} = {total}",
        ASIDE,
    )


def _counted(journey: Journey, products: list[int], told: int) -> tuple[Panel, ...]:
    done = min(told, len(products))
    names = tuple(_("layer {number}").format(number=k + 1) for k in range(len(products)))
    known = (*map(float, products[:done]), *[None] * (len(products) - done))
    bars = Bars(
        "products", known, names, _("multiplications"), (done - 1,) if done else (), across=True,
        texts=tuple(str(v) if k < done else "" for k, v in enumerate(products)), largest=float(max(products)),
    )  # fmt: skip
    stations_told = 2 * told if told < len(products) else 2 * len(products) - 1 + (told > len(products))
    plane = Plane(
        dimension=2, marks=_graph(journey, told), state={}, reach=1.25, across=1.3, name="graph", bare=True
    )
    return (plane, _small_map(journey), bars, journey.numbers(stations_told))


def _graph(journey: Journey, told: int) -> tuple[Mark, ...]:
    """Circles for numbers, a column a layer; lines for weights, by their sign."""
    sizes = journey.net.widths
    marks: list[Mark] = []
    top = max(_node(sizes, k, 0)[1] for k in range(len(sizes))) + 0.24
    for k, (W, _b) in enumerate(journey.layers):
        lit = told == k + 1 or told > len(journey.layers)
        for name, chosen in (("positive", W > 0), ("negative", W <= 0)):
            ends = [(_node(sizes, k, j), _node(sizes, k + 1, i)) for i, j in chosen.nonzero().tolist()]
            points = tuple(point for pair in ends for point in (*pair, None))[:-1] or (
                (99.0, 99.0),
                (99.0, 99.1),
            )
            marks.append(
                Path(f"weights-{k}-{name}", name, points=points, width=2.4, opacity=0.95 if lit else 0.22)
            )
    values = [journey.way[0], *journey.way[2:-1:2], journey.p]
    for k, size in enumerate(sizes):
        reached = told >= k
        nodes = tuple(_node(sizes, k, i) for i in range(size))
        colour = "accent" if k == 0 else "image" if k == len(sizes) - 1 else "ink"
        marks.append(
            Points(f"numbers-{k}", colour if reached else "axis", points=nodes, size=26.0 if max(sizes) < 6 else 18.0,
                   texts=tuple(number(v) for v in values[k].tolist()))
        )  # fmt: skip
        title = "x" if k == 0 else "p" if k == len(sizes) - 1 else f"h{subscript(k)}"
        marks.append(
            Label(f"title-{k}", colour, at=(nodes[0][0], top), text=title, bold=True, place="middle center")
        )
    return tuple(marks)


def _node(sizes: tuple[int, ...], layer: int, unit: int) -> tuple[float, float]:
    across = -1.1 + 2.2 * layer / (len(sizes) - 1)
    gap = min(0.7, 1.9 / max(sizes))
    return round(across, 4), round(gap * ((sizes[layer] - 1) / 2 - unit) - 0.08, 4)
