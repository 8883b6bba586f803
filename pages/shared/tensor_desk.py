"""The tensors page: build, load, look at, name, keep and take out tensors.

One field holds a line of the tensor language; everything on the page fills it or looks at what it means.
"""

from __future__ import annotations

import re

import streamlit as st

from core import calculator, words
from core.words import N_, _, together
from core.workbench.desks import TENSORS as DESK
from core.workspace import Item, free_name, next_letter
from pages.shared import (
    answer,
    builder,
    controls,
    embedded,
    keeping,
    kept,
    link,
    notes,
    opening,
    plate,
    shelf,
    slides,
    stage,
    state,
)
from pages.shared.answer import Answer, Problem
from pages.shared.listing import listing
from pages.shared.markup import Html, join, prose, put, tag, written_shape
from pages.shared.part import part, window
from pages.shared.problem import show_problem
from pages.shared.sections import pairs, quiet, section, show_desk_title

WAYS = {"form": N_("form"), "grid": N_("grid"), "file": N_("file"), "example": N_("real data")}
FORMS = {"torch": "torch", "numpy": "NumPy", "latex": "LaTeX"}
FILES = {"npy": ".npy", "safetensors": ".safetensors", "csv": "CSV"}
ENDINGS = [
    "npy",
    "npz",
    "pt",
    "pth",
    "safetensors",
    "csv",
    "tsv",
    "txt",
    "png",
    "jpg",
    "jpeg",
    "webp",
    "gif",
    "mp4",
]
PLACES = re.compile(r"\d{1,7}(, ?\d{1,7})*")  # a slice of whole numbers only


def show_tensors() -> None:
    """The whole page."""
    state.adopt(DESK)
    if embedded.alone():
        show_bench()
        return
    show_desk_title(DESK, _("build, look, name, carry"))
    show_bench()
    with st.container(key="more"):
        show_shelf()


@part
def show_bench() -> None:
    """The tensor and all that is read off it; a change runs only this."""
    keeping.catch_up()
    found, problem = _answers()
    notes_place = st.container(key="notes")
    with st.container(key="plate"):
        if found:
            show_stage(found)
        plate.show_beside(problem, lambda: show_side(found, problem))
    with notes_place:
        notes.show(DESK)
    if not embedded.alone():
        with st.container(key="reading"):
            if found:
                show_reading(found)
    state.publish(DESK, settled=problem is None)


def _answers() -> tuple[Answer | None, Problem | None]:
    """What to show, and what is wrong with what stands there. With a problem the last good picture stays."""
    values = state.values(DESK)
    found = answer.of_desk("inspect", DESK, values)
    if isinstance(found, Answer):
        state.accept(DESK, values)
        answer.shown(DESK, found)
        return found, None
    return answer.last_good(DESK, answer.of_desk("inspect", DESK, state.accepted(DESK))), found


def take(text: str) -> None:
    """A line for the field (a callback)."""
    state.put(DESK, {**state.defaults(DESK), "A": text})


def show_stage(found: Answer) -> None:
    """The tensor's picture."""
    with st.container(key="stage"):
        stage.stage(
            state.key(DESK, "stage"),
            found.film,
            identity=f"{DESK.key}-{found.data['view']}",
            revision=found.revision,
            address=True,
            language=words.language(),
            theme=answer.theme(),
            alt=_(DESK.title),
            on_drag=_pick,
            shelf=shelf.written(),
            **slides.offered(state.key(DESK, "stage"), found, lambda: _subject(found)),
        )


def _subject(found: Answer) -> slides.Subject:
    """What the picture is about: a tensor of the shelf by its name."""
    item, query = _selected(), link.write(DESK, state.accepted(DESK))
    return slides.Subject(DESK.key, item.name if item else _(DESK.title), query, found.data["code"])


def _pick(picked: stage.Drag) -> None:
    """A cell that was clicked: its place along the first axis is chosen, and that axis is gone."""
    place = picked["value"][0]
    if picked["variable"] != "cell" or not isinstance(place, float) or place < 0:
        return
    values = state.values(DESK)
    before = values["slice"].strip()
    if before and not PLACES.fullmatch(before) and any(sign in values["A"] for sign in ";=#\n"):
        return  # several lines: an index behind them would be no text
    if before and not PLACES.fullmatch(before):  # axes are left before the last one that the slice names
        state.put(DESK, {"A": f"({values['A'].strip()})[{before.strip('[]')}]", "slice": f"{place:.0f}"})
        return
    state.put(DESK, {"slice": f"{before}, {place:.0f}" if before else f"{place:.0f}"})


# --- the narrow column


def show_side(found: Answer | None, problem: Problem | None) -> None:
    """The field, the shelf's names, ways to fill the field, and what is shown."""
    known = found.data["inputs"] if found and not problem else {}
    controls.show_inputs(DESK, problem, found is not None, known, {})
    if problem and problem.input not in (None, "A"):
        show_problem(DESK, problem, state.values(DESK), found is not None)
    show_keeping(problem)
    show_ways()
    controls.show_operation_parameters(DESK)
    if state.values(DESK)["slice"]:
        st.button(_("The whole tensor"), key="tensors.whole", type="tertiary", on_click=state.put,
                  args=(DESK, {"slice": ""}))  # fmt: skip


