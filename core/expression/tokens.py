"""The words of the language: numbers, names, texts and signs, checked for structure before any parser sees them."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from itertools import pairwise

from core.expression.errors import ExpressionError
from core.limits import Limits
from core.words import _

NUMBER = re.compile(r"(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TEXT = re.compile(r"'[^'\\\n]*'|\"[^\"\\\n]*\"")
SIGN = re.compile(r"\.\.\.|\*\*|//|<=|>=|==|!=|[-+*/%@()\[\],:.<>&|^~=]")
REFUSED_SIGN = re.compile(r":=|->|<<|>>|[-+*/%@&|^]=|\*\*=|//=|&&|\|\||!(?!=)|[{};?$`\\\"']")
OPENING = {"(": ")", "[": "]"}
CLOSING = {")": "(", "]": "["}
PREFIX = {"+", "-", "~"}
VALUES = {"True", "False", "None"}
INSTEAD = {
    "and": "&",
    "or": "|",
    "not": "~",
    "&&": "&",
    "||": "|",
    "is": "==",
    "if": "torch.where",
    "in": "==",
}


@dataclass(frozen=True)
class Token:
    """One word; `kind` is number, name, text or sign."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str, limits: Limits) -> list[Token]:
    """The words of `text`, in a structure that a parser can take: brackets pair, operands alternate with signs."""
    tokens = list(_words(text, limits))
    if not tokens:
        raise ExpressionError(_("Something is missing after `=`."), "", 0, len(text), "missing")
    _check_brackets(tokens, limits)
    for before, token in pairwise(tokens):
        _check_neighbours(before, token)
    _check_ends(tokens)
    return tokens


def _words(text: str, limits: Limits):
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token = _word(text, place, limits)
        yield token
        place = token.end


def _word(text: str, place: int, limits: Limits) -> Token:
    if found := NUMBER.match(text, place):
        return _number(text, found, limits)
    if found := NAME.match(text, place):
        return _name(text, found)
    if found := TEXT.match(text, place):
        return Token("text", found[0], place, found.end())
    refused = REFUSED_SIGN.match(text, place)
    found = SIGN.match(text, place)
    if refused:
        raise _not_ours(refused[0], place, refused.end())
    if found:
        return Token("sign", found[0], place, found.end())
    raise _not_ours(text[place], place, place + 1)


def _not_ours(word: str, start: int, end: int) -> ExpressionError:
    sentence = _("`{word}` is not part of the tensor language.").format(word=word)
    fix = _("Write `{text}`.").format(text=INSTEAD[word]) if word in INSTEAD else ""
    return ExpressionError(sentence, fix, start, end, "not-in-language")


def _number(text: str, found: re.Match[str], limits: Limits) -> Token:
    word, start, end = found[0], found.start(), found.end()
    if len(word) > limits.digits:
        sentence = _("A number can have at most {limit} characters; this one has {count}.")
        fix = _("Write it with an exponent, such as `1e20`.")
        words = {"limit": limits.digits, "count": len(word)}
        raise ExpressionError(sentence.format(**words), fix, start, end, "long-number")
    tail = NAME.match(text, end)
    if tail:
        whole = word + tail[0]
        if tail[0] in ("j", "J"):
            sentence = _("`{word}` is a complex number; the tensors here are real.").format(word=whole)
            raise ExpressionError(sentence, "", start, tail.end(), "number")
        sentence = _("`{word}` is neither a number nor a name.").format(word=whole)
        fix = _("Write `{text}`.").format(text=f"{word} * {tail[0]}")
        raise ExpressionError(sentence, fix, start, tail.end(), "number")
    if re.fullmatch(r"0[\d_]*[1-9][\d_]*", word):
        sentence = _("The number `{word}` begins with 0.").format(word=word)
        fix = _("Write `{text}`.").format(text=word.lstrip("0_"))
        raise ExpressionError(sentence, fix, start, end, "number")
    return Token("number", word, start, end)


def _name(text: str, found: re.Match[str]) -> Token:
    word, start, end = found[0], found.start(), found.end()
    if keyword.iskeyword(word) and word not in VALUES:
        raise _not_ours(word, start, end)
    if word.startswith("_") or "__" in word:
        sentence = _("`{word}` is not part of the tensor language: no name here begins with `_`.")
        raise ExpressionError(sentence.format(word=word), "", start, end, "underscore")
    if text[end : end + 1] in ("'", '"'):
        sentence = _("`{word}` before a text is not part of the tensor language.").format(word=word)
        raise ExpressionError(sentence, "", start, end + 1, "not-in-language")
    return Token("name", word, start, end)


