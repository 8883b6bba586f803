"""The limits: the figures of the hosted profile, and which profile the environment chooses."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from core import limits


def test_hosted_limits_are_the_agreed_figures():
    hosted = limits.HOSTED
    assert (hosted.text, hosted.depth, hosted.nodes, hosted.digits) == (2000, 32, 500, 20)
    assert (hosted.axes, hosted.elements, hosted.total_elements) == (8, 10**6, 4 * 10**6)
    assert (hosted.einsum_operands, hosted.einsum_product) == (4, 10**7)
    assert (hosted.wall_seconds, hosted.cpu_seconds, hosted.threads) == (2.0, 3, 1)
    assert hosted.memory_bytes == 3 * 2**30


def test_local_profile_is_never_stricter_than_hosted():
    for field in dataclasses.fields(limits.Limits):
        assert getattr(limits.LOCAL, field.name) >= getattr(limits.HOSTED, field.name), field.name
    assert limits.LOCAL.elements == 10**8
    assert limits.LOCAL.wall_seconds == 20.0


@pytest.mark.parametrize(
    ("value", "profile"),
    [
        (None, limits.HOSTED),
        ("hosted", limits.HOSTED),
        ("local", limits.LOCAL),
        (" LOCAL ", limits.LOCAL),
        ("", limits.HOSTED),
        ("lcoal", limits.HOSTED),
    ],
)
def test_environment_chooses_the_profile_and_a_typo_gets_the_strict_one(monkeypatch, value, profile):
    if value is None:
        monkeypatch.delenv(limits.PROFILE_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(limits.PROFILE_VARIABLE, value)
    assert limits.current() is profile


def test_limits_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.HOSTED.elements = 10**12


def test_limits_and_shapes_load_no_torch():
    code = "import core.limits, core.shapes, sys; print('torch' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "False"


def test_that_proof_can_fail():
    code = "import core.tensors, sys; print('torch' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "True"


# ---- each number by itself

WHOLE = "write a whole number above 0, for example 1000000."


def test_every_limit_can_be_set_by_its_name():
    for field in dataclasses.fields(limits.Limits):
        usual = getattr(limits.HOSTED, field.name)
        other = usual + 1
        changed = limits.read({f"ATLAS_{field.name.upper()}": f" {other} "}, limits.HOSTED)
        assert changed == dataclasses.replace(limits.HOSTED, **{field.name: other})
        assert type(getattr(changed, field.name)) is type(usual)


def test_what_is_set_counts_in_either_profile_and_in_the_process(set_limits, monkeypatch):
    set_limits(elements=123)
    assert limits.current() == dataclasses.replace(limits.HOSTED, elements=123)
    monkeypatch.setenv(limits.PROFILE_VARIABLE, "local")
    assert limits.current() == dataclasses.replace(limits.LOCAL, elements=123)


def test_empty_and_unknown_settings_change_nothing():
    assert (
        limits.read({"ATLAS_ELEMENTS": " ", "ATLAS_DEVICE": "cpu", "PATH": "/"}, limits.LOCAL) is limits.LOCAL
    )


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("ELEMENTS", "many", "ATLAS_ELEMENTS='many' is not a whole number; " + WHOLE),
        ("ELEMENTS", "1.5", "ATLAS_ELEMENTS='1.5' is not a whole number; " + WHOLE),
        ("ELEMENTS", "0", "ATLAS_ELEMENTS='0' is out of range; " + WHOLE),
        ("WORKERS", "-1", "ATLAS_WORKERS='-1' is out of range; write a whole number of 0 or more, for example 0."),
        ("WALL_SECONDS", "nan", "ATLAS_WALL_SECONDS='nan' is out of range; write a number above 0, for example 2.0."),
        ("WALL_SECONDS", "2s", "ATLAS_WALL_SECONDS='2s' is not a number; write a number above 0, for example 2.0."),
    ],
)  # fmt: skip
def test_a_setting_that_is_none_is_a_sentence(name, text, sentence):
    with pytest.raises(limits.SettingError) as error:
        limits.read({f"ATLAS_{name}": text}, limits.HOSTED)
    assert str(error.value) == sentence


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(limits.SettingError, match=r"ATLAS_TEXT=.*ATLAS_QUEUE="):
        limits.read({"ATLAS_TEXT": "x", "ATLAS_QUEUE": "y"}, limits.HOSTED)


def test_where_memory_is_short_tensors_are_smaller_and_only_there():
    with limits.scarce():
        assert (limits.current().elements, limits.current().total_elements) == (100_000, 400_000)
        assert limits.current().text == limits.HOSTED.text
    assert limits.current() is limits.HOSTED


def test_the_readme_has_the_table_of_all_limits(root):
    """`python -m core.limits` writes it; each row says what it limits."""
    table = limits.table()
    assert len(table.splitlines()) == 2 + len(dataclasses.fields(limits.Limits))
    assert "|  |" not in table
    assert table in (root / "README.md").read_text(encoding="utf-8")
