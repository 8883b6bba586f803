"""The tensor language as torch code: what is written runs alone and gives the very same tensor."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
import torch

from core import answers, tensors
from core.expression import ExpressionError
from core.expression.script import as_torch, program_as_torch
from tests.core.test_expression_torch import NAMES, TEXTS, same
from tests.core.test_program import MEANT

TOLD = (
    "torch.arange(24).reshape(2, 3, 4)",
    "randn(20, 30, seed=7)",
    "torch.rand(300, 4)",
    "torch.randint(0, 9, (40, 10), seed=3).float().T",
    "torch.sin(torch.linspace(0, 2 * pi, 301)) + 1",
    "[[1.0, 2.0], [3.0, 4.0]] @ ones(2, 200)",
    "full((20, 30), inf)",
    "zeros(300, dtype=torch.int64) - 5",
    "F.softmax(torch.arange(400.) / 100, 0)",
    "torch.ones(50, 6)[:, ::2].cumsum(0)",
    "-torch.eye(20).mT",
    "torch.tensor([1, 2, 3]).repeat(100)",
)
UNTOLD = (
    "rotation(degrees=30)",
    r"\begin{pmatrix} 1 & 2 \end{pmatrix}",
    "1 2\n3 4",
    "A @ B",
    "().__class__",
    "[x for x in y]",
)


def test_every_text_runs_alone_and_gives_the_same_tensor() -> None:
    written = [as_torch(text) for text in TOLD]
    assert None not in written
    lines = [
        "import torch",
        *(f"print(repr(({code}).double().sum().item()), ({code}).dtype)" for code in written),
    ]
    ran = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    for text, line in zip(TOLD, ran.stdout.splitlines(), strict=True):
        tensor = tensors.read(text)
        total, dtype = line.split(" ")
        assert dtype == str(tensor.dtype), text
        assert float(total) == pytest.approx(tensor.double().sum().item(), rel=1e-6), text


@pytest.mark.parametrize("text", UNTOLD)
def test_what_only_the_atlas_knows_is_not_written(text: str) -> None:
    assert as_torch(text) is None


def test_no_name_gets_through_that_is_not_torchs() -> None:
    for text in (
        "torch.ones(3).__class__",
        "open(1)",
        "torch.os.getcwd()",
        "eval(1)",
        "torch.load(1)",
        "lambda: 1",
    ):
        assert as_torch(text) is None
    tree = ast.parse(as_torch("torch.rand(9, seed=1)"))
    assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} == {"torch"}


@pytest.mark.parametrize(
    "inputs",
    [
        {"A": "torch.randn(40, 30, seed=5)", "x": "torch.linspace(-1, 1, 30)"},
        {"A": "rotation(degrees=30) @ torch.randn(2, 150, seed=1)", "x": "torch.linspace(-1, 1, 150)"},
        {
            "A": "\n".join("\t".join(str((i * j) % 7) for j in range(30)) for i in range(10)),
            "x": "torch.ones(30)",
        },
    ],
    ids=["call", "rotation", "spreadsheet"],
)
def test_the_code_of_a_large_input_is_the_computation_that_was_shown(tmp_path, inputs) -> None:
    data, _blobs = answers.operation({"key": "matrix-vector", "inputs": inputs})
    script = tmp_path / "shown.py"
    script.write_text(data["code"], encoding="utf-8")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == data["result"]["text"]
    assert torch.is_tensor(tensors.read(inputs["A"])) and "put your own" not in data["code"]


# Programs

CODE = {name: f"torch.tensor({tensor.tolist()}, dtype={tensor.dtype})" for name, tensor in NAMES.items()}


def ran(text: str, names=NAMES) -> torch.Tensor:
    """What the script of a program gives."""
    code = program_as_torch(text, names={name: CODE.get(name, "") for name in names})
    space: dict = {}
    exec(compile(code.rsplit("\n", 2)[0], text, "exec"), space)
    return space[code.rsplit("print(", 1)[1][:-2]]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", TEXTS)
def test_every_line_of_the_whitelist_is_torch_when_it_is_written(text):
    same(torch.as_tensor(ran(text)), tensors.read(text, names=NAMES))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [text for text, _values in MEANT])
def test_programs_give_what_the_evaluator_gives(text):
    same(torch.as_tensor(ran(text)), tensors.read(text, names=NAMES))


WRITTEN = [
    "n = 4\nQ = randn(3, n, seed=1); K = randn(5, n, seed=2)\nsoftmax(Q @ K.mT / sqrt(n)) @ ones(5, 2)",
    "randn(3) - randn(3)",  # a call without a seed has its place in the line
    "softmax(randn(3))",
    "rotation(degrees=30) @ [1, 0.]",
    "a = 30\nrotation(degrees=a) @ scaling(2, a)",
    "a, b = 1, [1, 2]\na * b",
    "ts = [ones(2), zeros(2)]; stack(ts, 1) + ts",
    "U, S, Vh = torch.linalg.svd(diag([1., 2]))",
    "best, place = A.max(1)\nbest + place",
    "-[1, 2]**2 + (2 - (3 - 1)) * (-2)**2 - 2**-1",
    "(A > 1) == (A < x)",
    "(U**2)**3 + U**2**3 - (2**3)**2",
    "A - (x - (x - 1)) / (2 / x) % (x + 4)",
    "[[1, A.sum(), 2, 3]] + [[1, 2, 3, 4]]",
    "torch.abs(-3) + A.softmax()",
    "A.sum(keepdim=True) / A.std(axis=0)",
    "torch.linalg.inv(A=M)",
    "torch.reshape(A, 3, 2) @ A.reshape([2, 3])",
    "meshgrid([x, y])[0] + cat([[1., 2, 3]]).sum()",
    "G = A.T\nG @ A",
    "torch.tensor(A, dtype=torch.float64) + tensor([[1, 2, 3]], dtype=torch.int8)",
    "exp(1000) + sqrt(-1)",
    "s = (2, 3)\nones(s) + A",
    "A.clamp(min=0, max=x)",
    "A[:, None, 0][..., None]",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", WRITTEN)
def test_a_script_means_what_was_typed(text):
    same(torch.as_tensor(ran(text)), tensors.read(text, names=NAMES))


REAL = [
    "china()",
    "flower()",
    "china(width=50)",
    "flower(33)[0]",
    "digits()",
    "iris()",
    "diabetes()",
    "iris().mean(0)",
]


def test_real_data_is_that_of_scikit_learn():
    pytest.importorskip("sklearn")
    for text in REAL:
        same(ran(text), tensors.read(text))


def test_a_script_runs_alone(tmp_path):
    text = "d = 4\nS = softmax(A @ A.mT / sqrt(d))\nF.relu(S) @ x[:2] + iris()[0, 0]"
    script = tmp_path / "alone.py"
    script.write_text(program_as_torch(text, names=CODE), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tensors.read(text, names=NAMES))


def test_a_name_without_code_is_refused():
    with pytest.raises(ExpressionError):
        program_as_torch("A + Z", names=CODE)


def test_names_of_modules_are_spelled_apart():
    code = program_as_torch("F.T + torch.relu(F).T", names={"F": "torch.ones(2, 3)"})
    assert code == "import torch\n\nF_ = torch.ones(2, 3)\nresult = F_.T + torch.relu(F_).T\nprint(result)\n"
