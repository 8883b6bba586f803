"""A few lines of the tensor language: what is a line, what its names mean, and what is refused where."""

from __future__ import annotations

import pytest
import torch

from core import tensors
from core.expression import ExpressionError, parse_program
from core.limits import HOSTED, Limits
from core.words import speaking

A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
NAMES = {"A": A}

MEANT = [
    ("B = [[1, 2], [3, 4]]; B.T", [[1, 3], [2, 4]]),
    ("B = [[1, 2], [3, 4]]\nB.T", [[1, 3], [2, 4]]),
    ("B = [[1, 2],\n     [3, 4]]\nB.T", [[1, 3], [2, 4]]),
    ("B = [[1 2]\n [3 4]]\nB * 10", [[10, 20], [30, 40]]),
    ("B = [1 2; 3 4]; B * 10", [[10, 20], [30, 40]]),
    ("B = \\begin{bmatrix} 1 & 2 \\\\\n 3 & 4 \\end{bmatrix}\nB.T", [[1, 3], [2, 4]]),
    ("n = 2\nd = n * 3\nones(n, d).sum()", 12),
    ("s = (2, 3)\nones(s).sum(dim=0)", [2, 2, 2]),
    ("a, b = 3, [1, 2]\na * b", [3, 6]),
    ("a, b = A\na - b", [-3, -3, -3]),
    ("U, S, Vh = torch.linalg.svd(diag(tensor([3., 2.])))\nS", [3, 2]),
    ("found = A.max(dim=1)\nfound.values", [3, 6]),
    ("best, place = A.max(dim=1)\nplace", [2, 2]),
    ("A = A + 1\nA[0]", [2, 3, 4]),
    ("A = A[0]\nA = A * 2", [2, 4, 6]),
    ("x = A[0]\n-x", [-1, -2, -3]),
    ("x = A[0]\n[0]", [0]),
    ("x = A[0]  # a comment; with = in it\n\n# another\n;;\nx", [1, 2, 3]),
    ("x = einsum('ij->i', A); x", [6, 15]),
    ("n, d = A.shape\nA.reshape(d, n)[0] * A.numel() / A.ndim", [3, 6]),
    ("ones(A.shape[:1] + (A.size(1),)).sum() + A.size(-1) + A.dim()", 11),
    (
        "import torch\nimport torch.nn.functional as F\nimport numpy as np\nimport math\nF.relu(A[0])",
        [1, 2, 3],
    ),
    ("from math import sqrt, pi\nfrom torch import nn, zeros\nimport math, torch\nzeros(2)", [0, 0]),
    ("print(A[0])", [1, 2, 3]),
    ("x = A[0]\nprint( x * 2 )\n", [2, 4, 6]),
    ("x = A[0]\r\nx", [1, 2, 3]),
    ("x = (A[0]\n + 1)\nx", [2, 3, 4]),
    ("1\n2", [1, 2]),
    ("1\t2\n3\t4", [[1, 2], [3, 4]]),
    ("x = 1 2\n3 4", [[1, 2], [3, 4]]),
    ("1 +\n 2", 3),
    ("[1, 2]\n+ [3, 4]", [4, 6]),
    ("A[0]\nA[1]", [4, 5, 6]),
    ("sum = [1, 2]", [1, 2]),
]


@pytest.mark.parametrize(("text", "values"), MEANT, ids=[text for text, _values in MEANT])
def test_lines_mean_what_python_means(text, values):
    assert tensors.read(text, names=NAMES, limits=HOSTED).tolist() == values


