"""A paper account on the live feed fills what a backtest of the same bars fills."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.backtest.worlds import World, job_of
from tests.gateway.paper import facts_of, fills_of, fingerprint_of, market_of, proposer
from tests.market.made_bars import stored
from tests.market.venue import Naps, asking
from tests.simulator.conftest import on_stage
from trader.backtest.outcome import fill_row
from trader.backtest.run import prepare
from trader.config.desk import desk_of
from trader.exchange.simulated import SimulatedExchange
from trader.gateway.account import Account
from trader.gateway.books import Books
from trader.gateway.core import TradingCore
from trader.market.coinbase_frames import Frame, TopOfBook
from trader.market.coinbase_streams import Streams
from trader.market.live import LiveMarket, LiveWanted, watched
from trader.model.codec import loads
from trader.model.events import Marked
from trader.model.market import Snapshot
from trader.registry import Registry
from trader.risk.rules.outlier import Outlier
from trader.simulator.sources import LakeSource
from trader.state.memory import MemoryJournal

pytestmark = pytest.mark.slow

CALM = Outlier(sigma_floor_bps=100_000)
"""Hourly jumps of a made-up world are no mistakes of its feed."""


def lake_of(job, folder):
    for symbol, bars in job.chosen.panel.frames.items():
        stored(folder, symbol, job.chosen.panel.granularity, bars)
    rows = {
        symbol: {
            "base_increment": str(product.base_increment), "quote_increment": str(product.quote_increment),
            "base_min_size": str(product.base_min_size), "quote_min_usd": str(product.quote_min_usd),
        }
        for symbol, product in job.chosen.panel.products.items()
    }  # fmt: skip
    (folder / "products.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


class Rig:
    """A core on a live market whose venue serves the job's bars, and the replay that says what is quoted."""

    def __init__(self, job, stage, rest, journal, since=None):
        config, panel = job.config, job.chosen.panel
        self.job, self.stage, self.rest = job, stage, rest
        self.replay = market_of(job)
        self.replay.rewind()
        symbols = job.chosen.tradable
        self.streams = Streams(watched(symbols, config.regime()), CALM)
        self.streams.opened("1", symbols)
        self.number = 0
        wanted = LiveWanted(symbols, panel.granularity, 30 * 86_400, since or panel.start, panel.end, job.seed)
        self.market = LiveMarket(rest, self.streams, wanted, config.universe(), config.regime(), lambda seconds: None)
        desk = desk_of(config, Registry(()), self.market.policy, [one.stanza for one in job.strategies])

        def venue(ledger):
            return SimulatedExchange(self.market.products, desk.execution, self.market.costs_bps, ledger.cash_usd)

        books = Books(desk, self.market, journal, Account("paper", "test", job.cash_usd, "0", config.hash), venue)
        names = [one.stanza.name for one in job.strategies]
        self.core = TradingCore(books, facts_of(job.strategies), names)

    def cycle(self, propose):
        """The next instant: the venue's clock comes to it, the streams quote, and a cycle is run."""
        k = self.core.books.following
        time = self.market.time(k)
        self.come_to(time)
        j = self.replay.index_at_or_after(time)
        self.replay.changes(j)
        quotes = [self.replay.quote(symbol, j) for symbol in self.replay.tradable]
        tops = tuple(TopOfBook(quote.symbol, quote.bid, quote.ask) for quote in quotes if quote is not None)
        assert self.streams.hear("1", Frame("ticker", time, self.number, tops)) == ""
        self.number += 1
        cycle = self.core.begin(k)
        self.core.submit(cycle.id, propose(cycle.snapshot))
        self.core.finish(cycle.id, "complete")
        return cycle

    def come_to(self, time):
        ahead = (time - self.rest.time()).total_seconds() + 3
        self.stage.direct("/clock", step_seconds=max(0.0, ahead))

    def to_the_end(self, propose):
        while not self.core.exhausted:
            self.cycle(propose)
        self.come_to(self.market.time(self.market.last))
        self.core.close_out()


def staged(job, tmp_path):
    lake = lake_of(job, tmp_path / "lake")
    (tmp_path / "papers").mkdir()
    source = LakeSource(lake, job.chosen.panel.granularity)
    return on_stage(tmp_path / "papers", source=source, start=job.chosen.panel.start, speed=0.0)


@pytest.fixture(params=[World(seed=3, bars=90, symbols=2, missing_share=10), World(seed=8, bars=90, timeframes=(1, 4))])
def job(request):
    return job_of(request.param)


@pytest.mark.req("BT1")
def test_paper_on_the_live_feed_fills_what_the_backtest_fills(job, tmp_path):
    wanted = [fill_row(fill) for fill in prepare(job).walk().fills]
    journal = MemoryJournal()

    with staged(job, tmp_path) as stage, closing(asking(stage, Naps())) as rest:
        Rig(job, stage, rest, journal).to_the_end(proposer(job))

    assert len(wanted) >= 5
    assert fills_of(journal.replay()) == wanted
    unmarked = [event.time for event in journal.replay() if isinstance(event, Marked) and event.unmarked]
    assert not unmarked, "the feed vouched for every price"
    assert fingerprint_of(fills_of(journal.replay())) == fingerprint_of(wanted)


@pytest.mark.req("NF1")
def test_a_live_market_says_of_an_instant_what_was_quoted_and_whether_to_believe_it(job, tmp_path):
    with staged(job, tmp_path) as stage, closing(asking(stage, Naps())) as rest:
        rig = Rig(job, stage, rest, MemoryJournal())
        for _ in range(5):
            snapshot = rig.cycle(proposer(job)).snapshot
        k = rig.core.books.settled

        for symbol in rig.market.tradable:
            quote, health = rig.market.quoted(symbol, k)
            assert (quote, health) == (snapshot.quotes[symbol], snapshot.health[symbol])
            assert not health.suspect


@pytest.mark.req("STOP")
def test_a_restart_on_the_live_feed_changes_no_fill(job, tmp_path):
    wanted = [fill_row(fill) for fill in prepare(job).walk().fills]
    journal = MemoryJournal()
    propose = proposer(job)

    with staged(job, tmp_path) as stage, closing(asking(stage, Naps())) as rest:
        rig = Rig(job, stage, rest, journal)
        for _ in range(25):
            rig.cycle(propose)
        for _ in range(2):
            marked_at = rig.core.books.now
            rig = Rig(job, stage, rest, journal, since=marked_at)
            rig.market.take_up(rig.core.books.ledger.membership, marked_at)
            rig.cycle(propose)
        rig.to_the_end(propose)

    assert fills_of(journal.replay()) == wanted


def test_a_live_snapshot_survives_being_written_down(job, tmp_path):
    with staged(job, tmp_path) as stage, closing(asking(stage, Naps())) as rest:
        rig = Rig(job, stage, rest, MemoryJournal())
        cycle = rig.cycle(proposer(job))

    again = loads(Snapshot, cycle.text)

    assert again.health == cycle.snapshot.health
    assert again.quotes == cycle.snapshot.quotes
    assert again.health is not None
