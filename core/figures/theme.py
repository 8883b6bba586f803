"""Every colour, size and duration of the figures, for paper-white and night."""

from __future__ import annotations

from functools import lru_cache

FONT = (
    'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
)
TWEEN_MS = 800
HOLD_MS = 500

# name: (light, dark). Text in any of them has at least 4.5:1 on its background, tested in tests/core/test_theme.py.
COLOURS = {
    "background": ("#fdfcf9", "#14171c"),
    "ink": ("#1c1f24", "#ebe8e1"),
    "quiet": ("#667080", "#98a2b0"),
    "hairline": ("#e6e3dc", "#262b33"),
    "axis": ("#b9b6ae", "#4b535f"),
    "grid": ("#9db9d9", "#3d5f86"),
    "accent": ("#d1005b", "#ff4f86"),
    "basis1": ("#c2500c", "#ff9a3d"),
    "basis2": ("#0f766e", "#2dd4bf"),
    "basis3": ("#7e22ce", "#c38bff"),
    "matrix": ("#1c1f24", "#ebe8e1"),
    "vector": ("#4470c2", "#86a8e6"),
    "image": ("#1d3f9e", "#bcd2ff"),
    "area": ("#e0a82e", "#e6d08a"),
    "area-text": ("#845600", "#efdc9f"),
    "circle": ("#8a8378", "#8f8a82"),
    "eigen": ("#464c58", "#d5d8de"),
    "null": ("#6b2d0f", "#d8b4a0"),
    "image-space": ("#1d3f9e", "#bcd2ff"),
    "axis1": ("#0f766e", "#2dd4bf"),
    "axis2": ("#2f62c9", "#86a8e6"),
    "axis3": ("#7e22ce", "#c38bff"),
    "axis4": ("#b45309", "#ffb14d"),
    "axis5": ("#4d6b00", "#a3d14b"),
    "axis6": ("#5b5b66", "#b4b7c2"),
    "positive": ("#2b6cb0", "#3f83cc"),
    "negative": ("#c0392b", "#cf5a4a"),
}
STRONGEST_CELL = 0.6  # of the way from background to positive or negative: ink stays readable on it


def colour(name: str, theme: str) -> str:
    """The colour `name` in the theme "light" or "dark", as #rrggbb."""
    return COLOURS[name][theme == "dark"]


def rgb(hexadecimal: str) -> tuple[int, int, int]:
    """#rrggbb as three numbers 0..255."""
    return tuple(int(hexadecimal[k : k + 2], 16) for k in (1, 3, 5))


def faded(name: str, opacity: float, theme: str) -> str:
    """The colour with an opacity, as rgba()."""
    red, green, blue = rgb(colour(name, theme))
    return f"rgba({red},{green},{blue},{opacity:g})"


@lru_cache(maxsize=4096)
def signed(share: float, theme: str) -> str:
    """The fill of a cell: `share` in [-1, 1] of the largest size on the diverging scale; 0 is the background."""
    share = max(-1.0, min(1.0, share))
    target = rgb(colour("positive" if share >= 0 else "negative", theme))
    start = rgb(colour("background", theme))
    weight = abs(share) * STRONGEST_CELL
    red, green, blue = (round(a + (b - a) * weight) for a, b in zip(start, target, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast(first: str, second: str) -> float:
    """The WCAG 2 contrast ratio of two #rrggbb colours, 1 to 21."""
    lights = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(hexadecimal: str) -> float:
    channels = [value / 255 for value in rgb(hexadecimal)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
