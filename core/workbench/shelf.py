"""The shelf on the worker's side: bytes to tensors and back, and the text that alone gives a tensor."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import torch

from core import files, tensors
from core.expression import ExpressionError, Part, parse
from core.expression.arguments import DTYPES, dtype_name
from core.expression.grammar import ROOTS
from core.expression.mend import behind
from core.expression.table import CONSTANTS, FUNCTIONS
from core.files import write
from core.limits import Limits, current
from core.ops import text_corpus
from core.refusal import Refusal, guarded, of_text
from core.words import _, speaking
from core.workbench import slides
from core.workspace import WorkspaceError, check_name
from core.workspace_file import DECK, MARK, VERSION

Answer = tuple[dict[str, Any], dict[str, bytes]]
PLACE = "shelf:"  # before a tensor's name among the files of a question
CALLED = ("load_file", "print", "sklearn")  # by a script that names the shelf
MOST_GRID, MOST_SIDE = 400, 50
MOST_SPELLED = 200  # elements up to which a tensor is written out
DIGITS = 9  # of a float32 number, so that it reads back as the same
PATIENCE = 0.5  # seconds in which the texts of a workspace file are tried


def tensors_of(arguments: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors of the shelf that came with a question, by name."""
    sent = arguments.get("files", {})
    return {
        name: _tensor(told["shape"], told["dtype"], sent[PLACE + name])
        for name, told in arguments.get("shelf", {}).items()
    }


