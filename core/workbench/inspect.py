"""The tensors page's answer: any tensor looked at from all sides, its numbers summed up, the torch line that made it.

Views: its cells by axes, a block in space, a picture where it looks like one, how its values are spread, its memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.expression.arguments import dtype_name
from core.figures import film
from core.numbers import number, vector
from core.operation import Step
from core.ops import nd_view, tensor_memory, tensor_story
from core.ops.tensor_story import Moment, Story
from core.panels import Cells, Curve, Line, Link, Panel, Raster, rows
from core.printed import described
from core.refusal import Refusal
from core.shapes import show
from core.words import N_, _, speaking
from core.workbench import shelf, written

Answer = shelf.Answer
PICK = Link("A", (), pick="cell")  # a click on a cell takes its place along the first axis
BINS = 40
PIECE = 1 << 17  # numbers that fit into a processor's cache
LARGE = 1e15  # beyond it the squares of many float32 are none
PICTURE, FRAME = 320, 120  # pixels of the longer side of a still, and of a frame of a clip
MOST_FRAMES = 24
GROUPS = 8  # moments in which the bins fill
SIZED = ("cells", "space", "picture", "values", "memory")
CHANNELS = (N_("red"), N_("green"), N_("blue"))


@dataclass(frozen=True)
class Summary:
    """What a pass over the numbers finds. `low` to `std` are of the finite numbers; None: there is none."""

    elements: int
    low: float | None
    high: float | None
    mean: float | None
    std: float | None
    nans: int = 0
    infinite: int = 0


def summed_up(tensor: torch.Tensor) -> Summary:
    """The summary of a tensor of any dtype, in one walk over its memory: every piece is read into the cache once."""
    flat = tensor.detach().reshape(-1)
    told = _Sums(float(flat[0]) if flat.numel() and bool(flat[0].isfinite()) else 0.0)
    for piece in flat.split(PIECE) if flat.numel() else ():
        told.add(piece if piece.dtype in (torch.float32, torch.float64) else piece.double())
    if not told.count:
        return Summary(tensor.numel(), None, None, None, None, told.nans, told.infinite)
    mean = told.total / told.count
    spread = max(told.squares / told.count - mean * mean, 0.0)
    return Summary(
        tensor.numel(), told.low, told.high, told.shift + mean, math.sqrt(spread), told.nans, told.infinite
    )


class _Sums:
    """Sums over finite numbers less `shift`, one of them: so that nothing is lost where the mean is far from 0."""

    def __init__(self, shift: float) -> None:
        self.shift = shift
        self.low, self.high = math.inf, -math.inf
        self.total = self.squares = 0.0
        self.count = self.nans = self.infinite = 0

    def add(self, piece: torch.Tensor) -> None:
        """Another piece of the numbers."""
        low, high = (float(value) for value in torch.aminmax(piece))
        if not math.isfinite(high - low):  # NaN goes through aminmax, and so does infinity
            self.nans += int(piece.isnan().sum())
            self.infinite += int(piece.isinf().sum())
            piece = piece[piece.isfinite()].double()
            if not piece.numel():
                return
            low, high = (float(value) for value in torch.aminmax(piece))
        if max(abs(low - self.shift), abs(high - self.shift)) > LARGE:
            piece = piece.double()
        moved = piece - self.shift
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.total += float(moved.sum())
        self.squares += float(torch.dot(moved, moved))
        self.count += piece.numel()


def surprises(told: Summary) -> list[str]:
    """Sentences on what one would not expect of numbers; mostly none."""
    found = []
    if told.nans:
        found.append(_("NaN, which is not a number, among them: {count}.").format(count=told.nans))
    if told.infinite:
        found.append(_("Infinite numbers among them: {count}.").format(count=told.infinite))
    if told.low is not None and told.low == told.high and told.elements > 1:
        sentence = _("All numbers are 0.") if told.low == 0 else _("All finite numbers are {value}.")
        found.append(sentence.format(value=number(told.low)))
    return found


def facts(tensor: torch.Tensor, told: Summary) -> list[list[str]]:
    """The one-line summary as (label, value)."""
    size = tensor.numel() * tensor.element_size()
    found = [
        [_("shape"), show(tuple(tensor.shape))],
        ["dtype", dtype_name(tensor.dtype)],
        [_("elements"), f"{tensor.numel():,}"],
        [_("memory"), _bytes(size)],
    ]
    if told.low is not None:
        found += [
            [_("range"), _("{low} to {high}").format(low=number(told.low, 4), high=number(told.high, 4))],
            [_("mean"), number(told.mean, 4)],
            [_("standard deviation"), number(told.std, 4)],
        ]
    return [*found, [_("strides"), show(tensor.stride())]]


def _bytes(size: int) -> str:
    if size < 10_000:
        return _("{count} bytes").format(count=f"{size:,}")
    return f"{size / 1e3:,.0f} kB" if size < 1e6 else f"{size / 1e6:,.1f} MB"


# --- what it looks like


def looks_like_picture(tensor: torch.Tensor) -> bool:
    """Colours (3, H, W), greys (H, W), or frames of either, of whole numbers 0 to 255 in a byte or fractions 0 to 1."""
    shape = tuple(tensor.shape)
    coloured = len(shape) in (3, 4) and shape[-3] == 3
    grey = len(shape) in (2, 3) and not coloured
    large = len(shape) >= 2 and min(shape[-2:]) >= 8 and max(shape[-2:]) <= 4096
    if not (coloured or grey) or not large:
        return False
    if tensor.dtype == torch.uint8:
        return True
    if not coloured or not tensor.dtype.is_floating_point:
        return False
    low, high = torch.aminmax(tensor)
    return bool(low >= 0) and bool(high <= 1)


def view_of(tensor: torch.Tensor, asked: str) -> str:
    """The view that is shown: the one asked for where the tensor has it, else the one that fits."""
    if asked == "picture" and looks_like_picture(tensor):
        return asked
    if asked == "space" and tensor.dim() == 3 and 0 < tensor.numel() <= nd_view.MOST_CUBES:
        return asked
    if asked in ("values", "memory", "cells"):
        return asked
    return "picture" if asked == "auto" and looks_like_picture(tensor) else "cells"


def steps(tensor: torch.Tensor, view: str, told: nd_view.Roles, summary: Summary) -> Iterator[Step]:
    """The tensor told in one of its views."""
    if view == "picture":
        yield from _pictures(tensor)
    elif view == "values":
        yield from _spread(tensor, summary)
    elif view == "memory":
        yield from tensor_memory.walk(tensor, _story(tensor, told))
    else:
        yield from _cells(_story(tensor, told, view == "space"))


def _story(tensor: torch.Tensor, told: nd_view.Roles, space: bool = False) -> Story:
    """The tensor alone: nothing is done with it."""
    order = torch.arange(tensor.numel()).reshape(tensor.shape)
    return Story(tensor, tensor, order, "index", (Ellipsis,), "A", told, space)


def _cells(story: Story) -> Iterator[Step]:
    far = nd_view.needs_afar(story.shape, story.told) and not story.space
    afar = nd_view.afar("afar", story.A, story.told) if far else None  # once: it passes over all the numbers
    layout = rows((0,), (1,), heights=(3, 2)) if far else None
    for k, moment in enumerate([*tensor_story.axes(story), *tensor_story.scrubbed(story)]):
        panels = _one(story, moment)
        shown: tuple[Panel, ...] = panels if afar is None else (*panels, afar)
        links = (PICK,) if story.A.dim() else ()
        yield Step(shown, moment.sentence, moment.formula, layout if k == 0 else None, links)


def _one(story: Story, moment: Moment) -> tuple[Panel, ...]:
    if story.space:
        return (tensor_story.block(story, moment),)
    told = moment.told or story.told
    found = nd_view.blocks("A", story.A, told, lit=moment.lit, colour="matrix")
    return (Cells(tuple(nd_view.lines(found))),)


def _pictures(tensor: torch.Tensor) -> Iterator[Step]:
    shape = tuple(tensor.shape)
    coloured = len(shape) in (3, 4) and shape[-3] == 3
    if len(shape) == (4 if coloured else 3):
        yield from _frames(tensor)
        return
    sentence = _("A picture: {shape}, {rows} rows of {columns} pixels, one number for each colour of each.")
    if not coloured:
        sentence = _("A picture: {shape}, {rows} rows of {columns} pixels, one number for each.")
    words = {"shape": show(shape), "rows": shape[-2], "columns": shape[-1]}
    yield Step((_raster(tensor, PICTURE),), sentence.format(**words), f"A.shape = {show(shape)}")
    for k, name in enumerate(CHANNELS if coloured else ()):
        sentence = _(
            "A[{channel}] is the {name} channel, a matrix {shape}: bright where there is much {name}."
        )
        words = {"channel": k, "name": _(name), "shape": show(shape[1:])}
        formula = f"A[{k}] : {show(shape)} → {show(shape[1:])}"
        yield Step((_raster(tensor[k], PICTURE),), sentence.format(**words), formula)


def _frames(tensor: torch.Tensor) -> Iterator[Step]:
    shape = tuple(tensor.shape)
    sentence = _("Frame {frame} of {count}: A[{frame}] is {shape}.")
    for k in range(min(shape[0], MOST_FRAMES)):
        words = {"frame": k, "count": shape[0], "shape": show(shape[1:])}
        yield Step(
            (_raster(tensor[k], FRAME),),
            sentence.format(**words),
            f"A[{k}] : {show(shape)} → {show(shape[1:])}",
        )


def _raster(picture: torch.Tensor, side: int) -> Raster:
    """A picture (3, H, W) or (H, W), made at most `side` pixels long."""
    values = picture.float() if picture.dtype == torch.uint8 else picture.float() * 255
    if values.dim() == 2:
        values = values[None]
    scale = min(1.0, side / max(values.shape[-2:]))
    if scale < 1:
        size = [max(1, round(n * scale)) for n in values.shape[-2:]]
        values = torch.nn.functional.interpolate(values[None], size=size, mode="area")[0]
    pixels = values.round().clamp(0, 255).to(torch.uint8)
    kind = "rgb" if len(pixels) == 3 else "grey"
    ordered = pixels.permute(1, 2, 0) if kind == "rgb" else pixels[0]
    return Raster("picture", ordered.contiguous().numpy().tobytes(), *ordered.shape[:2], kind=kind)


# --- how its values are spread


@dataclass(frozen=True)
class Spread:
    """A histogram: `counts[k]` numbers lie between edges[k] and edges[k + 1]."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def spread_of(tensor: torch.Tensor, told: Summary) -> Spread | None:
    """The histogram of the finite numbers; whole numbers of a small range have a bin each. None: no number."""
    if told.low is None:
        return None
    low, high = told.low, told.high
    whole = not tensor.dtype.is_floating_point
    values = tensor.flatten() if whole or not (told.nans or told.infinite) else tensor[tensor.isfinite()]
    if whole and high - low < BINS:
        bins, low, high = int(high - low) + 1, low - 0.5, high + 0.5
    elif low == high:
        bins, low, high = 1, low - 0.5, high + 0.5
    else:
        bins = BINS
    scaled = values if values.dtype in (torch.float32, torch.float64) else values.double()
    if values.dtype == torch.float32 and (high - low) < 1e-30:  # the width of a bin would be no float32
        scaled = values.double()
    counts = torch.histc(scaled, bins, low, high)
    step = (high - low) / bins
    return Spread(tuple(low + k * step for k in range(bins + 1)), tuple(int(c) for c in counts.tolist()))


