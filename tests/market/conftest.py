"""Where real bars are, and lakes made for a test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def candles() -> Path:
    folder = os.environ.get("TRADER_TEST_DATA")
    if not folder:
        pytest.skip("TRADER_TEST_DATA is not set: no real bars here")
    path = Path(folder) / "candles"
    if not path.is_dir():
        pytest.skip(f"{path} is not there: no real bars here")
    return path