def _selected() -> Item | None:
    """The tensor of the shelf that stands in the field by its bare name, and is shown whole."""
    values = state.values(DESK)
    name = values["A"].strip()
    return shelf.now().find(name) if name in shelf.now() and not values["slice"].strip() else None


def show_keeping(problem: Problem | None) -> None:
    """A name for what is shown, and what can be done with it on the shelf."""
    item = _selected()
    field = state.key(DESK, "name.field")
    wanted = item.name if item else next_letter(("A", *shelf.now().names))
    if st.session_state.get(state.key(DESK, "named")) != (item.name if item else None, wanted):
        st.session_state[state.key(DESK, "named")] = (item.name if item else None, wanted)
        st.session_state[field] = wanted
    with st.container(key="keeping"):
        st.text_input(
            _("Name on the shelf") if item else _("Name"), key=field, max_chars=30, autocomplete="off",
            label_visibility="collapsed", on_change=_rename,
        )  # fmt: skip
        if item:
            st.button(_("Duplicate"), key="tensors.double", on_click=_double, type="tertiary")
            st.button(_("Delete"), key="tensors.delete", on_click=_delete, type="tertiary")
        else:
            st.button(
                _("Keep on the shelf"), key="tensors.keep", on_click=_keep, disabled=problem is not None
            )


def _keep() -> None:
    name = keeping.checked(st.session_state[state.key(DESK, "name.field")])
    if not name:
        return
    values = state.values(DESK)
    if name in shelf.now():
        shelf.say(_("There is a `{name}` on the shelf already.").format(name=name))
        return
    wanted = {"text": values["A"], "slice": values["slice"], "name": name}
    keeping.keep(answer.asked("make", wanted, values["A"], values["slice"]))
    if name in shelf.now():
        take(name)


def _rename() -> None:
    item = _selected()
    if item:
        keeping.rename(item.name, st.session_state[state.key(DESK, "name.field")], take)


def _double() -> None:
    item = _selected()
    if item and shelf.attempt(lambda workspace: workspace.doubled(item.name)):
        st.session_state[keeping.CHANGED] = True
        take(shelf.now().names[-1])


def _delete() -> None:
    item = _selected()
    if item and shelf.attempt(lambda workspace: workspace.without(item.name)):
        st.session_state[keeping.CHANGED] = True
        left = shelf.now().names
        take(left[-1] if left else state.defaults(DESK)["A"])


def show_ways() -> None:
    """The ways to fill the field, one open at a time."""
    titles = {key: _(label) for key, label in WAYS.items()}
    chosen = st.pills(_("Build from"), list(titles), format_func=titles.__getitem__, key="tensors.way")
    with st.container(key="ways"):
        if chosen == "form":
            builder.show_form(take)
        elif chosen == "grid":
            show_grid_way()
        elif chosen == "file":
            show_file_way()
        elif chosen == "example":
            builder.show_examples(take)
            st.button(_("word vectors of Python's help texts"), key="example.words", type="tertiary",
                      on_click=_take_words)  # fmt: skip


def _take_words() -> None:
    """Word vectors come as data: they lie on the shelf at once."""
    name = free_name("words", shelf.now().names)
    keeping.keep(answer.asked("word_vectors", {"name": name}, wall=answer.EXAMPLE_WALL))
    if name in shelf.now():
        take(name)


def show_grid_way() -> None:
    """A grid in a window of its own, filled with the small matrix that is shown, else with zeros."""
    if st.button(_("Open the grid"), key="grid.open"):
        builder.forget_grid()
        edit_grid()


def edit_grid() -> None:
    """The window of the grid."""

    window(_("A grid of numbers"), lambda: builder.show_grid(_rows(), take), "large")()


def _rows() -> list[list[float]]:
    """The tensor in the field as rows, where it is small and has at most two axes."""
    found = answer.asked("rows", {"text": state.values(DESK)["A"]}, state.values(DESK)["A"])
    return found.data["rows"] if isinstance(found, calculator.Reply) else [[0.0] * 3 for _row in range(3)]


def show_file_way() -> None:
    """A file of the visitor's own; what it holds is told by its content, in a worker."""
    field = f"file.{opening.version()}"
    st.file_uploader(
        _("A file"), type=ENDINGS, key=field, on_change=_load, args=(field,),
        help=_("npy, npz, pt, safetensors, CSV, a picture, a clip, or a workspace file of yours"),
    )  # fmt: skip


def _load(field: str) -> None:
    placed, ours = opening.open_file(field)
    if placed:
        take(placed[0 if ours else -1].name)


# --- below the plate


