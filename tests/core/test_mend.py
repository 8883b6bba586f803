"""Mends of a program that fails: each one works as a whole, is written as a person would, and the likely come first."""

from __future__ import annotations

import pytest
import torch

from core import tensors
from core.expression.einsum_words import read_out
from core.expression.errors import ExpressionError
from core.expression.mend import behind, mends, strips
from core.expression.trace import trace
from core.words import speaking

Q = torch.arange(12.0).reshape(3, 4)
K = torch.arange(20.0).reshape(5, 4) / 7
V = torch.arange(10.0).reshape(5, 2)
NAMES = {"Q": Q, "K": K, "V": V, "I": torch.arange(20).reshape(4, 5)}

MENDED = [  # text, the first edit, the text then, the shape of the node
    ("softmax(Q @ K / sqrt(4)) @ V", "Q @ K.T", "softmax(Q @ K.T / sqrt(4)) @ V", (3, 5)),
    ("(Q + 1) @ (K * 2)", "(Q + 1) @ (K * 2).T", "(Q + 1) @ (K * 2).T", (3, 5)),
    ("x = Q.sum(dim=1)\nQ / x", "x = Q.sum(dim=1, keepdim=True)", "x = Q.sum(dim=1, keepdim=True)\nQ / x", (3, 4)),
    ("Q - Q.mean(dim=1)", "Q - Q.mean(dim=1, keepdim=True)", "Q - Q.mean(dim=1, keepdim=True)", (3, 4)),
    ("Q / torch.sum(Q, 1)", "Q / torch.sum(Q, 1, keepdim=True)", "Q / torch.sum(Q, 1, keepdim=True)", (3, 4)),
    ("torch.matmul(Q, K)", "torch.matmul(Q, K.T)", "torch.matmul(Q, K.T)", (3, 5)),
    ("Q @ I", "Q @ I.float()", "Q @ I.float()", (3, 5)),
    ("V.T @ Q @ K.T", "V.T @ K", "", ()),
    ("V @ K", "V.T @ K", "V.T @ K", (2, 4)),
    ("K.sum(0) * Q.unsqueeze(0).mT", "", "K.sum(0).unsqueeze(1) * Q.unsqueeze(0).mT", (1, 4, 3)),
    ("Q * K", "Q.unsqueeze(1) * K", "Q.unsqueeze(1) * K", (3, 5, 4)),
    ("torch.einsum('ij,jk->ik', Q, K)", "", "torch.einsum('ij,jk->ik', Q, K.T)", (3, 5)),
    ("A = Q * 2; B = K * 2; A @ B; A + 1", "A @ B.T", "A = Q * 2; B = K * 2; A @ B.T; A + 1", (3, 5)),
    ("torch.mv(Q, ones(4, 1))", "", "torch.mv(Q, ones(4, 1).squeeze(1))", (3,)),
    ("Q @ arange(12.)", "", "Q.reshape(12) @ arange(12.)", ()),
    ("torch.mm(I.float(), Q)", "", "torch.mm(Q, I.float())", (3, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "edit", "then", "shape"), MENDED, ids=[one[0] for one in MENDED])
def test_a_mend_is_the_edit_a_person_would_make(text, edit, then, shape):
    found = mends(trace(text, names=NAMES), names=NAMES)
    if not then:
        assert all(one["text"] != text for one in found)
        return
    texts = [one["text"] for one in found]
    assert then in texts[: 1 if edit else 3], texts
    chosen = found[texts.index(then)]
    assert chosen["shape"] == shape
    if edit:
        assert chosen["edit"] == edit


@pytest.mark.parametrize("text", [one[0] for one in MENDED])
def test_every_mend_works_as_a_whole_and_no_two_are_of_a_kind(text):
    found = mends(trace(text, names=NAMES), names=NAMES)
    assert len(found) <= 3 and len({one["text"] for one in found}) == len(found)
    for one in found:
        assert tuple(tensors.read(one["text"], names=NAMES).shape) == one["result"]
        assert one["edit"] in one["text"]


@pytest.mark.parametrize(
    "text", ["Q @ K.T", "Q @", "unknown + 1", "torch.linalg.inv(zeros(2, 2))", "zeros(10**9)", "Q.summ()"]
)
def test_what_is_no_clash_of_shapes_has_no_mend(text):
    assert mends(trace(text, names=NAMES), names=NAMES) == []


def test_strips_are_aligned_at_the_right():
    assert strips(trace("Q @ K", names=NAMES)) == [
        {"name": "Q", "sizes": [3, 4], "clash": [1]},
        {"name": "K", "sizes": [5, 4], "clash": [0]},
    ]
    assert strips(trace("Q + ones(2, 5, 4)", names=NAMES)) == [
        {"name": "Q", "sizes": [None, 3, 4], "clash": [1]},
        {"name": "ones(2, 5, 4)", "sizes": [2, 5, 4], "clash": [1]},
    ]
    assert strips(trace("Q @ I", names=NAMES))[1] == {"name": "I", "sizes": [4, 5], "clash": []}
    assert strips(trace("Q @", names=NAMES)) == strips(trace("Q", names=NAMES)) == []


def test_a_call_goes_behind_the_last_line():
    assert behind("A = Q + 1; A", ".mT", NAMES) == "A = Q + 1; A.mT"
    assert behind("A = Q\nA + 1  # done", ".mT", NAMES) == "A = Q\n(A + 1).mT  # done"
    assert behind("(Q + 1)", ".mT", NAMES) == "(Q + 1).mT"


# einsum

KJ = ["kept", "contracted", "kept"]
PRODUCT = "For every i, k: the sum over j of A[i, j] · B[j, k]."
BATCH = "For every b, i, k: the sum over j of A[b, i, j] · B[b, j, k]."
READ = [
    ("ij,jk->ik", [(2, 3), (3, 4)], PRODUCT, KJ),
    ("ij,jk", [(2, 3), (3, 4)], PRODUCT, KJ),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)], BATCH, ["kept", *KJ]),
    ("ij->j", [(2, 3)], "For every j: the sum over i of A[i, j].", ["summed", "kept"]),
    ("ii->i", [(3, 3)], "For every i: A[i, i].", ["diagonal"]),
    ("ii", [(3, 3)], "The sum over i of A[i, i].", ["diagonal"]),
    ("i,j->ij", [(2,), (3,)], "For every i, j: A[i] · B[j].", ["kept", "kept"]),
    ("...i->...", [(2, 3, 4)], "For every ...: the sum over i of A[..., i].", ["kept", "summed"]),
    ("ij->ji", [(2, 3)], "For every j, i: A[i, j].", ["kept", "kept"]),
]