REFUSED = [
    ("A += 1", "augmented", "A += 1", "Write `A = A + 1`."),
    ("B = A\nB **= A + 1\nB", "augmented", "B **= A + 1", "Write `B = B ** (A + 1)`."),
    ("A[0] = 1", "in-place", "A[0] = 1", None),
    ("A.data = A", "in-place", "A.data = A", None),
    ("a = b = 3", "equals", "a = b = 3", "Write two lines."),
    ("a = 3\nb = a = 4", "equals", "b = a = 4", "Write two lines."),
    ("lambda = 3\nA", "name", "lambda", "Take another name, such as `my_lambda`."),
    ("pi = 3\nA", "name", "pi", None),
    ("mean = A.mean()\nA", "name", "mean", None),
    ("torch = 3\nA", "name", "torch", None),
    ("_x = 3\nA", "name", "_x", "Take another name, such as `my_x`."),
    ("a, _ = A\na", "name", "_", None),
    ("import os\nA", "not-in-language", "import os", None),
    ("import torch as t\nA", "not-in-language", "import torch as t", None),
    ("from torch import load\nA", "not-in-language", "from torch import load", None),
    ("x = A\nimport torch\nx", "not-in-language", "import torch", None),
    ("import torch", "empty", "import torch", None),
    ("x = A\ny = \nx", "missing", "=", None),
    ("x = A\ny = x @ x\ny", "shape", "x @ x", None),
    ("x = A\ny = z + 1\ny", "unknown-name", "z", None),
    ("y = x + 1\nx = A", "unknown-name", "x", None),
    ("a, b = ones(3)\na", "unpack", "ones(3)", None),
    ("a, b, c = A.max(dim=0)\na", "unpack", "A.max(dim=0)", None),
    ("x = A\nx = x +\nx", "missing", "+", None),
    ("x = (A\nx", "brackets", "(", None),
    ("x = A)\nx", "brackets", ")", None),
    ("def f(x): return x\nA", "not-in-language", "def", None),
    ("for i in A: i\nA", "not-in-language", "for", None),
    ("1\t\n3\t4", "empty-cell", "\t", None),
    ("1 2\n3", "ragged", "3", None),
    ("A.max(dim=0)", "several", "A.max(dim=0)", None),
    ("x = A\nx.max(dim=0)", "several", "x.max(dim=0)", None),
    ("x = A; y = 'a'; y", "type", "y", None),
    ("A.shape", "no-tensor", ".shape", None),
    ("n = A.size(0)\nA.size()", "no-tensor", ".size()", None),
    ("A.shape[2] * A", "index", "A.shape[2]", None),
    ("A.size(2) * A", "shape", "A.size(2)", None),
    ("A.size(0, 1) * A", "too-many-arguments", "A.size(0, 1)", None),
    ("print(A, A)", "shape", None, None),
    ("x = A\nprint()", "unknown-function", "print", None),
    ("x = 1\n" * 41 + "x", "too-many-lines", None, None),
]


@pytest.mark.parametrize(("text", "rule", "where", "fix"), REFUSED, ids=[one[0][:40] for one in REFUSED])
def test_refusal_is_placed_in_the_whole_text(text, rule, where, fix):
    if text == "print(A, A)":  # as torch.stack([A, A]): a list of equal tensors
        assert tensors.read(text, names=NAMES).shape == (2, 2, 3)
        return
    with speaking("en"), pytest.raises(ExpressionError) as caught:
        tensors.read(text, names=NAMES, limits=HOSTED)
    error = caught.value
    assert error.rule == rule, error.sentence
    if where is not None:
        assert text[error.start : error.end] == where
    if fix is not None:
        assert error.fix == fix


def test_augmented_assignment_suggests_the_whole_text():
    text = "B = A\nB *= 2  # twice\nB"
    with pytest.raises(ExpressionError) as caught:
        tensors.read(text, names=NAMES)
    assert caught.value.suggestion == "B = A\nB = B * 2  # twice\nB"
    assert tensors.read(caught.value.suggestion, names=NAMES).tolist() == (A * 2).tolist()


def test_lines_know_their_names_and_places():
    text = "import torch\nB = A.T;  u, v = B[:2]\nB @ A  # done"
    program = parse_program(text, names=NAMES)
    assert [line.targets for line in program.lines] == [("B",), ("u", "v"), ()]
    assert [text[line.start : line.end] for line in program.lines] == ["B = A.T", "u, v = B[:2]", "B @ A"]
    assert [line.tree.text for line in program.lines] == ["A.T", "B[:2]", "B @ A"]


def test_random_calls_of_two_lines_differ_and_one_line_is_as_before():
    assert tensors.read("a = rand(4)\nb = rand(4)\na - b").abs().sum() > 0
    assert torch.equal(tensors.read("a = rand(4)"), tensors.read("rand(4, seed=0)"))


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        (Limits(text=20), "too-long"),
        (Limits(nodes=5), "too-many-parts"),
        (Limits(total_elements=20), "too-many-in-all"),
    ],
)
def test_limits_hold_over_all_lines(limits, rule):
    text = "x = ones(2, 3) + 1\ny = x * 2\nx + y"
    with pytest.raises(ExpressionError) as caught:
        tensors.read(text, limits=limits)
    assert caught.value.rule == rule
    assert tensors.read(text).sum() == 36


def test_a_name_is_free_but_a_list_of_it_is_counted():
    text = "x = ones(10, 10)\nx + x + x\nx[0]"
    assert tensors.read(text, limits=Limits(total_elements=320)).sum() == 10
    with pytest.raises(ExpressionError) as caught:
        tensors.read("x = ones(10, 10)\n[x, x, x, x]", limits=Limits(total_elements=420))
    assert caught.value.rule == "too-many-in-all"
