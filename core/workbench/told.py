"""The nodes of a trace as cards: plain data for the page."""

from __future__ import annotations

from math import prod
from typing import Any

from core.expression.trace import Piece, Trace
from core.workbench.concept_of import concept_of


def cards(trace: Trace) -> list[dict[str, Any]]:
    """One card for each piece, in computing order; `read` and `written` are bytes, `concept` is a key or ""."""
    return [_card(trace, piece) for piece in trace.pieces]


def _card(trace: Trace, piece: Piece) -> dict[str, Any]:
    explained = concept_of(trace, piece)
    return {
        "number": piece.number,
        "label": piece.label,
        "text": piece.text,
        "shape": None if piece.shape is None else list(piece.shape),
        "dtype": piece.dtype,
        "line": piece.line,
        "target": piece.target,
        "operations": piece.operations,
        "read": piece.read,
        "written": piece.written,
        "view": piece.view,
        "concept": explained.key if explained else "",
        "inputs": list(piece.inputs),
    }


def totals(trace: Trace) -> dict[str, Any]:
    """Of all nodes together: `operations`, `bytes` that are read and written, and `largest`, the node that is neither
    given nor the result and has the most elements: {"number", "elements"}, or None."""
    between = [
        one for one in trace.pieces if one.inputs and one.shape is not None and one.number != trace.result
    ]
    largest = max(between, key=lambda one: prod(one.shape), default=None)
    return {
        "operations": sum(one.operations for one in trace.pieces),
        "bytes": sum(one.read + one.written for one in trace.pieces),
        "largest": largest and {"number": largest.number, "elements": prod(largest.shape)},
    }
