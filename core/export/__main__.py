"""`python -m core.export "<link>" picture.png`: see core.export.command. Like app.py it stands over all others."""

import sys
from collections.abc import Callable, Iterator, Sequence

from core.export.command import main


def gallery(languages: Sequence[str], themes: Sequence[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The gallery is made of what the pages show; where none is asked for, they are not loaded."""
    from pages.shared import gallery as made

    return made.files(languages, themes)


if __name__ == "__main__":  # not in the processes that the calculator starts
    sys.exit(main(sys.argv[1:], gallery))
