#!/usr/bin/env python3
"""Lays the files of a Docker Space of Hugging Face out: `python3 deploy/space.py FOLDER`.

A Space is a repository of its own with Dockerfile and README.md at its root; FOLDER becomes its content: copy it into a
clone of the Space, commit, push. In its one container nginx stands before two replicas, as in deploy/local.py.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
CONTENT = ROOT / "deploy" / "Dockerfile.dockerignore"
PORT = 7860
HEALTH = f"http://127.0.0.1:{PORT}/_stcore/health"
FRONT = f"""---
title: Tensor Atlas
emoji: 📐
colorFrom: gray
colorTo: pink
sdk: docker
app_port: {PORT}
license: mit
short_description: A visual explorer of the linear algebra under deep learning
---

"""
# The page of a Space shows it in a frame, over HTTPS and through a proxy of theirs.
ENDING = f"""
# --- in a Space: all in one container
ENV ATLAS_FRAME_ANCESTORS="'self' https://huggingface.co" \\
    ATLAS_TRUSTED="10.0.0.0/8 172.16.0.0/12 192.168.0.0/16" \\
    STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE=none
EXPOSE {PORT}
HEALTHCHECK --start-period=90s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('{HEALTH}')"]
CMD ["python", "deploy/local.py", "--listen", "0.0.0.0:{PORT}", "--replicas", "2", "--log", "/dev/stdout"]
"""


def content() -> list[str]:
    """What belongs into an image, as deploy/Dockerfile.dockerignore has it."""
    lines = CONTENT.read_text(encoding="utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def lay_out(folder: Path) -> None:
    """Everything that a Space needs, into `folder`."""
    for name in content():
        place, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "secrets.toml")
            shutil.copytree(place, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copyfile(place, target)
    (folder / "Dockerfile").write_text(DOCKERFILE.read_text(encoding="utf-8") + ENDING, encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(FRONT + readme, encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Lay the files out."""
    if len(argv) != 1:
        print(__doc__)
        return 2
    folder = Path(argv[0])
    lay_out(folder)
    print(f"{folder} holds a Docker Space. Copy it into a clone of yours, commit, push.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
