"""What is said while a matrix product is done: one sentence and one formula for each place of each reading."""

from __future__ import annotations

from typing import NamedTuple

from core import lazy
from core.numbers import factor, number, plus, subscript, vector
from core.ops import matmul_order
from core.ops.matmul_order import Sizes, Term
from core.shapes import show
from core.words import _

torch = lazy.load("torch")

SPELLED = 4  # products or entries written out
LOOPS = {
    "dot": "for i · for j · for l :  C[i, j] += A[i, l]·B[l, j]",
    "columns": "for j · for l :  C[:, j] += A[:, l]·B[l, j]",
    "rows": "for i · for l :  C[i, :] += A[i, l]·B[l, :]",
    "outer": "for l :  C += A[:, l]·B[l, :]",
    "blocks": "for I · for J · for L :  C[I, J] += A[I, L]·B[L, J]",
    "cube": "P[i, l, j] = A[i, l]·B[l, j],  C = P.sum(1)",
}


class Story(NamedTuple):
    """A product and the way in which it is read."""

    A: torch.Tensor  # (n, k), on the CPU
    B: torch.Tensor  # (k, m)
    C: torch.Tensor  # (n, m), torch's own
    reading: str

    @property
    def sizes(self) -> Sizes:
        """n, k and m."""
        return Sizes(self.A.shape[0], self.A.shape[1], self.B.shape[1])


def beginning(story: Story) -> tuple[str, str]:
    """Before the first multiply-add: what this reading looks at."""
    n, k, m = story.sizes
    sentence = {
        "dot": _("Rows meet columns: each of the {n}·{m} entries of C is a row of A with a column of B, {k} products."),
        "columns": _("C column by column: A times each of the {m} columns of B is a mix of the {k} columns of A."),
        "rows": _("C row by row: each of the {n} rows of A times B is a mix of the {k} rows of B."),
        "outer": _("C in layers: it is the sum of {k} matrices, each a column of A times a row of B."),
        "blocks": _("C in blocks: A and B are cut in halves, and the blocks multiply as if they were numbers."),
        "cube": _("The whole product as a solid: {n} × {k} × {m} products, A on its side, B on its top, C in front."),
    }[story.reading]  # fmt: skip
    return sentence.format(n=n, k=k, m=m), LOOPS[story.reading]


def ending(story: Story) -> tuple[str, str]:
    """After the last one."""
    n, k, m = story.sizes
    sentence = _(
        "All {count} products are in. Every reading does the same work in another order, and C is the same."
    )
    return sentence.format(count=story.sizes.all), f"{show((n, k))} @ {show((k, m))} → {show((n, m))}"


def nothing(story: Story) -> tuple[str, str]:
    """Where an axis has size 0."""
    shape = show(tuple(story.C.shape))
    sentence = (
        _("The axis k has size 0: no products are added up, so every entry of C {shape} is 0.")
        if story.C.numel()
        else _("An axis of size 0 is left: C {shape} has a shape, but no entries.")
    )
    return sentence.format(shape=shape), f"A @ B → {shape}"


def telling(story: Story, before: int, after: int) -> tuple[str, str]:
    """What the multiply-adds `before` to `after` did."""
    sizes = story.sizes
    last = matmul_order.term(story.reading, sizes, after - 1)
    if after - before > piece(story, after - 1):
        return _shares(story, after)
    ends = finishes(story, after)
    if after - before > 1 and not ends:
        return _within(story, last, before, after)
    tell = {"columns": _column, "rows": _row, "outer": _layer, "blocks": _block, "cube": _cube}
    return tell.get(story.reading, _dot)(story, last, ends, after)


def piece(story: Story, number: int) -> int:
    """The multiply-adds of one piece of the reading: a dot product, a column, a row, a layer, a block product."""
    n, k, m = story.sizes
    if story.reading == "blocks":
        return matmul_order.part_at(story.sizes, number).size
    return {"columns": n * k, "rows": k * m, "outer": n * m}.get(story.reading, k)


