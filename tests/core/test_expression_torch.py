"""The language agrees with torch: every line below is run by Python and read as text, and the tensors are equal.

The text of a line is its own source, so what is compared is exactly what a reader would type.
"""

from __future__ import annotations

import ast
import operator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core import tensors
from core.expression import ExpressionError, check, parse
from core.expression.table import ENTRIES, FUNCTIONS, METHODS

A = torch.tensor([[2.0, 1.0, -1.0], [0.5, 3.0, 4.0]])  # (2, 3)
B = torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]])  # (3, 2)
M = torch.tensor([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 5.0]])  # symmetric, positive definite
N = torch.arange(24).reshape(2, 3, 4)
C = torch.arange(24).reshape(2, 4, 3)
I = torch.tensor([[3, -2, 1], [0, 5, -4]])  # noqa: E741
x = torch.tensor([1.0, -2.0, 3.0])
y = torch.tensor([0.5, 0.25, -1.0])
k = torch.tensor([2, 0, 1])
P = torch.arange(2 * 3 * 5 * 6.0).reshape(2, 3, 5, 6) / 50 - 1  # images
W = torch.arange(4 * 3 * 2 * 3.0).reshape(4, 3, 2, 3) / 40 - 1  # windows
U = torch.tensor([[0.5, 0.25], [0.75, 0.125]])
DEVICES = (
    ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
)  # NAMES are on the CPU, as a shelf's tensors
torch.backends.cudnn.allow_tf32 = False  # as in device.use
NAMES = {"A": A, "B": B, "M": M, "N": N, "C": C, "I": I, "x": x, "y": y, "k": k, "U": U, "P": P, "W": W}

