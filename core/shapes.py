"""Shape rules on plain tuples, and the sentence that says why a rule refuses.

Nothing here knows torch: a shape is a tuple of ints, an axis is an int, and each rule answers the shape that
torch would give or raises ShapeError, whose sentence names the tensors, the axes and the sizes that met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from core.words import _

Shape = tuple[int, ...]
Axes = int | Sequence[int] | None


class ShapeError(Exception):
    """Shapes that do not fit.

    `sentence` is complete and translated; `tensors` maps each tensor concerned to its shape; `clash` lists
    the (tensor, axis) pairs that met, with axes counted from 0, for a picture of the clash.
    """

    def __init__(
        self, sentence: str, tensors: Mapping[str, Shape], clash: Iterable[tuple[str, int]] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.tensors = {name: tuple(shape) for name, shape in tensors.items()}
        self.clash = tuple(clash)


def show(shape: Sequence[int]) -> str:
    """A shape as Python writes it.

    >>> show((4,)), show((2, 3)), show(())
    ('(4,)', '(2, 3)', '()')
    """
    return str(tuple(int(size) for size in shape))


def named(name: str, shape: Sequence[int]) -> str:
    """A tensor with its shape: "A (2, 3)"."""
    return f"{name} {show(shape)}"


# Named axes


def bind(
    axes: str,
    shape: Sequence[int],
    name: str = "A",
    sizes: Mapping[str, int] | None = None,
    owners: Mapping[str, tuple[str, Shape]] | None = None,
) -> dict[str, int]:
    """The sizes of the named axes, `axes` against `shape`, added to the `sizes` bound before.

    `owners` says which tensor bound a name first, for the sentence. A name that is a number must have that
    size. A leading "..." stands for any axes in front, which are left unbound.

    >>> bind("m n", (2, 3))
    {'m': 2, 'n': 3}
    """
    words = axes.split()
    shape = tuple(shape)
    free = words[:1] == ["..."]
    words = words[1:] if free else words
    if len(shape) < len(words) or (len(shape) > len(words) and not free):
        raise ShapeError(_axis_count(axes, len(words), free, shape, name), {name: shape})
    bound = dict(sizes or {})
    for position, (word, size) in enumerate(zip(words, shape[len(shape) - len(words) :], strict=True)):
        expected = int(word) if word.isdigit() else bound.setdefault(word, size)
        if size != expected:
            axis = len(shape) - len(words) + position
            raise _bound_twice(word, expected, (name, shape, axis), (owners or {}).get(word))
    return bound


def bind_all(tensors: Mapping[str, tuple[str, Sequence[int]]]) -> dict[str, int]:
    """Bind the axes of several tensors: name -> (axes, shape).

    >>> bind_all({"A": ("m n", (2, 3)), "x": ("n", (3,))})
    {'m': 2, 'n': 3}
    """
    return bind_each((name, axes, shape) for name, (axes, shape) in tensors.items())


def bind_each(tensors: Iterable[tuple[str, str, Sequence[int]]]) -> dict[str, int]:
    """As bind_all, of (name, axes, shape): one tensor may come twice, as in A @ A."""
    sizes: dict[str, int] = {}
    owners: dict[str, tuple[str, Shape]] = {}
    for name, axes, shape in tensors:
        sizes = bind(axes, shape, name, sizes, owners)
        for word in axes.split():
            owners.setdefault(word, (name, tuple(shape)))
    return sizes


def _axis_count(axes: str, count: int, free: bool, shape: Shape, name: str) -> str:
    words = {"tensor": named(name, shape), "axes": axes, "count": count, "found": len(shape)}
    if free:
        return _("{tensor} needs at least {count} axes ({axes}), and has {found}.").format(**words)
    if not count:
        return _("{tensor} must be a single number, without axes.").format(**words)
    if count == 1:
        return _("{tensor} must have 1 axis ({axes}), and has {found}.").format(**words)
    return _("{tensor} must have {count} axes ({axes}), and has {found}.").format(**words)


def _bound_twice(
    word: str, expected: int, met: tuple[str, Shape, int], owner: tuple[str, Shape] | None
) -> ShapeError:
    name, shape, axis = met
    if owner is None:
        sentence = _("Axis {axis} of {tensor} is {size}, but must be {expected}.")
        words = {"axis": axis, "tensor": named(name, shape), "size": shape[axis], "expected": expected}
        return ShapeError(sentence.format(**words), {name: shape}, [(name, axis)])
    first, first_shape = owner
    sentence = axis_differs(word, expected, named(first, first_shape), shape[axis], named(name, shape))
    return ShapeError(sentence, {first: first_shape, name: shape}, [(name, axis)])


def axis_differs(axis: str | int, size: int, tensor: str, other_size: int, other: str) -> str:
    """The sentence of the house: "Axis n is 3 in A (2, 3) but 4 in x (4,)."."""
    sentence = _("Axis {axis} is {size} in {tensor} but {other_size} in {other}.")
    return sentence.format(axis=axis, size=size, tensor=tensor, other_size=other_size, other=other)


# Axes by number


def axis_of(axis: int, count: int, tensor: str, shape: Sequence[int] = ()) -> int:
    """`axis` counted from 0, of a tensor with `count` axes; a scalar lets 0 and -1 pass, as torch does."""
    width = max(count, 1)
    if -width <= axis < width:
        return axis % width
    if count == 0:
        sentence = _("There is no axis {axis} in {tensor}, which is a single number without axes.")
    elif count == 1:
        sentence = _("There is no axis {axis} in {tensor}: its only axis is 0 (or -1).")
    else:
        sentence = _("There is no axis {axis} in {tensor}: its axes are 0 to {last} (or -{count} to -1).")
    words = {"axis": axis, "tensor": named(tensor, shape), "last": count - 1, "count": count}
    raise ShapeError(sentence.format(**words), {tensor: tuple(shape)})


def axes_of(axes: Axes, shape: Sequence[int], name: str = "A") -> tuple[int, ...]:
    """The axes meant by `axes`, counted from 0; None and () mean all of them."""
    shape = tuple(shape)
    if axes is None or axes == () or axes == []:
        return tuple(range(len(shape)))
    wanted = (axes,) if isinstance(axes, int) else tuple(axes)
    found = tuple(axis_of(axis, len(shape), name, shape) for axis in wanted)
    for position, axis in enumerate(found):
        if axis in found[:position]:
            sentence = _("Axis {axis} of {tensor} is named twice.")
            raise ShapeError(sentence.format(axis=axis, tensor=named(name, shape)), {name: shape})
    return found


# Broadcasting


def align(*shapes: Sequence[int]) -> tuple[tuple[int | None, ...], ...]:
    """Shapes as strips of equal length, aligned from the right; None where a shape has no axis.

    >>> align((3, 3, 2), (2, 4))
    ((3, 3, 2), (None, 2, 4))
    """
    width = max(map(len, shapes), default=0)
    return tuple((None,) * (width - len(shape)) + tuple(shape) for shape in shapes)


def broadcast(*shapes: Sequence[int], names: Sequence[str] | None = None) -> Shape:
    """The shape of shapes computed together: from the right, sizes are equal, or 1, or missing.

    >>> broadcast((3, 1, 4), (2, 1))
    (3, 2, 4)
    """
    names = names or _letters(len(shapes))
    columns = list(zip(*align(*shapes), strict=True))
    result: list[int] = []
    for column in reversed(columns):  # torch looks from the right, and stops at the first clash
        sizes = [size for size in column if size not in (None, 1)]
        if len(set(sizes)) > 1:
            raise _will_not_broadcast(-1 - len(result), shapes, names)
        result.append(sizes[0] if sizes else 1)
    return tuple(reversed(result))


def _letters(count: int) -> tuple[str, ...]:
    return tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count])


def _will_not_broadcast(axis: int, shapes: Sequence[Sequence[int]], names: Sequence[str]) -> ShapeError:
    """`axis` is counted from the right (-1 is the last); the first two shapes that clash there are named."""
    there = [
        (name, tuple(shape), shape[axis])
        for name, shape in zip(names, shapes, strict=True)
        if len(shape) >= -axis and shape[axis] != 1
    ]
    name, shape, size = there[0]
    other, other_shape, other_size = next(one for one in there if one[2] != size)
    sentence = _(
        "Axis {axis} is {size} in {tensor} but {other_size} in {other}; "
        "sizes aligned from the right must be equal, or one of them 1."
    ).format(
        axis=axis,
        size=size,
        tensor=named(name, shape),
        other_size=other_size,
        other=named(other, other_shape),
    )
    clash = [(name, len(shape) + axis), (other, len(other_shape) + axis)]
    return ShapeError(sentence, {name: shape, other: other_shape}, clash)


def expand(shape: Sequence[int], sizes: Sequence[int], name: str = "A") -> Shape:
    """The shape of A.expand(*sizes): axes of size 1 are stretched, -1 keeps a size, new axes come in front.

    >>> expand((3, 1), (2, -1, 4))
    (2, 3, 4)
    """
    shape, sizes = tuple(shape), tuple(sizes)
    new = len(sizes) - len(shape)
    if new < 0:
        sentence = _("expand needs at least {found} sizes for {tensor}, and {count} came.")
        words = {"tensor": named(name, shape), "found": len(shape), "count": len(sizes)}
        raise ShapeError(sentence.format(**words), {name: shape})
    result = []
    for position, size in enumerate(sizes):
        have = shape[position - new] if position >= new else None
        if size < -1 or (size == -1 and have is None):
            sentence = _("{size} is no size for a new axis of {tensor}.")
            raise ShapeError(sentence.format(size=size, tensor=named(name, shape)), {name: shape})
        if have not in (None, 1, size) and size != -1:
            sentence = _(
                "Axis {axis} of {tensor} is {have} and cannot become {size}: only an axis of size 1 expands."
            )
            words = {"axis": position - new, "tensor": named(name, shape), "have": have, "size": size}
            raise ShapeError(sentence.format(**words), {name: shape}, [(name, position - new)])
        result.append(have if size == -1 else size)
    return tuple(result)


# Products


def matmul(a: Sequence[int], b: Sequence[int], names: tuple[str, str] = ("A", "B")) -> Shape:
    """The shape of A @ B: the last axis of A meets the last but one of B, what is in front broadcasts.

    A vector on the left counts as a row, one on the right as a column; the axis lent is taken away again.

    >>> matmul((3, 3, 2), (3, 2, 4)), matmul((2, 3), (3,)), matmul((3,), (3,))
    ((3, 3, 4), (2,), ())
    """
    a, b = tuple(a), tuple(b)
    for name, shape in zip(names, (a, b), strict=True):
        if not shape:
            sentence = _("{tensor} is a single number: @ multiplies vectors and matrices. Use * for numbers.")
            raise ShapeError(sentence.format(tensor=named(name, shape)), {name: shape})
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        clash = [(names[0], len(a) - 1), (names[1], max(len(b) - 2, 0))]
        sentence = axis_differs("k", a[-1], named(names[0], a), inner, named(names[1], b))
        raise ShapeError(sentence, {names[0]: a, names[1]: b}, clash)
    try:
        prefix = broadcast(a[:-2], b[:-2], names=names)
    except ShapeError as error:
        raise _prefixes_differ(a, b, names, error) from None
    return prefix + a[-2:-1] + (b[-1:] if len(b) > 1 else ())


def _prefixes_differ(a: Shape, b: Shape, names: tuple[str, str], error: ShapeError) -> ShapeError:
    (_name, first), (_other, second) = error.clash
    sentence = _(
        "Batch axis {axis} is {size} in {tensor} but {other_size} in {other}; "
        "sizes aligned from the right must be equal, or one of them 1."
    ).format(
        axis=first - len(a),
        size=a[first],
        tensor=named(names[0], a),
        other_size=b[second],
        other=named(names[1], b),
    )
    return ShapeError(sentence, {names[0]: a, names[1]: b}, [(names[0], first), (names[1], second)])


def matvec(a: Sequence[int], x: Sequence[int], names: tuple[str, str] = ("A", "x")) -> Shape:
    """The shape of torch.mv(A, x): (m, n) @ (n,) -> (m,).

    >>> matvec((2, 3), (3,))
    (2,)
    """
    sizes = bind_each([(names[0], "m n", a), (names[1], "n", x)])
    return (sizes["m"],)


def mm(a: Sequence[int], b: Sequence[int], names: tuple[str, str] = ("A", "B")) -> Shape:
    """The shape of torch.mm(A, B): (n, k) @ (k, m) -> (n, m), and nothing else."""
    sizes = bind_each([(names[0], "n k", a), (names[1], "k m", b)])
    return sizes["n"], sizes["m"]


def bmm(a: Sequence[int], b: Sequence[int], names: tuple[str, str] = ("A", "B")) -> Shape:
    """The shape of torch.bmm(A, B): (b, n, k) @ (b, k, m) -> (b, n, m), and nothing else."""
    sizes = bind_each([(names[0], "b n k", a), (names[1], "b k m", b)])
    return sizes["b"], sizes["n"], sizes["m"]


def dot(x: Sequence[int], y: Sequence[int], names: tuple[str, str] = ("x", "y")) -> Shape:
    """The shape of torch.dot(x, y): (n,) and (n,) -> ()."""
    bind_each([(names[0], "n", x), (names[1], "n", y)])
    return ()


def outer(x: Sequence[int], y: Sequence[int], names: tuple[str, str] = ("x", "y")) -> Shape:
    """The shape of torch.outer(x, y): (n,) and (m,) -> (n, m)."""
    sizes = bind_each([(names[0], "n", x), (names[1], "m", y)])
    return sizes["n"], sizes["m"]


def square(shape: Sequence[int], name: str = "A") -> Shape:
    """The shape of a square matrix, or of a stack of them; refuses any other."""
    shape = tuple(shape)
    sizes = bind("... rows columns", shape, name)
    if sizes["rows"] != sizes["columns"]:
        sentence = _("{tensor} is not square: it has {rows} rows and {columns} columns.")
        clash = [(name, len(shape) - 2), (name, len(shape) - 1)]
        raise ShapeError(sentence.format(tensor=named(name, shape), **sizes), {name: shape}, clash)
    return shape


# Reductions


def reduce(shape: Sequence[int], axis: Axes = None, keepdim: bool = False, name: str = "A") -> Shape:
    """The shape of a reduction over `axis` (one, several, or None for all).

    >>> reduce((2, 3, 4), axis=1), reduce((2, 3, 4), axis=-1, keepdim=True), reduce((2, 3))
    ((2, 4), (2, 3, 1), ())
    """
    shape = tuple(shape)
    gone = axes_of(axis, shape, name)
    if keepdim:
        return tuple(1 if position in gone else size for position, size in enumerate(shape))
    return tuple(size for position, size in enumerate(shape) if position not in gone)


# The same elements in another shape


def reshape(shape: Sequence[int], sizes: Sequence[int], name: str = "A") -> Shape:
    """The shape of A.reshape(*sizes); one size may be -1, which is computed from the rest.

    >>> reshape((2, 3, 4), (6, -1))
    (6, 4)
    """
    shape, sizes = tuple(shape), tuple(sizes)
    words = {"tensor": named(name, shape), "count": prod(shape), "sizes": show(sizes)}
    if any(size < -1 for size in sizes):
        words["size"] = min(sizes)
        raise ShapeError(_("{size} is no size for an axis of {tensor}.").format(**words), {name: shape})
    if sizes.count(-1) > 1:
        raise ShapeError(
            _("{tensor} cannot become {sizes}: only one size can be -1.").format(**words), {name: shape}
        )
    known = prod(size for size in sizes if size != -1)
    if -1 not in sizes and known != prod(shape):
        sentence = _("{tensor} has {count} elements, but {sizes} would hold {known}.")
        raise ShapeError(sentence.format(known=known, **words), {name: shape})
    if -1 in sizes and known == 0:
        sentence = _("{tensor} cannot become {sizes}: the rest holds no elements, so -1 could be any size.")
        raise ShapeError(sentence.format(**words), {name: shape})
    if -1 in sizes and prod(shape) % known:
        sentence = _("{tensor} has {count} elements, which {known} does not divide: {sizes} is not possible.")
        raise ShapeError(sentence.format(known=known, **words), {name: shape})
    return tuple(prod(shape) // known if size == -1 else size for size in sizes)


def flatten(shape: Sequence[int], start: int = 0, end: int = -1, name: str = "A") -> Shape:
    """The shape of A.flatten(start, end): the axes from start to end become one."""
    shape = tuple(shape)
    first, last = (axis_of(axis, len(shape), name, shape) for axis in (start, end))
    if first > last:
        sentence = _("flatten starts at axis {first} of {tensor}, after its end at axis {last}.")
        raise ShapeError(sentence.format(first=first, last=last, tensor=named(name, shape)), {name: shape})
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def permute(shape: Sequence[int], axes: Sequence[int], name: str = "A") -> Shape:
    """The shape of A.permute(*axes): axis i of the result is axis axes[i] of A."""
    shape = tuple(shape)
    if len(axes) != len(shape):
        sentence = _("permute must name every axis of {tensor} once: {found} axes, but {count} named.")
        words = {"tensor": named(name, shape), "found": len(shape), "count": len(axes)}
        raise ShapeError(sentence.format(**words), {name: shape})
    return tuple(shape[axis] for axis in (axes_of(tuple(axes), shape, name) if shape else ()))


def transpose(shape: Sequence[int], first: int, second: int, name: str = "A") -> Shape:
    """The shape of A.transpose(first, second): the two axes change places."""
    result = list(shape)
    one, two = (axis_of(axis, len(result), name, shape) for axis in (first, second))
    if result:
        result[one], result[two] = result[two], result[one]
    return tuple(result)


def squeeze(shape: Sequence[int], axis: Axes = None, name: str = "A") -> Shape:
    """The shape of A.squeeze(axis): axes of size 1 are dropped, others stay."""
    shape = tuple(shape)
    meant = () if axis == () or axis == [] else axes_of(axis, shape, name)
    return tuple(size for position, size in enumerate(shape) if size != 1 or position not in meant)


def unsqueeze(shape: Sequence[int], axis: int, name: str = "A") -> Shape:
    """The shape of A.unsqueeze(axis): a new axis of size 1 at that place."""
    shape = tuple(shape)
    if not -len(shape) - 1 <= axis <= len(shape):
        sentence = _("A new axis of {tensor} can stand at {low} to {high}, not at {axis}.")
        words = {"tensor": named(name, shape), "low": -len(shape) - 1, "high": len(shape), "axis": axis}
        raise ShapeError(sentence.format(**words), {name: shape})
    place = axis % (len(shape) + 1)
    return (*shape[:place], 1, *shape[place:])


# Several tensors into one


def cat(shapes: Sequence[Sequence[int]], axis: int = 0, names: Sequence[str] | None = None) -> Shape:
    """The shape of torch.cat: sizes add up along `axis`, and are equal everywhere else."""
    names = names or _letters(len(shapes))
    if not shapes:
        raise ShapeError(_("There is nothing to join: the list is empty."), {})
    first = tuple(shapes[0])
    if not first:
        sentence = _("{tensor} has no axis to join along. Use stack, which makes a new one.")
        raise ShapeError(sentence.format(tensor=named(names[0], first)), {names[0]: first})
    along = axis_of(axis, len(first), names[0], first)
    for name, shape in zip(names[1:], shapes[1:], strict=True):
        _same_but(along, (names[0], first), (name, tuple(shape)))
    return (*first[:along], sum(shape[along] for shape in shapes), *first[along + 1 :])


def _same_but(along: int | None, one: tuple[str, Shape], two: tuple[str, Shape]) -> None:
    """Refuses unless the shapes are equal everywhere but at axis `along`."""
    (name, shape), (other, other_shape) = one, two
    tensors = {name: shape, other: other_shape}
    if len(shape) != len(other_shape):
        sentence = _("{tensor} and {other} have different numbers of axes.")
        words = {"tensor": named(name, shape), "other": named(other, other_shape)}
        raise ShapeError(sentence.format(**words), tensors)
    for axis, (size, other_size) in enumerate(zip(shape, other_shape, strict=True)):
        if axis != along and size != other_size:
            sentence = axis_differs(axis, size, named(name, shape), other_size, named(other, other_shape))
            raise ShapeError(sentence, tensors, [(name, axis), (other, axis)])


def stack(shapes: Sequence[Sequence[int]], axis: int = 0, names: Sequence[str] | None = None) -> Shape:
    """The shape of torch.stack: equal shapes, with a new axis that counts them."""
    names = names or _letters(len(shapes))
    if not shapes:
        raise ShapeError(_("There is nothing to stack: the list is empty."), {})
    for name, shape in zip(names[1:], shapes[1:], strict=True):
        _same_but(None, (names[0], tuple(shapes[0])), (name, tuple(shape)))
    lifted = unsqueeze(shapes[0], axis, names[0])
    place = axis % len(lifted)
    return (*lifted[:place], len(shapes), *lifted[place + 1 :])
