"""Hostile and unlucky lines: every line of HOSTILE.md's language and torch parts, and thousands of random texts."""

from __future__ import annotations

import time

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import tensors
from core.expression import ExpressionError, check, parse
from core.expression.table import FUNCTIONS, METHODS
from core.limits import HOSTED
from core.words import speaking


def refusal(text, **names) -> ExpressionError:
    """The error of `text`, which must be complete: a sentence, a rule, a place inside the text."""
    with speaking("en"), pytest.raises(ExpressionError) as caught:
        tensors.read(text, limits=HOSTED, names=names)
    error = caught.value
    complete(error, text)
    return error


def complete(error: ExpressionError, text: str) -> None:
    assert error.sentence and error.sentence == str(error)
    assert error.rule and error.rule != "internal"
    assert 0 <= error.start <= error.end <= max(len(text), 1), (error.start, error.end, error.sentence)
    for inside in ("Traceback", "site-packages", ".py", ".cpp", "/work", "aten::", "Exception raised"):
        assert inside not in error.sentence + error.fix or inside in text


FULL_WIDTH = "ｔｏｒｃｈ．ｆｕｎｃｔｉｏｎａｌ．ｔｏｒｃｈ．ｏｓ"

HOSTILE = [
    # Python's parser folds Unicode, and gives up in many ways
    (FULL_WIDTH, "not-ascii"),
    ("[[１, ２]]", "not-ascii"),
    ("torch.onеs(2)", "not-ascii"),  # a Cyrillic e
    ("[1, 2\u202e]", "not-ascii"),
    ("[" * 201 + "]" * 201, "too-deep"),
    ("[" * 33 + "1" + "]" * 33, "too-deep"),
    ("[" * 1000 + "]" * 1000, "too-deep"),
    ("(" * 500, "too-deep"),
    ("-" * 10_000 + "1", "too-long"),
    ("-" * 1_900 + "1", "too-deep"),
    ("~" * 40 + "1", "too-deep"),
    ("+".join(["1"] * 5_000), "too-long"),
    ("+".join(["x"] * 900), "too-many-parts"),
    ("**".join(["1"] * 600), "too-deep"),
    ("[" + "1, " * 1_000_000 + "]", "too-long"),
    ("1" * 10_000, "too-long"),
    ("1" * 21, "long-number"),
    ("\x00", "character"),
    ("[1, 2]\x00", "character"),
    ("[1,\x1b[31m 2]", "character"),
    ("", "empty"),
    ("   \n ", "empty"),
    ("# only a comment", "empty"),
    # integers without end
    ("10**10**7", "overflow"),
    ("10**10**10", "overflow"),
    ("9" * 19 + " * 9", "overflow"),
    ("2**64", "overflow"),
    ("-9223372036854775809", "overflow"),
    ("-(-9223372036854775808)", "overflow"),
    ("torch.zeros(10**10**10)", "overflow"),
    # Python that is not the language
    ("__import__('os').system('id')", "underscore"),
    ("().__class__.__bases__[0].__subclasses__()", "underscore"),
    ("torch.__dict__", "underscore"),
    ("A._base", "underscore"),
    ("torch.functional.torch.os.popen('id')", "unknown-function"),
    ("torch.functional.torch.os", "unknown-name"),
    ("torch.os.popen('id')", "unknown-function"),
    ("torch.from_file('/etc/passwd')", "unknown-function"),
    ("torch.load('/etc/passwd')", "unknown-function"),
    ("torch.hub.load('a/b', 'c')", "unknown-function"),
    ("torch.save([1], 'x')", "unknown-function"),
    ("np.load('x.npy')", "unknown-function"),
    ("torch.ones(2).numpy().tofile('x')", "no-tensor"),
    ("torch.ones(2).share_memory()", "unknown-method"),
    ("torch.ones(2).data", "no-tensor"),
    ("torch.ones(2).storage()", "unknown-method"),
    ("'{0.__class__}'.format(1)", "unknown-method"),
    ("'%s' % 1", "type"),
    ("f'{1}'", "not-in-language"),
    ("b'1'", "not-in-language"),
    ("'''a'''", "missing"),
    ("lambda: 1", "not-in-language"),
    ("[i for i in [1, 2]]", "not-in-language"),
    ("(x := 3)", "not-in-language"),
    ("{1: 2}", "not-in-language"),
    ("{1, 2}", "not-in-language"),
    ("1 if True else 2", "not-in-language"),
    ("not True", "not-in-language"),
    ("True and False", "not-in-language"),
    ("print(1)", "ok"),  # in a line, print(x) is x
    ("1 + print(1)", "unknown-function"),
    ("eval('1')", "unknown-function"),
    ("exec('import os')", "unknown-function"),
    ("open('/etc/passwd')", "unknown-function"),
    ("getattr(torch, 'os')", "unknown-name"),
    ("globals()", "unknown-function"),
    ("torch", "unknown-name"),
    ("import os", "not-in-language"),
    ("os.system('id')", "unknown-name"),
    ("1; 2; import os", "not-in-language"),
    ("torch.ones(*[2, 3])", "missing"),
    ("torch.ones(**{})", "not-in-language"),
    ("torch.ones(2)\\", "latex"),
    ("`id`", "not-in-language"),
    ("$(id)", "not-in-language"),
    ("0x10", "number"),
    ("1j", "number"),
    ("007", "number"),
    ("'unclosed", "not-in-language"),
    ("1 < 2 < 3", "comparison"),
    ("torch.ones(2)(3)", "not-in-language"),
    ("[1](2)", "not-in-language"),
    ("'a'", "type"),
    ("None", "type"),
    ("...", "type"),
    ("torch.float32", "type"),
    ("1:2", "syntax"),
    # sizes: nothing is allocated
    ("torch.zeros(10**12)", "too-many-elements"),
    ("torch.zeros(10**9)", "too-many-elements"),
    ("torch.zeros(10**18, 10**18)", "too-many-elements"),
    ("zeros(10**18)", "too-many-elements"),
    ("ones(1).expand(10**9, 1000)", "too-many-elements"),
    ("ones(1).expand(10**9, 1000).sum()", "too-many-elements"),
    ("zeros(()).expand(0, -1)", "shape"),
    ("zeros((1,)*200)", "too-many-axes"),
    ("zeros((1,)*10**9)", "too-many-axes"),
    ("zeros((1,)*-10**18)", "ok"),
    ("zeros(1, 1, 1, 1, 1, 1, 1, 1, 1)", "too-many-axes"),
    ("eye(10**6)", "too-many-elements"),
    ("arange(10**12)", "too-many-elements"),
    ("arange(0, 1, 1e-300)", "too-many-elements"),
    ("linspace(0, 1, 10**8)", "too-many-elements"),
    ("rand(10**4, 10**4)", "too-many-elements"),
    ("randperm(10**8)", "too-many-elements"),
    ("ones(1000).repeat(10**6)", "too-many-elements"),
    ("ones(1000).repeat_interleave(10**6)", "too-many-elements"),
    ("ones(1000).tile(10**6)", "too-many-elements"),
    ("kron(ones(1000, 1000), ones(1000, 1000))", "too-many-elements"),
    ("outer(ones(10**5), ones(10**5))", "too-many-elements"),
    ("diag(ones(10**5))", "too-many-elements"),
    ("diag(ones(2), 10**9)", "too-many-elements"),
    ("ones(10**5, 1) + ones(10**5)", "too-many-elements"),
    ("F.one_hot(arange(10**5), 10**6)", "too-many-elements"),
    ("ones(1000, 1000) + ones(1000, 1000) + ones(1000, 1000)", "too-many-in-all"),
    ("cat([ones(600, 1000), ones(600, 1000)])", "too-many-elements"),
    ("ones(1000, 1000) @ ones(1000, 1000)", "too-much-work"),
    ("torch.linalg.svd(ones(1000, 1000)).S", "too-much-work"),
    ("einsum('ij,jk,kl,lm,mn', ones(2,2), ones(2,2), ones(2,2), ones(2,2), ones(2,2))", "einsum"),
    ("einsum('ij,kl->', ones(100, 100), ones(100, 100))", "too-much-work"),
    ("einsum('i,j,k->ijk', ones(1000), ones(1000), ones(1000))", "too-much-work"),
    # torch calls that end or stall a process, or pass over in silence
    ("torch.div(tensor(-9223372036854775808), -1, rounding_mode='trunc')", "overflow"),
    ("torch.div(tensor(-9223372036854775808), tensor([1, -1]), rounding_mode='floor')", "overflow"),
    ("tensor(-9223372036854775808) // -1", "overflow"),
    ("tensor(-9223372036854775808) % -1", "overflow"),
    ("tensor(-128, dtype=torch.int8) // tensor(-1, dtype=torch.int8)", "overflow"),
    ("torch.range(0, 10, .5, dtype=torch.int64)", "unknown-function"),
    ("torch.arange(0, 10, .5, dtype=torch.int64)", "dtype"),
    ("torch.sparse_coo_tensor([[5]], [1.], (2,))", "unknown-function"),
    ("torch.ones(2).to_sparse()", "unknown-method"),
    ("torch.binomial(tensor(nan), tensor(.5))", "unknown-function"),
    ("torch.empty(3)", "unknown-function"),
    ("pow(2, 10**18)", "overflow"),
    ("torch.pow(tensor(2), 10**18)", "overflow"),
    ("tensor(2) ** 63", "overflow"),
    ("tensor([3]) ** tensor([40])", "overflow"),
    ("tensor(9223372036854775807) + 1", "overflow"),
    ("tensor([9223372036854775807, 1]).sum()", "overflow"),
    ("arange(1, 30).prod()", "overflow"),
    ("arange(1, 30).cumprod(0)", "overflow"),
    ("tensor([[4611686018427387904, 2]]) @ tensor([2, 2])", "overflow"),
    ("tensor(200, dtype=torch.uint8) + tensor(100, dtype=torch.uint8)", "overflow"),
    ("tensor([300], dtype=torch.uint8)", "overflow"),
    ("tensor([nan]).long()", "overflow"),
    ("tensor([1e30]).to(torch.int64)", "overflow"),
    ("full((2,), 300, dtype=torch.uint8)", "overflow"),
    ("-tensor(-9223372036854775808)", "overflow"),
    ("tensor([1, 2]) // 0", "division-by-zero"),
    ("tensor([1, 2]) % tensor([1, 0])", "division-by-zero"),
    ("1 / 0", "division-by-zero"),
    ("5 % 0", "division-by-zero"),
    ("0 ** -1", "division-by-zero"),
    ("(-8) ** 0.5", "complex"),
    ("tensor(2) ** -1", "value"),
    ("randint(5, 5, (2,))", "value"),
    ("randint(0, 10**18, (2,), dtype=torch.int32)", "overflow"),
    ("arange(0, 10, 0)", "value"),
    ("arange(5, 0)", "value"),
    ("arange(0, inf)", "value"),
    ("linspace(0, nan, 3)", "value"),
    ("inverse(zeros(2, 2))", "singular"),
    ("torch.linalg.svd(full((2, 2), nan)).S", "value"),
    ("arange(3)[tensor([5])]", "index"),
    ("gather(ones(2, 2), 0, tensor([[7, 0]]))", "index"),
    ("F.one_hot(tensor([5]), 3)", "index"),
    ("zeros(0).max()", "empty-axis"),
    ("zeros(0, 3).argmax(dim=0)", "empty-axis"),
    ("roll(ones(3), 10**18)", "too-large"),
    ("zeros(0, 3).chunk(2**31 - 1)", "too-many-pieces"),  # as many empty tensors as memory holds
    ("ones(10**6).unbind()[0]", "too-many-pieces"),
    ("ones(10**6).split(1)[0]", "too-many-pieces"),
    ("ones(3).split(0)", "size"),
    ("ones(3).chunk(0)", "size"),
    ("randint(inf, ones(2), 1)", "type"),
    ("tril(ones(2, 2), 10**18)", "too-large"),
    ("ones(2)[ones(2) > 0]", "mask"),
    ("ones(5)[::-1]", "index"),
    ("rotation(degrees=inf)", "value"),
    # blow-ups by what torch makes on the way, or by results that share memory
    ("ones(10**6, 1) + ones(1, 10**6)", "too-many-elements"),
    ("cosine_similarity(ones(10**5, 1), ones(1, 10**5), dim=1)", "too-many-elements"),
    ("torch.linalg.vecdot(ones(10**5, 1), ones(1, 10**5))", "too-many-elements"),
    ("F.mse_loss(ones(10**5, 1), ones(1, 10**5))", "too-many-elements"),
    (
        "einsum('" + ",".join("abcdefghijklmnopqrstuvwxyzABCD") + "', " + ", ".join(["ones(9)"] * 30) + ")",
        "einsum",
    ),
    ("einsum('abcdefgh,ijklmnop,qrstuvwx->', " + ", ".join(["ones((4,)*8)"] * 3) + ")", "too-much-work"),
    ("kron(ones(10**3), ones(10**6))", "too-many-elements"),
    ("ones(10**6).unfold(0, 10**5, 1)", "too-many-elements"),
    ("F.unfold(ones(1, 1, 900, 900), 300)", "too-many-elements"),
    ("F.conv2d(ones(1, 1, 900, 900), ones(1, 1, 300, 300))", "too-many-elements"),
    ("F.conv2d(ones(1, 64, 100, 100), ones(90, 64, 2, 2))", "too-many-elements"),
    ("F.conv2d(ones(1, 300, 50, 50), ones(300, 300, 1, 1))", "too-much-work"),
    ("F.conv2d(ones(1, 1, 9, 9), ones(1, 1, 3, 3), padding=10**6)", "too-many-elements"),
    ("F.pad(ones(3), (10**9, 0))", "too-many-elements"),
    ("cdist(ones(10**5, 1), ones(10**5, 1))", "too-many-elements"),
    ("cdist(ones(1000, 500), ones(1000, 500))", "too-much-work"),
    ("cartesian_prod(ones(10**3), ones(10**3), ones(10**3))", "too-many-elements"),
    ("meshgrid(ones(10**3), ones(10**3), ones(10**3))[0]", "too-many-elements"),
    ("meshgrid([ones(2)] * 9)[0]", "shape"),
    ("meshgrid(" + ", ".join(["ones(2)"] * 9) + ")[0]", "too-many-axes"),
    ("meshgrid(ones(1000), ones(1000), ones(1), ones(1), ones(1))[0]", "too-many-in-all"),
    ("block_diag(ones(10**3, 1), ones(1, 10**4))", "too-many-elements"),
    ("vander(ones(10**3), N=10**6)", "too-many-elements"),
    ("histc(ones(3), bins=10**9)", "too-many-elements"),
    ("cov(ones(10**4, 2))", "too-many-elements"),
    ("diag_embed(ones(10**4))", "too-many-elements"),
    ("F.scaled_dot_product_attention(ones(10**5, 1), ones(10**5, 1), ones(10**5, 1))", "too-many-elements"),
    ("torch.linalg.multi_dot([ones(1000, 1), ones(1, 1000), ones(1000, 1000)])", "too-much-work"),
    # what the shapes of depend on values, and what is drawn anew at every call
    ("torch.unique(tensor([1, 2, 2]))", "shape-of-values"),
    ("tensor([1, 2, 2]).unique()", "shape-of-values"),
    ("bincount(tensor([1, 2, 2]))", "shape-of-values"),
    ("torch.nonzero(ones(2))", "shape-of-values"),
    ("F.dropout(ones(3), 0.5)", "random"),
    # arguments of networks
    ("F.cross_entropy(ones(2, 3), tensor([0, 3]))", "index"),
    ("F.cross_entropy(ones(2, 3), tensor([0, -100]))", "index"),
    ("F.cross_entropy(ones(2, 3), ones(2, 3))", "dtype"),
    ("F.cross_entropy(ones(2, 3), tensor([0]))", "shape"),
    ("F.conv2d(ones(1, 1, 2, 2), ones(1, 1, 3, 3))", "shape"),
    ("F.conv2d(ones(1, 2, 5, 5), ones(1, 1, 3, 3))", "shape"),
    ("F.conv2d(ones(1, 1, 5, 5), ones(1, 1, 3, 3), stride=0)", "value"),
    ("F.conv2d(ones(1, 1, 5, 5), ones(1, 1, 3, 3), padding=-1)", "value"),
    ("F.max_pool2d(ones(1, 5, 5), 0)", "value"),
    ("F.max_pool2d(ones(1, 5, 5), 3, padding=2)", "value"),
    ("ones(5).unfold(0, 6, 1)", "value"),
    ("ones(5).unfold(0, 2, 0)", "value"),
    ("F.pad(ones(3), (1, 1), mode='reflect')", "value"),
    ("F.layer_norm(ones(2, 3), (2,))", "shape"),
    ("histc(tensor([nan, 1.]))", "value"),
    ("histc(ones(2), min=2, max=1)", "value"),
]


