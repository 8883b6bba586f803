"""Practice: a photograph (C, H, W) taken apart into its channels, and a clip (T, C, H, W) frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

from core import files, lazy
from core.numbers import number
from core.operation import Choice, Example, Step, Upload
from core.ops import data
from core.panels import Bars, Raster, rows
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")

WIDTH = 180  # pixels of a photograph
BLANK = 0.5  # the grey of a picture that is not there yet
CLIP_FROM = 120
CLIP_WIDTH, CLIP_HEIGHT, FRAMES = 48, 36, 10
PHOTOGRAPHS = Choice("photo", N_("Photograph"), (("flower", N_("flower")), ("china", N_("temple"))), "flower")
SOURCE = N_(
    "Photographs: china.jpg by Jialiang Gao, flower.jpg by dany13 (CC BY 2.0), shipped with scikit-learn."
)


def picture(name: str, values: torch.Tensor, title: str, note: str = "") -> Raster:
    """Colours (3, H, W) or greys (H, W) in [0, 1] as a picture."""
    pixels = (values.clamp(0, 1) * 255).round().to(torch.uint8)
    ordered = pixels.permute(1, 2, 0) if pixels.dim() == 3 else pixels
    kind = "rgb" if pixels.dim() == 3 else "grey"
    return Raster(
        name, ordered.contiguous().numpy().tobytes(), *ordered.shape[:2], kind=kind, title=title, note=note
    )


def smaller(pictures: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """uint8 (T, 3, H, W) as floats in [0, 1], fitted into `width` x `height` pixels."""
    scale = min(width / pictures.shape[-1], height / pictures.shape[-2], 1.0)
    size = [max(1, round(side * scale)) for side in pictures.shape[-2:]]
    return torch.nn.functional.interpolate(pictures.float() / 255, size=size, mode="area")


# --- channels


def channels(photo: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """photo (C, H, W) -> red, green, blue, each (H, W), and their mean, a grey picture (H, W)."""
    red, green, blue = photo[0], photo[1], photo[2]  # a whole number picks a channel, and axis 0 is gone
    grey = photo.mean(0)  # the mean along axis 0
    return red, green, blue, grey


def channel_steps(*, photo: str = "flower", own: bytes | None = None) -> Iterator[Step]:
    """The photograph whole, its channels one by one, and what is left when the channel axis is averaged away."""
    values = data.photograph(photo, WIDTH)
    if own:
        values = smaller(files.read_image(own)[None], WIDTH, WIDTH)[0]
    *parts, grey = channels(values)
    shape, flat = show(values.shape), show(grey.shape)
    names = (_("red"), _("green"), _("blue"))
    first = _("A photograph is a tensor of shape {shape}: {c} channels, {h} rows, {w} columns.")
    yield _channel_step(
        values, [], None,
        first.format(shape=shape, c=values.shape[0], h=values.shape[1], w=values.shape[2]), f"P.shape = {shape}",
    )  # fmt: skip
    for k, name in enumerate(names):
        sentence = _(
            "P[{channel}] is the {name} channel, a matrix {shape}: bright where the light holds much {name}."
        )
        mean = number(float(parts[k].mean()))
        yield _channel_step(
            values, parts[: k + 1], None, sentence.format(channel=k, name=name, shape=flat),
            f"P[{k}] : {shape} → {flat}   P[{k}].mean() = {mean}",
        )  # fmt: skip
    sentence = _("The mean along axis 0 makes one grey picture of the three channels: the axis C is gone.")
    yield _channel_step(values, parts, grey, sentence, f"P.mean(0) : {shape} → {flat}")


def _channel_step(values, parts, grey, sentence: str, formula: str) -> Step:
    blank = torch.full(values.shape[1:], BLANK)
    names = (_("P[0], red"), _("P[1], green"), _("P[2], blue"))
    shown = [*parts, *[blank] * (3 - len(parts))]
    panels = (
        picture("photo", values, _("P, the photograph")),
        *(picture(f"channel-{k}", part, names[k]) for k, part in enumerate(shown)),
        picture("grey", blank if grey is None else grey, "P.mean(0)"),
    )
    return Step(panels, sentence, formula, rows((0, 4), (1, 2, 3), heights=(5, 4), tall=((0, 4), (1, 2, 3))))


CHANNELS = Example(
    key="channels",
    title=N_("A photograph taken apart"),
    summary=N_(
        "A colour photograph is (C, H, W): one matrix of brightness for red, one for green, one for blue."
    ),
    run=channels,
    steps=channel_steps,
    parameters=(PHOTOGRAPHS, Upload("own", N_("A picture of your own"), ("image",))),
    source=SOURCE,
)


# --- a clip


def clip(photo: torch.Tensor, height: int, width: int, frames: int) -> torch.Tensor:
    """photo (C, H, W) -> a clip (T, C, height, width): a window that moves over the photograph."""
    down = (photo.shape[1] - height) // frames
    aside = (photo.shape[2] - width) // frames
    windows = [
        photo[:, t * down :, t * aside :][:, :height, :width] for t in range(frames)
    ]  # views, no copies
    return torch.stack(windows)  # T times (C, height, width) -> (T, C, height, width)


def clip_steps(*, photo: str = "china", own: bytes | None = None) -> Iterator[Step]:
    """One frame a step: the film's own slider scrubs the axis T."""
    if own:
        frames = files.read_clip(own)
        chosen = torch.linspace(0, len(frames) - 1, min(FRAMES, len(frames))).round().long()
        film = smaller(frames[chosen], CLIP_WIDTH, CLIP_HEIGHT)
        first = _("Your clip, made smaller, with {t} of its frames: a tensor of shape {shape}.")
    else:
        film = clip(data.photograph(photo, CLIP_FROM), CLIP_HEIGHT, CLIP_WIDTH, FRAMES)
        first = _(
            "A clip of {t} frames, made here by moving a window over a photograph: a tensor of shape {shape}."
        )
    light = film.mean((1, 2, 3)).tolist()
    shape, one = show(film.shape), show(film.shape[1:])
    for t in range(len(film)):
        sentence = _("V[{t}] picks frame {t}: axis 0 is gone, and a picture of shape {shape} is left.")
        words = {"t": t, "shape": one}
        if t == 0:
            sentence, words = first, {"t": len(film), "shape": shape}
        panels = (
            picture("frame", film[t], f"V[{t}]"),
            Bars(
                "light",
                tuple(light),
                tuple(map(str, range(len(film)))),
                _("mean brightness of each frame"),
                (t,),
            ),
        )
        formula = f"V[{t}] : {shape} → {one}   V[{t}].mean() = {number(light[t])}"
        yield Step(panels, sentence.format(**words), formula, rows((0, 1)))
    if len(film) == 1:
        yield Step(panels, _("The clip has one frame only."), f"V.shape = {shape}")


CLIP = Example(
    key="clip",
    title=N_("A clip, frame by frame"),
    summary=N_("A film is (T, C, H, W): a picture at each moment. Playing it is walking along axis 0."),
    run=clip,
    steps=clip_steps,
    parameters=(
        Choice("photo", N_("Photograph"), (("china", N_("temple")), ("flower", N_("flower"))), "china"),
        Upload("own", N_("A GIF of your own"), ("clip",)),
    ),
    source=SOURCE,
)
