"""Where the nodes of a Tree stand: layers from the result at the top to the leaves below, and the ways between them.

One unit is the height of a label's letters. Several arrangements are tried, and the one that is largest on the stage
is kept. What a value passes on its way up gets a place of its own in every layer, so that no way runs under a node.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

LABEL, SHAPE = 1.0, 0.8  # heights of letters
PAD = 0.5  # from a box's edge to what is in it
BESIDE = 0.4  # from the picture to the words, from word to word
GAP = 0.75  # between two boxes of a layer
NEAR = 0.3  # and between a box and a way that passes
RISES = (2.2, 1.35, 1.0)  # between two layers: with air where there is room
LANE = 0.2  # half the room that a way takes in a layer which it passes
SMALL_RISE = 0.9  # between the parts of a layer that was too wide for one line
NARROW, WIDE = "iljtfrI.,:;()[]|'-−! ", "mwMW@%…"
MOST_LABEL = 28  # letters of a label
TURN = 1.6  # room for ways between two parts of a tall tree
MOST_ACROSS = 3  # ways from one part to the other
STRAIGHT = 4.0  # how much more a way holds to its place than a node
PULLS = (0.0, 0.12, 0.4)
COST = 0.4  # of a pull, which bends the ways: that much larger the letters must become
SWEEPS = 8
STILL = 0.01  # a move that nobody sees
STAGE = (430.0, 540.0)  # px that a tree has on a usual stage
LARGEST = 17.0  # px of a letter: a small tree is not blown up
CAPS = (2, 3, 4, 5, 6, 8, 99)  # nodes beside each other that are tried
MANY = 25  # nodes; of more, fewer arrangements are tried


Point = tuple[float, float]


class Leaf(NamedTuple):
    """What of a node counts for its place: number, words, shape of its picture, and the nodes it takes."""

    number: int
    label: str
    shape: str
    picture: tuple[int, int]
    inputs: tuple[int, ...]


class Spot(NamedTuple):
    """A node's box, its middle at (x, y) with y downwards, and where in it the picture and the words begin."""

    number: int
    x: float
    y: float
    width: float
    height: float
    picture: tuple[float, float, float, float]  # left, top, width, height; no width: none
    label_at: tuple[float, float]  # left end and middle of the letters
    shape_at: tuple[float, float]


class Way(NamedTuple):
    """From a node up to one that takes it: the points on it."""

    start: int
    end: int
    points: tuple[tuple[float, float], ...]


class Room(NamedTuple):
    """All spots in the order of the nodes, all ways, and the width and height they take, from (0, 0)."""

    spots: tuple[Spot, ...]
    ways: tuple[Way, ...]
    width: float
    height: float


class _Sized(NamedTuple):
    """What of a leaf counts for its place once its words are measured: another digit changes nothing."""

    number: int
    inputs: tuple[int, ...]
    boxes: tuple[Spot, Spot]  # about (0, 0): the shape under the label, and all in one line


def room(leaves: tuple[Leaf, ...]) -> Room:
    """The arrangement that has the largest letters on a stage; of equal ones the first."""
    return _arranged(
        tuple(_Sized(one.number, one.inputs, (_box(one, False), _box(one, True))) for one in leaves)
    )


@lru_cache(maxsize=16)
def _arranged(leaves: tuple[_Sized, ...]) -> Room:
    if not leaves:
        return Room((), (), 1.0, 1.0)
    depth = _depths(leaves)
    widest = max(sum(depth[one.number] == k for one in leaves) for k in set(depth.values()))
    caps = [cap for cap in CAPS[:: 1 if len(leaves) <= MANY else 3] if cap < widest] + [widest]
    tried = []
    for flat, cap in itertools.product((False, True), reversed(caps)):
        one = _Arranged(leaves, depth, cap, flat)
        for pull in PULLS:
            one.place(pull)
            for cut, rise in itertools.product({None: 0, one.cut(): 0}, RISES):
                _across, _down, width, height = one.parts(cut, rise)
                tried.append(((1 - COST * pull) * _letter(width, height), one, pull, cut, rise))
    _size, best, pull, cut, rise = max(tried, key=lambda one: one[0])
    best.place(pull)
    return best.room(cut, rise)


