"""What every test shares."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("ATLAS_CACHE", "off")  # every test computes; those of the kept answers name folders
os.environ.setdefault("ATLAS_LIMITS", "hosted")  # the profile whose numbers HOSTILE cases are about

# pages/ has no __init__.py (a .py file directly in it would start Streamlit's old multipage mode)
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
