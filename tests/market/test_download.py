"""Candles into a lake, from the simulated venue that serves another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.made_bars import NEW_YEAR, made_bars, stored
from tests.market.venue import BTC, MINUTES, THIN, a_venue, asking
from trader.errors import ExchangeUnreachable, TraderError
from trader.market.bars import block_of, epoch_seconds
from trader.market.download import download
from trader.market.download_coverage import Coverage, joined, without
from trader.market.history import Lake
from trader.market.products import ProductBook
from trader.market.symbols import UnknownSymbol

END = NEW_YEAR + timedelta(minutes=MINUTES)


class Counts:
    """A watcher that only counts."""

    def __init__(self):
        self.ahead, self.calls, self.done = 0, 0, []

    def began(self, symbol, calls):
        self.ahead += calls

    def called(self):
        self.calls += 1

    def ended(self, done):
        self.done.append(done)


class Impatient(Counts):
    """One that is killed after so many calls."""

    def __init__(self, patience):
        super().__init__()
        self._patience = patience

    def called(self):
        super().called()
        if self.calls == self._patience:
            raise KeyboardInterrupt


def fetched(rest, lake, symbols=(BTC,), granularity="1m", start=NEW_YEAR, end=END, watcher=None):
    watcher = watcher or Counts()
    download(rest, lake, symbols, granularity, start, end, watcher)
    return watcher


def same(found, wanted):
    return np.array_equal(epoch_seconds(found), epoch_seconds(wanted)) and np.array_equal(
        block_of(found), block_of(wanted)
    )


@pytest.mark.req("CB1")
@pytest.mark.parametrize("symbol", [BTC, THIN])
@pytest.mark.parametrize("granularity", ["1m", "5m", "1h"])
def test_what_comes_back_is_the_lake_the_venue_serves(venue, rest, tmp_path, symbol, granularity):
    hours = 16 * 60
    wanted = Lake(venue.lake).load(symbol, granularity, NEW_YEAR, NEW_YEAR + timedelta(minutes=hours))

    fetched(rest, tmp_path / "mine", (symbol,), granularity, end=NEW_YEAR + timedelta(minutes=hours))

    assert same(Lake(tmp_path / "mine").load(symbol, granularity), wanted)


def test_the_comparison_sees_one_bit(venue, rest, tmp_path):
    fetched(rest, tmp_path)
    bars = Lake(tmp_path).load(BTC, "1m")
    block = block_of(bars).copy()
    block[4, 7] = np.nextafter(block[4, 7], 2e9)

    assert not same(bars, made_bars(MINUTES, "1m", seed=3))
    assert not np.array_equal(block, block_of(bars))


def test_again_nothing_is_asked_for(rest, tmp_path):
    first = fetched(rest, tmp_path, (BTC, THIN))
    again = fetched(rest, tmp_path, (BTC, THIN))

    assert first.calls == first.ahead == 8
    assert (again.calls, again.ahead) == (0, 0)


def test_only_what_is_new_is_asked_for(rest, tmp_path):
    fetched(rest, tmp_path, end=NEW_YEAR + timedelta(minutes=400))
    watcher = fetched(rest, tmp_path)

    assert (watcher.calls, watcher.done[0].added) == (2, 600)


def test_a_gap_between_two_downloads_is_not_taken_for_silence(venue, rest, tmp_path):
    fetched(rest, tmp_path, end=NEW_YEAR + timedelta(minutes=100))
    fetched(rest, tmp_path, start=NEW_YEAR + timedelta(minutes=500))
    watcher = fetched(rest, tmp_path)

    assert watcher.done[0].added == 400
    assert same(Lake(tmp_path).load(BTC, "1m"), Lake(venue.lake).load(BTC, "1m"))


def test_nor_is_the_gap_behind_a_file_that_came_otherwise(venue, rest, tmp_path):
    stored(tmp_path, BTC, "1m", Lake(venue.lake).load(BTC, "1m", NEW_YEAR, NEW_YEAR + timedelta(minutes=100)))
    fetched(rest, tmp_path, start=NEW_YEAR + timedelta(minutes=500))
    watcher = fetched(rest, tmp_path)

    assert watcher.done[0].added == 400


def test_a_file_that_was_taken_away_is_asked_for_again(rest, tmp_path):
    fetched(rest, tmp_path)
    (tmp_path / f"{BTC}_1m.parquet").unlink()

    assert fetched(rest, tmp_path).done[0].added == MINUTES


@pytest.mark.parametrize("patience", [1, 2, 3, 4])
def test_after_an_end_at_any_call_it_goes_on_to_the_same_lake(venue, rest, tmp_path, monkeypatch, patience):
    monkeypatch.setattr("trader.market.download.CALLS_A_WRITE", 1)
    with pytest.raises(KeyboardInterrupt):
        fetched(rest, tmp_path, watcher=Impatient(patience))
    had = len(Lake(tmp_path).load(BTC, "1m")) if list(tmp_path.glob("*.parquet")) else 0

    watcher = fetched(rest, tmp_path)

    assert watcher.done[0].added == MINUTES - had
    assert had == (patience - 1) * 300
    assert same(Lake(tmp_path).load(BTC, "1m"), Lake(venue.lake).load(BTC, "1m"))


KILLED = """
import os, signal, sys
from pathlib import Path
from datetime import datetime, timezone
from trader.market import download as module
from trader.market.coinbase_rest import PublicRest
module.CALLS_A_WRITE = 1
class Watcher:
    calls = 0
    def began(self, symbol, calls): pass
    def called(self):
        self.calls += 1
        if self.calls == 3: os.kill(os.getpid(), signal.SIGKILL)
    def ended(self, done): pass