LINES = [
    # making
    lambda: torch.tensor([[1, 2], [0, 1]]),
    lambda: torch.tensor([1.5, -2, True]),
    lambda: torch.tensor([1, 2], dtype=torch.float64),
    lambda: torch.as_tensor([[1, 2]]),
    lambda: torch.tensor([], dtype=torch.int64),
    lambda: torch.tensor([[], []]),
    lambda: torch.zeros(2, 3),
    lambda: torch.zeros((2, 3), dtype=torch.int64),
    lambda: torch.ones(size=(4,)),
    lambda: torch.full((2, 3), 7),
    lambda: torch.full((2,), 0.5, dtype=torch.float64),
    lambda: torch.eye(3),
    lambda: torch.eye(2, 3),
    lambda: torch.arange(24).reshape(2, 3, 4),
    lambda: torch.arange(1, 10, 2),
    lambda: torch.arange(0, 1, 0.25),
    lambda: torch.arange(5, 0, -1),
    lambda: torch.arange(3, dtype=torch.float32),
    lambda: torch.linspace(0, 1, 5),
    lambda: torch.linspace(-1, 1, steps=3),
    lambda: torch.zeros_like(A),
    lambda: torch.ones_like(I, dtype=torch.float32),
    lambda: torch.full_like(A, 3),
    # arithmetic
    lambda: A + A,
    lambda: A - x,
    lambda: A * 2,
    lambda: 2 * A / 3,
    lambda: 1 / A,
    lambda: I // 2,
    lambda: I % 3,
    lambda: I**2,
    lambda: 2**k,
    lambda: A**0.5,
    lambda: -A,
    lambda: +A,
    lambda: ~(A > 1),
    lambda: (A > 0) & (A < 3),
    lambda: (A > 2) | (A < 0),
    lambda: (A > 0) ^ (A > 2),
    lambda: A @ B,
    lambda: A @ x,
    lambda: x @ y,
    lambda: A == A,
    lambda: A != 1,
    lambda: A <= x,  # noqa: SIM300
    lambda: A >= 0,
    lambda: torch.tensor(1) + 2**10 - 10 // 3 * 7 % 4,
    lambda: I * 0.5,
    # element by element
    lambda: torch.abs(A),
    lambda: torch.square(I),
    lambda: torch.neg(A),
    lambda: A.exp(),
    lambda: torch.exp2(x),
    lambda: torch.expm1(x),
    lambda: torch.log(A.abs()),
    lambda: torch.log2(U),
    lambda: torch.log10(U),
    lambda: torch.log1p(U),
    lambda: torch.sqrt(U),
    lambda: torch.rsqrt(U),
    lambda: torch.reciprocal(A),
    lambda: torch.sin(x) + torch.cos(x) + torch.tan(x),
    lambda: torch.asin(U) + torch.acos(U) + torch.atan(x[:2]),
    lambda: torch.sinh(x) + torch.cosh(x) + torch.tanh(x),
    lambda: torch.sigmoid(x),
    lambda: A.relu(),
    lambda: torch.erf(x),
    lambda: torch.floor(A) + torch.ceil(A) + torch.trunc(A),
    lambda: torch.sign(I),
    lambda: torch.deg2rad(x) + torch.rad2deg(x),
    lambda: torch.isnan(A),
    lambda: torch.isinf(A / 0),
    lambda: torch.isfinite(A / 0),
    lambda: torch.logical_not(I),
    lambda: A.clone() + A.detach() + A.contiguous() + A.cpu(),
    lambda: torch.round(A / 3, decimals=2),
    lambda: (A / 0).nan_to_num(posinf=9.0),
    lambda: F.gelu(x) + F.silu(x) + F.softplus(x) + F.elu(x),
    lambda: F.leaky_relu(x, negative_slope=0.2),
    lambda: F.relu(x),
    # two tensors
    lambda: torch.add(A, x),
    lambda: torch.sub(A, 1) + torch.subtract(A, 1),
    lambda: torch.mul(A, x) + torch.multiply(A, 2),
    lambda: torch.div(A, 3) + torch.divide(A, 3) + torch.true_divide(A, 3),
    lambda: torch.div(I, 2, rounding_mode="trunc"),
    lambda: torch.div(I, 2, rounding_mode="floor"),
    lambda: torch.floor_divide(I, 2) + torch.remainder(I, 2) + torch.fmod(I, 2),
    lambda: torch.pow(A, 2),
    lambda: torch.pow(2, k),
    lambda: torch.eq(A, 1) | torch.ne(A, 2),
    lambda: torch.lt(A, 1) & torch.le(A, x),
    lambda: torch.gt(A, 1) ^ torch.ge(A, x),
    lambda: torch.maximum(A, x) - torch.minimum(A, x),
    lambda: torch.atan2(x, y) + torch.hypot(x, y),
    lambda: torch.logical_and(k, k),
    lambda: torch.logical_or(k, k) & torch.logical_xor(k, k),
    lambda: torch.isclose(A, A + 1e-9),
    lambda: A.clamp(min=0),
    lambda: torch.clamp(A, -1, 2),
    lambda: torch.clamp(A, max=x),
    lambda: torch.lerp(x, y, 0.5),
    lambda: torch.where(A > 1, A, 0.0),
    lambda: torch.where(I > 0, I, -I),
    lambda: A.masked_fill(A < 0, -torch.inf),
    lambda: F.cosine_similarity(x, y, dim=0),
    # shapes
    lambda: A.reshape(3, 2),
    lambda: torch.reshape(A, (-1,)),
    lambda: A.view(6),
    lambda: A.view(-1, 2),
    lambda: N.permute(2, 0, 1),
    lambda: torch.permute(N, (0, 2, 1)),
    lambda: N.transpose(0, -1) + torch.swapaxes(N, 0, 2),
    lambda: torch.movedim(N, 0, 2),
    lambda: A.t() + A.T + A.mT,
    lambda: N.mT,
    lambda: A[:, :1].squeeze(1),
    lambda: A.unsqueeze(0).squeeze(),
    lambda: N.flatten(),
    lambda: N.flatten(1, 2) + torch.flatten(N, start_dim=1),
    lambda: N.ravel(),
    lambda: x.expand(2, 3) + x.expand_as(A) + torch.broadcast_to(x, (2, 3)),
    lambda: x.reshape(3, 1).expand(-1, 4),
    lambda: A.repeat(2, 2) + torch.tile(A, (2, 2)),
    lambda: x.repeat_interleave(2),
    lambda: torch.repeat_interleave(A, 2, dim=1),
    lambda: A.flip(0) + torch.flip(A, (0, 1)) + torch.fliplr(A) + torch.flipud(A),
    lambda: torch.roll(A, 1) + A.roll(1, 0) + torch.roll(A, shifts=(1, 1), dims=(0, 1)),
    lambda: torch.rot90(A),
    # indexing
    lambda: A[0],
    lambda: A[-1, 1:],
    lambda: A[:, ::2],
    lambda: N[..., 0],
    lambda: N[1, ..., -1],
    lambda: A[None],
    lambda: A[:, None, :],
    lambda: N[0][1][2],
    lambda: A[:, [2, 0]],
    lambda: A[:, k],
    lambda: M[k, k],
    lambda: x[-2:],
    lambda: x[10:],
    # reductions
    lambda: A.sum(),
    lambda: N.sum(dim=1),
    lambda: N.sum((0, 2), keepdim=True),
    lambda: torch.sum(A, 1, True),
    lambda: I.sum(dtype=torch.float64),
    lambda: A.mean(dim=0) + torch.mean(A),
    lambda: A.sum(dim=None, keepdim=True) + A.mean(dim=None, keepdim=True),
    lambda: N.prod(dim=1),
    lambda: x.prod(),
    lambda: A.amax(dim=1) - torch.amin(A, dim=1),
    lambda: A.max() - torch.min(A),
    lambda: A.max(dim=1).values,
    lambda: A.max(dim=1).indices,
    lambda: torch.min(A, 0)[0],
    lambda: torch.max(A, x),
    lambda: A.argmax() + torch.argmin(A),
    lambda: A.argmax(dim=1, keepdim=True),
    lambda: (A > 0).all() | torch.any(A > 9),
    lambda: torch.all(A > 0, dim=1) & torch.any(A > 0, dim=1),
    lambda: torch.count_nonzero(k),
    lambda: A.std() + torch.var(A),
    lambda: A.std(dim=0, correction=0) + A.var(dim=0, keepdim=True),
    lambda: A.median() + torch.median(A, dim=0).values,
    lambda: torch.logsumexp(A, dim=1),
    lambda: torch.norm(A) + A.norm(p=1) + A.norm(dim=0),
    lambda: A.cumsum(dim=1) + torch.cumprod(A, 0),
    lambda: torch.cummax(x, 0).values + torch.cummin(x, dim=0).values,
    lambda: torch.diff(A, dim=1),
    lambda: torch.softmax(A, dim=1) + A.softmax(1) + F.softmax(A, dim=1),
    lambda: torch.log_softmax(A, dim=-1),
    lambda: torch.sort(A, dim=1, descending=True).values,
    lambda: A.argsort(dim=1),
    lambda: torch.topk(x, 2).values,
    lambda: M.trace() + torch.trace(M),
    lambda: F.normalize(A, dim=1),
    lambda: F.layer_norm(A, (3,)),
    # products and linear algebra
    lambda: torch.matmul(N, C),
    lambda: torch.mm(A, B),
    lambda: torch.bmm(N, C),
    lambda: torch.mv(A, x),
    lambda: torch.dot(x, y) + torch.inner(x, y),
    lambda: torch.outer(x, y),
    lambda: torch.kron(A, B),
    lambda: torch.linalg.cross(x, y) + torch.linalg.vecdot(x, y),
    lambda: torch.einsum("ij,jk->ik", A, B),
    lambda: torch.einsum("bij,bjk->bik", N, C),
    lambda: torch.einsum("ii", M),
    lambda: torch.einsum("...i->...", N),
    lambda: torch.tensordot(A, B, dims=1),
    lambda: F.linear(A, M, x),
    lambda: torch.linalg.det(M) + torch.det(M),
    lambda: torch.linalg.inv(M) + torch.inverse(M) + M.inverse(),
    lambda: torch.linalg.pinv(A) + torch.pinverse(A),
    lambda: torch.linalg.matrix_rank(M),
    lambda: torch.linalg.matrix_power(M, 3),
    lambda: torch.linalg.matrix_exp(M / 4),
    lambda: torch.linalg.cholesky(M),
    lambda: torch.linalg.solve(M, x),
    lambda: torch.linalg.eigh(M).eigenvalues + torch.linalg.eigvalsh(M),
    lambda: torch.linalg.eigh(M).eigenvectors.abs(),
    lambda: torch.linalg.svd(A, full_matrices=False).S + torch.linalg.svdvals(A),
    lambda: torch.linalg.svd(A)[1],
    lambda: torch.linalg.qr(B).R,
    lambda: torch.linalg.vector_norm(A, 1, dim=1) + torch.linalg.norm(A, dim=1),
    lambda: torch.linalg.vector_norm(x, ord=torch.inf),
    lambda: torch.linalg.matrix_norm(A) + torch.linalg.matrix_norm(A, "nuc"),
    lambda: torch.linalg.norm(A, "fro") + torch.linalg.cond(M),
    lambda: torch.diag(x) + torch.diag(torch.diag(M)) + torch.diag_embed(x),
    lambda: torch.diag(x, 1),
    lambda: torch.diagonal(M) + M.diagonal(),
    lambda: torch.tril(M) + torch.triu(M, diagonal=1),
    lambda: torch.addmm(x, A, M) + torch.addmm(A, A, M, beta=2, alpha=0.5) + A.addmm(A, M),
    lambda: torch.baddbmm(N[:, :, :3], N, C),
    lambda: torch.linalg.multi_dot([A, M, B]),
    lambda: torch.linalg.multi_dot([x, M, B]),
    lambda: torch.cdist(A, M) + torch.cdist(A, M, p=1.0),
    lambda: torch.cdist(P, P[:, :1, :2]),
    lambda: torch.cov(A) + A.cov(correction=0) + torch.corrcoef(A),
    lambda: torch.cov(x) + torch.corrcoef(x),
    lambda: torch.vander(x) + torch.vander(k, N=3, increasing=True),
    lambda: torch.cosine_similarity(A[:, None], M, dim=-1),
    # networks
    lambda: F.scaled_dot_product_attention(A, M, M[:, :2]),
    lambda: F.scaled_dot_product_attention(P, P[:, :, :4], P[:, :, :4], is_causal=True),
    lambda: F.scaled_dot_product_attention(A, M, M, attn_mask=A > 0, scale=0.5),
    lambda: F.scaled_dot_product_attention(A, M, M, A),
    lambda: F.layer_norm(P, (5, 6), P[0, 0], P[1, 1], 1e-3),
    lambda: F.conv2d(P, W),
    lambda: F.conv2d(P, W, torch.arange(4.0), stride=2, padding=(1, 0)),
    lambda: F.conv2d(P[0], W, padding=1, dilation=(1, 2)),
    lambda: F.conv2d(P, W[:3, :1], groups=3),
    lambda: F.conv1d(P[0], W[:, 0, :1].expand(4, 5, 3), stride=3),
    lambda: F.max_pool2d(P, 2) + F.avg_pool2d(P, (2, 2)),
    lambda: F.max_pool2d(P, 3, stride=1, padding=1) + F.avg_pool2d(P, kernel_size=3, stride=(1,), padding=1),
    lambda: F.unfold(P, (2, 3)),
    lambda: F.unfold(P, 2, stride=2, padding=1, dilation=(1, 2)),
    lambda: P.unfold(3, 2, 1).unfold(-2, 3, 2),
    lambda: F.pad(A, (1, 2)) + F.pad(A, (2, 1), value=7.0),
    lambda: F.pad(I, (0, 0, 1, -1), "constant", 3),
    lambda: F.mse_loss(A, A + 1) + F.mse_loss(A, A / 2, reduction="sum"),
    lambda: F.mse_loss(A, A * 2, reduction="none"),
    lambda: F.cross_entropy(A, torch.tensor([0, 2])) + F.cross_entropy(A[0], torch.tensor(1)),
    lambda: F.cross_entropy(A, torch.tensor([0, 2]), reduction="none"),
    # joining
    lambda: torch.isin(I, k) | torch.isin(I, torch.tensor([[5]])),
    lambda: torch.histc(A, bins=4) + torch.histc(A, 4, min=0, max=2),
    lambda: torch.meshgrid(x, y, indexing="ij")[1] * torch.meshgrid([x, x])[0],
    lambda: torch.meshgrid(x, y[:2], indexing="xy")[0],
    lambda: torch.block_diag(A, x, torch.tensor(5.0)),
    lambda: torch.cartesian_prod(x, y, x) * 2,
    lambda: torch.cartesian_prod(x),
    lambda: torch.cat([A, A], dim=1),
    lambda: torch.cat((A, x.unsqueeze(0))),
    lambda: torch.concat([x, y]) + torch.hstack([x, y]),
    lambda: torch.stack([x, y], dim=1),
    lambda: torch.vstack([x, y]),
    lambda: A.unbind()[1],
    lambda: torch.chunk(x, 2)[0],
    lambda: N.split(2, dim=1)[1],
    lambda: torch.gather(A, 1, torch.tensor([[0, 2], [1, 1]])),
    lambda: torch.index_select(A, 1, k),
    lambda: A.select(1, 0) + A.narrow(1, 0, 1).squeeze(1),
    lambda: torch.take(A, k),
    lambda: F.one_hot(k, num_classes=4),
    # dtypes
    lambda: I.float() / 2,
    lambda: A.double() + I.to(torch.float64),
    lambda: A.half().float() + A.bfloat16().float(),
    lambda: A.int() + A.short() + A.long(),
    lambda: A.bool(),
    lambda: A.type(torch.int64),
    # a long spine is no deep tree
    lambda: (
        x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x
    ),
]