def _spread(tensor: torch.Tensor, told: Summary) -> Iterator[Step]:
    found = spread_of(tensor, told)
    if found is None or not math.isfinite(found.edges[-1] - found.edges[0]):
        yield Step((_curve((0.0, 1.0), (0,), told, False),), _("There is no finite number to count."))
        return
    bins = len(found.counts)
    first = _("The numbers lie between {low} and {high}. This range is cut into {bins} bins of equal width.")
    words = {"low": number(told.low, 4), "high": number(told.high, 4), "bins": bins}
    yield Step((_curve(found.edges, (0,) * bins, told, False, max(found.counts)),), first.format(**words))
    for group in range(1, GROUPS + 1):
        done = math.ceil(bins * group / GROUPS)
        counts = (*found.counts[:done], *(0,) * (bins - done))
        sentence = _("{count} of the {all} numbers lie below {edge}.")
        words = {
            "count": f"{sum(counts):,}",
            "all": f"{told.elements:,}",
            "edge": number(found.edges[done], 4),
        }
        panel = _curve(found.edges, counts, told, False, max(found.counts))
        yield Step((panel,), sentence.format(**words), "torch.histc(A, bins, low, high)")
    last = _("The mean is {mean}; the standard deviation {std} says how far from it a number usually lies.")
    yield Step(
        (_curve(found.edges, found.counts, told, True),),
        last.format(mean=number(told.mean, 4), std=number(told.std, 4)),
        f"A.mean() = {number(told.mean, 4)}   A.std(correction=0) = {number(told.std, 4)}",
    )


