"""The pages of the workbench, as records: what their fields are called in links, and what they hold at first."""

from __future__ import annotations

from core.operation import Choice, Desk, Input, Phrase, Slider
from core.words import N_

AXES = 8
VIEWS = (
    ("auto", N_("what fits")),
    ("cells", N_("cells")),
    ("space", N_("block in space")),
    ("picture", N_("picture")),
    ("values", N_("distribution")),
    ("memory", N_("memory")),
)


def _axis(name: str, label: str, automatic: str) -> Choice:
    options = (("auto", automatic), *((str(axis), str(axis)) for axis in range(AXES)))
    return Choice(name, label, options, "auto", menu=True, when=("view", ("auto", "cells")))


TENSORS = Desk(
    key="tensors",
    title=N_("Tensors"),
    inputs=(
        Input("A", "...", "torch.arange(24).reshape(2, 3, 4)", N_("a line of tensor code, or a name"), own_dtype=True),
    ),
    parameters=(
        Choice("view", N_("What is shown"), VIEWS, "auto", menu=True),
        Phrase("slice", N_("Slice: type it, or click a number"), "", optional=True),
        _axis("rows", N_("Axis in rows"), N_("the last but one")),
        _axis("columns", N_("Axis in columns"), N_("the last")),
        _axis("slider", N_("Axis on a slider"), N_("none")),
        Slider("at", N_("Where the slider stands"), 0, 63, 1, 0, when=("slider", tuple(map(str, range(AXES))))),
    ),
)  # fmt: skip
ATTENTION = "\n".join(
    (
        "Q = [[1.0, 0], [0, 1], [1, 1]]",
        "K = [[1.0, 0], [0, 2], [1, 1], [2, 0]]",
        "V = [[1.0, 0], [0, 1], [1, 1], [4, 2]]",
        "softmax(Q @ K.mT / sqrt(2), dim=-1) @ V",
    )
)
EXPRESSION = Desk(
    key="expression",
    title=N_("Expression"),
    inputs=(Input("code", "...", ATTENTION, N_("one line of tensor code, or a few"), own_dtype=True),),
    parameters=(Phrase("node", N_("Node"), "", longest=4, optional=True),),
)
SLIDES = Desk(key="slides", title=N_("Slides"), inputs=())
DESKS = (TENSORS, EXPRESSION, SLIDES)