@pytest.mark.parametrize(("text", "rule"), HOSTILE, ids=[repr(text[:50]) for text, _rule in HOSTILE])
def test_hostile_line_is_refused_by_its_rule(text, rule):
    if rule == "ok":  # (1,) * -n is (), as in Python
        assert tensors.read(text, limits=HOSTED).shape == ()
    else:
        started = time.thread_time()
        assert refusal(text).rule == rule
        assert time.thread_time() - started < 1  # seconds of the processor: load does not count


@pytest.fixture(scope="module", autouse=True)
def warm():
    """The meta device loads hundreds of modules at its first division; a worker has them loaded."""
    tensors.read("ones(2, 2).sum(dim=0) / 2 @ F.unfold(ones(1, 1, 3, 3), 2)[0, :2]")


def test_checking_allocates_nothing():
    """The meta device knows the shape of what was never made; only the rule counts."""
    node = check(parse("ones(1000, 1000).expand(1, 1000, 1000)", HOSTED), HOSTED)
    assert node.shape == (1, 1000, 1000)
    with pytest.raises(ExpressionError):
        check(parse("zeros(10**12)", HOSTED), HOSTED)


def test_comment_may_speak_any_language():
    assert tensors.read("[1, 2]  # 向量 ∑ 😀").tolist() == [1, 2]


