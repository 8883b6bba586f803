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
