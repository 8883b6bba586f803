"""torch as a worker wants it: one thread, shapes on the meta device at hand, nothing that only torch.compile needs."""

from __future__ import annotations

import contextlib
import gc
import inspect
import types
from collections.abc import Callable
from typing import Any


def load_torch() -> None:
    """Import torch and make its meta device ready, before any fork."""
    import torch

    torch.set_num_threads(1)
    with contextlib.suppress(
        AttributeError
    ):  # private names of torch: where they are gone, it only costs time
        _leave_dynamo_out()
    plane = torch.ones(2, 2, device="meta")
    (plane @ plane) @ (plane + plane)[
        0
    ]  # the first such call imports sympy, 0.3 s: better here than in each worker


def _leave_dynamo_out() -> None:
    """Keep torch's meta kernels from importing torch._dynamo.

    They are wrapped so that torch.compile leaves them alone, and at their first call the wrapper imports all of
    torch.compile's machinery to say so: 0.7 s, 80 MB, and a search for a writable folder that a worker has not.
    The wrapper keeps its result in an attribute of the function; we put it there first.
    """
    import torch
    import torch._decomp.decompositions
    import torch._refs

    wrapper = torch._compile._disable_dynamo(_leave_dynamo_out).__code__
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType and thing.__code__ is wrapper:
            inner = inspect.getclosurevars(thing).nonlocals["fn"]
            inner.__dict__["__dynamo_disable"] = inner
    torch._disable_dynamo = torch._compile._disable_dynamo = _as_it_is


def _as_it_is(function: Callable | None = None, recursive: bool = True) -> Any:  # noqa: ARG001
    return function if function is not None else lambda function: function
