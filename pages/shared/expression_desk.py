"""The expression page: a line of tensor code or a few, explained node by node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import calculator, ops, words
from core.operation import spelled
from core.words import _
from core.workbench.desks import EXPRESSION as DESK
from core.workspace import next_letter
from pages.shared import (
    answer,
    controls,
    embedded,
    keeping,
    link,
    navigation,
    notes,
    out,
    plate,
    shelf,
    slides,
    stage,
    state,
)
from pages.shared.answer import Answer, Problem
from pages.shared.listing import listing
from pages.shared.markup import Html, join, put, tag, written_shape
from pages.shared.part import part
from pages.shared.problem import show_problem
from pages.shared.sections import pairs, quiet, section, show_desk_title

HEIGHT = 168  # of the field, in pixels: six lines


def show_expression() -> None:
    """The whole page."""
    state.adopt(DESK)
    if embedded.alone():
        show_bench()
        return
    show_desk_title(DESK, _("any line of tensor code, node by node"))
    show_bench()
    with st.container(key="more"):
        out.show_out(DESK, "program")
        show_language()


@part
def show_bench() -> None:
    """Everything that a change of the text changes."""
    keeping.catch_up()
    found, problem = _answers()
    notes_place = st.container(key="notes")
    with st.container(key="wide"), st.container(key="plate"):
        picture = Answer({}, problem.film) if problem and problem.film else found
        if picture:
            show_stage(picture)
        plate.show_beside(
            problem, lambda: show_side(found if not problem else None, problem, kept=found is not None)
        )
    with notes_place:
        notes.show(DESK)
    if not embedded.alone():
        with st.container(key="reading"):
            if found:
                show_reading(found)
                out.remember(DESK, answer.program_question(state.accepted(DESK)["code"]))
    state.publish(DESK, settled=problem is None)


def _answers() -> tuple[Answer | None, Problem | None]:
    """What to show, and what is wrong with what stands there. With a problem the last good picture stays."""
    values = state.values(DESK)
    found = answer.of_desk("expression", DESK, values)
    if isinstance(found, Answer):
        state.accept(DESK, values)
        answer.shown(DESK, found)
        return found, None
    return answer.last_good(DESK, answer.of_desk("expression", DESK, state.accepted(DESK))), found


def show_stage(found: Answer) -> None:
    """The tree and what flows through it, or the film of the node's concept."""
    node = found.data.get("node")
    with st.container(key="stage"):
        stage.stage(
            state.key(DESK, "stage"),
            found.film,
            identity=DESK.key if node is None else f"{DESK.key}-{node}",
            revision=found.revision,
            address=True,
            language=words.language(),
            theme=answer.theme(),
            alt=_(DESK.title),
            shelf=shelf.written(),
            **slides.offered(state.key(DESK, "stage"), found, lambda: _subject(found)),
        )


def _subject(found: Answer) -> slides.Subject:
    """What the picture is about; that of a clash shows what stands in the field."""
    values = state.accepted(DESK) if found.data else state.values(DESK)
    return slides.Subject(
        DESK.key, _(DESK.title), link.write(DESK, values), found.data.get("code", values["code"])
    )


# --- the narrow column


def show_side(found: Answer | None, problem: Problem | None, *, kept: bool) -> None:
    """The text, what is wrong with it, examples, and the node that is looked at."""
    (item,) = DESK.inputs
    field = state.key(DESK, "code.field")
    text = state.values(DESK)["code"]
    if st.session_state.get(field) != text:
        st.session_state[field] = text
    put(
        tag(
            "div", tag("b", item.name), tag("span", _(item.label), class_="atlas-label"), class_="atlas-field"
        )
    )
    st.text_area(
        _(item.label),
        key=field,
        height=HEIGHT,
        label_visibility="collapsed",
        on_change=_take_text,
        args=(field,),
    )
    if problem:
        show_problem(DESK, problem, state.values(DESK), kept)
    show_examples()
    if found:
        show_nodes(found)
        show_keep(found)


def _take_text(field: str) -> None:
    text = st.session_state[field][: controls.MOST_KEPT]
    state.put(DESK, {"code": text if text.strip() else DESK.inputs[0].default, "node": ""})


def show_examples() -> None:
    """Programs worth looking at."""
    known = _examples()
    titles = {one["key"]: one["title"] for one in known}
    field = state.key(DESK, "example.field")
    text = state.values(DESK)["code"]
    lit = next((one["key"] for one in known if one["text"] == text), None)
    if st.session_state.get(field) != lit:
        st.session_state[field] = lit
    st.selectbox(
        _("Examples"), list(titles), index=None, format_func=titles.__getitem__, key=field, placeholder=_("Choose one"),
        on_change=_take_example, args=(field,),
    )  # fmt: skip
    about = next((one["about"] for one in known if one["key"] == lit), "")
    if about:
        put(tag("p", about, class_="atlas-quiet"))


def _examples() -> list[dict[str, str]]:
    try:
        return calculator.ask("examples", {"language": words.language()}, keep=True).data["examples"]
    except calculator.Failure:
        return []


