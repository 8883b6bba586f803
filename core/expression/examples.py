"""Programs to begin with: each defines what it uses, runs alone, and shows one thing; a few fail, and are mended."""

from __future__ import annotations

from dataclasses import dataclass

from core.words import N_


@dataclass(frozen=True)
class Example:
    """`title` and `about` are marked for translation; `fails`: the shapes do not fit, which is the lesson."""

    key: str
    title: str
    text: str
    about: str
    fails: bool = False


EXAMPLES = (
    Example(
        "attention",
        N_("Attention"),
        """\
Q = randn(3, 4, seed=1)  # 3 queries
K = randn(5, 4, seed=2)  # 5 keys
V = randn(5, 2, seed=3)  # 5 values
softmax(Q @ K.mT / sqrt(4)) @ V""",
        N_("Every query is compared with every key; the values are averaged with these weights."),
    ),
    Example(
        "masked-attention",
        N_("Attention that cannot look ahead"),
        """\
Q = randn(4, 3, seed=1)
K = randn(4, 3, seed=2)
V = randn(4, 2, seed=3)
scores = Q @ K.mT / sqrt(3)
future = triu(ones(4, 4), diagonal=1) > 0
softmax(scores.masked_fill(future, -inf)) @ V""",
        N_("Minus infinity before the softmax is weight 0 after it: row i sees keys 0 to i."),
    ),
    Example(
        "layer-norm",
        N_("Layer norm, written out"),
        """\
X = tensor([[1., 2, 3, 6], [0, 4, 4, 8]])
centre = X.mean(dim=-1, keepdim=True)
spread = X.var(dim=-1, correction=0, keepdim=True)
(X - centre) / (spread + 1e-5).sqrt()""",
        N_(
            "Each row loses its mean and is divided by its standard deviation, as F.layer_norm(X, (4,)) does."
        ),
    ),
    Example(
        "convolution",
        N_("A convolution by unfold"),
        """\
image = arange(25.).reshape(1, 1, 5, 5)
kernel = tensor([[0., 1, 0], [1, -4, 1], [0, 1, 0]])
windows = F.unfold(image ** 2, 3)  # (1, 9, 9): a window a column
by_hand = (kernel.flatten() @ windows).reshape(1, 1, 3, 3)
by_hand - F.conv2d(image ** 2, kernel[None, None])""",
        N_(
            "A convolution is one matrix product: the windows as columns, the kernel as a row. The difference is 0."
        ),
    ),
    Example(
        "photo-edges",
        N_("Edges of a photograph"),
        """\
grey = china(width=96).float().mean(dim=0)
down = grey[1:, :-1] - grey[:-1, :-1]
right = grey[:-1, 1:] - grey[:-1, :-1]
(down ** 2 + right ** 2).sqrt()""",
        N_(
            "The difference to the pixel below and to the right, as a length: edges are long, areas are short."
        ),
    ),
    Example(
        "cosine-similarity",
        N_("Cosine similarity of every pair"),
        """\
X = tensor([[1., 0, 2], [2, 0, 4], [0, 3, 0], [-1, 0, -2]])
unit = X / X.norm(dim=1, keepdim=True)
unit @ unit.T""",
        N_(
            "Rows of length 1, and their dot products: 1 is the same direction, 0 is at right angles, -1 is opposite."
        ),
    ),
    Example(
        "stable-softmax",
        N_("Softmax with the maximum subtracted"),
        """\
x = tensor([[1000., 1001, 1002], [0, 1, 2]])
shifted = x - x.amax(dim=-1, keepdim=True)
powers = shifted.exp()
powers / powers.sum(dim=-1, keepdim=True)""",
        N_(
            "e to the 1000 overflows float32; minus the largest of its row nothing does, and the result stays the same."
        ),
    ),
    Example(
        "einsum",
        N_("A batched product by einsum"),
        """\
A = arange(12).reshape(2, 2, 3)
B = arange(24).reshape(2, 3, 4)
einsum("bij,bjk->bik", A, B)""",
        N_(
            "b and i and k are kept; j stands on both sides and not in the result: it is multiplied and summed away."
        ),
    ),
    Example(
        "tensor",
        N_("A tensor of three axes"),
        """\
A = arange(24).reshape(2, 3, 4)
A[1, :, ::2]""",
        N_("24 numbers as 2 sheets of 3 rows and 4 columns; of sheet 1 every second column."),
    ),
    Example(
        "sum-over-an-axis",
        N_("A sum over an axis"),
        """\
A = arange(24).reshape(2, 3, 4)
A.sum(dim=1)""",
        N_("The axis that is named is the one that goes: (2, 3, 4) becomes (2, 4)."),
    ),
    Example(
        "batched-product",
        N_("Three products at once"),
        """\
A = randn(3, 3, 2, seed=1)
B = randn(3, 2, 4, seed=2)
A @ B""",
        N_("The last two axes multiply as matrices, the axis before them counts the products."),
    ),
    Example(
        "broadcast-product",
        N_("One matrix for every product"),
        """\
A = randn(3, 3, 2, seed=1)
B = randn(2, 4, seed=2)
A @ B""",
        N_("B has no third axis: it is used again in each of the three products."),
    ),
    Example(
        "broadcasting",
        N_("Broadcasting a column and a row"),
        """\
column = tensor([[0], [10], [20]])
row = tensor([1, 2, 3, 4])
column + row""",
        N_(
            "Sizes are aligned from the right, and an axis of size 1 is repeated: (3, 1) and (4,) give (3, 4)."
        ),
    ),
    Example(
        "least-squares",
        N_("Least squares by the normal equations"),
        """\
x = tensor([0., 1, 2, 3, 4])
y = tensor([1., 3, 4, 8, 9])
X = stack([ones(5), x], dim=1)
w = torch.linalg.inv(X.T @ X) @ X.T @ y
w - torch.linalg.pinv(X) @ y""",
        N_("The line through five points: intercept and slope from the normal equations, the same by pinv."),
    ),
    Example(
        "low-rank",
        N_("A matrix of rank 1 by the SVD"),
        """\
A = tensor([[3., 1, 2], [6, 2, 4], [1, 0, 1]])
U, S, Vh = torch.linalg.svd(A)
U[:, :1] * S[:1] @ Vh[:1]""",
        N_("The largest singular value with its two vectors: the best matrix of rank 1."),
    ),
    Example(
        "column-minus-row",
        N_("Trap: (n, 1) minus (n,)"),
        """\
predicted = tensor([[1.], [2], [3]])
wanted = tensor([1., 2, 3])
((predicted - wanted) ** 2).mean()""",
        N_("The loss should be 0. The difference is (3, 3): every prediction minus every wanted number."),
    ),
    Example(
        "star-is-not-matmul",
        N_("Trap: A * B is not A @ B"),
        """\
A = tensor([[1, 2], [3, 4]])
B = tensor([[0, 1], [1, 0]])
A * B - A @ B""",
        N_("The star multiplies entry by entry; @ multiplies rows by columns."),
    ),
    Example(
        "reshape-is-not-transpose",
        N_("Trap: reshape is not .T"),
        """\
A = tensor([[1, 2, 3], [4, 5, 6]])
A.reshape(3, 2) - A.T""",
        N_("Both are (3, 2): reshape keeps the reading order, .T swaps rows and columns."),
    ),
    Example(
        "integer-division",
        N_("Trap: division of whole numbers"),
        """\
A = tensor([[7, -7], [8, 9]])
A / 2 - A // 2""",
        N_("/ gives floats, // rounds down, also below zero: -7 // 2 is -4."),
    ),
    Example(
        "forgotten-keepdim",
        N_("It fails: the lost keepdim"),
        """\
A = tensor([[1., 2, 3], [4, 5, 6]])
total = A.sum(dim=1)
A / total""",
        N_("The rows should add up to 1. Without keepdim=True the sums are (2,), which meets the columns."),
        fails=True,
    ),
    Example(
        "square-keepdim",
        N_("Trap: the lost keepdim that does not fail"),
        """\
A = tensor([[1., 1], [2, 6]])
normed = A / A.sum(dim=1)
normed.sum(dim=1)""",
        N_(
            "A is square, so it divides columns instead of rows, and nothing complains: the rows do not add up to 1."
        ),
    ),
    Example(
        "forgotten-transpose",
        N_("It fails: the lost .mT"),
        """\
Q = randn(3, 4, seed=1)
K = randn(5, 4, seed=2)
softmax(Q @ K / sqrt(4))""",
        N_("(3, 4) @ (5, 4): the inner sizes 4 and 5 differ. The keys must be turned."),
        fails=True,
    ),
    Example(
        "wrong-dtype",
        N_("It fails: whole numbers times floats"),
        """\
A = arange(6).reshape(2, 3)
w = tensor([0.5, 1., 2.])
A @ w""",
        N_("A product needs one dtype; + and * would turn the whole numbers into floats by themselves."),
        fails=True,
    ),
)
