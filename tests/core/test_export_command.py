"""python -m core.export: what is asked is checked before anything is started, and nothing half is ever written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from core.export import browser, command, visits
from core.export.orders import Order, OrderError, check, inside, read_link, read_set
from core.export.servers import is_atlas

ROOT = Path(__file__).resolve().parents[2]
OWN = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/matrix-vector?A=[[2,1],[0,3]]&step=1", f"{OWN}/matrix-vector?A=[[2,1],[0,3]]&step=1"),
        ("norms", f"{OWN}/norms"),
        ("/norms?embed=true&p=1&present=true", f"{OWN}/norms?p=1"),
        ("https://atlas.example/course/norms?p=1#top", "https://atlas.example/course/norms?p=1"),
    ],
)
def test_a_link_is_an_address_or_its_path(text: str, address: str) -> None:
    """With a server of its own it is asked there, else ours; what frames a page is left out."""
    link = read_link(text)
    assert link.at(link.base or OWN) == address


@pytest.mark.parametrize(
    "text",
    ["", None, 3, "/", "file:///etc/passwd", "//evil.example/norms", "javascript:alert(1)", "/../../etc/passwd",
     "https://user:word@atlas.example/norms", "/norms\n?p=1", "http://[::1", "/a/b/norms", "/norms?A=" + "1" * 600_000],
)  # fmt: skip
def test_no_other_address_is_opened(text: object) -> None:
    """Only pages of an atlas, over http."""
    with pytest.raises(OrderError):
        read_link(text)


def test_step_and_language_stand_in_the_address() -> None:
    """They take the place of the link's own."""
    link = read_link("/norms?step=1&p=1&lang=en")
    order = Order(link, Path("a.png"), step=3, language="zh")
    assert order.address(OWN) == f"{OWN}/norms?p=1&step=3&lang=zh"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"file": Path("a.exe")}, "ending"),
        ({"file": Path("png")}, "ending"),
        ({"size": "5:4"}, "size"),
        ({"theme": "blue"}, "theme"),
        ({"language": "fr"}, "language"),
        ({"scale": 1000}, "scale"),
        ({"scale": "2"}, "scale"),
        ({"speed": 0}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"step": 1.5}, "step"),
        ({"step": -1}, "step"),
        ({"step": True}, "step"),
        ({"transparent": "yes"}, "transparent"),
    ],
)
def test_an_option_that_cannot_be_had_is_named(changes: dict, word: str) -> None:
    """In a sentence, before a browser is started."""
    good = {"link": read_link("/norms"), "file": Path("a.png")}
    assert check(Order(**good))
    with pytest.raises(OrderError, match=word):
        check(Order(**{**good, **changes}))


@pytest.mark.parametrize(
    "name",
    ["../a.png", "/etc/a.png", "C:/a.png", "C:a.png", "\\\\host\\share\\a.png", "a/../../b.png", "~/a.png", "", "   ",
     "..", "a\x00.png", "con.png", "sub/NUL.png", "a|b.png", "a. /b.png", "b.png.", "x" * 300 + ".png", 7, ["a.png"],
     "COM¹.png", "con .png", "deep/lpt² .x/a.png", "a\u202egnp.png", "a\ud800.png", "矩" * 90 + ".png"],
)  # fmt: skip
def test_a_set_writes_in_its_folder_only(tmp_path: Path, name: object) -> None:
    """A list from somewhere cannot reach other files, on any system."""
    with pytest.raises(OrderError):
        inside(tmp_path, name)


def test_a_link_in_the_folder_leads_nowhere_else(tmp_path: Path) -> None:
    """A symbolic link to outside is no way out."""
    (tmp_path / "out").symlink_to(tmp_path.parent)
    with pytest.raises(OrderError):
        inside(tmp_path, "out/a.png")
    assert inside(tmp_path, "week 1/a.png") == tmp_path / "week 1" / "a.png"


def test_a_set_goes_on_after_a_bad_entry(tmp_path: Path) -> None:
    """Each entry is an order or its error; YAML's time of day is a size."""
    text = """
    - {link: "/norms", file: a.png, size: 16:9}
    - {link: "/norms", file: A.PNG}
    - {link: "/norms", file: b.png, colour: red}
    - just words
    - {link: "/norms?p=1", file: deep/c.svg, transparent: true, step: 2}
    """
    first, same, unknown, words, last = read_set(text, tmp_path)
    assert first.size == "16:9"
    assert "Entry 1" in str(same)
    assert "colour" in str(unknown)
    assert "Entry 4" in str(words)
    assert (last.file, last.transparent, last.step) == (tmp_path / "deep/c.svg", True, 2)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "a: [", "[" * 5000, "- {link: /a, file: b.png}\n" * 501,
     "#" * 2_000_000, "- 2024-13-45", "- !!int foo", "- !!int ''", "- !!bool foo", "- !!timestamp foo",
     "- {link: /norms, file: a.png, step: " + "1" * 5_000 + "}"],
)  # fmt: skip
def test_a_list_that_is_none_is_a_sentence(tmp_path: Path, text: str) -> None:
    """And nothing in it is carried out."""
    with pytest.raises(OrderError):
        read_set(text, tmp_path)


def test_an_option_whose_name_is_no_word(tmp_path: Path) -> None:
    """A number of 6,000 digits cannot even be said."""
    for name in ("0x" + "f" * 5_000, "1", "null"):
        (found,) = read_set(f'- {{"link": "/norms", file: a.png, ? {name} : 1}}', tmp_path)
        assert isinstance(found, OrderError) and "Entry 1" in str(found)