host, ca, lake = sys.argv[1:]
rest = PublicRest.at(host, Path(ca))
start = datetime(2025, 1, 1, tzinfo=timezone.utc)
module.download(rest, Path(lake), ("BTC-USD",), "1m", start, None, Watcher())
"""


@pytest.mark.slow
def test_a_kill_costs_a_few_calls_and_leaves_nothing_broken(venue, rest, tmp_path):
    arguments = [venue.simulator.base_url, str(venue.simulator.papers.ca_file), str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False, timeout=60)

    assert done.returncode == -signal.SIGKILL
    assert len(Lake(tmp_path).load(BTC, "1m")) == 600
    assert fetched(rest, tmp_path).calls == 2
    assert same(Lake(tmp_path).load(BTC, "1m"), Lake(venue.lake).load(BTC, "1m"))


def test_an_exchange_that_goes_away_under_way_keeps_what_came(venue, rest, tmp_path, monkeypatch):
    monkeypatch.setattr("trader.market.download.CALLS_A_WRITE", 1)
    venue.fault("drop_before", "public_candles", calls=list(range(3, 99)))

    with pytest.raises(ExchangeUnreachable):
        fetched(rest, tmp_path)
    venue.direct("/faults", faults=[])

    assert len(Lake(tmp_path).load(BTC, "1m")) == 600
    assert fetched(rest, tmp_path).done[0].bars == MINUTES


def test_without_an_end_it_goes_up_to_the_newest_bar_that_is_over(tmp_path):
    with a_venue(tmp_path, 10.5) as stage, closing(asking(stage)) as rest:
        fetched(rest, tmp_path / "mine", end=None)
        stage.direct("/clock", step_seconds=120)
        more = fetched(rest, tmp_path / "mine", end=None)

    assert more.done[0].added == 2
    assert len(Lake(tmp_path / "mine").load(BTC, "1m")) == 12


def test_products_are_kept_as_the_venue_has_them_but_not_over_a_choice(venue, rest, tmp_path):
    (tmp_path / "products.json").write_text(json.dumps({THIN: {"quote_min_usd": "5"}}), encoding="utf-8")
    fetched(rest, tmp_path, (BTC, THIN))

    book, listing = ProductBook(tmp_path), venue.venue.listings[BTC]

    assert book.product(BTC, 1.0).quote_increment == listing.price_increment
    assert book.product(THIN, 1.0).quote_min_usd == 5


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        pytest.param({"symbols": ("BTC-UDS",)}, "did you mean BTC-USD", id="unknown product"),
        pytest.param({"symbols": ("BTC-USDT",)}, "not a product this lake keeps", id="another venue's"),
        pytest.param({"symbols": ("../x",)}, "not a product this lake keeps", id="a path"),
        pytest.param({"symbols": ()}, "which products", id="none"),
        pytest.param({"granularity": "7m"}, "granularity '7m' is unknown", id="granularity"),
        pytest.param({"start": END, "end": NEW_YEAR}, "is not after --start", id="end before start"),
        pytest.param({"start": END + timedelta(days=9), "end": None}, "no bar of 60 s is over", id="in the future"),
    ],
)
def test_what_cannot_be_had_is_a_sentence_and_touches_nothing(rest, tmp_path, asked, says):
    with pytest.raises(TraderError, match=says) as raised:
        fetched(rest, tmp_path / "mine", **asked)

    assert raised.value.exit_code == 2
    assert not (tmp_path / "mine").exists()


def test_one_unknown_product_stops_all_before_the_first_bar(rest, tmp_path):
    with pytest.raises(UnknownSymbol):
        fetched(rest, tmp_path / "mine", (BTC, "NO-USD"))

    assert not (tmp_path / "mine").exists()


def test_a_note_that_cannot_be_read_is_named(rest, tmp_path):
    (tmp_path / "downloads.json").write_text("[", encoding="utf-8")

    with pytest.raises(TraderError, match=r"downloads.json: cannot be read"):
        Coverage(tmp_path)


def test_a_lake_that_cannot_be_written_is_a_sentence(rest, tmp_path):
    (tmp_path / "mine").write_text("a file, not a folder", encoding="utf-8")

    with pytest.raises(TraderError, match=r"cannot be written|no such folder"):
        fetched(rest, tmp_path / "mine")
    assert os.listdir(tmp_path) == ["mine"]


spans = st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(spans, st.lists(spans, max_size=6))
def test_what_is_missing_is_what_is_wanted_less_what_is_known(wanted, known):
    left = {second for first, last in without(wanted, known) for second in range(first, last)}
    have = {second for first, last in known for second in range(first, last)}

    assert left == set(range(*wanted)) - have


@given(st.lists(spans, max_size=6))
def test_joined_spans_hold_the_same_and_do_not_touch(known):
    out = joined(known)

    assert {s for a, b in out for s in range(a, b)} == {s for a, b in known for s in range(a, b)}
    assert all(before[1] < after[0] for before, after in pairwise(out))
