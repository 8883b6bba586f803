"""A program traced node by node: what is a piece, what it takes, how it is written, what it costs, where it stops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import tensors
from core.expression import ExpressionError
from core.expression.examples import EXAMPLES
from core.expression.mend import mends, strips
from core.expression.script import program_as_torch
from core.expression.trace import pieces_below, shortened, trace
from core.limits import HOSTED
from tests.core.test_program import MEANT, REFUSED

Q = torch.arange(12.0).reshape(3, 4)
K = torch.arange(20.0).reshape(5, 4) / 7
V = torch.arange(10.0).reshape(5, 2)
NAMES = {"Q": Q, "K": K, "V": V, "A": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])}


def rows(text, *fields, names=NAMES):
    return [tuple(getattr(piece, field) for field in fields) for piece in trace(text, names=names).pieces]


def test_attention_is_traced_in_computing_order():
    text = "softmax(Q @ K.mT / 2, dim=-1) @ V"
    assert rows(text, "number", "kind", "label", "inputs", "shape") == [
        (0, "name", "Q", (), (3, 4)),
        (1, "name", "K", (), (5, 4)),
        (2, "attribute", ".mT", (1,), (4, 5)),
        (3, "operator", "@", (0, 2), (3, 5)),
        (4, "number", "2", (), ()),
        (5, "operator", "/", (3, 4), (3, 5)),
        (6, "call", "softmax(dim=-1)", (5,), (3, 5)),
        (7, "name", "V", (), (5, 2)),
        (8, "operator", "@", (6, 7), (3, 2)),
    ]
    found = trace(text, names=NAMES)
    assert found.result == 8 and found.error is None and found.failed is None
    assert torch.equal(found.pieces[3].value, Q @ K.mT)
    assert all(text[piece.start : piece.end] == piece.text for piece in found.pieces)
    assert [piece.path for piece in found.pieces if piece.path] == [
        "Tensor.mT", "@", "/", "torch.softmax", "@",
    ]  # fmt: skip
    assert found.pieces[6].arguments == {"dim": -1}


LABELS = [
    ("Q.reshape(2, 6)", ".reshape(2, 6)"),
    ("Q.reshape((2, -1))", ".reshape(2, -1)"),
    ("torch.reshape(Q, (2, 6))", "reshape(2, 6)"),
    ("Q[0, ::2]", "[0, ::2]"),
    ("(Q + 1)[0, ::2]", "[0, ::2]"),
    ("Q.mT", ".mT"),
    ("Q.sum(0, keepdim=True)", ".sum(0, keepdim=True)"),
    ("torch.sum(Q, 0, True)", "sum(dim=0, keepdim=True)"),
    ("Q.sum()", ".sum()"),
    ("torch.exp(Q)", "exp"),
    ("-Q", "-"),
    ("[[1, 2],\n [3, 4]]", "[[1, 2], [3, 4]]"),
    ("torch.tensor([[1, 2], [3, 4]])", "[[1, 2], [3, 4]]"),
    ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "[1, 2, 3, 4, 5, 6, 7, 8…"),
    ("torch.einsum('ij,kj->ik', Q, K)", "einsum('ij,kj->ik')"),
    ("torch.cat([Q, K])", "cat"),
    ("torch.zeros(2, 3, dtype=torch.int64)", "zeros(2, 3, dtype=torch.int64)"),
    ("Q.to(torch.float64)", ".to(torch.float64)"),
    ("torch.arange(24)", "arange(end=24)"),
    ("Q.clamp(min=0)", ".clamp(min=0)"),
    ("torch.where(Q > 0, Q, 0)", "where(other=0)"),
    ("Q.max(dim=1).values", ".values"),
    ("rotation(degrees=30)", "rotation(degrees=30)"),
    ("2 * 3 + 4", "2 * 3 + 4"),
    ("[[1, 2 + 3], [3, 4]]", "[[1, 2 + 3], [3, 4]]"),
]


@pytest.mark.parametrize(("text", "label"), LABELS, ids=[text for text, _label in LABELS])
def test_a_node_is_written_alone(text, label):
    found = trace(text, names=NAMES)
    assert found.error is None
    assert found.pieces[found.result].label == label


def test_a_name_points_at_the_piece_that_made_it():
    text = "n = 2\nS = Q @ K.mT / n\nB = S\nB - S.amax(dim=1, keepdim=True) + n"
    found = rows(text, "label", "inputs", "target", "line")
    assert found == [
        ("2", (), "n", 0),
        ("Q", (), "", 1),
        ("K", (), "", 1),
        (".mT", (2,), "", 1),
        ("@", (1, 3), "", 1),
        ("/", (4, 0), "S", 1),
        (".amax(dim=1, keepdim=True)", (5,), "", 3),
        ("-", (5, 6), "", 3),
        ("+", (7, 0), "", 3),
    ]


def test_several_results_each_have_a_piece():
    text = "U, S, Vh = torch.linalg.svd(Q)\nS * 2"
    found = rows(text, "label", "inputs", "target", "shape", "view")
    assert found[1:5] == [
        ("svd", (0,), "", None, False),
        (".U", (1,), "U", (3, 3), True),
        (".S", (1,), "S", (3,), True),
        (".Vh", (1,), "Vh", (4, 4), True),
    ]
    assert rows("a, b = A", "label", "target")[1:] == [("[0]", "a"), ("[1]", "b")]
    assert rows("a, b = Q + 1, K * 2\nb", "label", "target")[2::3] == [("+", "a"), ("*", "b")]


def test_folded_arguments_are_no_pieces():
    assert rows("n = 2\nQ.sum(dim=n - 1)[:, None].expand(3, 2)", "label") == [
        ("Q",), (".sum(dim=1)",), ("[:, None]",), (".expand(3, 2)",)
    ]  # fmt: skip
    assert rows("torch.cat([Q, [[1., 2, 3, 4]]], dim=0)", "label", "inputs")[-1] == ("cat(dim=0)", (0, 1))
    assert rows("Q * Q", "inputs")[-1] == ((0, 0),)
    assert rows("Q + [[1, Q.sum(), 2, 3]]", "label", "inputs")[-2:] == [
        ("[[1, Q.sum(), 2, 3]]", (1,)),
        ("+", (0, 2)),
    ]


def test_sizes_are_plain_numbers():
    assert rows("n, d = Q.shape\nQ / d + zeros(n, d)", "label", "inputs", "target") == [
        ("Q", (), ""), ("4", (), "d"), ("/", (0, 1), ""), ("zeros(3, 4)", (), ""), ("+", (2, 3), ""),
    ]  # fmt: skip
    assert rows("Q / sqrt(Q.shape[-1])", "label") == [("Q",), ("sqrt(Q.shape[-1])",), ("/",)]
    assert rows("s = Q.shape\nQ * s[0]", "label") == [("Q",), ("s[0]",), ("*",)]


COSTS = [  # operations, bytes read, bytes written, view
    ("Q @ K.mT", (2 * 3 * 4 * 5, 4 * (12 + 20), 4 * 15, False)),
    ("Q + Q[0]", (12, 4 * (12 + 4), 4 * 12, False)),
    ("Q.reshape(3, 1, 4) * K", (60, 4 * (12 + 20), 4 * 60, False)),
    ("Q.sum(dim=0)", (12, 48, 16, False)),
    ("softmax(Q, dim=-1)", (60, 48, 48, False)),
    ("Q.T", (0, 0, 0, True)),
    ("Q.reshape(2, 6)", (0, 0, 0, True)),
    ("Q.T.reshape(2, 6)", (0, 48, 48, False)),
    ("Q[:, 1:]", (0, 0, 0, True)),
    ("Q[:, [0, 1, 1]]", (0, 48, 36, False)),
    ("Q[0].expand(5, 4)", (0, 0, 0, True)),
    ("[[1, 2], [3, 4]].T", (0, 0, 0, True)),
    ("zeros(3, 4)", (0, 0, 48, False)),
    ("torch.cat([Q, K])", (0, 4 * 32, 4 * 32, False)),
    ("torch.einsum('ij,kj->ik', Q, K)", (2 * 3 * 4 * 5, 4 * 32, 4 * 15, False)),
    ("torch.outer(Q[0], K[0])", (16, 32, 64, False)),
    ("torch.dot(Q[0], K[0])", (8, 32, 4, False)),
    ("Q.double()", (0, 48, 96, False)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cost"), COSTS, ids=[text for text, _cost in COSTS])
def test_operations_and_bytes_are_counted_by_the_rule(text, cost):
    piece = trace(text, names=NAMES).pieces[-1]
    assert (piece.operations, piece.read, piece.written, piece.view) == cost


def test_a_trace_stands_up_to_the_failing_node():
    found = trace("S = Q @ K.mT\nS @ V.T + 1", names=NAMES)
    assert [piece.label for piece in found.pieces] == ["Q", "K", ".mT", "@", "V", ".T"]
    assert (found.failed.label, found.failed.inputs, found.failed.line) == ("@", (3, 5), 1)
    assert found.failed.value is None and found.failed.shape is None and found.result is None
    assert found.error.shapes is not None and found.error.rule == "shape"


def test_a_trace_stops_where_the_values_do_not_allow_it():
    found = trace("S = Q @ Q.T\ntorch.linalg.inv(S * 0) @ K @ K", names=NAMES)
    assert (found.error.rule, found.failed.label) == ("singular", "inv")  # before the shapes that follow
    found = trace("S = Q @ Q.T\ntorch.linalg.inv(S * 0) @ Q", names=NAMES)
    assert found.error.rule == "singular" and found.failed.label == "inv"
    assert [piece.label for piece in found.pieces][-1] == "*"


def test_a_text_that_does_not_parse_has_an_error_and_no_pieces():
    found = trace("Q @", names=NAMES)
    assert found.error.rule == "missing" and found.pieces == () and found.failed is None


def test_our_own_mistake_is_an_error_without_a_trace(monkeypatch):
    def broken(*_arguments):
        raise KeyError("/secret/path.py")

    monkeypatch.setattr("core.expression.trace.in_order", broken)
    found = trace("Q", names=NAMES)
    assert found.error.rule == "internal" and "secret" not in str(found.error)


@pytest.mark.parametrize("text", [text for text, _values in MEANT])
def test_the_last_piece_is_what_reading_gives(text):
    found = trace(text, names=NAMES, limits=HOSTED)
    assert torch.equal(found.pieces[found.result].value, tensors.read(text, names=NAMES, limits=HOSTED))


@pytest.mark.parametrize("text", [one[0] for one in REFUSED if one[0] != "print(A, A)"])
def test_the_error_of_a_trace_is_that_of_reading(text):
    with pytest.raises(ExpressionError) as caught:
        tensors.read(text, names=NAMES, limits=HOSTED)
    error = trace(text, names=NAMES, limits=HOSTED).error
    expected = caught.value
    assert (error.sentence, error.start, error.end) == (expected.sentence, expected.start, expected.end)


def test_pieces_below_are_those_a_piece_was_made_of():
    found = trace("a = Q + 1\nb = K * 2\na.sum() + 1", names=NAMES)
    labels = [piece.label for piece in pieces_below(found.pieces, found.result)]
    assert labels == ["Q", "1", "+", ".sum()", "1", "+"]


def test_labels_are_short():
    assert len(shortened("x" * 100)) == 24 and shortened(" a\n  b ") == "a b"


# Random programs

SOUP = (
    "Q K V A n x Q.mT Q.T K.mT = == ; \n \n + - * / @ ** , ( ) [ ] [0] [:,1] 1 2 0.5 -1 .sum() .sum(dim=0) "
    ".max(dim=1) .values .reshape(2,6) torch.linalg.svd torch.cat([Q,K]) softmax dim=-1 'ij->ji' torch.einsum( "
    "import torch print( print(Q) a,b += # tensor([1,2]) [[1,2],[3,4]] .unsqueeze(0) .mT None ... : ones(3,4) "
    "zeros(4) sqrt(4) Q.shape Q.size( .shape[-1] .ndim n,d= pi _ __x \\ \t"
)
WORDS = SOUP.split(" ")
VALID = [
    "a = Q @ K.mT\nb = a.softmax(dim=-1)\nb @ V",
    "U, S, Vh = torch.linalg.svd(Q)\nU[:, :2] * S[:2] @ Vh[:2]",
    "import torch\nx = Q.mean(dim=1, keepdim=True)\nprint((Q - x) / Q.std(dim=1, keepdim=True))",
    "n = 2; m = n + 1\nQ[:m, None] * K[:n]",
    "x = torch.einsum('ij,kj->ik', Q, K)\nx.max(dim=1).values + x[:, 0]",
]


BY_VALUE = (
    "index",
    "value",
    "singular",
    "overflow",
    "division-by-zero",
    "dtype",
)  # may stop a trace before shapes do


def holds(text):
    """The trace is complete: its error is reading's, its result is reading's, its numbers point backwards."""
    found = trace(text, names=NAMES, limits=HOSTED)
    assert len(mends(found, names=NAMES, limits=HOSTED)) <= 3 and isinstance(strips(found), list)
    for number, piece in enumerate(found.pieces):
        assert piece.number == number and all(one < number for one in piece.inputs)
        assert text[piece.start : piece.end] == piece.text
    try:
        expected = tensors.read(text, names=NAMES, limits=HOSTED)
    except ExpressionError as error:
        assert found.error is not None and found.error.rule != "internal"
        assert 0 <= error.start <= error.end <= max(len(text), 1)
        assert found.result is None
        assert found.error.sentence == error.sentence or found.error.rule in BY_VALUE
    else:
        assert found.error is None
        assert program_as_torch(text, names=dict.fromkeys(NAMES, "torch.ones(1)")).startswith("import")
        value = found.pieces[found.result].value
        assert value.dtype == expected.dtype and torch.equal(value.nan_to_num(), expected.nan_to_num())


@settings(max_examples=700, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20), st.sampled_from(["", " "]))
def test_soup_of_lines_never_breaks_a_trace(words, glue):
    holds(glue.join(words))


@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_mutated_programs_never_break_a_trace(data):
    text = data.draw(st.sampled_from([*VALID, *(one.text for one in EXAMPLES)]))
    for _round in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 8, len(text))))
        text = text[:start] + data.draw(st.sampled_from(["", text[start:end] * 2, *WORDS])) + text[end:]
    holds(text)


def test_a_list_that_is_an_operand_is_a_node() -> None:
    found = trace("torch.mul([1, 2], [3, 4])")
    assert [(piece.label, piece.inputs) for piece in found.pieces] == [
        ("[1, 2]", ()),
        ("[3, 4]", ()),
        ("mul", (0, 1)),
    ]
