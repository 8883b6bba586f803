"""Matrix times vector: a matrix moves the plane or the space, and x with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, plus, subscript, vector
from core.operation import Choice, Input, Operation, Preset, Step
from core.ops import geometry, linear_marks
from core.ops.cells import MOST, block
from core.ops.challenges.matrix_vector import CHALLENGES
from core.ops.digits_layer import DIGITS_LAYER
from core.ops.star_is_not_at import STAR_IS_NOT_AT
from core.panels import Bind, Handle, Link, Mark, Panel, Path, Plane, Source, Turn, Variable, in_line
from core.words import N_, _

torch = lazy.load("torch")

MOST_DRAWN = 3  # axes of a space that can be drawn
MOST_FACTORED = 128  # rows or columns up to which rank and eigenvalues are worked out
MOST_SPELLED = 4  # products or entries written out in a sentence
MOST_TERMS = 12  # products told one by one; a larger matrix is told row by row
AXES = {"m": "axis1", "n": "accent"}  # n disappears
ROWS, COLUMNS = AXES.items()
LINKS = (Link("y", (Source("A", (0, None)), Source("x", (None,))), "dot"),)


def run(A: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """y = A x. A (m, n), x (n,) -> y (m,)."""
    y = torch.mv(A, x)  # (m, n) @ (n,) -> (m,)
    return y


def explain(A: shapes.Shape, x: shapes.Shape) -> str:
    """Why y has its shape; raises ShapeError where n differs or an axis is missing."""
    sizes = shapes.bind_all({"A": ("m n", A), "x": ("n", x)})
    return _(
        "A has the axes (m, n) = {A}, x has the axis (n) = {x}. Each row of A meets x along n: {n} products are "
        "added up, so n disappears. One number is left for each of the {m} rows: y has the shape {y}."
    ).format(A=shapes.show(A), x=shapes.show(x), n=sizes["n"], m=sizes["m"], y=shapes.show((sizes["m"],)))


class Moment(NamedTuple):
    """Where the moving matrix stands, how it came there, and what is said."""

    M: torch.Tensor
    turn: Turn | None
    sentence: str
    formula: str


class Scene:
    """The plane or space of one matrix and one vector: everything about it that no step changes."""

    def __init__(self, A: torch.Tensor, x: torch.Tensor) -> None:
        m, n = A.shape
        self.A, self.x, self.y = A, x, run(A, x)
        self._kept: dict[tuple[str, View], tuple[Mark, ...]] = {}
        self.size = max(2, m, n)
        self.drawable = (
            max(m, n) <= MOST_DRAWN
            and min(m, n) > 0
            and bool(torch.isfinite(A).all() & torch.isfinite(x).all())
        )
        if not self.drawable:
            return
        self.map = geometry.padded(A, self.size)
        self.start = torch.diag(
            torch.tensor([1.0 if k < n or self.size == 2 else 0.0 for k in range(self.size)]).double()
        )
        self.view = self.seen([self.start, self.map])
        self.subspaces = geometry.subspaces(A.detach().cpu())
        self.eigen = geometry.eigen_lines(self.map) if m == n else []

    def seen(self, stations: list[torch.Tensor]) -> View:
        """The view that holds the columns of every matrix on the way, x, and where x is then."""
        x = geometry.padded(self.x, self.size)
        return _view(self.size, x, *stations, *(M @ x for M in stations))

    def marks(self, reading: str) -> tuple[Mark, ...]:
        """All marks, from the back to the front."""
        m, n = self.A.shape
        flat = self.size == 2
        axes = max(n, 2) if flat else n
        marks = [linear_marks.lattice(self.size, axes)]
        marks += linear_marks.area_marks() if flat else (linear_marks.volume_marks() if m == n else [])
        marks += linear_marks.circle_marks() if flat else linear_marks.sphere_marks(axes)
        if m == n:
            marks += linear_marks.eigen_marks(geometry.rows(self.map), self.eigen, self.view.reach)
        marks += linear_marks.subspace_marks(self.subspaces, (m, n), self.view.reach, self.size)
        marks += linear_marks.basis_marks(self.size, n)
        marks += linear_marks.vector_marks(self.size)
        return (*marks, *self._reading_marks(reading))

    def _kept_marks(self, reading: str) -> tuple[Mark, ...]:
        """The same marks, not only equal ones, in every step: the drawers then draw them once."""
        if (reading, self.view) not in self._kept:
            self._kept[reading, self.view] = self.marks(reading)
        return self._kept[reading, self.view]

    def _reading_marks(self, reading: str) -> list[Mark]:
        size, n = self.size, self.A.shape[1]
        if reading == "columns":
            ends = [tuple(1.0 if k < j else 0.0 for k in range(size)) for j in range(n + 1)]
            zero = linear_marks.origin(size)
            return [
                Path(f"part-{j + 1}", linear_marks.BASIS[j], bind=Bind("M", "w", (ends[j], ends[j + 1])),
                     hides=True, points=(zero, zero), width=6.0)
                for j in range(n)
            ]  # fmt: skip
        corners = tuple(tuple(1.0 if k < i else 0.0 for k in range(size)) for i in range(size + 1))
        zeros = (linear_marks.origin(size),) * (size + 1)
        return [Path("walk", "accent", bind=Bind("", "c", corners), hides=True, points=zeros, width=5.0)]

    def layers(self) -> tuple[tuple[str, str, bool], ...]:
        """What the reader can switch off and on."""
        present = {mark.layer for mark in self._kept_marks("rows")}
        area = _("Area") if self.size == 2 else _("Volume")
        circle = _("Unit circle") if self.size == 2 or self.A.shape[1] < 3 else _("Unit sphere")
        known = (
            ("grid", _("Grid"), True),
            ("area", area, True),
            ("circle", circle, False),
            ("eigen", _("Eigen-directions"), False),
            ("null", _("Null space and image"), True),
        )
        return tuple(layer for layer in known if layer[0] in present)

    def plane(self, M: torch.Tensor, turn: Turn | None, reading: str, told: Told) -> Plane:
        """The picture at one moment."""
        moved = bool(torch.equal(M, self.map))
        x = geometry.padded(self.x, self.size)
        return Plane(
            dimension=self.size,
            marks=self._kept_marks(reading),
            state={
                "M": geometry.rows(M),
                "x": geometry.rows(x),
                "w": tuple(v if k < told.columns else 0.0 for k, v in enumerate(geometry.rows(x))),
                "c": tuple(
                    v if k < told.rows else 0.0
                    for k, v in enumerate(geometry.rows(geometry.padded(self.y, self.size)))
                ),
            },
            reach=self.view.reach,
            across=self.view.across,
            free_corner=self.view.free_corner,
            turns={"M": turn} if turn else {},
            variables=(
                Variable("A", geometry.rows(self.map), "M"),
                Variable("x", geometry.rows(x), "x"),
            ),
            handles=self.handles(),
            layers=self.layers(),
            moved=moved,
        )

    def handles(self) -> tuple[Handle, ...]:
        """Columns of A and x, each free along the axes that it has."""
        m, n = self.A.shape
        columns = tuple(
            Handle(f"A[:,{j}]", "A", _("column {number} of A").format(number=j + 1), linear_marks.BASIS[j], j,
                   tuple(k < m for k in range(self.size)))
            for j in range(n)
        )  # fmt: skip
        return (
            *columns,
            Handle("x", "x", _("the vector x"), "vector", None, tuple(k < n for k in range(self.size))),
        )


class Told(NamedTuple):
    """How far the reading has come: finished rows, finished columns, and the lit cells of A, x and y."""

    rows: int = 0
    columns: int = 0
    A: tuple[tuple[int, int], ...] = ()
    x: tuple[tuple[int, int], ...] = ()
    y: tuple[tuple[int, int], ...] = ()


def steps(
    A: torch.Tensor, x: torch.Tensor, *, motion: str = "straight", reading: str = "rows"
) -> Iterator[Step]:
    """First the plane moves, then the numbers say where x landed; the last step shows y = run(A, x)."""
    scene = Scene(A, x)
    moments = list(_moments(scene, motion))
    if scene.drawable:
        scene.view = scene.seen([moment.M for moment in moments])
    here, how = None, None
    for moment in moments:
        here, how = moment.M, moment.turn
        yield Step(_panels(scene, here, how, reading, Told()), moment.sentence, moment.formula, links=LINKS)
    tell = _tell_columns if reading == "columns" else _tell_rows
    for told, sentence, formula in tell(A, x, scene.y):
        yield Step(_panels(scene, here, None, reading, told), sentence, formula, links=LINKS)


def _panels(
    scene: Scene, M: torch.Tensor | None, turn: Turn | None, reading: str, told: Told
) -> tuple[Panel, ...]:
    if reading == "columns":
        partial = (scene.A[:, : told.columns] @ scene.x[: told.columns]) if told.columns else scene.y
        known = scene.y.numel() if told.columns else 0
    else:
        partial, known = scene.y, told.rows
    if told.columns == scene.x.numel():
        partial = scene.y  # torch.mv's own last digit, not that of the sum of parts
    cells = in_line(
        block("A", scene.A, lit=told.A, colour="matrix", axes=(ROWS, COLUMNS)),
        block("x", scene.x, lit=told.x, colour="vector", axes=(COLUMNS,)),
        block("y", partial, lit=told.y, before="=", colour="image", known=known, axes=(ROWS,)),
    )
    if M is None:
        return (cells,)
    return (scene.plane(M, turn, reading, told), cells)


class View(NamedTuple):
    """How far the picture goes, in units, and which right corner stays free for the numbers on a wide stage."""

    reach: float
    across: float
    free_corner: str


def _view(size: int, *values: torch.Tensor) -> View:
    """All columns, x and y with some air. The arrows never run under the cells: those lie where fewer reach."""
    points = torch.cat([value.reshape(size, -1) for value in values], dim=1)  # one column for each point
    across, *others = points.abs().amax(dim=1).tolist()
    if size == 3:
        return View(geometry.round_reach(2.2, 1.15 * max(across, *others)), 0.0, "top")
    to_the_right = {
        "top": float(points[0].where(points[1] > 0, points[0] * 0).max()),
        "bottom": float(points[0].where(points[1] < 0, points[0] * 0).max()),
    }
    corner = "bottom" if to_the_right["bottom"] < to_the_right["top"] else "top"
    left = -float(points[0].min())
    reach = geometry.round_reach(
        2.6, 1.25 * max(others), 0.6 * across, 1.1 * left, to_the_right[corner] / 0.75
    )
    return View(reach, geometry.round_reach(1.25 * across, reach), corner)


def _moments(scene: Scene, motion: str) -> Iterator[Moment | _Undrawn]:
    if not scene.drawable:
        yield _Undrawn(_undrawable(scene.A))
        return
    x = scene.x.tolist()
    mix = plus(f"{factor(v)}·e{subscript(j + 1)}" for j, v in enumerate(x))
    before = _("Before A acts: the untouched grid, its basis vectors, and x = {x}.").format(x=vector(x))
    yield Moment(scene.start, None, before, f"x = {mix}")
    yield from {"svd": _svd_moments, "columns": _column_moments}.get(motion, _straight_moments)(scene)


class _Undrawn(NamedTuple):
    """A moment with cells only: the space has too many axes, or a number in it is not finite."""

    sentence: str
    M: None = None
    turn: None = None
    formula: str = ""


def _undrawable(A: torch.Tensor) -> str:
    if min(A.shape) == 0:
        return _(
            "An axis of A {shape} has size 0: there is nothing to draw, but the product has a shape."
        ).format(shape=shapes.show(tuple(A.shape)))
    if max(A.shape) <= MOST_DRAWN:
        return _(
            "A or x holds NaN or ∞: no point of the plane can be moved there, so only the numbers are shown."
        )
    return _(
        "A is {shape}: more than three axes cannot be drawn as a space, so the numbers tell the story."
    ).format(shape=shapes.show(tuple(A.shape)))


def _straight_moments(scene: Scene) -> Iterator[Moment]:
    landed = _landed(scene)
    yield Moment(
        scene.map,
        None,
        _("A moves every point straight to its image: {landed}.").format(landed=landed),
        _area(scene),
    )


def _column_moments(scene: Scene) -> Iterator[Moment]:
    M = scene.start
    for j in range(scene.A.shape[1]):
        M = M.clone()
        M[:, j] = scene.map[:, j]
        column = vector(scene.A[:, j].tolist())
        sentence = _("Column {number} of A says where e{index} goes: to {column}.").format(
            number=j + 1, index=subscript(j + 1), column=column
        )
        yield Moment(M, None, sentence, f"A·e{subscript(j + 1)} = a{subscript(j + 1)} = {column}")


def _svd_moments(scene: Scene) -> Iterator[Moment]:
    first, stretch, second = geometry.factors(scene.map)
    turns = geometry.turn(first), geometry.turn(second)
    degrees = [number(math.degrees(turn.angle)) for turn in turns]
    size = scene.A.shape[1]
    yield Moment(
        first @ scene.start,
        turns[0],
        _("First a turn: Vᵀ turns everything by {angle}°; nothing changes its length.").format(
            angle=degrees[0]
        ),
        f"A = U·Σ·Vᵀ   Vᵀ: {degrees[0]}°",
    )
    factors = ", ".join(
        f"σ{subscript(k + 1)} = {number(v)}" for k, v in enumerate(stretch.tolist()[: max(2, size)])
    )
    words = (
        _("Then a stretch along the axes: {factors}.")
        if float(stretch.min()) >= 0
        else _("Then a stretch along the axes, and a negative factor flips its axis: {factors}.")
    )
    yield Moment(
        torch.diag(stretch) @ first @ scene.start, None, words.format(factors=factors), f"Σ: {factors}"
    )
    yield Moment(
        scene.map,
        turns[1],
        _("Last another turn: U turns everything by {angle}°, and the three together are A.").format(
            angle=degrees[1]
        ),
        _area(scene),
    )


def _landed(scene: Scene) -> str:
    """Where the basis vectors land, in words."""
    parts = [
        _("e{index} lands on {column}").format(index=subscript(j + 1), column=vector(scene.A[:, j].tolist()))
        for j in range(scene.A.shape[1])
    ]
    return _(", ").join(parts)


def _area(scene: Scene) -> str:
    """det A with the numbers put in, or the shape of the map where there is no determinant."""
    m, n = scene.A.shape
    if m != n:
        return f"A : ℝ{_power(n)} → ℝ{_power(m)}"
    det = number(geometry.determinant(scene.A))
    if m == 2:
        (a, b), (c, d) = scene.A.tolist()
        return f"det A = {factor(a)}·{factor(d)} − {factor(b)}·{factor(c)} = {det}"
    return f"det A = {det}"


def _power(size: int) -> str:
    return str(size).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _tell_rows(A: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> Iterator[tuple[Told, str, str]]:
    """Row reading: each entry of y is a row of A dotted with x."""
    m, n = A.shape
    shown = min(m, MOST)
    if m * n == 0:
        yield Told(rows=m), _("Nothing is added up: y is {y}.").format(y=_short(y)), "y = A·x"
    for i in range(shown if m * n else 0):
        if m * n <= MOST_TERMS:
            for j in range(n - 1):
                yield _term(A, x, i, j)
        last = m if i == shown - 1 else i + 1
        seen = range(min(n, MOST))
        told = Told(last, 0, tuple((i, j) for j in seen), tuple((j, 0) for j in seen), ((i, 0),))
        yield told, *_row_words(A[i], x, i, number(float(y[i])))


def _row_words(row: torch.Tensor, x: torch.Tensor, i: int, total: str) -> tuple[str, str]:
    """Sentence and formula of one finished row; a long row is counted, not spelled out."""
    pairs = zip(row[:MOST_SPELLED].tolist(), x[:MOST_SPELLED].tolist(), strict=True)
    products = plus(f"{factor(a)}·{factor(v)}" for a, v in pairs)
    n = x.numel()
    if n > MOST_SPELLED:
        sentence = _("Row {row} of A meets x: {count} products add up to {total}. That is entry {row} of y.")
        return sentence.format(
            row=i + 1, count=n, total=total
        ), f"y{subscript(i + 1)} = {products} + … = {total}"
    sentence = _("Row {row} of A meets x: {products} = {total}. That is entry {row} of y.")
    spelled = sentence.format(row=i + 1, products=products, total=total)
    return spelled, f"y{subscript(i + 1)} = {products} = {total}"


def _term(A: torch.Tensor, x: torch.Tensor, i: int, j: int) -> tuple[Told, str, str]:
    a, v = float(A[i, j]), float(x[j])
    product = f"{factor(a)}·{factor(v)}"
    so_far = plus(f"{factor(float(A[i, k]))}·{factor(float(x[k]))}" for k in range(j + 1))
    sentence = _("Entry {column} of row {row} times entry {column} of x: {product} = {value}.").format(
        column=j + 1, row=i + 1, product=product, value=number(a * v)
    )
    return Told(i, 0, ((i, j),), ((j, 0),), ()), sentence, f"y{subscript(i + 1)} = {so_far} + …"


def _tell_columns(A: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> Iterator[tuple[Told, str, str]]:
    """Column reading: y is a mix of the columns of A, with the entries of x as amounts."""
    m, n = A.shape
    shown = min(n, MOST)
    if m * n == 0:
        yield Told(rows=m), _("Nothing is added up: y is {y}.").format(y=_short(y)), "y = A·x"
    for j in range(shown if m * n else 0):
        done = n if j == shown - 1 else j + 1
        amount = float(x[j])
        part = (A[:, :done] @ x[:done]) if done < n else y
        sentence = _("Take {amount} times column {number} of A and add it on: the sum is now {sum}.").format(
            amount=number(amount), number=j + 1, sum=_short(part)
        )
        first = 0 if j < 3 else j - 1  # of a long sum the two newest terms are spelled out
        terms = plus(f"{factor(float(x[k]))}·{_short(A[:, k])}" for k in range(first, j + 1))
        seen = range(min(m, MOST))
        told = Told(0, done, tuple((i, j) for i in seen), ((j, 0),), tuple((i, 0) for i in seen))
        yield told, sentence, f"{'… + ' if first else ''}{terms} = {_short(part)}"


def _short(values: torch.Tensor) -> str:
    """A vector in a sentence, its first entries only when it is long."""
    return vector(values[: MOST_SPELLED + 1].tolist(), MOST_SPELLED)


def facts(A: torch.Tensor) -> list[tuple[str, str]]:
    """What is worth knowing of A (m, n), as (label, value): determinant, rank, eigenvalues, singular values."""
    if A.numel() == 0 or not bool(torch.isfinite(A).all()) or max(A.shape) > MOST_FACTORED:
        return []
    A = A.detach().cpu().double()
    stretch = torch.linalg.svdvals(A)
    rank = len(geometry.subspaces(A).image)
    found = [
        (_("rank"), str(rank)),
        (_("singular values"), ", ".join(number(v) for v in stretch[:MOST].tolist())),
    ]
    if A.shape[0] == A.shape[1]:
        scale = float(A.abs().max())
        values = [_complex(v, scale) for v in torch.linalg.eigvals(A)[:MOST].tolist()]
        found = [
            (_("determinant"), number(geometry.determinant(A))),
            *found,
            (_("eigenvalues"), ", ".join(values)),
        ]
    return found


def _complex(value: complex, scale: float) -> str:
    real, imaginary = geometry.cleaned(value.real, scale), geometry.cleaned(value.imag, scale)
    if not imaginary:
        return number(real)
    return f"{number(real)} {'+' if imaginary > 0 else '−'} {number(abs(imaginary))}i"


MATRIX_VECTOR = Operation(
    key="matrix-vector",
    chapter="operations",
    title=N_("Matrix-vector product"),
    summary=N_(
        "A matrix is a motion, a linear transformation: it says where each basis vector goes, and every other point "
        "follows along. The product Ax is the place where x lands."
    ),
    notation="y = A x",
    call="torch.mv(A, x)",
    latex=r"y = A\,x, \qquad y_i = \sum_j A_{ij}\,x_j",
    inputs=(
        Input(
            "A", "m n", "[[2, 1], [0, 1]]", N_("the matrix: its columns are the images of the basis vectors")
        ),
        Input("x", "n", "[1, 2]", N_("the vector that is moved")),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="y",
    parameters=(
        Choice(
            "motion",
            N_("How the plane moves"),
            (
                ("straight", N_("straight")),
                ("svd", N_("turn, stretch, turn")),
                ("columns", N_("column by column")),
            ),
            "straight",
        ),
        Choice(
            "reading",
            N_("How the numbers are read"),
            (("rows", N_("row dots")), ("columns", N_("column mix"))),
            "rows",
        ),
    ),
    presets=(
        Preset("rotation", N_("Rotation"), {"A": "rotation(degrees=30)", "x": "[2, 1]"}),
        Preset("scale", N_("Scaling"), {"A": "diag([2, 0.5])", "x": "[1, 2]"}),
        Preset("shear", N_("Shear"), {"A": "[[1, 1.5], [0, 1]]", "x": "[1, 1]"}),
        Preset("reflection", N_("Reflection"), {"A": "[[0, 1], [1, 0]]", "x": "[2, 1]"}),
        Preset("projection", N_("Projection"), {"A": "[[0.8, 0.4], [0.4, 0.2]]", "x": "[1, 2]"}),
        Preset("singular", N_("Singular"), {"A": "[[1, 2], [0.5, 1]]", "x": "[2, 1]"}),
        Preset("space", N_("In space"), {"A": "[[1, -1, 0], [1, 1, 0.5], [0, 0, 1.5]]", "x": "[1, 1, 2]"}),
        Preset("3-to-2", N_("3 → 2"), {"A": "[[1, 0, -1], [0, 1, 1]]", "x": "[1, 2, 1]"}),
        Preset("2-to-3", N_("2 → 3"), {"A": "[[1, 0], [0, 1], [1, -0.5]]", "x": "[2, 1]"}),
    ),
    practice=(DIGITS_LAYER,),
    traps=(STAR_IS_NOT_AT,),
    axes=AXES,
    shape_line="A (m, n) @ x (n) → y (m)",
    challenges=CHALLENGES,
    place=N_(
        "A fully connected layer is this product and a bias: y = Wx + b. Each row of W asks one question of the "
        "input, each entry of y is an answer."
    ),
)