def texts_of(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The texts by which those tensors can be had, where there are any."""
    return {name: told["text"] for name, told in arguments.get("shelf", {}).items() if told["text"]}


def _tensor(shape: list[int], dtype: str, data: bytes) -> torch.Tensor:
    if not data:
        return torch.zeros(shape, dtype=DTYPES[dtype])
    return torch.frombuffer(bytearray(data), dtype=DTYPES[dtype]).reshape(shape)


def bytes_of(tensor: torch.Tensor) -> bytes:
    """The numbers row by row, little-endian."""
    flat = tensor.detach().cpu().contiguous().flatten()
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def described(name: str, tensor: torch.Tensor, text: str, origin: str) -> dict[str, Any]:
    """An Item as plain data; its bytes travel beside it."""
    return {
        "name": name, "shape": list(tensor.shape), "dtype": dtype_name(tensor.dtype), "text": text, "origin": origin,
    }  # fmt: skip


# --- the text that alone gives a tensor


def text_for(
    tensor: torch.Tensor, typed: str, texts: Mapping[str, str], names: Mapping[str, torch.Tensor]
) -> str:
    """A text that gives exactly `tensor` without the shelf; "" where there is none that is short enough.

    Every candidate is read back: `typed` with the shelf's names put in, then the numbers themselves.
    """
    return next((text for text in _candidates(tensor, typed, texts, names) if _gives(text, tensor)), "")


def _candidates(
    tensor: torch.Tensor, typed: str, texts: Mapping[str, str], names: Mapping[str, torch.Tensor]
) -> Iterator[str]:
    inlined = _inlined(typed, texts, names)
    if inlined:
        yield inlined
    if tensor.numel() <= MOST_SPELLED:
        numbers = tensors.literal(tensor, 17 if tensor.dtype == torch.float64 else DIGITS)
        yield numbers
        yield f"torch.tensor({numbers}, dtype=torch.{dtype_name(tensor.dtype)})"
        yield f"{numbers}.{_cast(tensor)}()"


def _cast(tensor: torch.Tensor) -> str:
    casts = {torch.float16: "half", torch.bfloat16: "bfloat16", torch.bool: "bool", torch.int32: "int"}
    return casts.get(tensor.dtype, "float")


def _inlined(typed: str, texts: Mapping[str, str], names: Mapping[str, torch.Tensor]) -> str:
    """`typed` with every name of the shelf replaced by its text in brackets; "" where one has none."""
    try:
        used = sorted(
            {
                (part.start, part.end, part.name)
                for part in _parts(parse(typed, names=names))
                if part.name in names
            },
            reverse=True,
        )
    except ExpressionError:
        return ""
    text = typed.strip()
    lead = len(typed) - len(typed.lstrip())
    for start, end, name in used:
        if name not in texts:
            return ""
        text = f"{text[: start - lead]}({texts[name]}){text[end - lead :]}"
    return text if len(text) <= current().text and "\n" not in text else ""


def _parts(part: Part) -> Iterator[Part]:
    waiting = [part]
    while waiting:
        one = waiting.pop()
        waiting.extend(one.children)
        if one.kind == "name":
            yield one


def _gives(text: str, tensor: torch.Tensor) -> bool:
    try:
        return same(tensors.read(text), tensor)
    except ExpressionError:
        return False


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are equal in shape, dtype and every bit of every number."""
    return one.shape == other.shape and one.dtype == other.dtype and bytes_of(one) == bytes_of(other)


# --- tasks


def make(arguments: Mapping[str, Any]) -> Answer:
    """A text of the language, or a "slice" of it, as a tensor for the shelf, called "name"."""
    with speaking(arguments.get("language", "en")):
        names = tensors_of(arguments)
        try:
            found = part(arguments["text"], arguments.get("slice", ""), names)
            check_name(arguments["name"], reserved_names())
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        except WorkspaceError as error:
            return {
                "problem": Refusal(input="name", rule="name", sentence=error.sentence, fix=error.fix).problem
            }, {}
        text = indexed(arguments["text"], arguments.get("slice", ""), names)
        alone = text_for(found, text, texts_of(arguments), names)
        told = described(arguments["name"], found, alone, one_line(text))
        return {"item": told}, {"data": bytes_of(found)}


def read(text: str, names: Mapping[str, torch.Tensor], field: str | None = None) -> torch.Tensor:
    """The tensor of a text with the shelf's names; a Refusal tells of the field it was typed into."""
    try:
        return guarded(lambda: tensors.read(text, names=names))
    except ExpressionError as error:
        raise of_text(error, field, text) from error


def part(text: str, index: str, names: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The tensor of `text`, and of it what `index` leaves ("0, :, ::2", with or without brackets; "": all)."""
    found, inner = read(text, names, "A"), _inner(index)
    if any(sign in inner for sign in ";=\n"):  # a second line is no index
        sentence = _("A slice holds whole numbers, colons and commas, such as `0, :, ::2`.")
        raise Refusal(
            input="slice", rule="index", sentence=sentence, fix="", start=0, end=len(index), text=index
        )
    return read(f"A[{inner}]", {**names, "A": found}, "slice") if inner else found


def _inner(index: str) -> str:
    inner = index.strip()
    return inner[1:-1].strip() if inner.startswith("[") and inner.endswith("]") else inner


def indexed(text: str, index: str, names: Mapping[str, torch.Tensor]) -> str:
    """`text`, already read without error, with the index behind its last expression."""
    inner = _inner(index)
    return behind(text, f"[{inner}]", names) if inner else text


def one_line(text: str) -> str:
    """The text on one line of at most 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def adopt(arguments: Mapping[str, Any]) -> Answer:
    """The shelf of a link: {"texts": {name: text}} -> items, and what could not be used, as sentences."""
    with speaking(arguments.get("language", "en")):
        told, blobs, notes = [], {}, []
        for name, text in arguments["texts"].items():
            try:
                check_name(name, reserved_names())
                found = tensors.read(text)
            except (ExpressionError, WorkspaceError) as error:
                sentence = _("`{name}` of the link's shelf cannot be used: {reason}")
                notes.append(sentence.format(name=name, reason=error.sentence))
                continue
            told.append(described(name, found, text, one_line(text)))
            blobs[name] = bytes_of(found)
        return {"items": told, "notes": notes}, blobs


def load(arguments: Mapping[str, Any]) -> Answer:
    """A file -> tensors for the shelf. A workspace file gives back names, texts and origins; texts are tried first."""
    with speaking(arguments.get("language", "en")):
        name = arguments["filename"]
        try:
            found = guarded(
                lambda: files.read(arguments["files"]["file"], name, _limits(arguments["files"]["file"]))
            )
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        ours = _provenance(found.metadata)
        workspace = found.metadata.get(MARK) == VERSION
        deck, films, said = _deck(found.tensors) if workspace else ({}, {}, [])
        until = time.monotonic() + PATIENCE
        told, blobs = [], {}
        listed = [one for one in found.tensors if not workspace or one.key != DECK]
        for one in sorted(listed, key=lambda one: ours.get(one.key, {}).get("place", 0)):
            known = ours.get(one.key, {})
            text = known.get("text", "")
            alone = text if text and time.monotonic() < until and _gives(text, one.tensor) else ""
            origin = known.get("origin") or _from_file(name, one)
            told.append(described(one.name, one.tensor, alone or _spelled(one.tensor), origin))
            blobs[one.name] = bytes_of(one.tensor)
        data = {
            "items": told,
            "notes": [*found.notes, *said],
            "kind": found.kind,
            "workspace": bool(ours),
            "deck": deck,
        }
        return data, blobs | films


def _limits(data: bytes) -> Limits:
    """A workspace file may hold a full deck of slides beside a full shelf; nothing else in it may be larger."""
    limits = current()
    try:
        sizes = _sizes(data, limits)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return limits  # core.files says what is wrong
    deck = min(sizes.pop(DECK, 0), 2 * limits.slides_bytes)
    if deck <= 0 or max(sizes.values(), default=0) > limits.elements:
        return limits
    return replace(
        limits,
        elements=max(limits.elements, deck),
        total_elements=limits.total_elements + deck,
        safetensors_tensors=limits.safetensors_tensors + 1,
    )


def _sizes(data: bytes, limits: Limits) -> dict[str, int]:
    """Key -> elements of each tensor, as the header of a workspace file says it; an error for any other file."""
    length = int.from_bytes(data[:8], "little")
    if length > limits.safetensors_header_bytes:
        raise ValueError(length)
    header = json.loads(data[8 : 8 + length])
    if header.pop("__metadata__")[MARK] != VERSION:
        raise ValueError(MARK)
    return {key: _elements(one["shape"], limits.axes) for key, one in header.items()}


def _elements(shape: list[int], axes: int) -> int:
    if len(shape) > axes or not all(type(size) is int for size in shape):
        raise ValueError(shape)
    return math.prod(shape)


def _deck(found: Iterable[files.Loaded]) -> slides.Answer:
    """The deck among the tensors of a workspace file."""
    for one in found:
        if one.key == DECK and one.tensor.dtype == torch.uint8:
            return slides.read(bytes_of(one.tensor))
    return {}, {}, []


def _spelled(tensor: torch.Tensor) -> str:
    return text_for(tensor, "", {}, {}) if tensor.numel() <= MOST_SPELLED else ""


def _from_file(filename: str, one: files.Loaded) -> str:
    shown = "".join(letter if letter.isprintable() else "�" for letter in filename[-60:])
    return f"{shown} · {one.note}" if one.note else shown


def _provenance(metadata: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a workspace file says of its tensors; all of it is text from outside: checked, cut, or left out."""
    if metadata.get(MARK) != VERSION:
        return {}
    try:
        listed = json.loads(metadata.get("items", ""))
    except (ValueError, RecursionError):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for place, entry in enumerate(listed[: current().workspace_tensors] if isinstance(listed, list) else []):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            text, origin = entry.get("text", ""), entry.get("origin", "")
            usable = isinstance(text, str) and len(text) <= current().text
            found[entry["name"]] = {
                "place": place,
                "text": text if usable else "",
                "origin": "".join(c for c in origin[:120] if c.isprintable())
                if isinstance(origin, str)
                else "",
            }
    return found


def export(arguments: Mapping[str, Any]) -> Answer:
    """One tensor as a file ("npy", "safetensors", "csv") or as code ("torch", "numpy", "latex")."""
    with speaking(arguments.get("language", "en")):
        names = tensors_of(arguments)
        form, name = arguments["form"], arguments["name"]
        try:
            tensor = part(arguments["text"], arguments.get("slice", ""), names)
            written = guarded(lambda: _written(form, name, tensor))
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        return {}, {"file": written}


def word_vectors(arguments: Mapping[str, Any]) -> Answer:
    """Vectors of the words of Python's help texts, called "name": too many numbers for a text, so they come as data."""
    with speaking(arguments.get("language", "en")):
        found = text_corpus.word_vectors()
        origin = _("word vectors from Python's help texts: {count} words from “{first}” to “{last}”").format(
            count=len(found.words), first=found.words[0], last=found.words[-1]
        )
        told = described(arguments["name"], found.vectors, "", origin)
        return {"item": told}, {"data": bytes_of(found.vectors)}


def rows(arguments: Mapping[str, Any]) -> Answer:
    """A small tensor of at most two axes as nested lists of rows, for a grid; else a refusal."""
    with speaking(arguments.get("language", "en")):
        try:
            found = read(arguments["text"], tensors_of(arguments))
        except Refusal as refusal:
            return {"problem": refusal.problem}, {}
        if found.dim() > 2 or not 0 < found.numel() <= MOST_GRID or max(found.shape, default=1) > MOST_SIDE:
            sentence = _("A grid shows at most two axes and {count} numbers.").format(count=MOST_GRID)
            return {"problem": Refusal(input=None, rule="grid", sentence=sentence, fix="").problem}, {}
        if not bool(found.double().isfinite().all()):
            sentence = _("A grid shows finite numbers only; there are others among these.")
            return {"problem": Refusal(input=None, rule="grid", sentence=sentence, fix="").problem}, {}
        flat = found.double().reshape(-1, found.shape[-1] if found.dim() else 1)
        return {"rows": flat.tolist()}, {}


def reserved(_arguments: Mapping[str, Any]) -> Answer:
    """The words of the language, which no tensor can be called."""
    return {"names": sorted(reserved_names())}, {}


def check(name: str) -> None:
    """A mistake of ours where a page gives a tensor a name that it cannot have; what visitors type is told before."""
    check_name(name, reserved_names())


@cache
def reserved_names() -> frozenset[str]:
    """Functions, constants and modules of the language by their bare names, and what code that is shown calls."""
    return frozenset(name for name in (*FUNCTIONS, *CONSTANTS, *ROOTS, *CALLED) if "." not in name)


def _written(form: str, name: str, tensor: torch.Tensor) -> bytes:
    forms = {
        "npy": lambda: write.npy(tensor),
        "safetensors": lambda: write.safetensors({name: tensor}, {}),
        "csv": lambda: write.csv(tensor),
        "torch": lambda: write.torch_code(tensor, name).encode(),
        "numpy": lambda: write.numpy_code(tensor, name).encode(),
        "latex": lambda: write.latex(tensor).encode(),
    }
    return forms[form]()