def _take_example(field: str) -> None:
    chosen = st.session_state[field]
    for one in _examples():
        if one["key"] == chosen:
            state.put(DESK, {"code": one["text"], "node": ""})


def show_nodes(found: Answer) -> None:
    """Which node is looked at: all of them, or one with the concept that explains it."""
    nodes = {str(node["number"]): node for node in found.data["nodes"]}
    field = state.key(DESK, "node.field")
    now = state.values(DESK)["node"]
    wanted = now if now in nodes else ""
    if st.session_state.get(field) != wanted:
        st.session_state[field] = wanted
    st.selectbox(
        _("Look at"), ["", *(key for key, node in nodes.items() if node["inputs"])],
        format_func=lambda key: _named(nodes[key]) if key else _("the whole expression"), key=field,
        on_change=_take_node, args=(field,),
    )  # fmt: skip
    concept = found.data["concept"]
    if concept:
        operation = ops.find(concept["key"])
        st.page_link(
            navigation.page_of(operation),
            label=_("Open in {title}").format(title=_(operation.title)),
            query_params=_query(concept),
        )
    for sentence in found.data["einsum"]:
        put(tag("p", sentence, class_="atlas-quiet"))


def _named(node: Mapping[str, Any]) -> str:
    name = f"{node['target']} = {node['label']}" if node["target"] else node["label"]
    return f"{node['number'] + 1} · {name}"


def _query(concept: Mapping[str, Any]) -> dict[str, str]:
    """The concept's page with the node's operands in it, the shelf's tensors that they name included."""
    query = {**concept["inputs"], **{name: spelled(value) for name, value in concept["parameters"].items()}}
    carried = shelf.written()
    return query | ({"shelf": carried} if carried else {})


def _take_node(field: str) -> None:
    state.put(DESK, {"node": st.session_state[field]})


def show_keep(found: Answer) -> None:
    """The result, or the node that is looked at, onto the shelf."""
    if found.data["result"] is None:
        return
    name = next_letter(shelf.now().names)
    st.button(
        _("Keep as {name}").format(name=name), key=state.key(DESK, "keep"), type="tertiary", on_click=_keep,
        args=(name,),
    )  # fmt: skip


def _keep(name: str) -> None:
    values = state.values(DESK)
    wanted = {"text": values["code"], "node": values["node"], "name": name}
    keeping.keep(answer.asked("keep_node", wanted, values["code"]))


# --- below the plate


def show_reading(found: Answer) -> None:
    """What each node is and costs, and the code; the result in the margin."""
    told = found.data
    put(
        quiet("why", _("Node by node"), _table(told)),
        quiet("code", _("The code that ran"), listing(told["code"])),
    )
    result = told["result"]
    if result:
        described = [(_("shape"), written_shape(result["shape"])), ("dtype", result["dtype"])]
        described.append((_("device"), result["device"]))
        printed = tag("pre", result["text"], tabindex="0")
        put(quiet("result", _("Result"), printed, pairs(described), pairs(_totals(told))))


def _totals(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What all nodes cost together, and the largest tensor between what is given and the result."""
    totals, largest = told["totals"], told["totals"]["largest"]
    found = [(_("operations"), f"{totals['operations']:,}"), (_("bytes moved"), f"{totals['bytes']:,}")]
    if largest:
        named = _named(told["nodes"][largest["number"]])
        found.append(
            (
                _("largest in between"),
                _("{count} numbers: {node}").format(count=f"{largest['elements']:,}", node=named),
            )
        )
    return found


def _table(told: Mapping[str, Any]) -> Html:
    heads = (_("node"), _("shape"), "dtype", _("operations"), _("bytes read"), _("bytes written"))
    rows = []
    for node in told["nodes"]:
        moved = (
            [tag("td", _("a view: nothing is moved"), colspan="2")]
            if node["view"]
            else [tag("td", f"{node['read']:,}"), tag("td", f"{node['written']:,}")]
        )
        rows.append(
            tag(
                "tr",
                tag("th", tag("code", _named(node)), scope="row"),
                tag("td", written_shape(node["shape"]) if node["shape"] is not None else ""),
                tag("td", node["dtype"] or ""),
                tag("td", f"{node['operations']:,}"),
                *moved,
                **({"class_": "atlas-lit"} if node["number"] == told["node"] else {}),
            )
        )
    head = tag("tr", *(tag("th", one, scope="col") for one in heads))
    return tag(
        "div", tag("table", tag("thead", head), tag("tbody", join(rows))), class_="atlas-table", tabindex="0"
    )


def show_language() -> None:
    """Everything that can be written, from the table that the evaluator uses."""
    try:
        groups = calculator.ask("glossary", {"language": words.language()}, keep=True).data["groups"]
    except calculator.Failure:
        return
    with section("language", _("What can be written")):
        put(join(_group(group) for group in groups))


def _group(group: Mapping[str, Any]) -> Html:
    entries = [tag("li", tag("code", entry["signature"])) for entry in group["entries"]]
    return tag(
        "details",
        tag("summary", f"{group['title']} · {len(entries)}"),
        tag("ul", *entries, class_="atlas-glossary"),
    )
