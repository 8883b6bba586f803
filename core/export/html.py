"""One HTML file that plays without a server: the stage's shell with figures put in.

The shell comes from the stage (pages.shared.stage.shell_page); this fills it as static/standalone.js does in a browser.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

MARK = b"<!--atlas:subject-->"  # as in static/standalone.js


def page(
    payloads: Sequence[Mapping[str, Any]], shell: bytes, *, title: str = "", language: str = "en"
) -> bytes:
    """The file that shows `payloads`: one is a figure with its page, several are a deck.

    A payload is what a stage is given ("id", "language", "theme", "film": a figure or its JSON bytes) and, where
    wanted, "labels" ({"alt": what the figure is}), "view" ({"step", "camera", "zoom", "layers"}), "link", "title",
    "caption" and "code". Raises ValueError for a shell without its mark.
    """
    before, mark, after = shell.partition(MARK)
    if not mark:
        raise ValueError("This is no shell of the stage: its mark is missing.")
    shown = b",".join(_payload(one) for one in payloads)
    subject = b'{"title":%b,"language":%b,"payloads":[%b]}' % (_json(title), _json(language), shown)
    head = f"<title>{html.escape(title or 'Tensor Atlas')}</title>\n".encode()
    script = b'<script type="application/json" id="atlas-subject">%b</script>' % _harmless(subject)
    return before + head + script + after


def _payload(one: Mapping[str, Any]) -> bytes:
    film = one["film"]
    rest = _json({"revision": 0, "labels": {}, **{key: one[key] for key in one if key != "film"}})
    text = film if isinstance(film, bytes) else _json(film)
    return rest[:-1] + b',"film":' + text + b"}"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _harmless(text: bytes) -> bytes:
    """JSON that no script element ends at: in it "<" stands in strings only."""
    return text.replace(b"<", b"\\u003c")