def scale(found: Room) -> float:
    """Pixels of a letter on a usual stage."""
    return _letter(found.width, found.height)


def _letter(width: float, height: float) -> float:
    return min(LARGEST, STAGE[0] / (width + 2 * PAD), STAGE[1] / (height + 2 * PAD))


def short(label: str) -> str:
    """A label that is not too long for its box."""
    return label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"


def parts(label: str) -> tuple[str, str]:
    """The name in a label, and the arguments behind it, which are written smaller.

    >>> parts("softmax(dim=-1)"), parts("[[1, 2]]"), parts(".mT")
    (('softmax', '(dim=-1)'), ('[[1, 2]]', ''), ('.mT', ''))
    """
    at = label.find("(")
    return (label, "") if at < 1 else (label[:at], label[at:])


def breadth(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is about in a wide font, letters being `size` high: it must not leave its box."""
    widths = (0.42 if c in NARROW else 1.0 if c in WIDE or ord(c) > 0x2E7F else 0.62 for c in text)
    return size * (1.08 if bold else 1.0) * sum(widths)


def _depths(leaves: Sequence[_Sized]) -> dict[int, int]:
    """How many steps each node is away from the end: a node stands right under the lowest that takes it."""
    known = {one.number for one in leaves}
    depth = dict.fromkeys(known, 0)
    for one in reversed(leaves):
        for number in one.inputs:
            if number in known:
                depth[number] = max(depth[number], depth[one.number] + 1)
    return depth


def _box(leaf: Leaf, flat: bool) -> Spot:
    """A node's box about (0, 0): `flat`, all in one line; else the shape under the label."""
    name, rest = parts(short(leaf.label))
    label, shape = breadth(name, LABEL, bold=True) + breadth(rest, SHAPE), breadth(leaf.shape, SHAPE)
    two = not flat and bool(leaf.shape)
    height = 2.75 if two else 1.8
    words = max(label, shape) if two else label + (BESIDE + shape if leaf.shape else 0.0)
    wide, high = _fitted(leaf.picture, height - 0.7)
    width = 2 * PAD + words + (wide + BESIDE if wide else 0.0)
    left = -width / 2 + PAD
    begin = left + (wide + BESIDE if wide else 0.0)
    below = (begin, 0.62) if two else (begin + label + BESIDE, 0.0)
    at = (begin, below[1] - 1.2) if two else (begin, 0.0), below
    return Spot(leaf.number, 0.0, 0.0, width, height, (left, -high / 2, wide, high), *at)


def _fitted(picture: tuple[int, int], most: float) -> tuple[float, float]:
    """Width and height of a picture with that many rows and columns, its cells square."""
    rows, columns = picture
    if not rows or not columns:
        return 0.0, 0.0
    cell = min(most / max(rows, columns), most / 2.2)
    return cell * columns, cell * rows


class _Item:
    """Something that takes room in a layer: a node, or the way of a value that passes."""

    def __init__(self, number: int, row: int, half: float) -> None:
        self.number = number
        self.row = row
        self.half = half
        self.x = 0.0
        self.above: list[tuple[_Item, float]] = []  # and where it meets that item, from its middle
        self.below: list[tuple[_Item, float]] = []  # and where that item meets this one


class _Arranged:
    """One arrangement: rows, order in each row, places along it."""

    def __init__(self, leaves: Sequence[_Sized], depth: dict[int, int], cap: int, flat: bool) -> None:
        self.leaves = leaves
        self.depth = depth
        self.boxes = {one.number: one.boxes[flat] for one in leaves}
        self.rows_of = self._rows(cap)
        self.items: dict[tuple[int, int], _Item] = {}  # by node and row
        for number, row in self.rows_of.items():
            self.items[number, row] = _Item(number, row, self.boxes[number].width / 2)
        self._join()
        self.rows = self._ordered()
        self.offsets = [_offsets(row) for row in self.rows]
        self.layers = {row: depth[number] for number, row in self.rows_of.items()}
        self.heights = [0.5] * len(self.rows)  # of the highest box in each row, where there is one
        for row in self.layers:
            self.heights[row] = max(self.boxes[n].height for n, at in self.rows_of.items() if at == row)

    def _rows(self, cap: int) -> dict[int, int]:
        """The row of each node, 0 at the top; a layer of more than `cap` nodes takes several rows."""
        found: dict[int, int] = {}
        start = 0
        order = _walked(self.leaves)
        for layer in range(max(self.depth.values()) + 1):
            here = [number for number in order if self.depth[number] == layer]
            lines = -(-len(here) // cap)
            for k, number in enumerate(here):  # neighbours go to different rows, so that ways pass between
                found[number] = start + k % lines
            start += lines
        return found

    def _join(self) -> None:
        for one in self.leaves:
            own = self.items[one.number, self.rows_of[one.number]]
            known = [number for number in one.inputs if number in self.rows_of]
            for k, number in enumerate(known):
                port = (k - (len(known) - 1) / 2) * min(1.6, 1.4 * own.half / len(known))
                self._tie(self._passing(number, own.row + 1), own, port)

    def _passing(self, number: int, row: int) -> _Item:
        """The item of a value in a row on its way up: one for all that take it from there."""
        if (number, row) in self.items:
            return self.items[number, row]
        item = self.items[number, row] = _Item(number, row, LANE)
        self._tie(self._passing(number, row + 1), item, 0.0)
        return item

    @staticmethod
    def _tie(low: _Item, high: _Item, port: float) -> None:
        low.above.append((high, port))
        high.below.append((low, port))

    def _ordered(self) -> list[list[_Item]]:
        """The items of each row from left to right, with few crossings: operands in the order they are written."""
        place = {number: k for k, number in enumerate(_walked(self.leaves))}
        count = max(item.row for item in self.items.values()) + 1
        rows: list[list[_Item]] = [[] for _row in range(count)]
        for item in sorted(self.items.values(), key=lambda one: place[one.number]):
            rows[item.row].append(item)
        best, least = [list(row) for row in rows], _crossings(rows)
        for sweep in range(SWEEPS):
            if least == 0:
                break
            _sweep(rows, down=sweep % 2 == 0)
            found = _crossings(rows)
            if found < least:
                best, least = [list(row) for row in rows], found
        return best

    def place(self, pull: float) -> None:
        """Every item near the middle of what it is tied to, none nearer to its neighbour than it may be.

        `pull`: how much it is drawn to the middle of all, which makes a wide tree narrow.
        """
        lines = list(zip(self.rows, self.offsets, strict=True))
        for row, offsets in lines:
            _spread(row, offsets, [0.0] * len(row))
        calm = 0  # sweeps in a row that have moved nothing: with one each way all is in its place
        for _time in range(2 * SWEEPS):
            moved = [
                _spread(row, offsets, [(1 - pull) * _wish(one) for one in row]) for row, offsets in lines
            ]
            calm = 0 if any(moved) else calm + 1
            if calm == 2:
                break
            lines.reverse()

    def cut(self) -> int | None:
        """The row above which a tall tree is best cut, to stand in two parts beside each other; None: nowhere."""
        count = len(self.rows)
        near = [row for row in range(count // 3, count - count // 3 + 1) if 0 < row < count]
        crossing = {row: sum(len(item.above) for item in self.rows[row]) for row in near}
        fits = [row for row in near if crossing[row] <= MOST_ACROSS]
        return min(fits, key=lambda row: (crossing[row], abs(row - (count + 1) / 2)), default=None)

    def room(self, cut: int | None, rise: float) -> Room:
        """Everything in its place, from (0, 0) on; the rows from `cut` down stand at the left of those above."""
        across, down, width, height = self.parts(cut, rise)
        places = {key: (item.x + across[key[1]], down[key[1]]) for key, item in self.items.items()}
        spots = [self._spot(one.number, places[one.number, self.rows_of[one.number]]) for one in self.leaves]
        gates = itertools.count()
        ways = [
            self._way(one, slot, number, places, (cut, height, gates))
            for one in self.leaves
            for slot, number in enumerate(n for n in one.inputs if n in self.rows_of)
        ]
        return Room(tuple(spots), tuple(ways), width, height)

    def parts(self, cut: int | None, rise: float) -> tuple[list[float], list[float], float, float]:
        """How far each row is moved to the right, the height at which it stands, and the room that all take."""
        rows = range(len(self.rows))
        parts = [rows] if cut is None else [rows[cut:], rows[:cut]]
        across, down = [0.0] * len(rows), [0.0] * len(rows)
        width, high = 0.0, []
        for part in parts:
            width += 2 * TURN if high else 0.0
            left = min(self._ends(row)[0] for row in part)
            right = max(self._ends(row)[1] for row in part)
            middles, height = self._middles(part, rise)
            for row, middle in zip(part, middles, strict=True):
                across[row], down[row] = width - left, middle
            width += right - left
            high.append(height)
        room = max(high) + (2 * TURN if cut is not None else 0.0)
        for part, height in zip(parts, high, strict=True):
            for row in part:
                down[row] += room - height - (TURN if cut is not None else 0.0)
        return across, down, width, room

    def _ends(self, row: int) -> tuple[float, float]:
        """The left and right end of a row."""
        items = self.rows[row]
        return min(one.x - one.half for one in items), max(one.x + one.half for one in items)

    def _middles(self, part: Sequence[int], rise: float) -> tuple[list[float], float]:
        """The height at which each row of a part stands, from its top, and the height of all."""
        found: list[float] = []
        down = 0.0
        for row in part:
            if found:
                down += SMALL_RISE if self.layers[row - 1] == self.layers[row] else rise
            found.append(down + self.heights[row] / 2)
            down += self.heights[row]
        return found, down

    def _spot(self, number: int, place: Point) -> Spot:
        box, (x, y) = self.boxes[number], place
        picture = (box.picture[0] + x, box.picture[1] + y, *box.picture[2:])
        return Spot(number, x, y, box.width, box.height, picture,
                    (box.label_at[0] + x, box.label_at[1] + y), (box.shape_at[0] + x, box.shape_at[1] + y))  # fmt: skip

    def _way(
        self, leaf: _Sized, slot: int, start: int, places: dict[tuple[int, int], Point], parted: tuple
    ) -> Way:
        """Up from the box's upper edge, through the rows between, to its place at the other's lower edge."""
        low, high = self.rows_of[start], self.rows_of[leaf.number]
        cut, height, gates = parted
        x, y = places[start, low]
        points = [(x, y - self.boxes[start].height / 2)]
        for row in range(low - 1, high - 1, -1):
            if row == high:
                target = self.items[leaf.number, high]
                x, y = places[leaf.number, high]
                ends = [(x + target.below[slot][1], y + self.boxes[leaf.number].height / 2)]
            else:
                x, y = places[start, row]
                half = self.heights[row] / 2
                ends = [(x, y + half), (x, y - half)]
            if row + 1 == cut:
                points += self._across(points[-1], ends[0], cut, places, (height, next(gates)))
            points += ends
        return Way(start, leaf.number, tuple(points))

    def _across(
        self, here: Point, there: Point, cut: int, places: dict[tuple[int, int], Point], parted: tuple
    ) -> list[Point]:
        """Round the corner from the upper end of the left part to the lower end of the right one."""
        height, gate = parted
        first = min(x - self.items[key].half for key, (x, _y) in places.items() if key[1] < cut)
        lane = first - TURN + 0.5 * gate
        top = min(y for (_number, row), (_x, y) in places.items() if row == cut) - self.heights[cut] / 2
        over, under = top - TURN / 2 - 0.3 * gate, height - TURN / 2 + 0.3 * gate
        return [(here[0], over), (lane, over), (lane, under), (there[0], under)]


def _walked(leaves: Sequence[_Sized]) -> list[int]:
    """Every node once, as a reader meets them who goes down from the last one and takes operands from the left."""
    inputs = {one.number: one.inputs for one in leaves}
    order: dict[int, None] = {}
    for start in reversed(leaves):
        waiting = [start.number]
        while waiting:
            number = waiting.pop()
            if number in order or number not in inputs:
                continue
            order[number] = None
            waiting += reversed(inputs[number])
    return list(order)


def _sweep(rows: list[list[_Item]], down: bool) -> None:
    """Each row in the order of what it is tied to in the row before."""
    for row in rows if down else reversed(rows):
        for k, item in enumerate(row):
            item.x = float(k)  # for the rows that follow
        keys = {}
        for k, item in enumerate(row):
            ties = item.above if down else [(other, 0.0) for other, _port in item.below]
            wished = [other.x + 0.1 * port for other, port in ties]
            keys[id(item)] = sum(wished) / len(wished) if wished else float(k)
        row.sort(key=lambda item: keys[id(item)])
        for k, item in enumerate(row):
            item.x = float(k)


def _crossings(rows: list[list[_Item]]) -> int:
    """How many pairs of ways cross."""
    found = 0
    for upper, lower in itertools.pairwise(rows):
        place = {id(item): k for k, item in enumerate(lower)}
        ends = [
            place[id(low)]
            for item in upper
            for low, _port in item.below  # in the order of their ports, which is that of the operands
        ]
        found += sum(a > b for a, b in itertools.combinations(ends, 2))
    return found


def _wish(item: _Item) -> float:
    """Where an item would like to stand: a way straight on, a node in the middle of what it takes."""
    both = []
    if item.above:
        both.append(sum([other.x + port for other, port in item.above]) / len(item.above))
    if item.below:
        both.append(sum([other.x - port for other, port in item.below]) / len(item.below))
    return sum(both) / len(both) if both else item.x


def _spread(row: Sequence[_Item], offsets: Sequence[float], wishes: Sequence[float]) -> bool:
    """The places nearest to the wishes (in squares) that keep order and distance: neighbours that would overlap are
    put together into one run, which stands where its members wish on average. Whether an item has moved visibly."""
    runs: list[tuple[float, float, int]] = []  # sum of weighted (wish - offset), of weights, how many
    for item, wish, offset in zip(row, wishes, offsets, strict=True):
        weight = STRAIGHT if item.half == LANE else 1.0
        total, count = weight * (wish - offset), 1
        while runs and runs[-1][0] / runs[-1][1] > total / weight:
            before = runs.pop()
            total, weight, count = before[0] + total, before[1] + weight, before[2] + count
        runs.append((total, weight, count))
    starts = [total / weight for total, weight, count in runs for _k in range(count)]
    moved = False
    for item, start, offset in zip(row, starts, offsets, strict=True):
        moved = moved or abs(item.x - start - offset) > STILL
        item.x = start + offset
    return moved


def _offsets(row: Sequence[_Item]) -> list[float]:
    """How far each item's middle is at least from that of the first."""
    distances = (
        one.half + (GAP if LANE not in (one.half, other.half) else NEAR) + other.half
        for one, other in itertools.pairwise(row)
    )
    return list(itertools.accumulate(distances, initial=0.0))[: len(row)]