def test_quotes_do_not_hide_a_comment_and_a_comment_does_not_hide_quotes():
    assert tensors.read("einsum('ij->i', [[1, 2]])  # 'ij'").tolist() == [3]
    assert refusal("einsum('i#', [1])").rule == "einsum"


def test_overflow_names_the_dtype():
    assert "int64 overflow" in refusal("torch.tensor(2) ** 10**18").sentence
    assert "int64 overflow" in refusal("10**10**7").sentence


# Thousands of random texts

SOUP = (
    "torch . torch.zeros torch.ones torch.arange torch.linalg.inv torch.einsum A B x T mT sum mean softmax reshape "
    "view expand repeat permute cat stack where max min values indices dim keepdim axis dtype seed size float32 "
    "torch.int64 torch.bool nan inf pi True False None ... 0 1 2 3 -1 10 0.5 1e9 1e400 10**9 10**18 "
    "9223372036854775807 ( ) [ ] , : + - * / // % ** @ < <= == != & | ^ ~ = 'ij' 'ij,jk->ik' \" ' { } lambda for "
    "if := ; \\ # \n \t __class__ rotation degrees scaling shear projection onto one_hot gather index_select tril "
    "diag kron outer split chunk topk sort std var norm roll tile randint low high rand randperm eye full linspace "
    "array np.array tensor float long to \\begin{bmatrix} \\end{bmatrix} & \\\\ １ − é"
)
WORDS = SOUP.split(" ")
VALID = [
    "[[1, 2], [0, 1]]",
    "torch.arange(24).reshape(2, 3, 4).sum(dim=1)",
    "tensor([[1., 2.], [0., 1.]], dtype=torch.float64, device='cuda:0', grad_fn=<AddBackward0>)",
    "array([[1, 2],\n       [3, 4]])",
    "[[1 2]\n [3 4]]",
    "\\begin{bmatrix}1 & \\frac{1}{2} \\\\ 3 & 4\\end{bmatrix}",
    "1\t2\n3\t4",
    "[1 2; 3 4]",
    "torch.randn(3, 3, seed=4) @ rotation(30, axis='z')",
    "A[..., None, ::2] * x[:, None] - B.mT.softmax(dim=-1)",
    "torch.einsum('ij,jk->ik', ones(2, 3), ones(3, 4))",
    "torch.where(A > 0, A, -A).max(dim=1).values // 2 ** 3 % 5",
    "torch.cat([A, A], dim=1).flatten()[1:-1].cumsum(0)",
    "F.one_hot(torch.tensor([0, 2, 1]), num_classes=3).float().std(dim=0)",
    "torch.linalg.svd(A, full_matrices=False).S.clamp(min=0.5)",
    "torch.randint(0, 10, (2, 3), seed=1).to(torch.uint8) ** 2",
]
NAMES = {
    "A": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    "B": torch.tensor([[1, 2], [3, 4], [5, 6]]),
    "x": torch.tensor([1.0, -1.0]),
}