def _check_brackets(tokens: list[Token], limits: Limits) -> None:
    """Brackets pair and are not too deep; = stands only after a name inside a call; signs do not pile up."""
    opened: list[Token] = []
    signs = 0
    for place, token in enumerate(tokens):
        signs = signs + 1 if token.text in PREFIX else 0
        if token.text in OPENING:
            opened.append(token)
        elif token.text in CLOSING and token.kind == "sign":
            if not opened or opened.pop().text != CLOSING[token.text]:
                sentence = _("`{word}` closes no `{other}`.")
                words = {"word": token.text, "other": CLOSING[token.text]}
                raise ExpressionError(sentence.format(**words), "", token.start, token.end, "brackets")
        elif token.text == "=":
            _check_equals(tokens, place, opened)
        if len(opened) > limits.depth or signs > limits.depth:
            raise too_deep(token.start, token.end, limits)
    if opened:
        sentence = _("The bracket `{word}` is never closed.").format(word=opened[-1].text)
        fix = _("Add `{text}`.").format(text="".join(OPENING[one.text] for one in reversed(opened)))
        raise ExpressionError(sentence, fix, opened[-1].start, opened[-1].end, "brackets")


def too_deep(start: int, end: int, limits: Limits) -> ExpressionError:
    """The refusal of text nested deeper than the limit."""
    sentence = _("This is nested more than {limit} levels deep.").format(limit=limits.depth)
    return ExpressionError(sentence, _("Write it flatter."), start, end, "too-deep")


def _check_equals(tokens: list[Token], place: int, opened: list[Token]) -> None:
    inside = bool(opened) and opened[-1].text == "("
    if inside and place >= 2 and tokens[place - 1].kind == "name" and tokens[place - 2].text in "(,":
        return
    sentence = _("A single `=` only gives a name to an argument, as in `sum(dim=0)`.")
    fix = _("To compare, write `==`.")
    raise ExpressionError(sentence, fix, tokens[place].start, tokens[place].end, "equals")


def _ends_operand(token: Token) -> bool:
    return token.kind != "sign" or token.text in (")", "]", "...")


def _begins_operand(token: Token) -> bool:
    return token.kind != "sign" or token.text in ("(", "[", "...") or token.text in PREFIX


def _check_neighbours(before: Token, token: Token) -> None:
    if _ends_operand(before):
        index_or_call = token.text in ("(", "[") and token.kind == "sign"
        apart = before.text == "]" and token.text == "[" and before.end < token.start  # [[1, 2] [3, 4]]
        if token.kind != "sign" or token.text == "..." or apart or (index_or_call and _cannot_open(before)):
            raise _gap(before, token)
        return
    if token.kind == "sign" and not _begins_operand(token) and not _may_be_empty(before, token):
        sentence = _("Something is missing between `{before}` and `{after}`.")
        words = {"before": before.text, "after": token.text}
        raise ExpressionError(sentence.format(**words), "", before.start, token.end, "missing")


def _cannot_open(before: Token) -> bool:
    """A number, a text or ... is neither called nor indexed."""
    return before.kind in ("number", "text") or before.text in ("...", *VALUES)


def _gap(before: Token, token: Token) -> ExpressionError:
    sentence = _("Between `{before}` and `{after}` a comma or an operator is missing.")
    words = {"before": before.text, "after": token.text}
    return ExpressionError(sentence.format(**words), "", before.start, token.end, "missing")


def _may_be_empty(before: Token, token: Token) -> bool:
    """() and [], a trailing comma, and the open ends of a slice."""
    pair = before.text + token.text
    return pair in ("()", "[]", ",)", ",]", "[:", ",:", ":]", ":,", "::")


def _check_ends(tokens: list[Token]) -> None:
    first, last = tokens[0], tokens[-1]
    if not _begins_operand(first):
        sentence = _("Something is missing before `{word}`.").format(word=first.text)
        raise ExpressionError(sentence, "", first.start, first.end, "missing")
    if not _ends_operand(last) and last.text != ",":
        sentence = _("Something is missing after `{word}`.").format(word=last.text)
        raise ExpressionError(sentence, "", last.start, last.end, "missing")
