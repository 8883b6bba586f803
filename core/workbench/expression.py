"""The expression page's answer: a program traced node by node, its film, what a node costs, which concept tells it.

Where it fails, the film goes up to the failing node, and the mends are edits that were executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import device
from core.export import code as exported
from core.expression.einsum_words import read_out
from core.expression.examples import EXAMPLES
from core.expression.glossary import glossary
from core.expression.mend import mends, strips
from core.expression.trace import Piece, Trace, trace
from core.figures import film
from core.operation import Step
from core.printed import described
from core.refusal import Refusal, guarded, of_text
from core.words import _, speaking
from core.workbench import concept_of, expression_film, shelf, told, written

Answer = shelf.Answer
NAME, FIELD = "expression", "code"


def expression(arguments: Mapping[str, Any]) -> Answer:
    """A program explained: {"text", "parameters": {"node"}}; with a node, the film of the concept that explains it."""
    with speaking(arguments.get("language", "en")):
        found = _traced(arguments)
        if found.error is not None:
            return _failed(found, arguments)
        chosen = _node(found, arguments["parameters"].get("node", ""))
        try:
            steps, operation = guarded(lambda: _steps(found, chosen))
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        key = f"expression-{chosen.number if chosen else 'all'}"
        figure = film.film(steps, key=key, mode=arguments.get("theme", "light"))
        shown = chosen or found.pieces[found.result]
        data = {
            "nodes": told.cards(found),
            "totals": told.totals(found),
            "node": chosen.number if chosen else None,
            "concept": operation,
            "einsum": _einsum(found, shown),
            "result": described(shown.value) if shown.value is not None else None,
            "code": _code(arguments),
            "inputs": {},
            "steps": len(steps),
            "layers": [layer["key"] for layer in figure["layout"]["meta"].get("layers", ())],
        }
        return data, {"film": film.to_json(figure)}


def _code(arguments: Mapping[str, Any]) -> str:
    return written.code(arguments["text"], shelf.tensors_of(arguments), shelf.texts_of(arguments))


def program(arguments: Mapping[str, Any]) -> Answer:
    """The program as a file that computes, checks and plays it: "format" is "py" or "ipynb"; "link": the page's."""
    with speaking(arguments.get("language", "en")):
        found = _traced(arguments)
        if found.error is not None:
            return {"problem": of_text(found.error, FIELD, arguments["text"]).problem}, {}
        try:
            steps = guarded(lambda: list(expression_film.steps(found)))
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        imports, done, result = written.lines(
            arguments["text"], shelf.tensors_of(arguments), shelf.texts_of(arguments)
        )
        mode = arguments.get("theme", "light")
        told = exported.Code(
            NAME, _("Expression"), str(arguments.get("link", "")), imports, done, "", result,
            written.check(found.pieces[found.result].value), film.film(steps, key=NAME, mode=mode), mode,
        )  # fmt: skip
        return {}, {"file": exported.file_of(told, arguments["format"])}


def examples(arguments: Mapping[str, Any]) -> Answer:
    """The programs to begin with, in the visitor's language."""
    with speaking(arguments.get("language", "en")):
        return {
            "examples": [
                {"key": one.key, "title": _(one.title), "text": one.text, "about": _(one.about)}
                for one in EXAMPLES
            ]
        }, {}


def words_of_the_language(arguments: Mapping[str, Any]) -> Answer:
    """Everything that can be written, by groups."""
    with speaking(arguments.get("language", "en")):
        groups = [
            {
                "title": _(group.title),
                "entries": [{"signature": term.signature, "method": term.method} for term in group.terms],
            }
            for group in glossary()
        ]
        return {"groups": groups}, {}


def _traced(arguments: Mapping[str, Any]) -> Trace:
    names = shelf.tensors_of(arguments)
    for place in device.places():
        found = trace(arguments["text"], names=names, device=str(place))
        if found.error is None:
            break
    return found


def _node(found: Trace, text: str) -> Piece | None:
    """The node that a parameter names; None for the whole program, also where there is no such node."""
    return found.pieces[int(text)] if text.isdecimal() and int(text) < len(found.pieces) else None


def _steps(found: Trace, chosen: Piece | None) -> tuple[list[Step], dict[str, Any] | None]:
    """The film's steps, and of a node that a concept explains how its page is reached."""
    explained = concept_of.concept_of(found, chosen) if chosen else None
    told_by = concept_of.film_of(found, chosen) if chosen and explained else None
    page = (
        {"key": explained.key, "inputs": dict(explained.inputs), "parameters": dict(explained.parameters)}
        if explained
        else None
    )
    if told_by:
        return list(told_by[0]), page
    return list(expression_film.steps(found)), page


def _failed(found: Trace, arguments: Mapping[str, Any]) -> Answer:
    """What is wrong, the edits that work, and the film up to the failing node."""
    problem = of_text(found.error, FIELD, arguments["text"]).problem
    offered = guarded(lambda: mends(found, names=shelf.tensors_of(arguments)))
    problem["fixes"] = [
        {"code": one["edit"], "shape": list(one["result"]), "changes": {FIELD: one["text"]}}
        for one in offered
    ]
    problem["strips"] = strips(found)
    if not found.pieces:
        return {"problem": problem}, {}
    steps = list(expression_film.steps(found))
    figure = film.film(steps, key="expression-failed", mode=arguments.get("theme", "light"))
    return {"problem": problem, "steps": len(steps)}, {"film": film.to_json(figure)}


def _einsum(found: Trace, piece: Piece) -> list[str]:
    """An einsum read out axis by axis; nothing for any other node."""
    if piece.path != "torch.einsum":
        return []
    shapes: Sequence[tuple[int, ...]] = [found.pieces[k].shape or () for k in piece.inputs]
    return read_out(str(piece.arguments["equation"]), shapes).sentences


def keep(arguments: Mapping[str, Any]) -> Answer:
    """The result, or the node that "node" names, as a tensor for the shelf, called "name"."""
    with speaking(arguments.get("language", "en")):
        found = _traced(arguments)
        if found.error is not None:
            return {"problem": of_text(found.error, FIELD, arguments["text"]).problem}, {}
        piece = _node(found, arguments.get("node", "")) or found.pieces[found.result]
        if piece.value is None:
            sentence = _("This node is several tensors at once; keep one of them.")
            return {"problem": Refusal(input=None, rule="several", sentence=sentence, fix="").problem}, {}
        value = piece.value.cpu()
        shelf.check(arguments["name"])
        names = shelf.tensors_of(arguments)
        text = shelf.text_for(value, piece.text, shelf.texts_of(arguments), names)
        item = shelf.described(arguments["name"], value, text, shelf.one_line(piece.text))
        return {"item": item}, {"data": shelf.bytes_of(value)}
