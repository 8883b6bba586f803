"""Code as it is read: coloured here, without a script in the browser that would know two hundred languages."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Iterator, Mapping

from core.words import _
from pages.shared.markup import Html, tag

BRACKETS = re.compile(r"\(([^()]*)\)")
WORD = re.compile(r"[A-Za-z_]\w*")
KINDS = {tokenize.STRING: "string", tokenize.NUMBER: "number", tokenize.COMMENT: "comment"}


def listing(code: str, hues: Mapping[str, str] | None = None) -> Html:
    """Python source with its words told apart, and a button that copies it.

    `hues`: axis -> #rrggbb; between brackets in a comment, the axes bear the colours of the picture.
    """
    copy = tag(
        "button", _("Copy"), type="button", class_="atlas-copy", aria_label=_("Copy the code"),
        data_done=_("Copied"),
    )  # fmt: skip
    return tag(
        "div",
        tag("pre", tag("code", *_pieces(code.strip("\n"), hues or {}))),
        copy,
        class_="atlas-listing",
    )


def _pieces(code: str, hues: Mapping[str, str]) -> Iterator[object]:
    """The source piece by piece: text between tokens, and each token of a kind in a span."""
    starts = [0]
    for line in code.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    done = 0
    for kind, start, end in _tokens(code):
        first, last = starts[start[0] - 1] + start[1], starts[end[0] - 1] + end[1]
        yield code[done:first]
        word = code[first:last]
        yield tag("span", *(_comment(word, hues) if kind == "comment" else [word]), class_=f"atlas-{kind}")
        done = last
    yield code[done:]


def _tokens(code: str) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(kind, start, end) of what has a colour, in order. Source that Python cannot read has the rest without any."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = KINDS.get(token.type)
            if token.type == tokenize.NAME and keyword.iskeyword(token.string):
                kind = "keyword"
            if kind:
                yield kind, token.start, token.end
    except (tokenize.TokenError, SyntaxError):
        return


def _comment(text: str, hues: Mapping[str, str]) -> Iterator[object]:
    done = 0
    for bracket in BRACKETS.finditer(text):
        for word in WORD.finditer(bracket[1]):
            if word[0] in hues:
                start = bracket.start(1) + word.start()
                yield text[done:start]
                yield tag("b", word[0], class_="atlas-axis", style=f"color: {hues[word[0]]}")
                done = start + len(word[0])
    yield text[done:]
