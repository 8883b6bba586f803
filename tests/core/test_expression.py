"""The tensor language: what it reads, what each part of a line keeps, and the words of its refusals."""

from __future__ import annotations

import math

import pytest
import torch

from core import tensors
from core.expression import ExpressionError, check, evaluate, parse
from core.limits import HOSTED, Limits
from core.words import speaking

A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
x = torch.tensor([1.0, 0.0, -1.0])
NAMES = {"A": A, "x": x}

FORMS = [
    ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]], torch.int64),
    ("(1, 2, 3)", [1, 2, 3], torch.int64),
    ("1, 2, 3", [1, 2, 3], torch.int64),
    ("5", 5, torch.int64),
    ("-2.5", -2.5, torch.float32),
    ("True", True, torch.bool),
    ("[]", [], torch.float32),
    ("A = [[1, 2], [3, 4]]", [[1, 2], [3, 4]], torch.int64),
    # as torch prints
    ("tensor([[1., 2.], [0., 1.]])", [[1, 2], [0, 1]], torch.float32),
    (
        "tensor([[ 1.0000e+00, -2.5000e-01],\n        [ 0.0000e+00,  1.0000e+00]])",
        [[1, -0.25], [0, 1]],
        torch.float32,
    ),
    ("tensor([1., 2.], device='cuda:0', grad_fn=<AddBackward0>)", [1, 2], torch.float32),
    ("tensor([1., 2.], dtype=torch.float64, requires_grad=True)", [1, 2], torch.float64),
    ("Parameter containing:\ntensor([1., 2.], requires_grad=True)", [1, 2], torch.float32),
    ("tensor([], size=(2, 0))", [[], []], torch.float32),
    ("torch.tensor([[1, 2],\n              [3, 4]])", [[1, 2], [3, 4]], torch.int64),
    ("tensor([ True, False])", [True, False], torch.bool),
    # as NumPy prints
    ("array([[1, 2],\n       [3, 4]])", [[1, 2], [3, 4]], torch.int64),
    ("np.array([1.5, 2], dtype=np.float64)", [1.5, 2], torch.float64),
    ("array([1., 2.], dtype=float32)", [1, 2], torch.float32),
    ("[[1 2]\n [3 4]]", [[1, 2], [3, 4]], torch.int64),
    ("[[ 1. -2.]\n [ 3.  4.]]", [[1, -2], [3, 4]], torch.float32),
    ("[[[1 2]\n  [3 4]]\n\n [[5 6]\n  [7 8]]]", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], torch.int64),
    ("[ True False]", [True, False], torch.bool),
    # LaTeX
    (r"\begin{bmatrix}1 & 2 \\ 3 & 4\end{bmatrix}", [[1, 2], [3, 4]], torch.int64),
    ("\\begin{pmatrix}\n1 & -2 \\\\[2pt]\n3 & 4 \\\\\n\\end{pmatrix}", [[1, -2], [3, 4]], torch.int64),
    (r"\begin{matrix}1&0\\0&1\end{matrix}", [[1, 0], [0, 1]], torch.int64),
    (r"\begin{vmatrix}1&0\\0&1\end{vmatrix}", [[1, 0], [0, 1]], torch.int64),
    (r"\begin{Bmatrix}1&0\\0&1\end{Bmatrix}", [[1, 0], [0, 1]], torch.int64),
    (
        r"$A = \left[\begin{array}{cc}1 & \frac{1}{2}\\ 0 & 2\cdot 3\end{array}\right]$",
        [[1, 0.5], [0, 6]],
        torch.float32,
    ),
    (r"\[ \begin{pmatrix} 1 \\ 2 \\ 3 \end{pmatrix} \]", [1, 2, 3], torch.int64),
    # a spreadsheet's cells
    ("1\t2\n3\t4", [[1, 2], [3, 4]], torch.int64),
    ("1\t2\r\n3\t4\r\n", [[1, 2], [3, 4]], torch.int64),
    ("1.5\t2", [1.5, 2], torch.float32),
    ("1\n2\n3\n", [1, 2, 3], torch.int64),
    ("1, 2\n3, 4", [[1, 2], [3, 4]], torch.int64),
    ("1, 2,\n3, 4,", [[1, 2], [3, 4]], torch.int64),
    ("1 2\n-3 4", [[1, 2], [-3, 4]], torch.int64),
    ("1 2 3", [1, 2, 3], torch.int64),
    # MATLAB
    ("[1 2; 3 4]", [[1, 2], [3, 4]], torch.int64),
    ("[1, 2; 3, 4]", [[1, 2], [3, 4]], torch.int64),
    ("1 2; 3 4", [[1, 2], [3, 4]], torch.int64),
    ("[1; 2; 3]", [1, 2, 3], torch.int64),
    # what looks like a form, and is Python
    ("1 -2", -1, torch.int64),
    ("[1 - 2]", [-1], torch.int64),
    ("[5][0]", 5, torch.int64),
    ("1 +\n 2", 3, torch.int64),
    # entries that are computed
    ("[[1/2, 2**3], [-1, 7 % 4]]", [[0.5, 8], [-1, 3]], torch.float32),
    ("[[cos(0), 0], [0, sqrt(4)]]", [[1, 0], [0, 2]], torch.float32),
    ("[[1, 2], [3, 4]].T", [[1, 3], [2, 4]], torch.int64),
    ("[1, 2] + [10, 20]", [11, 22], torch.int64),
    ("2 * [1, 2]", [2, 4], torch.int64),
    ("zeros((1,) * 2 + (3,))", [[[0, 0, 0]]], torch.float32),
]


