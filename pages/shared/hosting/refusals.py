"""Why the server did not even begin: the calculator's reasons as sentences for a visitor, each with what would work."""

from __future__ import annotations

import math

from core import calculator
from core.limits import current
from core.words import _


def sentence_of(failure: calculator.Failure) -> tuple[str, str]:
    """(Why a question was refused, what would work) for a failure of the kind "refused"."""
    seconds = max(1, math.ceil(failure.seconds))
    if failure.detail == "compute":
        used = _("You have used the {limit} seconds of computing that each visitor has in a minute.")
        wait = _("Try again in {seconds} seconds, or use smaller tensors.")
        return used.format(limit=f"{current().compute_seconds:g}"), wait.format(seconds=seconds)
    if failure.detail == "questions":
        return _("Too many questions came at once."), _("Try again in {seconds} seconds.").format(
            seconds=seconds
        )
    return {
        "stopping": (_("This server is being restarted."), _("Try again in a minute.")),
        "memory": (
            _("The server's memory is nearly full, so nothing large is begun."),
            _("Smaller tensors go on; try this again in a minute."),
        ),
        "queue": (
            _("Very many visitors are computing, so trainings, exports and files have to wait."),
            _("Small questions go on; try this again in a minute."),
        ),
        "full": (_("Many readers are computing at this moment."), _("Try again in a few seconds.")),
        "trainings": (
            _("A training of yours is under way in another window."),
            _("Wait until it ends, or close that window."),
        ),
    }[failure.detail]


def uploads(seconds: float) -> tuple[str, str]:
    """The same for an upload over the limit of a minute."""
    said = _("Each visitor may send {limit} MB of files in a minute.")
    wait = _("Try again in {seconds} seconds.").format(seconds=max(1, math.ceil(seconds)))
    return said.format(limit=f"{current().upload_bytes / 1e6:g}"), wait
