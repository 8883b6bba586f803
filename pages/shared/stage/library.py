"""plotly.js as the atlas serves it: the file of the installed package without what no figure of ours can need.

plotly.min.js is esbuild's bundle: a statement for every module (`;var a1=W((e,t)=>{…})`, or `;var b2={};Fp(b2,{…})…`
for one of the newer kind), and one list of the kinds of traces that are registered. A module is kept when something
that is kept says its name. Of 4.8 MB 2.2 are left (1.47 -> 0.70 MB packed), and a browser has half the work to load it.

Only the file whose digest is written here is changed. tests/test_library.py reads what is left by the scopes of
JavaScript: it uses no name that is not there. Any other plotly.js is served as it came, but for its wrapper.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

KINDS = (
    "scatter",
    "scatter3d",
    "mesh3d",
    "cone",
    "image",
)  # of core/figures/checked.py; scatter is always there
STAND_IN = "pie"  # of static/flat.js
KNOWN = "3b6e15d45dbb7fca5bd2094291e961ddc5472cd887009e6009a56dab668d721f"  # plotly 7.1.0, plotly.js 4.1.1
WRAPPER = (b"this, () => {\n", b"return Plotly;\n}));")  # around plotly.min.js
WRAPPER_STARTS_BY = 1_000
PART = re.compile(rb";(var ([\w$]+)=(?:W\(|\{\};Fp\())")
REGISTERED = re.compile(rb"\.register\(\[((?:\w+\(\),?){40,})\]\)")
KIND = re.compile(rb'moduleType:"trace",name:"(\w+)"')
PASSED_ON = re.compile(rb"\.exports=(\w+)\(\)\}\)$")  # a module that is another one
BEGINS = re.compile(rb"return (\w+)\(\);\}\)\(\);")
BUNDLE = (b"var Plotly=(()=>{", b"var beginPlotly=(()=>{")  # a global, which static/plotly.js calls
NAMED = b"window.Plotly = Plotly;"
WORD = bytes(code if (chr(code).isalnum() and code < 128) or code in b"_$" else 32 for code in range(256))


class Parts(NamedTuple):
    """A bundle taken apart: what stands before the modules, the modules in order, and which of them stay."""

    head: bytes
    modules: dict[bytes, bytes]  # name -> its statements; between two there is a semicolon
    kept: frozenset[bytes]


def served(script: bytes) -> bytes:
    """What a browser gets for `script`, the installed plotly.min.js."""
    bare = unwrapped(script)
    return bundled(apart(bare)) if hashlib.sha256(script).hexdigest() == KNOWN else bare


def unwrapped(script: bytes) -> bytes:
    """plotly.js out of the module wrapper that we do not use; as it came where it is not wrapped as expected.

    V8 reads the inside of a function once to skip it and once more to run it.
    """
    start, end = script.find(WRAPPER[0]), script.rfind(WRAPPER[1])
    if not 0 <= start < WRAPPER_STARTS_BY or script[end:].strip() != WRAPPER[1]:
        return script
    return script[: script.index(b"*/") + 2] + b"\n" + script[start + len(WRAPPER[0]) : end]


def apart(bare: bytes) -> Parts:
    """The modules of a bundle. The last one, with the bundle's end, registers only the kinds that figures have."""
    found = list(PART.finditer(bare))
    starts = [match.start(1) for match in found]
    ends = [*(start - 1 for start in starts[1:]), len(bare)]
    modules = {match[2]: bare[start:end] for match, start, end in zip(found, starts, ends, strict=True)}
    head, last = bare[: starts[0]], found[-1][2]
    registers = REGISTERED.search(modules[last])
    names = [call.removesuffix(b"()") for call in registers[1].split(b",")]
    wanted = [name for name in names if _kind(modules, name) in (*KINDS, STAND_IN)]
    calls = b",".join(name + b"()" for name in wanted)
    modules[last] = modules[last][: registers.start(1)] + calls + modules[last][registers.end(1) :]
    return Parts(head, modules, _reached(modules, head, last))


def _kind(modules: dict[bytes, bytes], name: bytes) -> str:
    """The kind of trace that a module is, perhaps by way of another; "" of all else."""
    while name in modules:
        told, other = KIND.search(modules[name]), PASSED_ON.search(modules[name])
        if told or not other:
            return told[1].decode() if told else ""
        name = other[1]
    return ""


def _reached(modules: dict[bytes, bytes], head: bytes, last: bytes) -> frozenset[bytes]:
    """The modules whose names are said by the head, by the last one, or by one that is reached."""
    reached, waiting = {last}, [head, modules[last]]
    while waiting:
        said = modules.keys() & set(waiting.pop().translate(WORD).split())
        waiting.extend(modules[name] for name in said - reached)
        reached |= said
    return frozenset(reached)


def bundled(parts: Parts) -> bytes:
    """One script of what is kept. It defines `beginPlotly()`, which makes the library.

    The library does not begin by itself: some of its modules throw errors as they are made, and where a debugger
    listens (as in every test in a browser) V8 reads each function on the way there once more to say which line that
    was. From inside the bundle's own function that is all of it, a quarter of a second.
    """
    script = parts.head + b";".join(text for name, text in parts.modules.items() if name in parts.kept)
    script = BEGINS.sub(rb"return \1;})();", script.replace(*BUNDLE, 1), count=1)
    return script.replace(NAMED, b"", 1)
