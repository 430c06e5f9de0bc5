"""Where real bars are, and the simulated venue serving a lake."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.market.venue import MINUTES, a_venue, asking


@pytest.fixture(scope="session")
def candles() -> Path:
    folder = os.environ.get("TRADER_TEST_DATA")
    if not folder:
        pytest.skip("TRADER_TEST_DATA is not set: no real bars here")
    path = Path(folder) / "candles"
    if not path.is_dir():
        pytest.skip(f"{path} is not there: no real bars here")
    return path


@pytest.fixture(scope="session")
def payloads(candles: Path) -> Path:
    return candles.parent / "coinbase_payloads"


@pytest.fixture(scope="session")
def recording(candles: Path) -> Path:
    path = candles.parent / "microstructure" / "coinbase_advtrade_ws_20260809.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"{path} is not there: no recording to replay")
    return path


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with a_venue(tmp_path_factory.mktemp("venue"), MINUTES + 10) as stage:
        yield stage


@pytest.fixture
def rest(venue):
    with closing(asking(venue)) as made:
        yield made
    venue.direct("/faults", faults=[])