def test_a_list_runs_nothing(tmp_path: Path) -> None:
    """YAML can name Python's own functions; here it cannot."""
    target = tmp_path / "made by the list"
    with pytest.raises(OrderError, match="no YAML"):
        read_set(f"- !!python/object/apply:os.mkdir ['{target}']", tmp_path)
    assert not target.exists()


def test_a_way_out_of_the_folder_is_called_so(tmp_path: Path) -> None:
    """The sentence says what is wrong with it."""
    for name in ("../a.png", "a/../../b.png", "/etc/a.png", "C:/a.png"):
        with pytest.raises(OrderError, match="does not lie in the folder"):
            inside(tmp_path, name)


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written under another name first; a full disk leaves what was there."""
    target = tmp_path / "a.png"
    command.written(target, b"first")
    assert target.read_bytes() == b"first"

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        command.written(target, b"second")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_written_over_silently(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no browser is started to find that out."""
    target = tmp_path / "a.png"
    target.write_bytes(b"mine")
    assert command.main(["/norms", str(target)], no_gallery) == command.FAILED
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "arguments",
    [[], ["/norms"], ["/norms", "a.exe"], ["/norms", "a.png", "--set", "b.yaml"], ["--set", "missing.yaml"]],
)
def test_a_command_that_says_too_little_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With one sentence."""
    assert command.main(arguments, no_gallery) == command.UNUSABLE
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_browser_the_way_to_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, and the command that installs one."""
    monkeypatch.setattr(browser, "find", lambda: "")
    assert command.main(["/norms", str(tmp_path / "a.png")], no_gallery) == command.UNUSABLE
    assert "playwright install chromium" in capsys.readouterr().err


def test_without_playwright_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no package that the atlas needs itself."""
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(visits.Missing, match="pip install playwright"), visits.visits(1):
        pass


def test_a_server_that_is_none_is_not_asked() -> None:
    """Nothing listens there, and the command goes on with a server of its own."""
    assert not is_atlas("http://127.0.0.1:9", "norms")


def test_help_is_readable() -> None:
    """The command describes itself."""
    told = subprocess.run(
        [sys.executable, "-m", "core.export", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--transparent" in told.stdout


# --- the gallery


def no_gallery(*_asked: object) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Of a command that asks for none."""
    raise AssertionError("nobody asked for the gallery")


def gallery_of(
    files: Mapping[str, Callable[[], bytes]], asked: list[object] | None = None
) -> command.Gallery:
    """A gallery of these files, which notes what it was asked for."""

    def gallery(*wishes: Sequence[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        if asked is not None:
            asked.extend(wishes)
        return iter(files.items())

    return gallery


def stopped() -> bytes:
    raise KeyboardInterrupt


def failing() -> bytes:
    raise OrderError("The figure could not be computed.")


TWO = {"a.html": lambda: b"a" * 3000, "index.html": lambda: b"index"}


def test_a_gallery_is_written_with_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every file, in every language and theme when nothing is said; the last line says what to open."""
    asked: list[object] = []
    folder = tmp_path / "new" / "gallery"
    assert command.main(["--gallery", str(folder)], gallery_of(TWO, asked)) == command.DONE
    assert asked == [("en", "zh"), ("light", "dark")]
    assert {path.name: path.read_bytes()[:5] for path in folder.iterdir()} == {
        "a.html": b"aaaaa",
        "index.html": b"index",
    }
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("[1/2]") and "a.html: 2 kB" in first and second.startswith("[2/2]")
    assert str(folder / "index.html") in last


def test_a_gallery_in_the_wished_languages_and_themes(tmp_path: Path) -> None:
    asked: list[object] = []
    wish = ["--gallery", str(tmp_path), "--language", "zh, en,zh", "--theme", "dark"]
    assert command.main(wish, gallery_of(TWO, asked)) == command.DONE
    assert asked == [("zh", "en"), ("dark",)]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--language", "en,fr"], "language"),
        (["--theme", ""], "theme"),
        (["--set", "list.yaml"], "no list"),
        (["/norms", "a.png"], "no list"),
    ],
)
def test_a_gallery_of_what_there_is_not(
    tmp_path: Path, more: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and nothing is made."""
    assert command.main(["--gallery", str(tmp_path), *more], no_gallery) == command.UNUSABLE
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_gallery_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing at all is made where one file is there, unless that is said."""
    (tmp_path / "index.html").write_bytes(b"mine")
    assert command.main(["--gallery", str(tmp_path)], gallery_of(TWO)) == command.UNUSABLE
    assert "--force" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"index.html": b"mine"}
    assert command.main(["--gallery", str(tmp_path), "--force"], gallery_of(TWO)) == command.DONE
    assert (tmp_path / "index.html").read_bytes() == b"index"


@pytest.mark.parametrize(("end", "status"), [(stopped, command.STOPPED), (failing, command.UNUSABLE)])
def test_a_gallery_that_ends_early_has_whole_files_and_no_map(
    tmp_path: Path, end: Callable[[], bytes], status: int
) -> None:
    """What was made stays; the map, which would lead to what is not there, is never made."""
    files = {"a.html": TWO["a.html"], "b.html": end, "index.html": TWO["index.html"]}
    assert command.main(["--gallery", str(tmp_path)], gallery_of(files)) == status
    assert {path.name: len(path.read_bytes()) for path in tmp_path.iterdir()} == {"a.html": 3000}


def test_a_gallery_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_bytes(b"")
    assert command.main(["--gallery", str(tmp_path / "taken")], gallery_of(TWO)) == command.UNUSABLE
    assert "cannot be written" in capsys.readouterr().err
