"""The trap of the tensor: reshape gives the wanted shape, and scrambles the picture; permute moves the axes."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.operation import Example, Step
from core.ops import data
from core.ops.tensor_pictures import BLANK, picture
from core.panels import rows
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")

WIDTH = 180


def run(photo: torch.Tensor) -> torch.Tensor:
    """The mistake. photo (H, W, C), as files hold it -> (C, H, W), the right shape with the wrong numbers."""
    height, width, channels = photo.shape
    scrambled = photo.reshape(channels, height, width)  # same strip of memory, cut at other places
    return scrambled


def steps() -> Iterator[Step]:
    """The photograph, the mistake, why, and two ways to write what was meant, each one executed."""
    photo = data.photograph("flower", WIDTH).permute(1, 2, 0).contiguous()  # (C, H, W) -> (H, W, C)
    wrong, right = run(photo), photo.permute(2, 0, 1)
    before, after = show(photo.shape), show(wrong.shape)
    blank = torch.full_like(right, BLANK)
    layout = rows((0, 1, 2), tall=((0,), (1, 2)))
    yield Step(
        _pictures(photo, blank, blank),
        _(
            "A picture file holds rows of pixels, three numbers each: shape {shape}. A network wants (C, H, W)."
        ).format(shape=before),
        f"photo.shape = {before}",
        layout,
    )
    yield Step(
        _pictures(photo, wrong, blank),
        _(
            "reshape gives the shape {shape} without a word, and the picture is gone: it cut the strip of numbers anew."
        ).format(shape=after),
        f"photo.reshape{after} : {before} → {after}",
    )
    same = int((wrong == right).sum())
    yield Step(
        _pictures(photo, wrong, right),
        _(
            "permute moves the axes: number [i, j, c] is now at [c, i, j]. Only "
            "{same} of {all} numbers agree with reshape's."
        ).format(same=same, all=right.numel()),
        f"photo.permute(2, 0, 1) : {before} → {after}",
    )
    moved = torch.movedim(photo, -1, 0)
    yield Step(
        _pictures(photo, wrong, moved),
        _(
            "torch.movedim(photo, -1, 0) says the same: the last axis comes first, the others keep their order."
        ),
        f"torch.movedim(photo, -1, 0) : {before} → {show(moved.shape)}   = permute: {torch.equal(moved, right)}",
    )


def _pictures(photo: torch.Tensor, wrong: torch.Tensor, right: torch.Tensor):
    return (
        picture("photo", photo.permute(2, 0, 1), _("the photograph (H, W, C)")),
        picture("wrong", wrong, _("after reshape")),
        picture("right", right, _("after permute")),
    )


RESHAPE_IS_NOT_PERMUTE = Example(
    key="reshape-is-not-permute",
    title=N_("reshape does not move axes"),
    summary=N_("Both give (C, H, W), and only one is still the photograph. The shape alone cannot tell."),
    run=run,
    steps=steps,
)
