"""What a worker answers: a concept computed on the visitor's tensors, told step by step and drawn. Plain data out.

This runs in the calculator's workers only: everything typed or linked is read, checked and computed here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import torch

from core import device, doctor, listing, teaching, tensors
from core.export import code as exported
from core.export import tasks as exports
from core.export.deck import qr as qr_code
from core.expression import ExpressionError
from core.figures import film, theme
from core.figures import poster as posters
from core.operation import Example, Operation, Parameter, Step, Upload, spelled, taken
from core.ops import find
from core.panels import Plane
from core.printed import described
from core.refusal import Refusal, guarded, of_text
from core.shapes import ShapeError, named, show
from core.words import _, speaking
from core.workbench import expression, inspect, shelf, slides, written

Answer = tuple[dict[str, Any], dict[str, bytes]]


def operation(arguments: Mapping[str, Any]) -> Answer:
    """A concept on the visitor's inputs: result, why its shape, code, facts, and the film."""
    with speaking(arguments.get("language", "en")):
        try:
            found = find(arguments["key"])
            return _operation(_case(found, arguments), arguments)
        except Refusal as refusal:
            if not refusal.steps or teaching.closed(arguments):
                return {"problem": refusal.problem}, {}
            steps = teaching.seen(found, refusal.steps, arguments)
            figure = film.film(steps, key=found.key, mode=arguments.get("theme", "light"))
            return {"problem": refusal.problem, "steps": len(steps)}, {"film": film.to_json(figure)}


def _case(found: Operation, arguments: Mapping[str, Any]) -> doctor.Case:
    """The visitor's tensors and parameters, read."""
    parameters = _given_parameters(found.parameters, arguments)
    known = {item.name: item.default for item in found.inputs}
    try:
        texts = {**known, **arguments.get("inputs", {}), **found.stood_in(parameters)}
    except ShapeError as error:
        raise Refusal(input=None, rule="value", sentence=error.sentence, fix="") from error
    names = shelf.tensors_of(arguments)
    given = _read_inputs(found, texts, names)
    fitted = _given_way(found, given, parameters, arguments)
    prepared = _with_prepared(found, parameters | fitted, arguments)
    return doctor.Case(found, texts, given, prepared, fitted, names)


def _given_way(
    found: Operation,
    given: Mapping[str, torch.Tensor],
    values: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """What gives way to the tensors: a parameter that nobody chose is no reason to refuse them.

    "unchosen" names the parameters whose values stood there when the page came; without it, those at their defaults.
    """
    if not found.fit:
        return {}
    unchosen = arguments.get("unchosen")
    if unchosen is None:
        unchosen = [item.name for item in found.parameters if values[item.name] == item.default]
    changes = found.fit(**{name: tuple(tensor.shape) for name, tensor in given.items()}, values=values)
    return {name: value for name, value in changes.items() if name in unchosen}


def keep(arguments: Mapping[str, Any]) -> Answer:
    """The result of a concept as a tensor for the shelf, under "name"."""
    with speaking(arguments.get("language", "en")):
        try:
            case = _case(find(arguments["key"]), arguments)
            _explain(case)
            result = _run(case).cpu()
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        found = case.operation
        operands = {name: f"({case.texts[name]})" for name in case.given}
        typed = found.written(operands, case.parameters)
        names = shelf.tensors_of(arguments)
        shelf.check(arguments["name"])
        text = shelf.text_for(result, typed, shelf.texts_of(arguments), names)
        origin = found.written({name: name for name in case.given}, case.parameters)
        return {"item": shelf.described(arguments["name"], result, text, origin)}, {
            "data": shelf.bytes_of(result)
        }


def prepare(arguments: Mapping[str, Any]) -> Answer:
    """One part of what an operation needs beforehand; "before" is the answer of the part before, None at first."""
    with speaking(arguments.get("language", "en")):
        found = find(arguments["key"])
        parameters = _given_parameters(found.parameters, arguments)
        try:
            return {"done": guarded(lambda: found.prepare.part(arguments["before"], parameters))}, {}
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}