def survives(text: str) -> None:
    """A tensor, or the language's own error with everything that belongs to it; never anything else."""
    try:
        result = tensors.read(text, limits=HOSTED, names=NAMES)
    except ExpressionError as error:
        complete(error, text)
    else:
        assert result.numel() <= HOSTED.elements
        assert result.ndim <= HOSTED.axes
        assert not result.is_meta


@settings(max_examples=1500, deadline=None)
@given(st.text(max_size=80))
@example("ǆ" * 10)
def test_random_unicode_raises_nothing_but_the_own_error(text):
    survives(text)


@settings(max_examples=1200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(["", " "]))
def test_token_soup_raises_nothing_but_the_own_error(words, glue):
    survives(glue.join(words))


@st.composite
def mutated(draw):
    """A valid line with pieces cut, doubled, swapped for others, or set into another line."""
    text = draw(st.sampled_from(VALID))
    for _round in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 12, len(text))))
        kind = draw(st.sampled_from(["cut", "double", "word", "graft", "character"]))
        piece = {"cut": "", "double": text[start:end] * 2}.get(kind)
        if kind == "word":
            piece = draw(st.sampled_from(WORDS))
        elif kind == "graft":
            other = draw(st.sampled_from(VALID))
            piece = other[draw(st.integers(0, len(other))) :]
        elif kind == "character":
            piece = draw(st.characters(min_codepoint=1, max_codepoint=127))
        text = text[:start] + piece + text[end:]
    return text


