"""Pictures of any size, sent as an image: photographs, feature maps, large matrices seen from afar."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from core.figures import theme
from core.figures.marks import Trace
from core.lazy import load
from core.panels import Raster

np = load("numpy")
image = load("PIL.Image")

HEAD, FOOT = 0.1, 0.075  # room for the title and the note, as shares of the longer side
QUALITY = 82  # of a photograph; what has few colours is smaller, and exact, as PNG
SHARP = 96  # pictures of fewer rows are enlarged by whole pixels: no browser blurs their cells
MOST = 1024  # pixels of a side after that


def axes(panels: Sequence[Raster], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes in pixels that hold the picture at every step; y grows downwards."""
    height, width = max(panel.height for panel in panels), max(panel.width for panel in panels)
    side = max(height, width)
    hidden = {"visible": False, "fixedrange": True}
    air = 0.02 * side
    return (
        hidden | {"range": [-air, width + air]},
        hidden | {"range": [height + FOOT * side + air, -HEAD * side - air]},
        True,
    )


def draw(panel: Raster, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """The picture, its title and note, and the frames of its lit parts."""
    place = {"xaxis": axes[0], "yaxis": axes[1]}
    flat = place | {"type": "scatter", "showlegend": False, "hoverinfo": "skip"}
    picture = {
        "type": "image",
        "source": source(panel, mode),
        "x0": 0.5 * panel.width / _shown(panel)[1],
        "y0": 0.5 * panel.height / _shown(panel)[0],
        "dx": panel.width / _shown(panel)[1],
        "dy": panel.height / _shown(panel)[0],
        "hoverinfo": "skip",
        "meta": {"name": f"{panel.name}-picture", "size": [_shown(panel)[1], _shown(panel)[0]]},
    }
    return [place | picture, flat | _words(panel, mode), flat | _lit(panel, mode)]


def source(panel: Raster, mode: str) -> str:
    """The picture as a data URI."""
    pixels = np.repeat(np.repeat(rgb(panel, mode), _scale(panel), axis=0), _scale(panel), axis=1)
    picture = image.fromarray(pixels)
    png = _saved(picture, "PNG", optimize=True)
    if panel.kind != "rgb" or _scale(panel) > 1:
        return "data:image/png;base64," + base64.b64encode(png).decode()
    jpeg = _saved(picture, "JPEG", quality=QUALITY, optimize=True)
    best, kind = min((png, "png"), (jpeg, "jpeg"), key=lambda pair: len(pair[0]))
    return f"data:image/{kind};base64," + base64.b64encode(best).decode()


def rgb(panel: Raster, mode: str) -> np.ndarray:
    """The pixels as uint8 (h, w, 3), in the colours of the theme."""
    shape = (panel.height, panel.width)
    if panel.kind == "rgb":
        return np.frombuffer(panel.data, dtype=np.uint8).reshape(*shape, 3)
    if panel.kind == "grey":
        grey = np.frombuffer(panel.data, dtype=np.uint8).reshape(shape)
        return np.repeat(grey[:, :, None], 3, axis=2)
    values = np.frombuffer(panel.data, dtype=np.float32).reshape(shape)
    finite = np.where(np.isfinite(values), values, 0.0)
    largest = panel.largest or float(np.abs(finite).max(initial=0.0)) or 1.0
    shares = np.clip(finite / largest, -1.0 if panel.kind == "signed" else 0.0, 1.0)
    return _tinted(shares, mode)


def _tinted(shares: np.ndarray, mode: str) -> np.ndarray:
    """Shares in [-1, 1] on the diverging scale: zero is the page's background."""
    paper = np.array(theme.rgb(theme.colour("background", mode)), dtype=float)
    high = np.array(theme.rgb(theme.colour("positive", mode)), dtype=float)
    low = np.array(theme.rgb(theme.colour("negative", mode)), dtype=float)
    target = np.where(shares[..., None] >= 0, high, low)
    return np.round(paper + (target - paper) * np.abs(shares)[..., None]).astype(np.uint8)


def _scale(panel: Raster) -> int:
    """How many pixels of the image stand for one of the picture, each way."""
    longest = max(panel.height, panel.width)
    return 1 if longest >= SHARP else max(1, min(-(-SHARP * 4 // longest), MOST // longest))


def _shown(panel: Raster) -> tuple[int, int]:
    return panel.height * _scale(panel), panel.width * _scale(panel)


def _saved(picture: object, form: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **more)
    return buffer.getvalue()


def _words(panel: Raster, mode: str) -> Trace:
    side = max(panel.height, panel.width)
    return {
        "mode": "text",
        "x": [panel.width / 2] * 2,
        "y": [-0.05 * side, panel.height + 0.045 * side],
        "text": [panel.title, panel.note],
        "textfont": {
            "size": [15, 13],
            "color": [theme.colour("ink", mode), theme.colour("quiet", mode)],
        },
        "cliponaxis": False,
        "meta": {"name": f"{panel.name}-words"},
    }


def _lit(panel: Raster, mode: str) -> Trace:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for top, left, height, width in panel.lit or ((0, 0, 0, 0),):
        xs += [left, left + width, left + width, left, left, None]
        ys += [top, top, top + height, top + height, top, None]
    return {
        "mode": "lines",
        "x": xs,
        "y": ys,
        "line": {"width": 3 if panel.lit else 0, "color": theme.colour("accent", mode)},
        "meta": {"name": f"{panel.name}-lit"},
    }
