"""The Chrome or Chromium that is installed on this machine. Standard library only: the test runner asks, too."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (  # where Playwright keeps its own, and where macOS and Windows keep Chrome
    "~/.cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "~/Library/Caches/ms-playwright/chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
    "~/AppData/Local/ms-playwright/chromium-*/chrome-win*/chrome.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)


def find() -> str:
    """The path of a Chrome or Chromium, or "" where there is none. The variable CHROME comes first."""
    given = os.environ.get("CHROME", "")
    if given and (shutil.which(given) or Path(given).exists()):
        return shutil.which(given) or given
    on_path = next((found for name in NAMES if (found := shutil.which(name))), "")
    return on_path or next((str(found) for place in PLACES for found in _glob(place)), "")


def _glob(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    return (
        sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))), reverse=True)
        if path.anchor
        else []
    )