@settings(max_examples=1200, deadline=None)
@given(mutated())
def test_mutated_lines_raise_nothing_but_the_own_error(text):
    survives(text)


CALLS = st.sampled_from([*FUNCTIONS.items(), *((f"A.{name}", one) for name, one in METHODS.items())]).map(
    lambda item: item[0]
)
GIVEN = (
    "A B x A>0 0 1 2 -1 -2 3 0.5 -0.5 1e30 nan inf True None 'fro' 'ij' torch.float32 torch.int64 torch.bool [] [1] "
    "[0,1] (2,3) (0,) () [[1,2],[3,4]] [A,A] [x,x] zeros(0) zeros(0,3) ones(2,2,2) 10**6 10**18 -10**18 ... B>2 "
    "tensor(3) dim=0 dim=-1 dim=1 dim=5 dim=(0,1) dim=[] dim=None keepdim=True dtype=torch.uint8 seed=3 seed=-1 "
    "size=(2,2) n=2 k=1 k=-1 correction=-3 ord=0 p=-1 p=nan diagonal=1 other=x mask=A index=B n=-1 equation='i' min=1 "
    "max=x shifts=1 dims=(0,)"
)
ARGUMENTS = st.sampled_from(GIVEN.split(" "))


@settings(max_examples=2000, deadline=None)
@given(CALLS, st.lists(ARGUMENTS, max_size=4))
def test_every_function_takes_any_arguments_or_refuses(name, arguments):
    survives(f"{name}({', '.join(arguments)})")
