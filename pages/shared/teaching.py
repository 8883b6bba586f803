"""What a teacher's link asks of a concept's page: what it hides, what has to be said first, which challenge is set.

Pure, as pages.shared.link, which reads and writes it: `?hide=code,why&ask=shape&challenge=quarter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.operation import Operation
from core.words import N_, _, plain_text

NAMES = ("hide", "ask", "challenge")  # its parameters in a link
# What can be hidden, in the order of the page. The names are those of the keyed containers, where there is one.
PARTS = {
    "inputs": N_("the fields of the tensors"),
    "presets": N_("the examples"),
    "parameters": N_("the settings"),
    "steps": N_("the picture after its first step"),
    "sentence": N_("the sentences of the steps"),
    "formula": N_("the formulas"),
    "result": N_("the result, in numbers and in the picture"),
    "facts": N_("what is worth knowing of it"),
    "why": N_("why the result has its shape"),
    "code": N_("the code, and the name of the call"),
    "challenges": N_("the challenges"),
    "out": N_("script and notebook"),
    "trap": N_("the common mistake"),
    "practice": N_("practice"),
    "place": N_("where it stands in a network"),
}
ASKS = {
    "shape": N_("the shape of the result"),
    "value": N_("the value of the result"),
    "both": N_("first its shape, then its value"),
}
MOST_NAMED, LONGEST_NAME = 5, 30


@dataclass(frozen=True)
class Teaching:
    """`hide`: names of PARTS; `ask`: of ASKS, or ""; `challenge`: a key of the concept's challenges, or ""."""

    hide: tuple[str, ...] = ()
    ask: str = ""
    challenge: str = ""

    @property
    def questions(self) -> tuple[str, ...]:
        """What has to be predicted, in order."""
        return ("shape", "value") if self.ask == "both" else (self.ask,) if self.ask else ()

    def start(self, operation: Operation) -> Mapping[str, str]:
        """The texts that its challenge begins with."""
        found = operation.challenge(self.challenge)
        return found.start if found else {}

    def written(self) -> dict[str, str]:
        """Its parameters in a link."""
        told = {"hide": ",".join(self.hide), "ask": self.ask, "challenge": self.challenge}
        return {name: text for name, text in told.items() if text}

    def carried(self) -> dict[str, str]:
        """What of it is taken along to the next page: a challenge is this page's own."""
        return replace(self, challenge="").written()


PLAIN = Teaching()


def read(operation: Operation, query: Mapping[str, list[str]]) -> tuple[Teaching, list[str]]:
    """What the link asks of this concept's page, and sentences about what cannot be had."""
    hide, ask, challenge = ("".join(query.get(name, [])) for name in NAMES)
    asked = list(dict.fromkeys(word for word in hide.replace(" ", "").split(",") if word))
    strangers = [word for word in asked if word not in PARTS]
    notes = [_no_parts(strangers)] if strangers else []
    if ask and ask not in ASKS:
        notes.append(
            _("The link cannot ask for “{value}”; it can ask for shape, value or both.").format(
                value=plain_text(ask, LONGEST_NAME)
            )
        )
    if challenge and operation.challenge(challenge) is None:
        sentence = _("The link sets the challenge “{value}”, which this page does not have; it has {known}.")
        known = _(", ").join(one.key for one in operation.challenges)
        notes.append(sentence.format(value=plain_text(challenge, LONGEST_NAME), known=known))
    return Teaching(
        ordered(asked),
        ask if ask in ASKS else "",
        challenge if operation.challenge(challenge) else "",
    ), notes


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Those that can be hidden, in the order of the page."""
    found = set(names)
    return tuple(name for name in PARTS if name in found)


def _no_parts(strangers: list[str]) -> str:
    listed = _(", ").join(f"“{plain_text(word, LONGEST_NAME)}”" for word in strangers[:MOST_NAMED])
    if len(strangers) > MOST_NAMED:
        listed += " …"
    return _("The link hides {names}, and a page has no such part; what can be hidden: {known}.").format(
        names=listed, known=_(", ").join(PARTS)
    )
