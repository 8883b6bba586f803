"""Files that never change: read once, sent out of memory, packed for who is far away; nothing else is ever opened."""

from __future__ import annotations

import gzip
import re

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pages.shared import assets, early, security
from pages.shared.assets import Asset, Assets, Folders
from tests import asgi, loops

TEXT = b"const answer = 42;\n" * 200
PICTURE = bytes(range(256)) * 8
HERE, FAR = ("127.0.0.1", 1), ("192.0.2.1", 1)
PACKED = {"accept-encoding": "gzip, br"}
FILES = {
    "a.js": Asset(TEXT, "text/javascript", 9, {"X-More": "1"}),
    "b.png": Asset(PICTURE, "image/png", 0),
}


class Site:
    """A folder of two files before a page; it remembers what was read."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        page = Route("/{rest:path}", lambda _request: PlainTextResponse("the page"), methods=["GET", "POST"])
        self.app = Folders(Starlette(routes=[page]), {"/kept/": Assets(self._read)})

    def _read(self, name: str) -> Asset | None:
        self.reads.append(name)
        return FILES.get(name)

    def get(
        self, path: str, client: tuple[str, int] = HERE, method: str = "GET", **headers: str
    ) -> asgi.Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asgi.request(self.app, method, path, headers=named, client=client)


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_file_is_read_once_and_sent_for_ever(site: Site) -> None:
    for _ in range(3):
        answer = site.get("/kept/a.js", accept_encoding="gzip")
        assert answer.status == 200 and answer.body == TEXT
        assert (
            answer.headers["content-type"].startswith("text/javascript") and answer.headers["x-more"] == "1"
        )
        assert "immutable" in answer.headers["cache-control"] and answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.reads == ["a.js"]
    assert site.get("/kept/a.js", method="HEAD").headers["content-length"] == str(len(TEXT))


def test_who_is_far_away_gets_it_packed(site: Site) -> None:
    """On this machine, with no proxy between, packing would only delay the picture."""
    assert "content-encoding" not in site.get("/kept/a.js", accept_encoding="gzip").headers
    for answer in (
        site.get("/kept/a.js", FAR, accept_encoding="gzip"),
        site.get("/kept/a.js", HERE, accept_encoding="gzip", x_forwarded_for="192.0.2.1"),
    ):
        assert answer.headers["content-encoding"] == "gzip" and gzip.decompress(answer.body) == TEXT
        assert len(answer.body) == int(answer.headers["content-length"]) < 200
    assert site.get("/kept/a.js", FAR, accept_encoding="br").body == TEXT


def test_what_is_packed_already_is_sent_as_it_is(site: Site) -> None:
    answer = site.get("/kept/b.png", FAR, accept_encoding="gzip")
    assert (
        "content-encoding" not in answer.headers and "vary" not in answer.headers and answer.body == PICTURE
    )


@pytest.mark.parametrize("name", ["nothing.js", "", "../a.js", "..\\a.js", "a.js/", "/kept/a.js", "a.js\0"])
@pytest.mark.parametrize("folder", ["kept", "static"])
def test_what_is_not_there_is_not_found(site: Site, folder: str, name: str) -> None:
    answer = site.get(f"/{folder}/{name}")
    assert (answer.status, answer.text) == (404, "Not found")


def test_all_else_passes(site: Site) -> None:
    assert {site.get(path).text for path in ("/", "/kept", "/other/a.js", "/static")} == {"the page"}
    assert site.get("/kept/a.js", method="POST").text == "the page" and site.reads == []


def test_an_answer_is_not_the_next_ones() -> None:
    """What a middleware outside writes into one answer's headers is not in the next."""
    files = Assets(FILES.get)
    scope = {"type": "http", "headers": [], "client": HERE}

    async def twice() -> list[list[tuple[bytes, bytes]]]:
        first = await files.answer(scope, "a.js")
        first.headers["x-mine"] = "yes"
        return [first.raw_headers, (await files.answer(scope, "a.js")).raw_headers]

    first, second = loops.run(twice())
    assert len(first) == len(second) + 1


def test_streamlits_files_are_its_own_to_the_byte(site: Site) -> None:
    names = sorted(assets._names())
    assert len(names) > 300 and all((assets.FOLDER / name).is_file() for name in names)
    for name in names[:: len(names) // 40]:
        assert site.get(f"/static/{name}").body == (assets.FOLDER / name).read_bytes()
    kinds = {site.get(f"/static/{name}").headers["content-type"] for name in names if "index." in name}
    assert {kind.split(";")[0] for kind in kinds} == {"text/javascript", "text/css"}
    assert {site.get(f"/static/{name}").headers["content-type"] for name in names if "woff2" in name} == {
        "font/woff2"
    }


@pytest.mark.parametrize("path", ["../index.html", "js/../../index.html", "/etc/passwd", "js"])
def test_nothing_beside_streamlits_folder_is_opened(site: Site, path: str) -> None:
    assert site.get(f"/static/{path}").status == 404


def test_the_scripts_of_streamlits_widgets_are_found_with_all_that_they_import(site: Site) -> None:
    """Each is there, none is one that its page asks for by itself, and none is missing."""
    for name in early.WIDGETS:
        found = assets.chunks(name)
        assert (
            found
            and re.fullmatch(rf"/static/js/{name}\.[\w-]+\.js", found[0])
            and len(set(found)) == len(found)
        )
        page = security.INDEX.read_text(encoding="utf-8")
        for address in found:
            answer = site.get(address)
            assert answer.status == 200 and address.rpartition("/")[2] not in page
            asked = {f"/static/js/{one}" for one in assets.CHUNK.findall(answer.text) if one not in page}
            assert asked <= set(found)
    assert assets.chunks("Nothing") == []
