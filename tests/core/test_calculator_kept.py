"""Kept answers: the catalogue's own, on disk, and no harm from whatever else lies there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from calculators import eventually, settings

from core.calculator import Calculator, engine, kept
from core.calculator.kept import Kept

PARTS = (b"cpu", b'{"a": 1}', bytes(range(256)), b"film")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place that nobody has made yet."""
    return tmp_path / "deep" / "cache"


def only(folder: Path) -> Path:
    """The one file in it."""
    (path,) = folder.iterdir()
    return path


def filled(folder: Path) -> Path:
    """The file of one answer under "key"."""
    mine = Kept(str(folder))
    assert mine.get("key") is None
    assert mine.put("key", PARTS)
    return only(folder)


def test_an_answer_outlives_the_process(folder: Path) -> None:
    filled(folder)
    assert Kept(str(folder)).get("key") == PARTS
    assert Kept(str(folder)).get("other") is None
    assert Kept(str(folder), "other limits").get("key") is None


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_nobody_else_can_read_or_write_it(folder: Path) -> None:
    path = filled(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    folder.chmod(0o777)  # a folder that others can write to is not believed, and not written to
    assert Kept(str(folder)).get("key") is None
    again = Kept(str(folder))
    again.get("new")
    assert not again.put("new", PARTS)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 60, -1])
def test_half_a_file_is_none(folder: Path, length: int) -> None:
    path = filled(folder)
    path.write_bytes(path.read_bytes()[:length])
    assert Kept(str(folder)).get("key") is None
    assert filled_again(folder) == PARTS


def filled_again(folder: Path) -> tuple[bytes, ...] | None:
    """What is read after the answer was computed and kept once more."""
    mine = Kept(str(folder))
    mine.get("key")
    mine.put("key", PARTS)
    return Kept(str(folder)).get("key")


def test_a_changed_byte_anywhere_is_noticed(folder: Path) -> None:
    path = filled(folder)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert Kept(str(folder)).get("key") in (None, PARTS), place
    path.write_bytes(whole + b"x")
    assert Kept(str(folder)).get("key") is None


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04.", b"ATL1" + b"\xff" * 12, bytes(range(255, -1, -1)) * 2, b"{" * 5000]
)
def test_a_foreign_file_is_none(folder: Path, content: bytes) -> None:
    filled(folder).write_bytes(content)
    assert Kept(str(folder)).get("key") is None


def test_an_answer_under_anothers_name_is_none(folder: Path) -> None:
    path = filled(folder)
    path.rename(folder / (Kept(str(folder))._name("other") + kept.ENDING))
    assert Kept(str(folder)).get("other") is None


def test_a_folder_where_an_answer_should_lie(folder: Path) -> None:
    path = filled(folder)
    path.unlink()
    path.mkdir()
    assert Kept(str(folder)).get("key") is None
    assert filled_again(folder) is None
    assert [found for found in folder.iterdir() if found.suffix == ".draft"] == []