def show_reading(found: Answer) -> None:
    """The line that made it, ways out; the numbers in the margin."""
    item = _selected()
    told = found.data
    surprises = tag("ul", *(tag("li", one) for one in told["surprises"]), class_="atlas-surprises")
    origin = (
        [tag("p", _("It came from: {origin}").format(origin=item.origin))] if item and item.origin else []
    )
    known = [*origin, *([surprises] if told["surprises"] else [])]
    put(
        quiet("summary", _("What it is"), *known) if known else "",
        quiet("code", _("The line that made it"), listing(told["code"])),
    )
    with section("out", _("Take it out")):
        show_out()
    result = told["result"]
    printed = tag("pre", result["text"], tabindex="0")
    put(quiet("result", _("Result"), printed, pairs([*told["facts"], (_("device"), result["device"])])))


def show_out() -> None:
    """As code to copy, as a file to save."""
    with st.container(key="out-files", horizontal=True):
        for form, label in FILES.items():
            st.download_button(
                label, data=answer.file_of("export", *_wanted(form)), file_name=f"{_name()}.{form}",
                key=f"out.{form}", on_click="ignore",
            )  # fmt: skip
    forms = list(FORMS)
    chosen = st.pills(_("As code"), forms, format_func=FORMS.__getitem__, key="out.form")
    if chosen:
        show_code(chosen)


def _name() -> str:
    item = _selected()
    return item.name if item else "A"


def _wanted(form: str) -> tuple[dict[str, str], str, str]:
    """The question for a file or for code, and the texts in it."""
    values = state.accepted(DESK)
    request = {"text": values["A"], "slice": values["slice"], "name": _name(), "form": form}
    return request, values["A"], values["slice"]


def show_code(form: str) -> None:
    """The tensor written out as code."""
    found = answer.asked("export", *_wanted(form))
    if isinstance(found, Problem):
        put(tag("p", prose(together(found.sentence, found.fix)), class_="atlas-quiet"))
    else:
        put(listing(found.blobs["file"].decode()))


@part
def show_shelf() -> None:
    """All tensors of the shelf, undo and redo, and the workspace file. What changes it runs the whole page again."""
    keeping.catch_up()
    items, past = shelf.now().items, shelf.history()
    with section("shelf-list", _("Your shelf")):
        if items:
            put(_table(items))
            buttons = {item.name: item for item in items}
            st.pills(
                _("Show"),
                list(buttons),
                key="shelf.show",
                on_change=_show_chosen,
                label_visibility="collapsed",
            )
        else:
            put(
                tag(
                    "p",
                    _(
                        "It is empty. Give what is shown above a name and keep it, or keep a result on any page: "
                        "every field of the atlas then knows it by that name."
                    ),
                    class_="atlas-text",
                )
            )
        with st.container(key="shelf-actions"):
            st.button(_("Undo"), key="shelf.undo", on_click=_step_back, disabled=not past.before)
            st.button(_("Redo"), key="shelf.redo", on_click=_step_forward, disabled=not past.after)
            if items or len(slides.now()):
                slides.show_save("shelf.save")
            kept.show_forget("shelf")
        put(
            tag(
                "p",
                _(
                    "Small tensors travel in the link. A workspace file holds all of them, with their names and "
                    "where they came from; open it here with “file”, on another machine too."
                ),
                class_="atlas-quiet",
            )
        )


def _table(items: tuple[Item, ...]) -> Html:
    heads = (_("name"), _("shape"), "dtype", _("memory"), _("where it came from"), _("in the link"))
    rows = [
        tag(
            "tr",
            tag("th", item.name, scope="row"),
            tag("td", written_shape(item.shape)),
            tag("td", item.dtype),
            tag("td", _size(len(item.data))),
            tag("td", item.origin),
            tag("td", _("yes") if item.text else _("no")),
        )
        for item in items
    ]
    head = tag("tr", *(tag("th", one, scope="col") for one in heads))
    return tag(
        "div", tag("table", tag("thead", head), tag("tbody", join(rows))), class_="atlas-table", tabindex="0"
    )


def _size(count: int) -> str:
    return (
        f"{count:,} B"
        if count < 10_000
        else f"{count / 1e3:,.0f} kB"
        if count < 1e6
        else f"{count / 1e6:,.1f} MB"
    )


def _show_chosen() -> None:
    chosen = st.session_state["shelf.show"]
    st.session_state["shelf.show"] = None  # pressed again later, it is chosen again
    if chosen:
        take(chosen)
        st.session_state[keeping.CHANGED] = True  # the field stands in the page's other part


def _step_back() -> None:
    before = shelf.now().names
    shelf.undo()
    _stay(before)


def _step_forward() -> None:
    before = shelf.now().names
    shelf.redo()
    _stay(before)


def _stay(before: tuple[str, ...]) -> None:
    """After undo and redo: a name that is gone from the shelf gives way in the field, and the frame catches up."""
    st.session_state[keeping.CHANGED] = True
    named = state.values(DESK)["A"].strip()
    if named in before and named not in shelf.now():
        left = shelf.now().names
        take(left[-1] if left else state.defaults(DESK)["A"])
