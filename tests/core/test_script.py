"""The tensor language as torch code: what is written runs alone and gives the very same tensor."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
import torch

from core import answers, tensors
from core.expression.script import as_torch

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