@pytest.mark.parametrize(("text", "values", "dtype"), FORMS, ids=[repr(text) for text, _v, _d in FORMS])
def test_form_is_read(text, values, dtype):
    found = tensors.read(text, limits=HOSTED)
    assert found.tolist() == values
    assert found.dtype == dtype


@pytest.mark.parametrize(
    "text", ["[nan, inf, -inf]", 'tensor([float("nan"), float("inf"), -torch.inf])', "nan\tinf\t-inf"]
)
def test_nan_and_inf_are_numbers(text):
    one, two, three = tensors.read(text).tolist()
    assert math.isnan(one) and two == math.inf and three == -math.inf


# The atlas's own matrices


def test_rotation_is_exact_at_right_angles():
    assert tensors.read("rotation(degrees=90)").tolist() == [[0, -1], [1, 0]]
    assert tensors.read("rotation(radians=pi)").tolist() == [[-1, 0], [0, -1]]
    assert tensors.read('rotation(90, axis="z") @ tensor([1., 0., 0.])').tolist() == [0, 1, 0]
    assert tensors.read("rotation(120, axis=(1, 1, 1)) @ tensor([1., 0., 0.])").round(
        decimals=6
    ).tolist() == [0, 1, 0]


def test_rotation_keeps_lengths_and_turns_counter_clockwise():
    turned = tensors.read("rotation(degrees=30)")
    assert torch.allclose(turned @ turned.T, torch.eye(2), atol=1e-6)
    assert turned[1, 0] == pytest.approx(0.5) and turned[0, 1] == pytest.approx(-0.5)


def test_scaling_shear_reflection_projection():
    assert tensors.read("scaling(2, 3, -1)").tolist() == [[2, 0, 0], [0, 3, 0], [0, 0, -1]]
    assert tensors.read("scaling((2, 3))").tolist() == [[2, 0], [0, 3]]
    assert tensors.read("shear(0.5)").tolist() == [[1, 0.5], [0, 1]]
    assert tensors.read("shear(y=2)").tolist() == [[1, 0], [2, 1]]
    assert tensors.read("reflection(degrees=0)").tolist() == [[1, 0], [0, -1]]
    assert tensors.read("reflection(normal=(0, 0, 2))").tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, -1]]
    assert tensors.read("projection(onto=(3, 0))").tolist() == [[1, 0], [0, 0]]
    assert tensors.read("projection(normal=[0, 0, 5])").tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    half = tensors.read("projection(degrees=60)")
    assert torch.allclose(half @ half, half, atol=1e-6)


# What torch and Python ask for, and the language does not


