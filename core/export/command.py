"""python -m core.export: the atlas's figures as files: one by its link, a set from a list, or the whole course."""

from __future__ import annotations

import argparse
import contextlib
import locale
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core import words
from core.export.orders import FORMATS, SIZES, THEMES, Order, OrderError, check, read_link, read_set
from core.export.servers import Servers
from core.export.visits import Missing, Visits, visits
from core.words import LANGUAGES, _

DONE, FAILED, UNUSABLE, STOPPED = 0, 1, 2, 130
PATIENCE = 120.0  # seconds for a page and its file
Gallery = Callable[[Sequence[str], Sequence[str]], Iterator[tuple[str, Callable[[], bytes]]]]


def main(arguments: Sequence[str], gallery: Gallery) -> int:
    """The exit status: 0 all is made, 1 something failed, 2 the command cannot be carried out.

    `gallery`: languages and themes -> the name of each file of the gallery, and what makes it.
    """
    words.use(words.best_language(locale.getlocale()[0]))
    options = _parser().parse_args(arguments)
    try:
        return _make_gallery(options, gallery) if options.gallery is not None else _carry_out(options)
    except (Missing, OrderError) as error:
        _complain(str(error))
        return UNUSABLE
    except KeyboardInterrupt:
        _complain(_("Stopped."))
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.export",
        description=_("Makes files of the atlas's figures: {endings}.").format(endings=", ".join(FORMATS)),
        epilog=_("Example: {command}").format(
            command='python -m core.export "/matrix-vector?A=[[2,1],[0,3]]&step=1" picture.png --scale 2'
        ),
    )
    parser.add_argument("link", nargs="?", help=_("an address of the atlas, or its path with the query"))
    parser.add_argument("file", nargs="?", type=Path, help=_("the file to make; its ending says which kind"))
    parser.add_argument(
        "--set", type=Path, metavar="LIST.yaml", help=_("make every file of a YAML list of link: and file:")
    )
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", default=Path(), help=_("where the files of a set go")
    )
    parser.add_argument(
        "--gallery",
        type=Path,
        metavar="FOLDER",
        help=_("make the whole course: pages that need no network, and a map"),
    )
    parser.add_argument("--size", choices=SIZES, default="screen", help=_("the shape of the picture"))
    parser.add_argument("--scale", type=float, default=2, help=_("pixels for each point of the screen"))
    parser.add_argument(
        "--theme", metavar="|".join(THEMES), help=_("light or dark; of a gallery both, when nothing is said")
    )
    parser.add_argument(
        "--language",
        metavar="|".join(LANGUAGES),
        help=_("the language of the words; of a gallery all of them: en,zh"),
    )
    parser.add_argument("--transparent", action="store_true", help=_("without a background"))
    parser.add_argument("--step", type=int, help=_("the step to show, the first is 0"))
    parser.add_argument("--speed", type=float, default=1, help=_("of a film; 2 is twice as fast"))
    parser.add_argument("--once", action="store_true", help=_("a film that does not repeat"))
    parser.add_argument("--force", action="store_true", help=_("write over files that are there"))
    parser.add_argument("--wait", type=float, default=PATIENCE, help=_("seconds to wait for one file"))
    return parser


def _carry_out(options: argparse.Namespace) -> int:
    orders = _orders(options)
    if all(isinstance(order, OrderError) or not _free(order, options.force) for order in orders):
        return _told(_blocked(orders), len(orders))  # no browser is started for nothing
    with Servers() as servers, visits(options.wait) as driver:
        return _told(list(_made(orders, servers, driver, force=options.force)), len(orders))