@pytest.mark.parametrize(("equation", "shapes", "whole", "fates"), READ, ids=[one[0] for one in READ])
def test_einsum_is_read_out(equation, shapes, whole, fates):
    with speaking("en"):
        words = read_out(equation, shapes)
    assert (words.whole, [axis.fate for axis in words]) == (whole, fates)
    for axis in words:
        assert all(shapes[k][at] == axis.size for k, at in axis.where) or axis.letter == "..."
    result = torch.einsum(equation, *map(torch.ones, shapes))
    kept = {axis.kept_at: axis.size for axis in words if axis.kept_at is not None and axis.letter != "..."}
    assert "..." in equation or tuple(kept[k] for k in range(len(kept))) == tuple(result.shape)


def test_a_letter_has_its_sentence():
    with speaking("en"):
        words = read_out("ij,jk->ik", [(2, 3), (3, 4)], ["Q", "K"])
    assert words.axes[1].where == ((0, 1), (1, 0))
    assert words.sentences[1:] == [
        "`i` (size 2; axis 0 of Q) is kept as axis 0 of the result.",
        "`j` (size 3; axis 1 of Q, axis 0 of K) is multiplied and summed away.",
        "`k` (size 4; axis 1 of K) is kept as axis 1 of the result.",
    ]


def test_an_equation_that_does_not_fit_is_refused():
    for equation, shapes in (("ij", [(2,)]), ("i,j", [(2,)]), ("i", [(2, 3)])):
        with pytest.raises(ExpressionError):
            read_out(equation, shapes)
