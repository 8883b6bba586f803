"""Pictures of any size, sent as an image: photographs, feature maps, large matrices seen from afar."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from core.figures import theme
from core.figures.marks import Trace
from core.lazy import load
from core.panels import Raster

if TYPE_CHECKING:
    from PIL.Image import Image

np = load("numpy")
image = load("PIL.Image")

HEAD, FOOT = 0.1, 0.075  # room for the title and the note, as shares of the longer side
# Of a JPEG: a photograph of 320 pixels and its three channels are 48 kB together, 63 with 82. At 2.5 times its size a
# clear sky has faint blocks.
QUALITY = 72
FEW = 64  # colours up to which a picture is smaller, and exact, as PNG
LEVELS = 60  # shades from zero to the strongest colour, each way: more no eye tells apart, and PNG gets long
EXACT = 12_000  # bytes up to which a picture of numbers stays an exact PNG
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
    data = source(panel, mode)
    picture = {
        "type": "image",
        "source": data,
        "visible": True,
        "x0": 0.5 * panel.width / _shown(panel)[1],
        "y0": 0.5 * panel.height / _shown(panel)[0],
        "dx": panel.width / _shown(panel)[1],
        "dy": panel.height / _shown(panel)[0],
        "hoverinfo": "skip",
        # one trace for each picture that the panel becomes, shown by turns: a film holds none of them twice
        "meta": {"name": f"{panel.name}-picture-{zlib.crc32(data.encode()):08x}",
                 "size": [_shown(panel)[1], _shown(panel)[0]]},
    }  # fmt: skip
    return [place | picture, flat | _words(panel, mode), flat | _lit(panel, mode)]


def source(panel: Raster, mode: str) -> str:
    """The picture as a data URI: PNG, or JPEG where that is smaller and no number is lost to the eye."""
    picture = drawn(panel, mode)
    scale = _scale(panel)
    if scale > 1:
        picture = picture.resize((panel.width * scale, panel.height * scale), image.Resampling.NEAREST)
    photograph = panel.kind in ("rgb", "grey") and scale == 1
    if photograph and picture.getcolors(FEW) is None:
        best, kind = _lossy(picture), "jpeg"
    else:
        best, kind = _saved(picture, "PNG", optimize=True), "png"
        if scale == 1 and (photograph or len(best) > EXACT):
            best, kind = min((best, kind), (_lossy(picture), "jpeg"), key=lambda pair: len(pair[0]))
    return f"data:image/{kind};base64," + base64.b64encode(best).decode()


def drawn(panel: Raster, mode: str) -> Image:
    """The panel as a picture of Pillow's, in the colours of the theme."""
    shape = (panel.height, panel.width)
    if panel.kind == "rgb":
        return image.fromarray(np.frombuffer(panel.data, dtype=np.uint8).reshape(*shape, 3))
    if panel.kind == "grey":
        return image.fromarray(np.frombuffer(panel.data, dtype=np.uint8).reshape(shape))
    values = np.frombuffer(panel.data, dtype=np.float32).reshape(shape)
    known = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    largest = panel.largest or float(np.abs(known[np.isfinite(known)]).max(initial=0.0)) or 1.0
    shares = np.clip(known / largest, -1.0 if panel.kind == "signed" else 0.0, 1.0)
    places = (np.round(shares * LEVELS) + LEVELS).astype(np.uint8)
    places[np.isnan(values)] = 2 * LEVELS + 1
    picture = image.fromarray(places)
    picture.putpalette(scale_colours(mode).tobytes())  # makes it a picture of palette places
    return picture


@cache
def scale_colours(mode: str) -> np.ndarray:
    """The diverging scale, uint8 (2 LEVELS + 2, 3): the strongest negative first, the page's background in the
    middle, the strongest positive, and last the mark of what is no number."""
    paper, high, low, none = (
        np.array(theme.rgb(theme.colour(name, mode)), dtype=float)
        for name in ("background", "positive", "negative", "axis")
    )
    shares = np.arange(-LEVELS, LEVELS + 1)[:, None] / LEVELS
    colours = paper + (np.where(shares >= 0, high, low) - paper) * np.abs(shares)
    return np.round(np.concatenate([colours, none[None]])).astype(np.uint8)


def _scale(panel: Raster) -> int:
    """How many pixels of the image stand for one of the picture, each way."""
    longest = max(panel.height, panel.width)
    return 1 if longest >= SHARP else max(1, min(-(-SHARP * 4 // longest), MOST // longest))


def _shown(panel: Raster) -> tuple[int, int]:
    return panel.height * _scale(panel), panel.width * _scale(panel)


def _lossy(picture: Image) -> bytes:
    plain = picture if picture.mode in ("RGB", "L") else picture.convert("RGB")
    return _saved(plain, "JPEG", quality=QUALITY, optimize=True, progressive=True)


def _saved(picture: Image, form: str, **more: object) -> bytes:
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