def _with_prepared(
    found: Operation, parameters: dict[str, Any], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters, and what was prepared for them: by the page part after part, else now."""
    if not found.prepare:
        return parameters
    return parameters | guarded(lambda: found.prepare.values(arguments.get("prepared"), parameters))


def _operation(case: doctor.Case, arguments: Mapping[str, Any]) -> Answer:
    found, given, parameters = case.operation, case.given, case.parameters
    why = _explain(case)
    result = _run(case)
    steps = guarded(lambda: list(found.steps(**given, **taken(found.steps, parameters))))
    steps = teaching.seen(found, steps, arguments)
    figure = film.film(steps, key=found.key, mode=arguments.get("theme", "light"))
    shapes = {name: tuple(tensor.shape) for name, tensor in given.items()}
    axes = found.axes_of(shapes, parameters)
    data = {
        "axes": {name: [list(axis) for axis in own] for name, own in axes.items()},
        "hues": _colours(found, axes, arguments.get("theme", "light")),
        "shape_line": found.written_shapes(shapes, parameters),
        "result": described(result),
        "why": why,
        "code": listing.of_operation(found, given, parameters, case.texts, arguments).text(),
        "inputs": {name: _summary(tensor) for name, tensor in given.items()},
        "facts": _facts(found, given, parameters),
        "alarm": _alarm(case, result),
        "met": _met(case, result, arguments.get("challenge", "")),
        "fitted": dict(case.fitted),
        "steps": len(steps),
        "home": figure["layout"]["meta"]["home"],
        "layers": [layer["key"] for layer in figure["layout"]["meta"].get("layers", ())],
    }
    return data, {"film": film.to_json(figure)}


def _run(case: doctor.Case) -> Any:
    """The result; where torch itself refuses, the doctor looks for a change that works."""
    *accelerator, cpu = device.places()
    for place in accelerator:
        with contextlib.suppress(Refusal):
            return _run_on(case, place)
    try:
        return _run_on(case, cpu)
    except Refusal as refusal:
        if refusal.problem["rule"] == "torch":
            refusal.problem |= {
                "strips": doctor.strips(case.shapes),
                "fixes": [fix.plain() for fix in doctor.fixes(case)],
            }
        raise


def _run_on(case: doctor.Case, place: torch.device) -> Any:
    """The result computed at `place`; a Refusal where torch does not do it there."""
    found = case.operation
    placed = {name: tensor.to(place) for name, tensor in case.given.items()}
    parameters = {
        name: _placed(value, place) for name, value in found.run_parameters(case.parameters).items()
    }
    return guarded(lambda: found.run(**placed, **parameters))


def _met(case: doctor.Case, result: torch.Tensor, challenge: str) -> bool:
    """Whether the challenge of that key is met. A goal that stumbles over something odd is not."""
    with contextlib.suppress(RuntimeError, ValueError, IndexError, TypeError, ArithmeticError):
        return case.operation.meets(challenge, {**case.parameters, **case.given}, result.cpu())
    return False


def predict(arguments: Mapping[str, Any]) -> Answer:
    """Whether "text" says the "asking" (shape or value) of the result of a concept's page."""
    with speaking(arguments.get("language", "en")):
        try:
            case = _case(find(arguments["key"]), arguments)
            _explain(case)
            result = _run(case)
            right, sentence = teaching.judged(case, result, arguments["asking"], arguments["text"])
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        return {"right": right, "sentence": sentence}, {}


def _placed(value: Any, place: torch.device) -> Any:
    """A parameter's value with the tensors in it at `place`."""
    if isinstance(value, torch.Tensor):
        return value.to(place)
    if isinstance(value, list | tuple):
        return type(value)(_placed(one, place) for one in value)
    return value


def _alarm(case: doctor.Case, result: torch.Tensor) -> dict[str, Any] | None:
    """It ran, and the result is larger than every operand: what happened, and what was probably meant."""
    sizes = [tensor.numel() for tensor in case.given.values()]
    if len(sizes) < 2 or result.numel() <= max(sizes) or not case.operation.broadcasts(case.parameters):
        return None
    sentence = _(
        "{tensors} gave {result}: {count} numbers, more than in any of them. Each was stretched along an axis of "
        "the other. It runs without a word; is it what you meant?"
    ).format(
        tensors=_(" and ").join(named(name, shape) for name, shape in case.shapes.items()),
        result=show(tuple(result.shape)),
        count=result.numel(),
    )
    return {
        "sentence": sentence,
        "strips": doctor.strips({**case.shapes, case.operation.result: tuple(result.shape)}),
        "fixes": [fix.plain() for fix in doctor.meant(case)],
    }


def _colours(found: Operation, axes: Mapping[str, tuple[tuple[str, str], ...]], mode: str) -> dict[str, str]:
    """Axis name -> its colour, for the comments of the code."""
    hues = {**found.axes, **{name: colour for own in axes.values() for name, colour in own if colour}}
    return {name: theme.colour(colour, mode) for name, colour in hues.items()}


def _facts(
    found: Operation, given: Mapping[str, torch.Tensor], parameters: Mapping[str, Any]
) -> list[list[str]]:
    if not found.facts:
        return []
    return [list(fact) for fact in found.facts(**taken(found.facts, {**given, **parameters}))]


def example(arguments: Mapping[str, Any]) -> Answer:
    """A practice or a trap of a concept: its code and its film."""
    with speaking(arguments.get("language", "en")):
        try:
            found = find(arguments["key"])
            chosen = _example(found, arguments["example"])
            _given, steps = _example_steps(found, chosen, arguments)
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        figure = film.film(steps, key=f"{found.key}-{chosen.key}", mode=arguments.get("theme", "light"))
        return {"code": chosen.code, "steps": len(steps)}, {"film": film.to_json(figure)}


def _example_steps(
    found: Operation, chosen: Example, arguments: Mapping[str, Any]
) -> tuple[dict[str, torch.Tensor], list[Step]]:
    """The page's tensors, where the example uses them, and its steps."""
    names, texts = shelf.tensors_of(arguments), arguments.get("inputs", {})
    given = _read_inputs(found, texts, names) if chosen.uses_inputs else {}
    if given:
        _explain(doctor.Case(found, texts, given, _read_parameters(found.parameters, {})))
    parameters = _given_parameters(chosen.parameters, arguments)
    return given, guarded(lambda: list(chosen.steps(*given.values(), **parameters)))


def poster(arguments: Mapping[str, Any]) -> Answer:
    """A still picture of a concept on its defaults: SVG text. The plane where there is one, else the whole figure."""
    mode = arguments.get("theme", "light")
    with speaking(arguments.get("language", "en")):
        found = find(arguments["key"])
        parameters = _given_parameters(found.parameters, {"parameters": dict(found.poster)})
        parameters = _with_prepared(found, parameters, {})
        steps = list(found.steps(**_read_inputs(found, {}), **taken(found.steps, parameters)))
        figure = film.film(steps, key=found.key, mode=mode)
        step = film.home(steps)
        shown = film.subplots_of(steps[step], Plane) if found.poster_plane else ()
        return {}, {"svg": posters.poster(figure, step, shown).encode()}


def qr(arguments: Mapping[str, Any]) -> Answer:
    """The QR code of "link" as a PNG; empty where the link is too long for one that can be read from afar."""
    return {}, {"png": qr_code(str(arguments["link"]))}


def _example(found: Operation, key: str) -> Example:
    return {chosen.key: chosen for chosen in (*found.practice, *found.traps)}[key]


def _read_inputs(
    found: Operation, texts: Mapping[str, str], names: Mapping[str, torch.Tensor] | None = None
) -> dict[str, torch.Tensor]:
    """Every input as a float32 tensor; a Refusal names the input and the place in its text.

    `names`: the tensors of the visitor's shelf, which a text may name.
    """
    given = {}
    for item in found.inputs:
        text = texts.get(item.name, item.default)
        if item.optional and not text.strip():
            continue
        try:
            tensor = tensors.read(text, names=names)
        except ExpressionError as error:
            raise of_text(error, item.name, text) from error
        if tensor.is_complex():
            sentence = _("{name} holds complex numbers; this page draws real ones.").format(name=item.name)
            raise Refusal(
                input=item.name, rule="complex", sentence=sentence, fix="", start=0, end=len(text), text=text
            )
        given[item.name] = tensor if item.own_dtype else tensor.to(torch.float32)
    return given


def _read_parameters(known: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter's value; an unknown or bad one falls back to its default (the page has said so)."""
    values = {}
    for parameter in known:
        raw = given.get(parameter.name, parameter.default)
        try:
            values[parameter.name] = parameter.read(spelled(raw))
        except ValueError:
            values[parameter.name] = parameter.default
    return values


def _given_parameters(known: tuple[Parameter, ...], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters' values, with the bytes of the visitor's files in their places."""
    values = _read_parameters(known, arguments.get("parameters", {}))
    files = arguments.get("files", {})
    return values | {item.name: files.get(item.name) for item in known if isinstance(item, Upload)}


def _explain(case: doctor.Case) -> str:
    """Why the shape is as it is; a clash becomes a Refusal with strips, fixes, and the film of the clash."""
    found = case.operation
    try:
        return _explained(found, case.given, case.parameters)
    except ShapeError as error:
        fixes = [fix.plain() for fix in doctor.fixes(case)] or _mends(found, case.given, case.parameters)
        told = found.clash(**case.shapes, **taken(found.clash, case.parameters)) if found.clash else ()
        raise Refusal(
            input=None, rule="shape", sentence=error.sentence, fix=_shape_fix(found),
            strips=doctor.strips(case.shapes, doctor.clash_of(case, error.clash)), fixes=fixes, steps=list(told),
        ) from error  # fmt: skip


def _explained(found: Operation, given: Mapping[str, torch.Tensor], parameters: Mapping[str, Any]) -> str:
    shapes = {name: tuple(tensor.shape) for name, tensor in given.items()}
    return found.explain(**shapes, **taken(found.explain, parameters))


def _mends(
    found: Operation, given: Mapping[str, torch.Tensor], parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The last resort, as fixes: one input cut, or filled with zeros, to the size that the others ask for."""
    mends = []
    for item in (one for one in found.inputs if one.name in given):
        others = {name: tensor for name, tensor in given.items() if name != item.name}
        sizes = {
            axis: size
            for o in found.inputs
            if o is not item and o.name in given and len(o.axes.split()) == given[o.name].ndim
            for axis, size in zip(o.axes.split(), given[o.name].shape, strict=True)
        }
        mended = _fitted(given[item.name], [sizes.get(axis) for axis in item.axes.split()])
        if mended is None or not 0 < mended.numel() <= listing.MOST_IN_CODE:
            continue
        tried = {name: mended if name == item.name else others[name] for name in given}
        with contextlib.suppress(ShapeError):
            _explained(found, tried, parameters)
            text, shape = tensors.literal(mended), list(mended.shape)
            mends.append({"code": f"{item.name} = {text}", "shape": shape, "changes": {item.name: text}})
    return mends


def _fitted(tensor: torch.Tensor, sizes: list[int | None]) -> torch.Tensor | None:
    """`tensor` cut or filled up with zeros to `sizes` (None: any); None when it has another number of axes."""
    if tensor.ndim != len(sizes):
        return None
    wanted = [size if size is not None else own for size, own in zip(sizes, tensor.shape, strict=True)]
    fitted = torch.zeros(wanted, dtype=tensor.dtype)
    kept = tuple(slice(0, min(a, b)) for a, b in zip(wanted, tensor.shape, strict=True))
    fitted[kept] = tensor[kept]
    return fitted


def _shape_fix(found: Operation) -> str:
    """What shapes would work, by the names of the axes; of one tensor with any axes there is nothing to say."""
    if [item.axes for item in found.inputs] == ["..."]:
        return ""
    wanted = "; ".join(f"{item.name} ({', '.join(item.axes.split())})" for item in found.inputs)
    return _("What works: {shapes}, where an axis of the same name has the same size.").format(shapes=wanted)


def _summary(tensor: torch.Tensor) -> dict[str, Any]:
    return {
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "text": tensors.literal(tensor) if tensor.numel() <= listing.MOST_IN_CODE else "",
    }


def code(arguments: Mapping[str, Any]) -> Answer:
    """A concept, or its practice or trap "example", as a file that runs alone: "format" is "py" or "ipynb".

    Beside what "operation" or "example" takes: "link", the page's address, for the file's head.
    """
    with speaking(arguments.get("language", "en")):
        try:
            found = find(arguments["key"])
            told = _told_example(found, arguments) if "example" in arguments else _told(found, arguments)
            return {}, {"file": exported.file_of(told, arguments["format"])}
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}


def _told(found: Operation, arguments: Mapping[str, Any]) -> exported.Code:
    """The page of a concept as code."""
    case = _case(found, arguments)
    _explain(case)
    steps = guarded(lambda: list(found.steps(**case.given, **taken(found.steps, case.parameters))))
    lines = listing.of_operation(found, case.given, case.parameters, case.texts, arguments, packed=True)
    return _as_code(found.key, found.title, lines, written.check(_run(case)), steps, arguments)


def _told_example(found: Operation, arguments: Mapping[str, Any]) -> exported.Code:
    """A practice or a trap as code: its source, which runs where it needs no more than the page's tensors."""
    chosen = _example(found, arguments["example"])
    given, steps = _example_steps(found, chosen, arguments)
    lines = listing.of_example(found, chosen, given, arguments)
    check = written.check(guarded(lambda: chosen.run(*given.values()))) if lines.call else []
    return _as_code(f"{found.key}-{chosen.key}", chosen.title, lines, check, steps, arguments)


def _as_code(
    name: str,
    title: str,
    lines: listing.Listing,
    check: list[str],
    steps: list[Step],
    arguments: Mapping[str, Any],
) -> exported.Code:
    mode = arguments.get("theme", "light")
    figure = film.film(steps, key=name, mode=mode)
    return exported.Code(name, _(title), str(arguments.get("link", "")), *lines, check, figure, mode)


def pulse(_arguments: Mapping[str, Any]) -> Answer:
    """Whether torch computes: 1 + 2."""
    return {"sum": torch.tensor([1.0, 2.0]).sum().item()}, {}


TASKS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "operation": operation,
    "keep": keep,
    "example": example,
    "code": code,
    "prepare": prepare,
    "predict": predict,
    "qr": qr,
    "poster": poster,
    "inspect": inspect.inspect,
    "expression": expression.expression,
    "keep_node": expression.keep,
    "program": expression.program,
    "examples": expression.examples,
    "glossary": expression.words_of_the_language,
    "make": shelf.make,
    "adopt": shelf.adopt,
    "load": shelf.load,
    "export": shelf.export,
    "rows": shelf.rows,
    "word_vectors": shelf.word_vectors,
    "reserved": shelf.reserved,
    "slide": slides.slide,
    "pulse": pulse,
    **exports.TASKS,
}
