"""The quiet sections under the plate: heading, then text, code, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core import ops
from core.operation import Desk, Operation
from core.words import _
from pages.shared import axes, navigation, state
from pages.shared.answer import Answer
from pages.shared.listing import listing
from pages.shared.markup import Html, put, tag, written_shape


def show_desk_title(desk: Desk, what_for: str) -> None:
    """One slim line over a page of the workbench: what it is, and what it is for."""
    with st.container(key="title"):
        put(
            tag(
                "div",
                tag("span", _("Workbench"), class_="atlas-position"),
                tag("h1", _(desk.title)),
                tag("span", what_for, class_="atlas-notation atlas-words"),
                class_="atlas-title",
            )
        )


@contextmanager
def section(key: str, heading: str, *beginning: object) -> Iterator[None]:
    """A keyed section: its heading and how it begins, in one message to the browser; the rest is put inside."""
    with st.container(key=key):
        put(tag("h2", heading), *beginning)
        yield


def show_text(operation: Operation, found: Answer, shows: Callable[[str], bool]) -> None:
    """The idea, the formula, why the result has its shape, and the code that computed it: it runs alone."""
    put(tag("p", _(operation.summary), class_="atlas-lead"))
    if shows("formula"):
        st.latex(operation.latex)
    line = found.data.get("shape_line")
    shapes = [axes.shape_line(line, found.data, operation.axes)] if line else []
    why = quiet("why", _("Why this shape"), *shapes, tag("p", found.data["why"])) if shows("why") else ""
    code = listing(found.data["code"], found.data["hues"]) if shows("code") else ""
    if why or code:
        put(why, quiet("code", _("The code that ran"), code) if code else "")


def show_result(found: Answer, shows: Callable[[str], bool]) -> None:
    """The value as torch prints it, with shape, dtype and device, and what is worth knowing: determinant, rank."""
    if not shows("result"):
        put(tag("span"))  # the margin keeps its place
        return
    result = found.data["result"]
    described = [
        (_("shape"), written_shape(result["shape"])),
        ("dtype", result["dtype"]),
        (_("device"), result["device"]),
    ]
    printed = tag("pre", result["text"], tabindex="0")
    facts = (found.data.get("facts") or []) if shows("facts") else []
    put(quiet("result", _("Result"), printed, pairs(described), pairs(facts)))


def quiet(name: str, heading: str, *content: object) -> Html:
    """A section all of HTML: no message of its own, but the class by which a container of this key is found."""
    return tag("section", tag("h2", heading), *content, class_=f"st-key-{name} atlas-{name}")


def show_place(operation: Operation) -> None:
    """Where the operation is met in a network."""
    if operation.place:
        with section("place", _("Where it stands in a network"), tag("p", _(operation.place))):
            pass


def show_next(operation: Operation) -> None:
    """The neighbours in the course, where there are any: the one before at the left, the next at the right."""
    place = [item.key for item in ops.CHAPTERS].index(operation.key)
    before, after = ops.CHAPTERS[max(place - 1, 0) : place], ops.CHAPTERS[place + 1 : place + 2]
    with st.container(key="course"):
        for key, neighbours, label in (
            ("previous", before, _("Previous: {title}")),
            ("next", after, _("Next: {title}")),
        ):
            with st.container(key=key):
                for neighbour in neighbours:
                    st.page_link(
                        navigation.page_of(neighbour),
                        label=label.format(title=_(neighbour.title)),
                        query_params=state.teaching(operation).carried() or None,
                    )


def pairs(found: Iterable[Sequence[str]]) -> Html:
    """Labels and values, one pair a line."""
    rows = [tag("div", tag("dt", label), tag("dd", value)) for label, value in found]
    return tag("dl", *rows, class_="atlas-facts")
