"""Finds a Chromium to test with, or installs one. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The first four draw the address bar's suggestions as web pages of their own: a second of CPU for each window that no
# test looks at. The rest is what Playwright turns off itself; of two such flags the last one counts.
FEATURES_OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxPopupDebug"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "OptimizationHints"),
    *("ThirdPartyStoragePartitioning", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
FLAGS = [
    f"--disable-features={','.join(FEATURES_OFF)}",
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # 3-D without a GPU
]
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


def install(python: Path, as_root: Callable[[list[str]], bool]) -> str:
    """Install one: by apt-get, else Playwright's. Returns its path."""
    print("Installing Chromium …", flush=True)
    if as_root(["apt-get", "update", "-qq"]):
        as_root(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    if not find():
        subprocess.run([python, "-m", "playwright", "install", "chromium"], check=True)
    return find()


def _glob(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    return (
        sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))), reverse=True)
        if path.anchor
        else []
    )
