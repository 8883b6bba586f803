"""The command as a teacher gives it: a set from a running atlas and from none, read by others."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.browser.conftest import ROOT, Server

PATIENCE = 300  # seconds; the command starts a server and a browser of its own


def run(chrome_path: str, *arguments: str) -> subprocess.CompletedProcess:
    """python -m core.export."""
    return subprocess.run(
        [sys.executable, "-m", "core.export", *arguments],
        cwd=ROOT,
        env={**os.environ, "CHROME": chrome_path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_a_set_is_made_by_command(server: Server, chrome_path: str, tmp_path: Path) -> None:
    """A picture, a page and code; what cannot be made is named at the end, and the rest is there."""
    listed = tmp_path / "list.yaml"
    elsewhere = server.address("/matrix-vector?A=[[2,1],[0,3]]")
    listed.write_text(
        f"""
- {{link: "{elsewhere}", file: week 1/picture.png, size: "1:1", scale: 1, step: 1}}
- {{link: "/norms?p=1", file: norms.html, theme: dark, language: zh}}
- {{link: "/norms?p=1", file: norms.py}}
- {{link: "http://127.0.0.1:9/norms?p=1", file: picture.svg, theme: dark}}
- {{link: "/norms?p=nonsense", file: wrong.png}}
- {{link: "/no-such-page", file: none.png}}
"""
    )
    told = run(chrome_path, "--set", str(listed), "--into", str(tmp_path))
    assert told.returncode == 1, told.stderr
    assert told.stdout.count("\n") == 4, told.stdout + told.stderr
    assert "wrong.png: p cannot be “nonsense”" in told.stderr
    assert "no page “no-such-page”" in told.stderr
    picture = Image.open(io.BytesIO((tmp_path / "week 1/picture.png").read_bytes()))
    assert picture.size == (720, 720)
    assert len(picture.convert("RGB").getcolors(720 * 720)) > 20
    page = (tmp_path / "norms.html").read_text(encoding="utf-8")
    assert '"theme":"dark"' in page and '"language":"zh"' in page
    assert "No atlas answers at" in told.stderr  # the one of this folder is asked
    assert (tmp_path / "picture.svg").read_text(encoding="utf-8").lstrip().startswith("<svg")
    compile((tmp_path / "norms.py").read_text(encoding="utf-8"), "norms.py", "exec")
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"list.yaml", "picture.png", "picture.svg", "norms.html", "norms.py"}
