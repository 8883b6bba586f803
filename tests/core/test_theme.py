"""The colours: readable in both themes, told apart by colour-blind readers, and the cells stay readable."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.figures import theme

MODES = ("light", "dark")
TEXT = (
    "ink",
    "quiet",
    "accent",
    "basis1",
    "basis2",
    "basis3",
    "matrix",
    "image",
    "area-text",
    "eigen",
    "null",
    "vector",
    "image-space",
)
TOGETHER = ("basis1", "basis2", "basis3", "vector", "image", "area", "accent")  # told apart by colour alone

# Dichromats, Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SEEN = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def lab(colour: str, sight: str | None = None) -> np.ndarray:
    """CIE L*a*b* (D65) of #rrggbb as `sight` sees it."""
    channel = np.array(theme.rgb(colour)) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    if sight:
        linear = np.clip(np.array(SEEN[sight]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ linear / np.array([0.9505, 1, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TEXT)
def test_text_has_aa_contrast(name, mode) -> None:
    assert theme.contrast(theme.colour(name, mode), theme.colour("background", mode)) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["circle", "area"])
def test_strokes_have_graphics_contrast(name, mode) -> None:
    least = (
        1.9 if name == "area" and mode == "light" else 3
    )  # the area also has a fill and a darker number in it
    assert theme.contrast(theme.colour(name, mode), theme.colour("background", mode)) >= least


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("share", [-1, -0.5, 0, 0.25, 1])
def test_numbers_stay_readable_in_their_cells(share, mode) -> None:
    assert theme.contrast(theme.colour("ink", mode), theme.signed(share, mode)) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sight", [None, *SEEN])
def test_colours_on_one_picture_are_told_apart(sight, mode) -> None:
    for first, second in itertools.combinations(TOGETHER, 2):
        distance = np.linalg.norm(
            lab(theme.colour(first, mode), sight) - lab(theme.colour(second, mode), sight)
        )
        assert distance > 11, (first, second, distance)  # 2.3 is just noticeable


@pytest.mark.parametrize("mode", MODES)
def test_zero_is_the_background(mode) -> None:
    assert theme.signed(0, mode) == theme.colour("background", mode)


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