def sources() -> list[str]:
    """The text of each line: the body of its lambda in this file."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    wanted = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "LINES"
    )
    return [ast.unparse(line.body) for line in wanted.elts]


TEXTS = sources()


def same(left: torch.Tensor, right: torch.Tensor, *, loosely: bool = False) -> None:
    """`loosely`: summed in another order."""
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    rtol, atol = (1e-5, 5e-6) if loosely else (1e-6, 1e-7)
    assert torch.allclose(left.double(), right.double(), rtol=rtol, atol=atol, equal_nan=True)


@pytest.mark.parametrize("where", DEVICES)
@pytest.mark.parametrize(("text", "line"), list(zip(TEXTS, LINES, strict=True)), ids=TEXTS)
def test_line_means_what_torch_means(text, line, where):
    expected = line()
    try:
        found = tensors.read(text, names=NAMES, device=where)
    except ExpressionError:
        assert (
            where == "cuda" and expected.dtype == torch.int64
        )  # no products of whole numbers: see device.places
    else:
        assert found.device.type == where
        same(found.cpu(), expected, loosely=where == "cuda")
    node = check(parse(text, names=NAMES), names=NAMES)
    assert node.shape == tuple(expected.shape)
    assert node.dtype == str(expected.dtype).removeprefix("torch.")


def test_every_torch_call_of_the_whitelist_stands_in_a_line():
    used = set()
    for text in TEXTS:
        for node in check(parse(text, names=NAMES), names=NAMES).walk():
            table = {"call": FUNCTIONS, "method": METHODS}.get(node.kind, {})
            if node.name in table:
                used.add(table[node.name].path)
    elsewhere = {
        "np.array",
        "numpy.array",
        "rotation",
        "scaling",
        "shear",
        "reflection",
        "projection",
    }
    elsewhere |= {"china", "flower", "digits", "iris", "diabetes"}  # in test_script
    elsewhere |= {"torch.rand", "torch.randn", "torch.randint", "torch.randperm"}
    assert {entry.path for entry in ENTRIES} - used == elsewhere | {"Tensor.double"} - used


def test_inputs_are_untouched():
    before = {name: tensor.clone() for name, tensor in NAMES.items()}
    for text in TEXTS:
        tensors.read(text, names=NAMES)
    assert all(torch.equal(before[name], tensor) for name, tensor in NAMES.items())


# Generated lines

INTEGERS = st.integers(-3, 3)
FLOATS = st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 3.25])
SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "@": operator.matmul,
    "<": operator.lt,
    "==": operator.eq,
}
METHOD_CALLS = [
    (".T", lambda t: t.T if t.ndim == 2 else t if t.ndim < 2 else t.missing),
    (".mT", lambda t: t.mT if t.ndim > 1 else t.missing),
    (".sum()", lambda t: t.sum()),
    (".sum(dim=0)", lambda t: t.sum(dim=0)),
    (".sum(dim=-1, keepdim=True)", lambda t: t.sum(dim=-1, keepdim=True)),
    (".mean(dim=1)", lambda t: t.mean(dim=1)),
    (".amax()", lambda t: t.amax()),
    (".float()", lambda t: t.float()),
    (".abs()", lambda t: t.abs()),
    (".flatten()", lambda t: t.flatten()),
    (".unsqueeze(1)", lambda t: t.unsqueeze(1)),
    (".squeeze()", lambda t: t.squeeze()),
    (".reshape(-1, 2)", lambda t: t.reshape(-1, 2)),
    (".cumsum(0)", lambda t: t.cumsum(0)),
    (".softmax(-1)", lambda t: t.softmax(-1)),
    ("[0]", lambda t: t[0]),
    ("[..., -1]", lambda t: t[..., -1]),
    ("[1:]", lambda t: t[1:]),
    ("[:, ::2]", lambda t: t[:, ::2]),
    ("[None]", lambda t: t[None]),
]


class Refused:
    """What torch would not compute."""


def attempt(compute, *values):
    if any(isinstance(value, Refused) for value in values):
        return Refused()
    try:
        return compute(*values)
    except (RuntimeError, IndexError, TypeError, ValueError, AttributeError, NotImplementedError):
        return Refused()


@st.composite
def literals(draw):
    shape = draw(st.sampled_from([(2,), (3,), (2, 3), (3, 2), (2, 2), (1, 3), (2, 1), (2, 2, 3)]))
    numbers = draw(st.sampled_from([INTEGERS, FLOATS]))
    count = torch.Size(shape).numel()
    values = torch.tensor(draw(st.lists(numbers, min_size=count, max_size=count))).reshape(shape)
    return str(values.tolist()), values


@st.composite
def combined(draw, parts):
    text, value = draw(parts)
    kind = draw(st.sampled_from(["sign", "number", "method", "method", "minus"]))
    if kind == "method":
        suffix, call = draw(st.sampled_from(METHOD_CALLS))
        return f"({text}){suffix}", attempt(call, value)
    if kind == "minus":
        return f"-({text})", attempt(operator.neg, value)
    sign = draw(st.sampled_from(list(SIGNS)))
    other, other_value = draw(parts) if kind == "sign" else (lambda n: (str(n), n))(draw(INTEGERS))
    return f"({text}) {sign} ({other})", attempt(SIGNS[sign], value, other_value)


@settings(max_examples=800, deadline=None)
@given(st.recursive(literals(), combined, max_leaves=5))
def test_generated_lines_agree_with_torch(line):
    text, expected = line
    if isinstance(expected, Refused):
        with pytest.raises(ExpressionError):
            tensors.read(text)
    else:
        same(tensors.read(text), expected)
