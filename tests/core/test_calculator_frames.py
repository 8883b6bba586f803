"""The wire format: what was sent is what arrives, and nothing else is a frame."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calculator import frames

LIMIT = 100_000
NAMES = st.text(max_size=10).filter(lambda name: name != "lengths")


def parse(data: bytes, chunk: int = 10**9) -> frames.Message:
    """`data` read as a stream that gives at most `chunk` bytes at a time."""
    stream = io.BytesIO(data)
    return frames.read(lambda view: stream.readinto(view[:chunk]), LIMIT)


@given(
    st.dictionaries(NAMES, st.integers() | st.text() | st.none()),
    st.lists(st.binary(max_size=300), max_size=8),
    st.integers(1, 50),
)
def test_what_was_sent_arrives_however_it_is_cut(header, parts, chunk):
    assert parse(frames.encode(header, parts), chunk) == frames.Message(header, tuple(parts))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_corrupt_or_closed(data):
    with pytest.raises((frames.Corrupt, frames.Closed)):
        parse(data)


@given(st.binary(min_size=1, max_size=8), st.integers(0, 120))
def test_no_change_to_a_frame_raises_anything_else(noise, place):
    frame = bytearray(frames.encode({"id": 1, "blobs": ["a"]}, [b'{"x": 1}', b"12345"]))
    frame[place : place + len(noise)] = noise
    try:
        message = parse(bytes(frame))
    except (frames.Corrupt, frames.Closed):
        return
    assert isinstance(message.header, dict) and all(isinstance(part, bytes) for part in message.parts)


@given(st.integers(0, 60))
def test_a_frame_cut_short_is_closed(length):
    frame = frames.encode({"id": 1}, [b"12345"])
    with pytest.raises(frames.Closed):
        parse(frame[: min(length, len(frame) - 1)])


def raw(header: bytes, body: bytes = b"", /, **claims) -> bytes:
    sizes = claims.get("header", len(header)), claims.get("body", len(body))
    return frames.PREAMBLE.pack(claims.get("magic", frames.MAGIC), *sizes) + header + body


@pytest.mark.parametrize(
    "frame",
    [
        raw(b'{"lengths": []}', magic=b"EVIL"),
        raw(b'{"lengths": [3]}', b"12"),
        raw(b'{"lengths": [-1, 3]}', b"12"),
        raw(b'{"lengths": [1.0, 1]}', b"12"),
        raw(b'{"lengths": [true, true]}', b"12"),
        raw(b'{"lengths": {"a": 2}}', b"12"),
        raw(b'{"lengths": "2"}', b"12"),
        raw(b"{}"),
        raw(b"[]"),
        raw(b"null"),
        raw(b'"lengths"'),
        raw(b"\xff\xfe"),
        raw(b"[" * 50_000),
        raw(b'{"a":' * 12_000),
        raw(b'{"lengths": [], "n": ' + b"9" * 5_000 + b"}"),
        raw(json.dumps({"lengths": [0] * (frames.PARTS + 1)}).encode()),
        raw(b"{}", header=2**32 - 1),
        raw(b"{}", body=2**63),
        raw(b'{"lengths": [100001]}', bytes(100_001)),
    ],
)
def test_what_is_no_frame_is_corrupt(frame):
    with pytest.raises(frames.Corrupt):
        parse(frame)


def test_a_lie_about_the_length_allocates_nothing():
    with pytest.raises(frames.Corrupt):
        frames.read(io.BytesIO(raw(b"{}", body=10**15)).readinto, 10**6)