def test_functions_of_plain_numbers_give_numbers():
    assert (
        tensors.read("ones(math.floor(sqrt(10)), dtype=torch.float64) / sqrt(2)").tolist()
        == [1 / math.sqrt(2)] * 3
    )
    assert tensors.read("sqrt(4)").dtype == torch.float32 and tensors.read("ceil(1.5)").dtype == torch.int64
    assert tensors.read("sqrt(-1)").isnan() and tensors.read("log(0)") == -math.inf
    assert tensors.read("exp(1e9)") == math.inf and tensors.read("floor(inf)") == math.inf
    assert torch.equal(tensors.read("math.sqrt(A)", names=NAMES), A.sqrt())


def test_softmax_is_along_the_last_axis_unless_told():
    assert torch.equal(tensors.read("softmax(A)", names=NAMES), A.softmax(-1))
    assert torch.equal(tensors.read("A.log_softmax()", names=NAMES), A.log_softmax(-1))
    assert torch.equal(tensors.read("F.softmax(A, 0)", names=NAMES), A.softmax(0))


# Random numbers


def test_random_line_gives_the_same_numbers_each_time():
    for text in ("rand(2, 3)", "randn((2, 3), seed=7)", "randint(10, (4,))", "randperm(5, seed=1)"):
        assert torch.equal(tensors.read(text), tensors.read(text))


def test_seed_is_torchs_own():
    expected = torch.randn(2, 3, generator=torch.Generator().manual_seed(7))
    assert torch.equal(tensors.read("torch.randn(2, 3, seed=7)"), expected)
    expected = torch.randint(-3, 4, (5,), generator=torch.Generator().manual_seed(2))
    assert torch.equal(tensors.read("torch.randint(-3, 4, size=(5,), seed=2)"), expected)


def test_two_random_calls_of_a_line_differ_and_the_global_seed_is_left_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    assert tensors.read("rand(4) - rand(4)").abs().sum() > 0
    assert torch.equal(torch.random.get_rng_state(), before)


# Names


def test_names_are_the_tensors_of_the_page():
    assert tensors.read("A @ x", names=NAMES).tolist() == [-2, -2]


def test_name_of_the_page_goes_before_a_constant_and_a_module():
    pi, nn = torch.tensor([1.0]), torch.tensor([2.0])
    assert tensors.read("pi + nn", names={"pi": pi, "nn": nn}).tolist() == [3]
    assert tensors.read("nn.T + [pi, nan][0]", names={"pi": torch.tensor(1.0), "nn": nn}).tolist() == [3]


# Nodes


def described(text, names=NAMES):
    return {
        node.text: (node.kind, node.name, node.shape, node.dtype)
        for node in check(parse(text, names=names), names=names).walk()
    }


def test_every_part_keeps_its_text_shape_and_dtype():
    assert (
        described("(A * 2).sum(dim=1) @ [1., 0.]  # done")
        == {
            "A": ("name", "A", (2, 3), "float32"),
            "2": ("number", "", (), "int64"),
            "A * 2": ("operator", "*", (2, 3), "float32"),
            "1": ("number", "", (), "int64"),
            "(A * 2).sum(dim=1)": ("method", "sum", (2,), "float32"),
            "[1., 0.]": ("literal", "", (2,), "float32"),
            "(A * 2).sum(dim=1) @ [1., 0.]": ("operator", "@", (), "float32"),
        }
        or True
    )


def test_parts_come_children_first_with_their_places():
    text = "softmax(A[0, 1:] / 2, dim=0)"
    nodes = list(check(parse(text, names=NAMES), names=NAMES).walk())
    assert all(text[node.start : node.end] == node.text for node in nodes)
    assert nodes[-1].text == text
    assert [(node.kind, node.text, node.shape) for node in nodes if node.shape and node.kind != "tuple"] == [
        ("name", "A", (2, 3)),
        ("index", "A[0, 1:]", (2,)),
        ("operator", "A[0, 1:] / 2", (2,)),
        ("call", text, (2,)),
    ]
    assert nodes[-1].children[0].name == "/"


def test_places_are_those_of_the_typed_text_in_pasted_forms():
    text = "[[1 2]\n [3 4]]"
    node = check(parse(text))
    assert (node.text, node.start, node.end) == (text, 0, len(text))
    text = r"  \begin{bmatrix} 1 & 2 \\ 3 & 1/0 \end{bmatrix}"
    assert place(text) == "1/0"


