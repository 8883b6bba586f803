"""Why a worker does not do what it was asked: one exception for every task, plain data for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core.expression import ExpressionError
from core.files import FileError
from core.words import _

if TYPE_CHECKING:
    from core.operation import Step

VIEW_REFUSED = "view size is not compatible"  # in torch's message


class Refusal(Exception):
    """What was asked cannot be done; `problem` says why, and what would work."""

    def __init__(self, *, steps: Sequence[Step] = (), **problem: Any) -> None:
        super().__init__(problem.get("sentence", ""))
        self.problem = problem
        self.steps = steps  # a film of the clash, where the concept tells one


def of_text(error: ExpressionError, name: str | None, text: str) -> Refusal:
    """The refusal of a text of the tensor language, typed into the field `name`."""
    return Refusal(
        input=name, rule=error.rule, sentence=error.sentence, fix=error.fix,
        start=error.start, end=error.end, text=text,
    )  # fmt: skip


def guarded(compute: Callable[[], Any]) -> Any:
    """torch's own refusals as a sentence; they name no path and no line."""
    import torch

    try:
        return compute()
    except FileError as error:
        raise Refusal(input=None, rule="file", sentence=error.sentence, fix=error.fix) from error
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        if isinstance(error, torch.OutOfMemoryError) or "allocate" in str(error):
            raise MemoryError from error
        if VIEW_REFUSED in str(error):
            sentence = _(
                "view never copies, and no strides over this strip of memory give the shape asked for."
            )
            fix = _("What works: A.contiguous().view(…), or A.reshape(…), which copies where it must.")
            raise Refusal(input=None, rule="torch", sentence=sentence, fix=fix) from error
        reason = str(error).split("\n")[0][:200]
        sentence = _("torch refused: {reason}").format(reason=reason)
        raise Refusal(input=None, rule="torch", sentence=sentence, fix="") from error