def _curve(
    edges: tuple[float, ...], counts: tuple[int, ...], told: Summary, marked: bool, highest: int = 0
) -> Curve:
    """The histogram as stairs; the mean and one standard deviation to each side where they are `marked`."""
    highest = max(highest, *counts, 1)
    xs = [edge for edge in edges for _side in (0, 1)]
    ys = [0.0, *(float(count) for count in counts for _side in (0, 1)), 0.0]
    mean, std = told.mean or 0.0, told.std or 0.0
    top = 1.08 * highest
    return Curve(
        "spread",
        (
            Line("stairs", tuple(xs), tuple(ys), "vector", 2.0, fill=0.25),
            Line("mean", (mean, mean) if marked else (None, None), (0.0, top), "accent", 2.5,
                 label=_("mean") if marked else ""),
            Line("deviation", (mean - std, mean + std) if marked else (None, None), (0.5 * top, 0.5 * top),
                 "accent", 2.0, "dash"),
        ),
        _widened(edges[0], edges[-1]),
        (0.0, 1.12 * highest),
        x_label=_("value"),
        y_label=_("how many"),
    )  # fmt: skip


def _widened(low: float, high: float) -> tuple[float, float]:
    air = 0.03 * (high - low) or 0.5
    return (low - air, high + air)


