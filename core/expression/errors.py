"""The one error of the tensor language: a sentence for the reader, a way out, and the place in the text."""

from __future__ import annotations

from core.shapes import ShapeError


class ExpressionError(Exception):
    """What is wrong with a line of the tensor language.

    `sentence` and `fix` are complete and translated (`fix` may be ""); `start` and `end` are offsets in the text
    as it was typed; `rule` is a short stable name; `suggestion` is a whole text that would work, or "";
    `shapes` is the ShapeError behind it, with the tensors and axes that clash, or None.
    Where a rule does not know the place yet, start and end are None, and the walk over the tree fills them in.
    """

    def __init__(
        self,
        sentence: str,
        fix: str = "",
        start: int | None = None,
        end: int | None = None,
        rule: str = "syntax",
        suggestion: str = "",
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.start = start
        self.end = end
        self.rule = rule
        self.suggestion = suggestion
        self.shapes: ShapeError | None = None

    def at(self, start: int, end: int) -> ExpressionError:
        """This error, placed at start:end unless it has a place already."""
        if self.start is None:
            self.start, self.end = start, end
        return self
