"""The simulated venue serving a lake, for those who read market data."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from tests.market.made_bars import NEW_YEAR, made_bars, stored
from tests.simulator.conftest import on_stage
from trader.market.coinbase_http import Questions
from trader.market.coinbase_rest import PublicRest
from trader.simulator.sources import LakeSource

MINUTES = 1_000
BTC, THIN = "BTC-USD", "THIN-USD"
HOLES = (*range(5, 60), 100, 301, 302, 650, 998)


def a_lake(folder, minutes=MINUTES):
    """BTC-USD without a gap and THIN-USD with many, by the minute from the new year on."""
    stored(folder, BTC, "1m", made_bars(minutes, "1m"))
    stored(folder, THIN, "1m", made_bars(minutes, "1m", without=[hole for hole in HOLES if hole < minutes], seed=2))
    return folder


@contextmanager
def a_venue(folder, minutes_over=MINUTES, speed=0.0, **choices):
    """A simulator on such a lake, which stands still so many minutes after the new year."""
    lake = a_lake(folder / "lake")
    start = NEW_YEAR + timedelta(minutes=minutes_over)
    (folder / "papers").mkdir()
    with on_stage(folder / "papers", source=LakeSource(lake), start=start, speed=speed, **choices) as stage:
        stage.lake = lake
        yield stage


class Naps:
    """A clock that sleeping moves, and the naps that were taken."""

    def __init__(self):
        self.taken, self.now = [], 0.0

    def sleep(self, seconds):
        self.taken.append(seconds)
        self.now += seconds

    def monotonic(self):
        return self.now


def asking(stage, naps=None, ca_file=None, **options):
    """Public REST against *stage*; sleeping takes no time."""
    naps = naps or Naps()
    ca_file = ca_file or stage.simulator.papers.ca_file
    questions = Questions(stage.simulator.base_url, ca_file, sleep=naps.sleep, monotonic=naps.monotonic, **options)
    return PublicRest(questions)