def _orders(options: argparse.Namespace) -> list[Order | OrderError]:
    if options.set:
        if options.link:
            raise OrderError(_("Either a link with a file, or --set with a list."))
        return read_set(_text(options.set), options.into)
    if not options.link or not options.file:
        raise OrderError(_("A link and a file are needed, or --set with a list; --help says more."))
    chosen = {
        name: getattr(options, name) for name in ("size", "scale", "language", "transparent", "step", "speed")
    }
    chosen["theme"] = options.theme or THEMES[0]
    return [check(Order(read_link(options.link), options.file, **chosen, loop=not options.once))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrderError(_("{file} cannot be read as text.").format(file=path)) from error


def _free(order: Order, force: bool) -> bool:
    return force or not order.file.exists()


def _blocked(orders: Sequence[Order | OrderError]) -> list[str]:
    return [str(order) if isinstance(order, OrderError) else _in_the_way(order) for order in orders]


def _in_the_way(order: Order) -> str:
    return _("{file} is there already; --force writes over it.").format(file=order.file)


def _made(
    orders: Sequence[Order | OrderError], servers: Servers, driver: Visits, *, force: bool
) -> Iterator[str]:
    """Make one file after the other, a line for each; what comes out are the sentences of those that failed."""
    for number, order in enumerate(orders, 1):
        head = f"[{number}/{len(orders)}]"
        try:
            if isinstance(order, OrderError):
                raise order
            if not _free(order, force):
                raise OrderError(_in_the_way(order))
            _say(f"{head} {_one(order, servers, driver)}")
        except (OrderError, OSError) as error:
            sentence = _sentence(error, order)
            _complain(f"{head} {sentence}")
            yield sentence


def _make_gallery(options: argparse.Namespace, gallery: Gallery) -> int:
    """The files one after the other; the first that cannot be made ends it, and the map is made last."""
    if options.link or options.set:
        raise OrderError(_("--gallery makes the whole course; it takes no link and no list."))
    files = list(
        gallery(
            _listed("language", options.language, tuple(LANGUAGES)), _listed("theme", options.theme, THEMES)
        )
    )
    paths = [options.gallery / name for name, _make in files]
    taken = next((path for path in paths if path.exists() and not options.force), None)
    if taken:
        raise OrderError(_("{file} is there already; --force writes over it.").format(file=taken))
    size = 0
    for number, (path, (_name, make)) in enumerate(zip(paths, files, strict=True), 1):
        start = time.monotonic()
        content = make()
        try:
            written(path, content)
        except OSError as error:
            raise OrderError(_unwritten(path, error)) from error
        size += len(content)
        _say(f"[{number}/{len(files)}] {_made_of(path, content, start)}")
    _say(_("{size} MB. Open {file}; it needs no network.").format(size=round(size / 1e6), file=paths[-1]))
    return DONE


def _listed(name: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """ "en,zh" as a list without repetition; all of `known` when nothing is said. Raises OrderError."""
    if text is None:
        return known
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(asked) <= set(known):
        raise OrderError(
            _("{name} is a list of {known}, with commas.").format(name=name, known=", ".join(known))
        )
    return asked


def _one(order: Order, servers: Servers, driver: Visits) -> str:
    """Make a file; what is said of it."""
    start = time.monotonic()
    base, other = servers.base(order.link)
    if other:
        _complain(
            _("No atlas answers at {address}; the one in this folder is used instead.").format(
                address=order.link.base
            )
        )
    content = driver.make(order, base)
    written(order.file, content)
    return _made_of(order.file, content, start)


def _made_of(path: Path, content: bytes, start: float) -> str:
    """What is said of a file that was begun at `start`."""
    seconds = f"{time.monotonic() - start:.1f}"
    return _("{file}: {size} kB in {seconds} s").format(
        file=path, size=max(1, len(content) // 1024), seconds=seconds
    )


def written(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: under another name first, beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(content)
        Path(name).chmod(0o666 & ~_umask())  # mkstemp's own files are for nobody else
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sentence(error: Exception, order: Order | OrderError) -> str:
    if isinstance(error, OrderError):
        return (
            f"{order.file}: {error}"
            if isinstance(order, Order) and not str(error).startswith(str(order.file))
            else str(error)
        )
    return _unwritten(order.file, error)


def _unwritten(path: Path, error: OSError) -> str:
    return _("{file} cannot be written: {reason}.").format(file=path, reason=error.strerror or error)


def _told(failures: Sequence[str], count: int) -> int:
    """The end of the command: which files are missing, and the exit status."""
    if not failures:
        return DONE
    if count > 1:
        _complain(_("{failed} of {count} files were not made:").format(failed=len(failures), count=count))
    for sentence in failures:
        _complain(f"  {sentence}" if count > 1 else sentence)
    return FAILED


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
