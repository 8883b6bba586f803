"""Finds a Chromium to test with, or installs one. Standard library only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from core.export.browser import find  # noqa: E402

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


def install(python: Path, as_root: Callable[[list[str]], bool]) -> str:
    """Install one: by apt-get, else Playwright's. Returns its path."""
    print("Installing Chromium …", flush=True)
    if as_root(["apt-get", "update", "-qq"]):
        as_root(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    if not find():
        subprocess.run([python, "-m", "playwright", "install", "chromium"], check=True)
    return find()
