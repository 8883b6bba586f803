"""The examples run alone, are torch's own results, and those that fail are mended; the glossary is the table."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from core import answers, tensors
from core.expression import parse_program
from core.expression.examples import EXAMPLES
from core.expression.glossary import TITLES, glossary
from core.expression.mend import mends
from core.expression.script import program_as_torch
from core.expression.table import ENTRIES, FUNCTIONS, METHODS
from core.expression.trace import trace
from core.limits import HOSTED
from core.words import LANGUAGES

WORKING = [one for one in EXAMPLES if not one.fails]
FAILING = [one for one in EXAMPLES if one.fails]
TEXTS = {one.key: one.text for one in EXAMPLES}


def read(key: str) -> torch.Tensor:
    return tensors.read(TEXTS[key], limits=HOSTED)


def test_every_example_that_does_not_fail_is_torchs_own_result():
    """All scripts run in one fresh interpreter, without the atlas."""
    blocks = ["import torch"]
    for one in WORKING:
        code, shown = program_as_torch(one.text).rstrip().rsplit("\n", 1)
        name = shown.removeprefix("print(").removesuffix(")")
        blocks.append(f"space = {{}}\nexec({code!r}, space)\nkept[{one.key!r}] = space[{name!r}]")
    blocks.insert(1, "kept = {}")
    blocks.append("torch.save(kept, sys.argv[1])")
    run_alone(["import sys", *blocks])


def run_alone(lines: list[str]) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        subprocess.run([sys.executable, "-c", "\n".join(lines), file.name], check=True, timeout=300)
        kept = torch.load(file.name, weights_only=True)
    for one in WORKING:
        expected = read(one.key)
        assert kept[one.key].dtype == expected.dtype and kept[one.key].shape == expected.shape, one.key
        assert torch.allclose(kept[one.key].double(), expected.double(), rtol=1e-6, atol=1e-7), one.key


@pytest.mark.parametrize("one", EXAMPLES, ids=[one.key for one in EXAMPLES])
def test_an_example_stands_in_a_link_and_has_words(one):
    assert len(one.text) < 400 and one.text.isascii() and one.title and one.about
    assert parse_program(one.text, HOSTED).lines
    assert all(len(line) < 70 for line in one.text.splitlines())


@pytest.mark.parametrize("one", EXAMPLES, ids=[one.key for one in EXAMPLES])
def test_an_examples_film_is_small_on_the_wire(one):
    _data, blobs = answers.TASKS["expression"]({"text": one.text, "parameters": {"node": ""}})
    assert len(gzip.compress(blobs["film"])) <= 50_000


@pytest.mark.parametrize("one", FAILING, ids=[one.key for one in FAILING])
def test_what_fails_is_mended(one):
    found = trace(one.text, limits=HOSTED)
    assert found.error is not None and found.failed is not None and found.pieces
    offered = mends(found, limits=HOSTED)
    assert offered
    for mend in offered:
        assert tuple(tensors.read(mend["text"], limits=HOSTED).shape) == mend["result"]


def test_the_first_mends_are_the_lessons():
    edits = {one.key: mends(trace(one.text))[0]["edit"] for one in FAILING}
    assert edits == {
        "forgotten-keepdim": "total = A.sum(dim=1, keepdim=True)",
        "forgotten-transpose": "Q @ K.T",
        "wrong-dtype": "A.float() @ w",
    }


def test_examples_show_what_they_say():
    Q, K, V = (
        tensors.read(text) for text in ("randn(3, 4, seed=1)", "randn(5, 4, seed=2)", "randn(5, 2, seed=3)")
    )
    assert torch.allclose(read("attention"), F.scaled_dot_product_attention(Q, K, V), atol=1e-6)
    Q, K, V = (
        tensors.read(text) for text in ("randn(4, 3, seed=1)", "randn(4, 3, seed=2)", "randn(4, 2, seed=3)")
    )
    assert torch.allclose(
        read("masked-attention"), F.scaled_dot_product_attention(Q, K, V, is_causal=True), atol=1e-6
    )
    X = torch.tensor([[1.0, 2, 3, 6], [0, 4, 4, 8]])
    assert torch.allclose(read("layer-norm"), F.layer_norm(X, (4,)), atol=1e-6)
    assert torch.equal(read("convolution"), torch.zeros(1, 1, 3, 3))
    x = torch.tensor([[1000.0, 1001, 1002], [0, 1, 2]])
    assert torch.allclose(read("stable-softmax"), x.softmax(-1))
    assert torch.allclose(read("least-squares"), torch.zeros(2), atol=1e-5)
    assert read("column-minus-row") > 1 and not torch.allclose(read("square-keepdim"), torch.ones(2))
    assert read("star-is-not-matmul").any() and read("reshape-is-not-transpose").any()
    assert read("cosine-similarity")[0].round(decimals=5).tolist() == [1, 1, 0, -1]
    assert read("broadcast-product").shape == (3, 3, 4) and read("sum-over-an-axis").shape == (2, 4)


def test_keys_are_distinct():
    assert len(TEXTS) == len(EXAMPLES) and len(LANGUAGES) == 2


# The glossary


def test_the_glossary_is_the_whole_table_and_nothing_else():
    groups = glossary()
    assert [group.key for group in groups] == list(TITLES)
    functions = {term.name for group in groups[:-2] for term in group.terms if not term.name.startswith(".")}
    methods = {term.name[1:] for group in groups[:-2] for term in group.terms if term.name.startswith(".")}
    assert all(name in FUNCTIONS for name in functions) and methods <= set(METHODS)
    told = {id(FUNCTIONS[name]) for name in functions} | {id(METHODS[name]) for name in methods}
    assert told == {id(one) for one in ENTRIES}


def test_a_term_says_its_arguments():
    terms = {term.name: term for group in glossary() for term in group.terms}
    assert terms["softmax"].signature == "softmax(input, dim=…)" and terms["softmax"].method
    assert terms["zeros"].signature == "zeros(*size, dtype=…)" and not terms["zeros"].method
    assert terms[".expand"].signature == ".expand(*size)"
    assert terms["torch.linalg.svd"].signature == "torch.linalg.svd(input, full_matrices=…)"
    assert terms["F.conv2d"].signature.startswith("F.conv2d(input, weight, bias=…, stride=…")
    assert terms["china"].signature == "china(width=…)"
    assert terms["@"].signature == "A @ B" and "pi" in terms and "torch.float32" in terms