def test_a_place_that_cannot_be_is_only_slower(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am a file")
    for place in ("", str(tmp_path / "file"), str(tmp_path / "file" / "below"), "/proc/nowhere"):
        mine = Kept(place)
        assert mine.get("key") is None
        assert not mine.put("key", PARTS)


def test_other_sources_other_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    monkeypatch.setattr(kept, "stamp", lambda: "another version")
    assert Kept(str(folder)).get("key") is None


def test_the_stamp_sees_every_source(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "one.py").write_text("1")
    before = kept.stamp(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "one.pyc").write_text("1")
    assert kept.stamp(tmp_path) == before
    (tmp_path / "ops" / "one.py").write_text("2")
    changed = kept.stamp(tmp_path)
    (tmp_path / "ops" / "one.py").rename(tmp_path / "ops" / "two.py")
    assert len({before, changed, kept.stamp(tmp_path)}) == 3


def test_sources_that_changed_meanwhile_keep_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say which of the two versions the workers had loaded."""
    mine = Kept(str(folder))
    mine.get("key")
    monkeypatch.setattr(kept, "stamp", lambda: "another version")
    assert not mine.put("key", PARTS)


def test_the_folder_is_bounded_and_the_oldest_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Kept(str(folder))
    monkeypatch.setattr(kept, "FOLDER_BYTES", 10_000)
    (folder).mkdir(parents=True, mode=0o700)
    (folder / "mine.txt").write_text("x" * 50_000)  # not ours: neither counted nor touched
    for n in range(9):
        assert mine.get(f"key {n}") is None
        assert mine.put(f"key {n}", (b"cpu", bytes(2_000)))
        os.utime(mine._path(f"key {n}"), (n, n))
    known = [n for n in range(9) if mine.get(f"key {n}")]
    assert known == [5, 6, 7, 8]
    assert (folder / "mine.txt").exists()


def test_what_is_too_large_is_not_kept(folder: Path) -> None:
    mine = Kept(str(folder))
    mine.get("key")
    assert not mine.put("key", (b"cpu", bytes(kept.FILE_BYTES)))


@pytest.mark.parametrize(
    ("asked", "place"), [("off", ""), ("OFF", ""), ("0", ""), ("/some/where", "/some/where")]
)
def test_the_variable(monkeypatch: pytest.MonkeyPatch, asked: str, place: str) -> None:
    monkeypatch.setenv(kept.VARIABLE, asked)
    assert kept.place() == (str(Path(place).absolute()) if place else "")


def test_without_the_variable_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kept.VARIABLE, raising=False)
    assert kept.place().endswith("tensor-atlas")


# ---- the calculator with it


def test_what_is_kept_starts_no_process(folder: Path) -> None:
    with Calculator(settings(kept=str(folder))) as first:
        told = first.ask("double", {"values": [1.5, 2]}, keep=True)
    assert eventually(lambda: folder.exists() and list(folder.glob("*" + kept.ENDING)))
    second = Calculator(settings(kept=str(folder)))
    try:
        again = second.ask("double", {"values": [1.5, 2]}, keep=True)
        assert (again.data, dict(again.blobs), again.device) == (told.data, dict(told.blobs), told.device)
        assert second.pool.source is None and second.pool._thread is None
    finally:
        second.stop()


def test_what_a_visitor_asks_is_never_written_or_read(folder: Path) -> None:
    with Calculator(settings(kept=str(folder))) as calculator:
        calculator.ask("double", {"values": [3]})
        calculator.ask("double", {"values": [4]}, keep=True)
        assert eventually(lambda: folder.exists() and list(folder.glob("*" + kept.ENDING)))
        assert len(list(folder.glob("*" + kept.ENDING))) == 1
    with Calculator(settings(kept=str(folder))) as calculator:
        calculator.kept.get = lambda key: pytest.fail(f"looked for {key}")
        calculator.ask("double", {"values": [4]})


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_it_starts_by_itself_in_a_quiet_moment(seconds: float) -> None:
    calculator = Calculator(settings())
    try:
        calculator.start_after(seconds, at_most=60)
        assert eventually(lambda: calculator.pool._thread is not None)
    finally:
        calculator.stop()


def test_visitors_put_the_start_off_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    calculator, now = Calculator(settings()), [100.0]
    monkeypatch.setattr(engine.time, "monotonic", lambda: now[0])
    try:
        calculator.start_after(5, at_most=8)
        assert calculator._due == 105
        now[0] = 102
        calculator.start_after(5, at_most=8)
        assert calculator._due == 107
        now[0] = 104
        calculator.start_after(5, at_most=8)
        assert calculator._due == 108
    finally:
        calculator.stop()


def test_a_question_does_not_wait_for_the_quiet_moment() -> None:
    calculator = Calculator(settings())
    try:
        calculator.start_after(1000, at_most=1000)
        assert calculator.ask("double", {"values": [2]}, wall=8).data is not None
        assert calculator._begun.is_set()  # and with the pool the search for an accelerator
    finally:
        calculator.stop()