def finishes(story: Story, after: int) -> bool:
    """Whether the multiply-add number `after` is the last one of a piece."""
    if story.reading == "blocks":
        part = matmul_order.part_at(story.sizes, after - 1)
        return after == part.start + part.size
    return after % piece(story, after - 1) == 0


def product(story: Story, at: Term) -> tuple[str, str]:
    """ "5·2" and "10": a product with the numbers put in, and what it comes to (in float32, as torch has it)."""
    a, b = story.A[at.i, at.l], story.B[at.l, at.j]
    return f"{factor(float(a))}·{factor(float(b))}", number(float(a * b))


def _entry_formula(story: Story, at: Term, ends: bool) -> str:
    k = story.sizes.k
    upto = k if ends else at.l + 1
    shown = plus(product(story, Term(at.i, l, at.j))[0] for l in range(min(upto, SPELLED)))  # noqa: E741
    rest = " + …" if upto < k or upto > SPELLED else ""
    total = f" = {number(float(story.C[at.i, at.j]))}" if ends else ""
    return f"{entry('c', at.i, at.j)} = {shown}{rest}{total}"


def entry(name: str, row: int, column: int) -> str:
    """c₂₁, or c₁₂,₃ where the digits would run together."""
    comma = "," if max(row, column) > 8 else ""
    return f"{name}{subscript(row + 1)}{comma}{subscript(column + 1)}"


def _dot(story: Story, at: Term, ends: bool, _after: int) -> tuple[str, str]:
    k = story.sizes.k
    words = {"row": at.i + 1, "column": at.j + 1, "count": k}
    formula = _entry_formula(story, at, ends)
    if not ends:
        spelled, value = product(story, at)
        sentence = _(
            "Row {row} of A meets column {column} of B, pair {number} of {count}: {product} = {value}."
        )
        return sentence.format(**words, number=at.l + 1, product=spelled, value=value), formula
    total = number(float(story.C[at.i, at.j]))
    if k > SPELLED:
        sentence = _("Row {row} of A meets column {column} of B: {count} products add up to {total}.")
        return sentence.format(**words, total=total), formula
    products = plus(product(story, Term(at.i, l, at.j))[0] for l in range(k))  # noqa: E741
    sentence = _("Row {row} of A meets column {column} of B: {products} = {total}.")
    return sentence.format(**words, products=products, total=total), formula


def _mix(amounts: torch.Tensor, name: str, upto: int) -> str:
    """2·A∗₁ + 1·A∗₂ + …: a mix of columns ("A∗{}") or rows ("B{}∗")."""
    shown = plus(
        f"{factor(v)}·{name.format(subscript(l + 1))}"
        for l, v in enumerate(amounts[: min(upto, SPELLED)].tolist())  # noqa: E741
    )
    return shown + (" + …" if upto < amounts.numel() or upto > SPELLED else "")


def _column(story: Story, at: Term, ends: bool, _after: int) -> tuple[str, str]:
    result = vector(story.C[: SPELLED + 1, at.j].tolist(), SPELLED)
    left = f"C∗{subscript(at.j + 1)} = {_mix(story.B[:, at.j], 'A∗{}', at.l + 1)}"
    if ends:
        sentence = _("Column {column} of C is whole: A times column {column} of B is {result}.")
        return sentence.format(column=at.j + 1, result=result), f"{left} = {result}"
    spelled, value = product(story, at)
    sentence = _(
        "Column {column} of C mixes the columns of A: {amount} times column {number}, "
        "here its entry {entry}: {product} = {value}."
    ).format(
        column=at.j + 1, amount=number(float(story.B[at.l, at.j])), number=at.l + 1, entry=at.i + 1,
        product=spelled, value=value,
    )  # fmt: skip
    return sentence, left


