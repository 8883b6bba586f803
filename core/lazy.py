"""Modules named without being loaded: the first use of an attribute imports them.

core/ops names torch, and the server reads core/ops without ever computing. The stand-in is not put into `sys.modules`:
`inspect.stack`, which Streamlit calls at its first element, asks every module there for an attribute, and a
stand-in in that table imported torch into the server (3 s, 200 MB) before the first paint.
"""

from __future__ import annotations

import importlib
from typing import Any


class Lazy:
    """Stands in for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """The module's attribute; imports the module at the first call."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)  # questions of the interpreter are not uses
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)  # the next time it is here
        return found


def load(name: str) -> Any:
    """A stand-in for the module `name`."""
    return Lazy(name)