# --- the task


def inspect(arguments: Mapping[str, Any]) -> Answer:
    """A text of the language, with the shelf's names, looked at: film, summary, and whether it is on the shelf."""
    with speaking(arguments.get("language", "en")):
        values = arguments["parameters"]
        names = shelf.tensors_of(arguments)
        try:
            tensor = shelf.part(arguments["text"], values.get("slice", ""), names)
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        told = summed_up(tensor)
        view = view_of(tensor, values["view"])
        axis = {n: None if values[n] == "auto" else int(values[n]) for n in ("rows", "columns", "slider")}
        roles = nd_view.roles(
            tuple(tensor.shape), axis["rows"], axis["columns"], axis["slider"], int(values["at"])
        )
        told_steps = list(steps(tensor, view, roles, told))
        figure = film.film(told_steps, key="tensors", mode=arguments.get("theme", "light"))
        data = {
            "result": described(tensor),
            "facts": facts(tensor, told),
            "surprises": surprises(told),
            "code": written.code(
                shelf.indexed(arguments["text"], values.get("slice", ""), names),
                names,
                shelf.texts_of(arguments),
            ),
            "views": [one for one in SIZED if view_of(tensor, one) == one],
            "view": view,
            "axes": tensor.dim(),
            "first": vector((float(value) for value in tensor.flatten()[:6].tolist()), 5),
            "inputs": {"A": {"shape": list(tensor.shape), "dtype": dtype_name(tensor.dtype)}},
            "steps": len(told_steps),
            "layers": [],
        }
        return data, {"film": film.to_json(figure)}