def _row(story: Story, at: Term, ends: bool, _after: int) -> tuple[str, str]:
    result = vector(story.C[at.i, : SPELLED + 1].tolist(), SPELLED)
    left = f"C{subscript(at.i + 1)}∗ = {_mix(story.A[at.i], 'B{}∗', at.l + 1)}"
    if ends:
        sentence = _("Row {row} of C is whole: row {row} of A times B is {result}.")
        return sentence.format(row=at.i + 1, result=result), f"{left} = {result}"
    spelled, value = product(story, at)
    sentence = _(
        "Row {row} of C mixes the rows of B: {amount} times row {number}, "
        "here its entry {entry}: {product} = {value}."
    ).format(
        row=at.i + 1, amount=number(float(story.A[at.i, at.l])), number=at.l + 1, entry=at.j + 1,
        product=spelled, value=value,
    )  # fmt: skip
    return sentence, left


def _layer(story: Story, at: Term, ends: bool, _after: int) -> tuple[str, str]:
    k = story.sizes.k
    first = 0 if at.l < SPELLED else at.l - 1  # of a long sum the two newest layers are spelled out
    layers = plus(
        f"A∗{subscript(l + 1)}·B{subscript(l + 1)}∗"
        for l in range(first, at.l + 1)  # noqa: E741
    )
    formula = f"C = {'… + ' if first else ''}{layers}{' + …' if at.l < k - 1 else ''}"
    if ends:
        sentence = _(
            "Layer {number} of {count} is whole: column {number} of A times row {number} of B, "
            "every entry with every entry. It is added to C."
        )
        return sentence.format(number=at.l + 1, count=k), formula
    spelled, value = product(story, at)
    sentence = _(
        "Column {number} of A meets row {number} of B, every entry with every entry: "
        "{product} = {value} is added in row {row}, column {column}."
    )
    words = {"number": at.l + 1, "product": spelled, "value": value, "row": at.i + 1, "column": at.j + 1}
    return sentence.format(**words), formula


def _block(story: Story, at: Term, ends: bool, after: int) -> tuple[str, str]:
    part = matmul_order.part_at(story.sizes, after - 1)
    I, L, J = (int(side.start > 0) for side in (part.rows, part.inner, part.columns))  # noqa: E741
    count = len(matmul_order.halves(story.sizes.k))
    upto = plus(f"{entry('A', I, l)}·{entry('B', l, J)}" for l in range(L + 1))  # noqa: E741
    formula = f"{entry('C', I, J)} = {upto}{' + …' if count > L + 1 else ''}"
    names = _block_names(story, after)
    if ends:
        sentence = _(
            "Block {first} times block {second} is in block {third}: {left} @ {right}, a product of its own."
        )
        left = show((len(part.rows), len(part.inner)))
        return sentence.format(**names, left=left, right=show((len(part.inner), len(part.columns)))), formula
    spelled, value = product(story, at)
    sentence = _("Block {first} times block {second} goes into block {third}: {product} = {value}.")
    return sentence.format(**names, product=spelled, value=value), formula


def _block_names(story: Story, after: int) -> dict[str, str]:
    """A₁₂, B₂₁ and C₁₁ of the block product in work."""
    part = matmul_order.part_at(story.sizes, after - 1)
    I, L, J = (int(side.start > 0) for side in (part.rows, part.inner, part.columns))  # noqa: E741
    return {"first": entry("A", I, L), "second": entry("B", L, J), "third": entry("C", I, J)}


def _cube(story: Story, at: Term, ends: bool, _after: int) -> tuple[str, str]:
    words = {"row": at.i + 1, "column": at.j + 1}
    formula = _entry_formula(story, at, ends)
    if ends:
        sentence = _(
            "The bar of {count} products behind row {row}, column {column} is added up: {total} stands in front."
        )
        total = number(float(story.C[at.i, at.j]))
        return sentence.format(**words, count=story.sizes.k, total=total), formula
    spelled, value = product(story, at)
    sentence = _(
        "Each small cube is one product: row {row}, column {column}, depth {number} holds {product} = {value}."
    )
    return sentence.format(**words, number=at.l + 1, product=spelled, value=value), formula


