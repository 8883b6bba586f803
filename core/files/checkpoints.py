"""torch's checkpoints (.pt, .pth) -> tensors, without torch.load: the list of contents is read as data, calls nothing.

`torch.load(weights_only=True)` (2.13) refuses foreign code, but it does call torch: BUILD on a tensor is `set_`, so a
file of 200 bytes can let a storage grow to any size and hand out what lay in this process's memory, which was an
earlier visitor's; `torch.Tensor(n)` and `bytearray(n)` allocate; a view of stride 0 declares 1e12 elements. Here each
tensor is a `Sketch` (storage, offset, sizes, strides) until all of it was checked. Equal to torch.load in the tests.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from core import lazy
from core.files.admit import BECOMES, KEPT, Admission, check_dtype, left_out
from core.files.archives import Archive
from core.files.errors import FileError, shown
from core.limits import Limits
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

np = lazy.load("numpy")
torch = lazy.load("torch")

CONTENTS = "data.pkl"
LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # how torch's files before 1.6 begin
STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "",
}  # fmt: skip
# What a checkpoint of weights may name besides tensors; it is noted as "no tensor", whatever it would have become.
HARMLESS = frozenset((
    "collections.Counter", "collections.defaultdict", "torch.Size", "torch.device", "torch.serialization._get_layout",
    "torch.Tensor", "torch.nn.parameter.Parameter", "builtins.set", "builtins.complex", "builtins.bytearray",
    "__builtin__.set", "__builtin__.complex", "__builtin__.bytearray", "__builtin__.dict", "builtins.dict",
    "_codecs.encode",
))  # fmt: skip
DICTIONARIES = ("collections.OrderedDict", "builtins.dict", "__builtin__.dict")
SUBCLASS = "torch._tensor._rebuild_from_type_v2"  # a tensor with attributes of its own
PARAMETERS = ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")


class Named(NamedTuple):
    """Something that the list of contents names: "torch.FloatStorage". A name only: nothing is looked up."""

    name: str


class Stored(NamedTuple):
    """A storage: the member data/`key`, of `count` values of `dtype` ("" is bytes)."""

    dtype: str
    key: str
    count: int


class Sketch(NamedTuple):
    """A tensor that is not made yet."""

    storage: Stored
    dtype: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class Other:
    """A thing that is no tensor."""


OTHER = Other()


class _Unreadable(Exception):
    """The list of contents does not hold together."""


def _code(name: str) -> FileError:
    kinds = {
        "sparse": _("a sparse tensor"),
        "qtensor": _("a quantized tensor"),
        "nested": _("a nested tensor"),
        "meta": _("a tensor without values"),
    }
    for part, words in kinds.items():
        if part in name and name.startswith("torch."):
            return FileError(
                _("The checkpoint holds {what}, which is not read here.").format(what=words),
                _("Save it as an ordinary tensor: to_dense() or dequantize() first."),
            )
    return FileError(
        _("The checkpoint contains program code ({name}), which is never run.").format(name=shown(name)),
        _("Save the weights only, model.state_dict(), best with safetensors.torch.save_file."),
    )


# --- the list of contents


class Machine:
    """Reads the pickle of a checkpoint as data: a stack, a memo, and a few words that mean tensors."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, program: bytes, steps: int) -> Any:
        """What the program describes; raises FileError."""
        try:
            for count, (opcode, argument, _at) in enumerate(pickletools.genops(program)):
                if count > steps:
                    raise FileError(
                        _("The checkpoint lists more than is read here."), _("Save the weights only.")
                    )
                if opcode.name == "STOP":
                    return self.stack.pop()
                self._step(opcode.name, argument)
        except (_Unreadable, IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError):
            pass
        raise FileError(
            _("The checkpoint's list of contents is damaged, or written in a way that is not read here."),
            _("Save it again with torch.save, best with safetensors."),
        )

    def _step(self, name: str, argument: Any) -> None:
        if name in CONSTANTS:
            self.stack.append(CONSTANTS[name]())
        elif name in LITERALS:
            self.stack.append(argument)
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            if name == "STACK_GLOBAL":
                last, module = self.stack.pop(), self.stack.pop()
                argument = f"{module} {last}"
            self.stack.append(_named(argument.replace(" ", ".", 1)))
        elif name in ACTIONS:
            ACTIONS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise _Unreadable(name)

    def _since_mark(self) -> list[Any]:
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def _take(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise _Unreadable
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def mark(self, _argument: Any) -> None:
        """Where a group of values begins."""
        self.marks.append(len(self.stack))

    def pop(self, _argument: Any) -> None:
        """Forget one value."""
        self.stack.pop()

    def append(self, _argument: Any) -> None:
        """One value onto a list."""
        self._extend([self.stack.pop()])

    def appends(self, _argument: Any) -> None:
        """A group of values onto a list, or into a set, which is not kept."""
        self._extend(self._since_mark())

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)
        elif not isinstance(self.stack[-1], Other):
            raise _Unreadable

    def set_item(self, _argument: Any) -> None:
        """One pair into a dictionary."""
        self._update(self._take(2))

    def set_items(self, _argument: Any) -> None:
        """A group of pairs into a dictionary."""
        self._update(self._since_mark())

    def _update(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Other):
            return
        if not isinstance(target, dict):
            raise _Unreadable
        target.update((_key(key), value) for key, value in zip(items[::2], items[1::2], strict=True))

    def tuple_of(self, _argument: Any) -> None:
        """A group of values as a tuple."""
        self.stack.append(tuple(self._since_mark()))

    def list_of(self, _argument: Any) -> None:
        """A group of values as a list."""
        self.stack.append(self._since_mark())

    def dict_of(self, _argument: Any) -> None:
        """A group of pairs as a dictionary."""
        items = self._since_mark()
        self.stack.append({})
        self._update(items)

    def remember(self, argument: Any) -> None:
        """The last value under a number."""
        self.memo[len(self.memo) if argument is None else argument] = self.stack[-1]

    def recall(self, argument: Any) -> None:
        """The value under a number."""
        self.stack.append(self.memo[argument])

    def storage(self, _argument: Any) -> None:
        """A persistent id: ("storage", its class, the member's key, the device, how many values)."""
        word, kind, key, _device, count, *_more = self.stack.pop()
        if word != "storage" or not isinstance(kind, Named) or not isinstance(key, str):
            raise _Unreadable
        if type(count) is not int:
            raise _Unreadable
        self.stack.append(Stored(STORAGES[kind.name.rpartition(".")[2]], key, count))

    def call(self, _argument: Any) -> None:
        """What torch would call: here a tensor's sketch, a dictionary, or a thing that is no tensor."""
        function, arguments = self._take(2)
        if not isinstance(function, Named) or not isinstance(arguments, tuple):
            raise _Unreadable
        self.stack.append(_called(function.name, arguments))

    def build(self, _argument: Any) -> None:
        """Attributes of the last value: left out."""
        self.stack.pop()