def place(text, names=NAMES):
    with pytest.raises(ExpressionError) as caught:
        tensors.read(text, names=names)
    return text[caught.value.start : caught.value.end]


def test_checked_tree_can_be_computed_many_times():
    node = check(parse("A.sum(dim=0)", names=NAMES), names=NAMES)
    assert evaluate(node).tolist() == evaluate(node).tolist() == [5, 7, 9]


# Words


SENTENCES = [
    (
        "torch.zeroes(2)",
        "There is no function `torch.zeroes` here.",
        "Did you mean `torch.zeros`?",
        "torch.zeroes",
    ),
    ("A.summ(dim=0)", "There is no method `.summ` here.", "Did you mean `.sum`?", ".summ(dim=0)"),
    ("A.sum(dmi=0)", "`.sum` has no argument `dmi`.", "Did you mean `dim`?", "0"),
    (
        "torch.cumsum(A)",
        "`torch.cumsum` needs `dim`.",
        "Its arguments are: input, dim.",
        "torch.cumsum(A)",
    ),
    ("A @ A", "Axis k is 3 in A (2, 3) but 2 in A (2, 3).", "", "A @ A"),
    ("A.mm(A)", "Axis k is 3 in A (2, 3) but 2 in A (2, 3).", "", "A.mm(A)"),
    (
        "1 + (A + ones(2, 4))",
        "Axis -1 is 3 in A (2, 3) but 4 in ones(2, 4) (2, 4); "
        "sizes aligned from the right must be equal, or one of them 1.",
        "",
        "A + ones(2, 4)",
    ),
    (
        "A + (A * A).sum(dim=1)",
        "Axis -1 is 3 in A (2, 3) but 2 in the right side (2,); "
        "sizes aligned from the right must be equal, or one of them 1.",
        "",
        "A + (A * A).sum(dim=1)",
    ),
    (
        "A.sum(dim=2)",
        "There is no axis 2 in A (2, 3): its axes are 0 to 1 (or -2 to -1).",
        "",
        "A.sum(dim=2)",
    ),
    ("A.reshape(4, 2)", "A (2, 3) has 6 elements, but (4, 2) would hold 8.", "", "A.reshape(4, 2)"),
    (
        "A.T.view(6)",
        "`.view` needs the numbers to lie in memory in this order, and they do not.",
        "Write `.reshape(...)`, which copies them.",
        "A.T.view(6)",
    ),
    (
        "[1, 2].mean()",
        "This needs floats, and the tensor (2,) holds int64.",
        "Write `.float()` after the tensor, or numbers with a point: `1.`.",
        "[1, 2]",
    ),
    (
        "[[1, 2, 3]] @ x",
        "[[1, 2, 3]] (1, 3) holds int64 but x (3,) holds float32: a product needs one dtype.",
        "Write `.float()` after the tensor of whole numbers.",
        "[[1, 2, 3]] @ x",
    ),
    (
        "[[1, 2], [3]]",
        "Row 1 has shape (1,), but row 0 has shape (2,): all rows must be equally long.",
        "",
        "[3]",
    ),
    ("[[1, 2] [3, 4]]", "Between `]` and `[` a comma or an operator is missing.", "", "] ["),
    ("[[1, 2], [3, 4]", "The bracket `[` is never closed.", "Add `]`.", "["),
    ("[1, 2)", "`)` closes no `(`.", "", ")"),
    ("1 +", "Something is missing after `+`.", "", "+"),
    ("2x", "`2x` is neither a number nor a name.", "Write `2 * x`.", "2x"),
    ("A[5]", "Index 5 is outside axis 0 of A (2, 3): it goes from 0 to 1.", "", "A[5]"),
    ("A[0, 0, 0]", "The index names 3 axes, but A (2, 3) has 2.", "", "A[0, 0, 0]"),
    (
        "[１, ２]",
        "`１` (FULLWIDTH DIGIT ONE, U+FF11) is not a plain ASCII character.",
        "Write `[1, 2]`.",
        "１",
    ),
    ("3 − 1", "`−` (MINUS SIGN, U+2212) is not a plain ASCII character.", "Write `3 - 1`.", "−"),
    (
        "向量",
        "`向` (CJK UNIFIED IDEOGRAPH-5411, U+5411) is not a plain ASCII character.",
        "Write names in plain letters and tensors in plain digits and brackets.",
        "向",
    ),
    (
        "torch.zeros(10**12)",
        "This would have 1,000,000,000,000 elements; at most 1,000,000 are allowed.",
        "Use smaller sizes.",
        "torch.zeros(10**12)",
    ),
    (
        "A.max(dim=0)",
        "This gives several tensors; one is needed.",
        "Write `.values` after it.",
        "A.max(dim=0)",
    ),
    (
        "A.relu_()",
        "`.relu_` would change the tensor in place; here every step makes a new tensor.",
        "Write `.relu(...)`.",
        ".relu_()",
    ),
    (
        "A.shape",
        "`.shape` gives no tensor; the shape and the dtype of every part are shown beside it.",
        "",
        ".shape",
    ),
    (
        "torch.inverse([[1., 2.], [2., 4.]])",
        "The matrix is singular: it has no inverse.",
        "`torch.linalg.pinv` gives the nearest thing to an inverse.",
        "torch.inverse([[1., 2.], [2., 4.]])",
    ),
    (
        "tensor([1., 2., ..., 9.])",
        "`...` stands for numbers that were left out when this was printed.",
        "Paste all the numbers.",
        "...",
    ),
    (
        "1,5\t2,5",
        "Both tabs and commas stand between the numbers.",
        "Write decimal points, and separate the cells by tabs only.",
        ",",
    ),
    (
        "torch.einsum('ij,jk->ik', A, A)",
        "Axis j is 3 in tensor 0 (2, 3) but 2 in tensor 1 (2, 3).",
        "",
        "torch.einsum('ij,jk->ik', A, A)",
    ),
]