def _within(story: Story, at: Term, before: int, after: int) -> tuple[str, str]:
    """Several multiply-adds that do not finish their piece."""
    n, _k, m = story.sizes
    share = f"{number_of(after)} / {number_of(story.sizes.all)}"
    whole = {"columns": n, "rows": m}.get(story.reading)
    if whole and after - before == whole and before % whole == 0:
        sentence, amount, formula = _added(story, at)
        return sentence.format(place=_line_of(story, at), amount=amount, number=at.l + 1), formula
    count = piece(story, after - 1)
    start = matmul_order.part_at(story.sizes, after - 1).start if story.reading == "blocks" else 0
    words = {"row": at.i + 1, "column": at.j + 1, "number": at.l + 1, "count": number_of(count)}
    words["done"] = number_of((after - start - 1) % count + 1)
    if story.reading == "blocks":
        words |= _block_names(story, after)
    sentence = {
        "columns": _("Column {column} of C: {done} of its {count} products are in."),
        "rows": _("Row {row} of C: {done} of its {count} products are in."),
        "outer": _(
            "Column {number} of A meets row {number} of B: {done} of {count} products are added to C."
        ),
        "blocks": _(
            "Block {first} times block {second} goes into block {third}: {done} of {count} products are in."
        ),
    }.get(story.reading, _("Row {row} of A meets column {column} of B: {done} of {count} products are in."))
    return sentence.format(**words), share


def _line_of(story: Story, at: Term) -> int:
    return (at.j if story.reading == "columns" else at.i) + 1


def _added(story: Story, at: Term) -> tuple[str, str, str]:
    """A whole column of A, or row of B, that is added to its mix: the sentence, the amount, the formula."""
    if story.reading == "columns":
        mix = f"C∗{subscript(at.j + 1)} = {_mix(story.B[:, at.j], 'A∗{}', at.l + 1)}"
        words = _("Column {place} of C mixes the columns of A: {amount} times column {number} is added.")
        return words, number(float(story.B[at.l, at.j])), mix
    mix = f"C{subscript(at.i + 1)}∗ = {_mix(story.A[at.i], 'B{}∗', at.l + 1)}"
    words = _("Row {place} of C mixes the rows of B: {amount} times row {number} is added.")
    return words, number(float(story.A[at.i, at.l])), mix


def _shares(story: Story, after: int) -> tuple[str, str]:
    """A step that does many multiply-adds is counted, not spelled out."""
    n, k, m = story.sizes
    sentence = {
        "columns": _("{done} of {all} products are in: {whole} of {count} columns of C are whole."),
        "rows": _("{done} of {all} products are in: {whole} of {count} rows of C are whole."),
        "outer": _("{done} of {all} products are in: {whole} of {count} layers are added up in C."),
        "blocks": _("{done} of {all} products are in: {whole} of {count} block products are done."),
    }.get(
        story.reading,
        _("{done} of {all} products are in: {whole} of {count} entries of C are whole."),
    )  # fmt: skip
    blocks = matmul_order.parts(story.sizes) if story.reading == "blocks" else []
    count = {"columns": m, "rows": n, "outer": k, "blocks": len(blocks)}.get(story.reading, n * m)
    whole = (
        sum(part.start + part.size <= after for part in blocks)
        if blocks
        else after // piece(story, after - 1)
    )
    all_ = story.sizes.all
    words = {
        "done": number_of(after),
        "all": number_of(all_),
        "whole": number_of(whole),
        "count": number_of(count),
    }
    return sentence.format(
        **words
    ), f"{number_of(after)} / {number_of(all_)} = {number(100 * after / all_)} %"


def number_of(count: int) -> str:
    """A whole number in full, with thin spaces between the thousands."""
    return f"{count:,}".replace(",", " ")