def _named(name: str) -> Named:
    module, _dot, last = name.rpartition(".")
    if name in KNOWN or (module in ("torch", "torch.storage") and last in STORAGES):
        return Named(name)
    raise _code("torch.qtensor" if module == "torch" and last.startswith("Q") else name)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, float | bool) or _small(key) else "?"


def _small(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**64


def _called(name: str, arguments: tuple[Any, ...]) -> Any:
    if name in REBUILDS:
        return REBUILDS[name](*arguments)
    if name in PARAMETERS:
        return arguments[0]
    if name == SUBCLASS:
        function, _kind, inner, _state = arguments
        return _called(function.name, inner)
    if name in DICTIONARIES:
        pairs = arguments[0] if arguments else []
        return {_key(key): value for key, value in (pairs.items() if isinstance(pairs, dict) else pairs)}
    if name in HARMLESS:
        return OTHER
    raise _code(name)


def _sketch(storage: Stored, offset: int, size: Sequence[int], stride: Sequence[int], *_more: Any) -> Sketch:
    return _checked(storage, storage.dtype, offset, size, stride)


def _sketch_of(
    storage: Stored, offset: int, size: Sequence[int], stride: Sequence[int], _grad: Any, _hooks: Any, dtype: Named,
    *_more: Any,
) -> Sketch:  # fmt: skip
    return _checked(storage, dtype.name.removeprefix("torch."), offset, size, stride)


def _checked(storage: Any, dtype: str, offset: Any, size: Any, stride: Any) -> Sketch:
    if not isinstance(storage, Stored) or not dtype or type(size) is not tuple or type(stride) is not tuple:
        raise _Unreadable
    if len(size) != len(stride) or not all(type(one) is int for one in (offset, *size, *stride)):
        raise _Unreadable
    return Sketch(storage, dtype, offset, size, stride)


REBUILDS: Mapping[str, Callable[..., Sketch]] = {
    "torch._utils._rebuild_tensor": _sketch,
    "torch._utils._rebuild_tensor_v2": _sketch,
    "torch._utils._rebuild_tensor_v3": _sketch_of,
}
DTYPES = (*KEPT, *BECOMES, "complex32", "complex64", "complex128", "float4_e2m1fn_x2")
KNOWN = HARMLESS | {*DICTIONARIES, *REBUILDS, *PARAMETERS, SUBCLASS} | {f"torch.{dtype}" for dtype in DTYPES}
CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": lambda: OTHER,
}  # fmt: skip
LITERALS = frozenset((
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINSTRING",
    "BINBYTES", "SHORT_BINBYTES",
))  # fmt: skip
ACTIONS: Mapping[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine.mark, "POP": Machine.pop, "APPEND": Machine.append, "APPENDS": Machine.appends,
    "ADDITEMS": Machine.appends, "SETITEM": Machine.set_item, "SETITEMS": Machine.set_items,
    "TUPLE": Machine.tuple_of, "TUPLE1": lambda self, _: self.stack.append(tuple(self._take(1))),
    "TUPLE2": lambda self, _: self.stack.append(tuple(self._take(2))),
    "TUPLE3": lambda self, _: self.stack.append(tuple(self._take(3))),
    "LIST": Machine.list_of, "DICT": Machine.dict_of, "BINPUT": Machine.remember, "LONG_BINPUT": Machine.remember,
    "MEMOIZE": Machine.remember, "BINGET": Machine.recall, "LONG_BINGET": Machine.recall,
    "BINPERSID": Machine.storage, "REDUCE": Machine.call, "NEWOBJ": Machine.call, "BUILD": Machine.build,
}  # fmt: skip


