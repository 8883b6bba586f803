"""Real data by name, so that a link can carry it as text: photographs, handwritten digits, flowers, patients."""

from __future__ import annotations

from collections.abc import Callable

import torch

from core import data
from core.expression.arguments import Given
from core.expression.entry import Entry, entry
from core.expression.errors import ExpressionError
from core.words import _

WIDEST = 2_000  # pixels
TABLES = {  # shape, dtype, where it comes from
    "digits": ((1797, 8, 8), torch.uint8, lambda: data.digits()[0]),
    "iris": ((150, 4), torch.float32, lambda: data.iris()[0]),
    "diabetes": ((442, 10), torch.float32, lambda: data.diabetes()[0].float()),
}
# The same in torch, NumPy, Pillow and scikit-learn: it needs these imports, and runs alone.
IMPORTS = ("import sklearn.datasets",)
RESIZING = ("import numpy as np", "import PIL.Image", *IMPORTS)
CODE = {
    "digits": "torch.from_numpy(sklearn.datasets.load_digits().images).to(torch.uint8)",
    "iris": "torch.from_numpy(sklearn.datasets.load_iris().data).float()",
    "diabetes": "torch.from_numpy(sklearn.datasets.load_diabetes().data).float()",
}
PHOTOGRAPH = 'sklearn.datasets.load_sample_image("{name}.jpg")'
WHOLE = "torch.from_numpy({image}.copy()).permute(2, 0, 1).contiguous()"
SMALL = "np.array(PIL.Image.fromarray({image}).resize(({width}, {height})))"
RESIZED = f"torch.from_numpy({SMALL}).permute(2, 0, 1).contiguous()"


def code(name: str, width: int | None = None) -> tuple[str, tuple[str, ...]]:
    """The call of a real data set as code that runs alone, and the imports that it needs beside torch."""
    if name in CODE:
        return CODE[name], IMPORTS
    image = PHOTOGRAPH.format(name=name)
    if width is None:
        return WHOLE.format(image=image), IMPORTS
    return RESIZED.format(image=image, width=width, height=data.height_of(name, width)), RESIZING


def _shape(name: str) -> Callable[[Given], tuple[int, ...]]:
    def rule(given: Given) -> tuple[int, ...]:
        width = given.get("width")
        if width is None:
            return (3, *data.SIZES[name])
        if not 1 <= width <= WIDEST or data.height_of(name, width) < 1:
            sentence = _("`width` is a number of pixels from 1 to {most}.")
            raise ExpressionError(sentence.format(most=f"{WIDEST:,}"), rule="value")
        return (3, data.height_of(name, width), width)

    return rule


def _photograph(name: str) -> Entry:
    rule = _shape(name)

    def call(device: str, width: int | None = None) -> torch.Tensor:
        if device == "meta":
            shape = rule(Given({} if width is None else {"width": width}))
            return torch.empty(shape, dtype=torch.uint8, device=device)
        return data.photograph_bytes(name, width).to(device, copy=True)

    return entry(name, "width: int?", call, rule, creates=True)


def _table(name: str) -> Entry:
    shape, dtype, load = TABLES[name]

    def call(device: str) -> torch.Tensor:
        return (
            torch.empty(shape, dtype=dtype, device=device)
            if device == "meta"
            else load().to(device, copy=True)
        )

    return entry(name, "", call, lambda _given: shape, creates=True)


REAL = [*map(_photograph, data.SIZES), *map(_table, TABLES)]