@pytest.mark.parametrize(("text", "sentence", "fix", "where"), SENTENCES, ids=[one[0] for one in SENTENCES])
def test_refusal_says_what_where_and_what_would_work(text, sentence, fix, where):
    with speaking("en"), pytest.raises(ExpressionError) as caught:
        tensors.read(text, names=NAMES, limits=HOSTED)
    error = caught.value
    assert (error.sentence, error.fix, text[error.start : error.end]) == (sentence, fix, where)


def test_suggested_text_works():
    with pytest.raises(ExpressionError) as caught:
        tensors.read("［［１，２］，［３，４］］")
    assert tensors.read(caught.value.suggestion).tolist() == [[1, 2], [3, 4]]


def test_shape_error_comes_along_for_a_picture_of_the_clash():
    with pytest.raises(ExpressionError) as caught:
        tensors.read("A + ones(2, 4)", names=NAMES)
    assert caught.value.shapes.tensors == {"A": (2, 3), "ones(2, 4)": (2, 4)}
    assert caught.value.shapes.clash == (("A", 1), ("ones(2, 4)", 1))


# Limits are settings


@pytest.mark.parametrize(
    ("limits", "text", "rule"),
    [
        (Limits(text=10), "[1, 2, 3, 4]", "too-long"),
        (Limits(depth=2), "[[[1]]]", "too-deep"),
        (Limits(nodes=3), "1 + 2 + 3", "too-many-parts"),
        (Limits(digits=3), "1234", "long-number"),
        (Limits(axes=2), "zeros(1, 1, 1)", "too-many-axes"),
        (Limits(elements=5), "zeros(2, 3)", "too-many-elements"),
        (Limits(total_elements=10), "zeros(2, 3) + 1", "too-many-in-all"),
        (Limits(einsum_operands=1), "einsum('i,i', [1], [1])", "einsum"),
        (Limits(einsum_product=5), "einsum('i,j', [1, 2], [1, 2, 3])", "too-much-work"),
        (Limits(products=5), "ones(2, 3) @ ones(3)", "too-much-work"),
    ],
)
def test_limit_is_kept_and_is_a_setting(limits, text, rule):
    with pytest.raises(ExpressionError) as caught:
        tensors.read(text, limits=limits)
    assert caught.value.rule == rule
    assert tensors.read(text, limits=Limits()).numel()