# --- from the list to tensors


@dataclass
class _Flat:
    """The sketches in a tree of dictionaries and lists, with their paths, and the paths of what else is there."""

    limits: Limits
    tensors: list[tuple[str, Sketch]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    count: int = 0

    def walk(self, tree: Any, path: str, depth: int) -> None:
        """Sort what hangs on `tree`. A tree may contain itself, or one branch a million times: both have an end."""
        self.count += 1
        if self.count > self.limits.entries:
            sentence = _("The checkpoint has more than {limit} entries.")
            raise FileError(sentence.format(limit=self.limits.entries), _("Save the weights only."))
        if depth > self.limits.depth:
            raise FileError(_("The checkpoint is nested too deep."), _("Save the weights only."))
        if isinstance(tree, dict | list) or type(tree) is tuple:
            for name, one in tree.items() if isinstance(tree, dict) else enumerate(tree):
                key = shown(str(name))
                self.walk(one, f"{path}.{key}" if path else key, depth + 1)
        elif isinstance(tree, Sketch):
            self.tensors.append((path, tree))
        else:
            self.others.append(path or type(tree).__name__)


def pt(archive: Archive, admission: Admission, wanted: str) -> None:
    """Every tensor of a checkpoint; a lone one is called `wanted`."""
    roots = [name for name in archive.names if name == CONTENTS or name.endswith("/" + CONTENTS)]
    root = min(roots, key=len).removesuffix(CONTENTS)
    limits = admission.limits
    if archive.size(root + CONTENTS) > limits.pickle_bytes:
        sentence = _("The checkpoint's list of contents is larger than {limit} MB.")
        raise FileError(
            sentence.format(limit=f"{limits.pickle_bytes / 1e6:g}"),
            _("Save the weights only, best as safetensors."),
        )
    flat = _Flat(limits)
    flat.walk(Machine().run(archive.read(root + CONTENTS), limits.pickle_steps), "", 0)
    if not flat.tensors:
        raise FileError(_("The checkpoint holds no tensor."), _("Save model.state_dict(), or one tensor."))
    if len(flat.tensors) > limits.safetensors_tensors:
        sentence = _("The checkpoint has {count} tensors, and {limit} are allowed.")
        raise FileError(
            sentence.format(count=len(flat.tensors), limit=limits.safetensors_tensors),
            _("Save fewer tensors in one file."),
        )
    _admit(flat, _Storages(archive, root), admission, wanted)


def _admit(flat: _Flat, storages: _Storages, admission: Admission, wanted: str) -> None:
    for sketch in [one for _path, one in flat.tensors]:  # all of them, before the first is made
        check_dtype(sketch.dtype)
        admission.shape(sketch.size)
    for key, sketch in flat.tensors:
        note = (
            _("entry {key} of the checkpoint").format(key=shown(key))
            if key
            else _("tensor of a PyTorch file")
        )
        admission.tensor(storages.tensor(sketch), key or wanted, note, key)
    if flat.others:
        admission.notes.append(
            left_out(sorted(flat.others, key=lambda path: path.count(".")), len(flat.others))
        )


class _Storages:
    """The archive's members data/0, data/1, ... as tensors of bytes; each is read once."""

    def __init__(self, archive: Archive, root: str) -> None:
        self._archive, self._root = archive, root
        self._read: dict[str, Tensor] = {}
        order = root + "byteorder"
        self._big = order in archive.names and archive.size(order) < 10 and archive.read(order) == b"big"

    def tensor(self, sketch: Sketch) -> Tensor:
        """The tensor of a sketch: a copy of its own. Its size was checked."""
        dtype = getattr(torch, sketch.dtype, None)
        if not isinstance(dtype, torch.dtype):
            raise _damaged()
        values = self._bytes(sketch.storage, dtype.itemsize)
        reach = (
            1
            + sketch.offset
            + sum((n - 1) * step for n, step in zip(sketch.size, sketch.stride, strict=True))
        )
        if min((sketch.offset, *sketch.stride)) < 0 or (
            0 not in sketch.size and reach > len(values) // dtype.itemsize
        ):
            raise _damaged()
        if 0 in sketch.size:
            return torch.zeros(sketch.size, dtype=dtype)
        view = values[: len(values) // dtype.itemsize * dtype.itemsize].view(dtype)
        return view.as_strided(sketch.size, sketch.stride, sketch.offset).clone(
            memory_format=torch.contiguous_format
        )

    def _bytes(self, storage: Stored, itemsize: int) -> Tensor:
        if storage.key not in self._read:
            name = f"{self._root}data/{storage.key}"
            if name not in self._archive.names:
                raise _damaged()
            content = self._archive.read(name)
            each = getattr(torch, storage.dtype).itemsize if storage.dtype else 1
            if len(content) != storage.count * each:
                raise _damaged()
            flat = np.frombuffer(content, np.uint8)
            if self._big and len(flat) % itemsize == 0:
                flat = flat.reshape(-1, itemsize)[:, ::-1]
            self._read[storage.key] = torch.from_numpy(flat.reshape(-1).copy())
        return self._read[storage.key]


def _damaged() -> FileError:
    return FileError(
        _("The checkpoint lists a tensor that its data cannot fill: it is cut off or damaged."),
        _("Save it again with torch.save, best with safetensors."),
    )
