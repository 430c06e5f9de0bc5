"""A market that is being made, held to the replay of the same bars."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.builders import a_universe_policy
from tests.market.made_bars import NEW_YEAR, made_bars, stored
from tests.market.test_coinbase_frames import frame, levels, ticker, traded
from tests.market.venue import BTC, THIN, Naps, asking
from tests.simulator.conftest import on_stage
from trader.errors import ExchangeUnreachable
from trader.market.bars import epoch_seconds
from trader.market.coinbase_frames import parse
from trader.market.coinbase_rest import PublicRest
from trader.market.coinbase_streams import Streams
from trader.market.gather import Need, gather
from trader.market.history import Lake
from trader.market.live import LiveMarket, LiveWanted, watched
from trader.market.live_fill import BackFill, NotYet
from trader.market.live_window import NOTHING, LiveWindow
from trader.market.replay import ReplayMarket
from trader.market.symbols import UnknownSymbol
from trader.model.market import ProductFlag, Quote, Regime
from trader.policy import RegimePolicy
from trader.risk.rules.outlier import Outlier

pytestmark = pytest.mark.slow

STEP = 300
DAYS = 4
BARS = DAYS * 288
BEGIN = NEW_YEAR + timedelta(days=2, seconds=17)
"""Two days of bars behind, and not on the grid."""
UNIVERSE = a_universe_policy(confirm_cycles=3)
REGIME = RegimePolicy({}, trend_bars=12, vol_bars=12, crash_bars=12, trend_pct=0.5)
NEEDS = {300: Need(50), 3600: Need(10)}
EPOCH = int(NEW_YEAR.timestamp())


def lake_of(folder):
    """BTC-USD and THIN-USD, which has many holes; the volume of both falls on the third day and comes back."""
    rng = np.random.default_rng(5)
    share = np.where(np.arange(BARS) // 200 % 5 == 3, 0.1, 1.0) * rng.uniform(0.9, 1.1, BARS) / 288
    btc = made_bars(BARS, "5m")
    btc = btc.assign(volume=share * 130_000_000 / btc["close"])
    holes = sorted(rng.choice(BARS, BARS // 2, replace=False).tolist())
    thin = made_bars(BARS, "5m", without=holes, seed=2)
    thin = thin.assign(volume=np.delete(share, holes) * 3_000_000 / thin["close"])
    stored(folder, BTC, "5m", btc)
    stored(folder, THIN, "5m", thin)
    return folder


@contextmanager
def live(tmp_path, begin=BEGIN, regime=REGIME, streams=None, symbols=(BTC, THIN), **wanted):
    """A live market on a venue that stands still until it is stepped."""
    from trader.simulator.sources import LakeSource

    lake = lake_of(tmp_path / "lake")
    (tmp_path / "papers").mkdir()
    naps = Naps()
    with on_stage(tmp_path / "papers", source=LakeSource(lake, "5m"), start=begin, speed=0.0) as stage:
        stage.lake = lake

        def sleep(seconds):
            naps.sleep(seconds)
            stage.direct("/clock", step_seconds=seconds)

        with closing(asking(stage, naps)) as rest:
            limits = Outlier(confirmations=2)
            streams = streams or Streams(watched(symbols, regime), limits)
            options = {"granularity": "5m", "history_seconds": 86_400, **wanted}
            market = LiveMarket(rest, streams, LiveWanted(symbols, **options), UNIVERSE, regime, sleep)
            market.stage, market.streams, market.rest = stage, streams, rest
            yield market


def to(market, time):
    """Let the venue's clock come to *time*, and the market to the instant there."""
    now = market.rest.time()
    market.stage.direct("/clock", step_seconds=max(0.0, (time - now).total_seconds()))
    k = market.index_at_or_after(time)
    market.advance(k)
    return k


@pytest.mark.req("U1")
@pytest.mark.req("U3")
def test_it_says_what_the_replay_of_the_same_bars_says(tmp_path):
    with live(tmp_path) as market:
        replay = ReplayMarket(Lake(market.stage.lake).load_panel(None, "5m"), UNIVERSE, REGIME)
        flips = set()
        for minutes in (5, 10, 15, 30, 60, 65, 120, 360, 720, 1080, 1100, 1440, 1700, 2000, 2300, 2870):
            time = BEGIN.replace(second=0) + timedelta(minutes=minutes)
            k, j = to(market, time), replay.index_at_or_after(time)
            replay.changes(j)
            mine, wanted = gather(market, k, {}, NEEDS), gather(replay, j, {}, NEEDS)

            assert (mine.as_of, mine.regime) == (wanted.as_of, wanted.regime)
            assert mine.closed == {seconds: wanted.closed[seconds] for seconds in mine.closed}
            assert mine.bars.keys() == wanted.bars.keys()
            for key, bars in mine.bars.items():
                for column in ("start", "open", "high", "low", "close", "volume"):
                    assert np.array_equal(getattr(bars, column), getattr(wanted.bars[key], column))
            for symbol in (BTC, THIN):
                assert market.mark(symbol, k) == replay.mark(symbol, j)
                assert market.costs_bps(symbol) == replay.costs_bps(symbol)
                assert market.membership[symbol].eligible == replay.membership[symbol].eligible
                assert market.membership[symbol].tier == replay.membership[symbol].tier
            for back in range(5):
                assert dict(market.bars_at(k - 1 - back)) == dict(replay.bars_at(j - 1 - back))
            flips |= {(symbol, member.eligible, member.tier) for symbol, member in market.membership.items()}
            flips.add(market.regime)

    assert len(flips & set(Regime)) >= 2
    assert len(flips) >= 5


def test_instants_mean_the_same_in_every_process(tmp_path):
    with live(tmp_path) as market:
        k = market.index_at_or_after(BEGIN)

        assert market.time(k) == NEW_YEAR + timedelta(days=2, minutes=5)
        assert market.first < k
        assert market.index_at_or_after(market.time(k)) == k
        assert market.time(market.last).year == 2100
        assert market.times(np.array([k])).tolist() == [int(market.time(k).timestamp())]


@pytest.mark.req("U1", "U3")
def test_only_the_regimes_symbol_is_read_as_far_back_as_the_regime_needs(tmp_path):
    said = []
    for number, back in enumerate(({"history_seconds": 2 * 86_400}, {"regime_seconds": 2 * 86_400})):
        (tmp_path / str(number)).mkdir()
        with live(tmp_path / str(number), begin=BEGIN + timedelta(days=1), **back) as market:
            to(market, BEGIN.replace(second=0) + timedelta(days=1, minutes=5))
            begun = {symbol: int(epoch_seconds(frame)[0]) for symbol, frame in market.panel.frames.items()}
            candles = calls_since(market, 0).count("public_candles")
            members = {symbol: (one.eligible, one.tier) for symbol, one in market.membership.items()}
            said.append((begun, candles, market.regime, members))
    (all_of_it, many, *rest), (as_needed, fewer, *same) = said

    assert rest == same
    assert as_needed[BTC] == all_of_it[BTC] == EPOCH
    assert all_of_it[THIN] < EPOCH + 86_400 <= as_needed[THIN]
    assert fewer < many


class Together:
    """A venue that answers once two have asked, or when it is told to fail."""

    host = "venue"

    def __init__(self, fails=False):
        self.fails, self.asked, self.two = fails, [], threading.Barrier(2)

    def candles(self, symbol, seconds, first, last):
        self.asked.append(symbol)
        if self.fails:
            raise ExchangeUnreachable("venue: silent")
        self.two.wait(5)
        return NOTHING


def test_history_is_asked_for_several_symbols_side_by_side():
    symbols = [f"A{number}-USD" for number in range(10)]
    for fails in (False, True):
        venue = Together(fails)
        fill = BackFill(venue, Streams(symbols), LiveWindow(symbols, 60, 0), lambda seconds: None)
        if fails:
            with pytest.raises(ExchangeUnreachable, match="silent"):
                fill.load(EPOCH)
        else:
            fill.load(EPOCH)
            assert fill.known == dict.fromkeys(symbols, EPOCH)
            assert sorted(venue.asked) == symbols


@pytest.mark.parametrize("interval_seconds", [300, 900, 3_600, 86_400])
def test_a_cycle_that_begins_late_in_its_window_finds_its_instant(tmp_path, interval_seconds):
    midnight = NEW_YEAR + timedelta(days=2)
    with live(tmp_path, begin=midnight + timedelta(seconds=interval_seconds / 10)) as market:
        assert market.first <= market.index_at_or_after(midnight)


def test_an_end_is_the_last_instant(tmp_path):
    end = BEGIN.replace(second=0) + timedelta(hours=1)
    with live(tmp_path, end=end) as market:
        assert market.time(market.last) == end


def test_where_an_account_stopped_its_bars_are_there_to_be_played(tmp_path):
    since = NEW_YEAR + timedelta(days=1, hours=5)
    with live(tmp_path, since=since) as market:
        assert market.time(market.first) == since
        assert BTC in market.bars_at(market.first)
        assert market.mark(BTC, market.first) > 0
        assert market.panel.start <= since - timedelta(days=1)


@pytest.mark.parametrize("leap_seconds", [100, 170, 299])
def test_a_venue_whose_time_flies_between_two_questions_starts_on_the_grid(tmp_path, monkeypatch, leap_seconds):
    """As in a rehearsal at speed: the second look at its clock is already in the next bar."""
    told, looks = PublicRest.time, []

    def flying(rest):
        looks.append(rest)
        rest._past = told(rest) + timedelta(seconds=leap_seconds * len(looks))
        return rest._past

    monkeypatch.setattr(PublicRest, "time", flying)
    with live(tmp_path) as market:
        assert market._now.at % market.step == 0
        assert set(market.fill.known.values()) == {market._now.at}


def test_an_instant_is_not_known_before_its_bar_is_over_for_sure(tmp_path):
    with live(tmp_path) as market:
        k = to(market, NEW_YEAR + timedelta(days=2, minutes=5))

        assert market.rest.time() >= market.time(k) + timedelta(seconds=2)
        assert BTC in market.bars_at(k - 1)
        assert market.bars_at(k) == {}


def test_an_instant_far_ahead_is_not_waited_for(tmp_path):
    with live(tmp_path) as market, pytest.raises(NotYet, match="is still"):
        market.advance(market.index_at_or_after(BEGIN) + 50)


def test_a_bar_that_forms_is_in_no_window(tmp_path):
    with live(tmp_path) as market:
        k = to(market, NEW_YEAR + timedelta(days=2, minutes=50))
        market.stage.direct("/clock", step_seconds=200)
        hours = gather(market, to(market, NEW_YEAR + timedelta(days=2, hours=1)), {}, NEEDS).bars[3600, BTC]

        assert market.closed(3600, k) == ()
        assert hours.start[-1] == EPOCH + 2 * 86_400
        assert market.panel.frames[BTC].index[-1] == NEW_YEAR + timedelta(days=2, minutes=55)


def test_the_window_moves_and_does_not_grow(tmp_path):
    with live(tmp_path) as market:
        before = market.panel.start
        to(market, NEW_YEAR + timedelta(days=3, hours=12))

        assert market.panel.start - before == timedelta(days=2)


@pytest.mark.req("U1")
def test_a_membership_goes_on_where_the_ledger_left_it(tmp_path):
    with live(tmp_path) as market:
        to(market, BEGIN.replace(second=0) + timedelta(minutes=5))
        kept = dict(market.membership)
        turned = {symbol: replace(member, eligible=not member.eligible, streak=2) for symbol, member in kept.items()}
        market.take_up(turned, BEGIN.replace(second=0) + timedelta(minutes=5))
        assert market.membership[BTC].streak == 0
        seen = []
        for minutes in (10, 15, 20, 25):
            to(market, BEGIN.replace(second=0) + timedelta(minutes=minutes))
            seen.append(market.membership[BTC].eligible == kept[BTC].eligible)

    assert seen[:2] == [False, False]
    assert seen[3]


def at(market, minutes):
    return BEGIN.replace(second=0) + timedelta(minutes=minutes)


class Told:
    """Streams that are told what happens by hand, at the venue's time."""

    def __init__(self, market):
        self.streams, self.number = market.streams, 0
        self.streams.opened("1", [BTC, THIN])

    def hear(self, text, time):
        told = replace(parse(text), time=time, sequence=self.number)
        self.number += 1
        assert self.streams.hear("1", told) == ""

    def listening(self, time):
        self.hear(frame("subscriptions", subscriptions={"market_trades": [BTC, THIN]}), time)

    def beat(self, time):
        self.hear(frame("heartbeats", heartbeat_counter=1), time)

    def quote(self, time, bid="99.9", ask="100.1"):
        self.hear(ticker(bid=bid, ask=ask), time)


def candle_calls(market):
    return sum(row["route"] == "public_candles" for row in market.stage.see("/log")["requests"])


def test_a_symbol_that_was_heard_to_be_silent_is_not_asked_for(tmp_path):
    with live(tmp_path) as market:
        told = Told(market)
        told.listening(market.rest.time())
        to(market, at(market, 5))
        before = candle_calls(market)
        told.beat(at(market, 10) + timedelta(seconds=3))
        k = to(market, at(market, 10))

        assert candle_calls(market) == before
        assert market.watermark(THIN) == market.time(k)


def test_without_streams_every_symbol_is_asked_for_and_no_bar_is_lost(tmp_path):
    with live(tmp_path) as market:
        before = candle_calls(market)
        to(market, at(market, 10))

        assert candle_calls(market) - before == 2


def test_a_bar_whose_trades_were_heard_and_that_is_not_there_yet_is_not_known(tmp_path):
    with live(tmp_path) as market:
        to(market, at(market, 5))
        told = Told(market)
        told.listening(market.rest.time())
        k = market.index_at_or_after(at(market, 10))
        missing = next(j for j in range(k, k + 40) if THIN not in market_bars(market, j))
        text = traded().replace(BTC, THIN)
        trade = replace(parse(text).events[0], time=market.time(missing) + timedelta(seconds=10))
        market.streams.hear("1", replace(parse(text), time=trade.time, sequence=1, events=(trade,)))
        market.stage.direct("/clock", step_seconds=(market.time(missing + 1) - market.rest.time()).total_seconds())
        market.advance(missing + 1)

        assert market.watermark(THIN) == market.time(missing)
        assert market.watermark(BTC) == market.time(missing + 1)
        assert any("its bar is not there yet" in note for note in market.fill.notes)


def market_bars(market, j):
    lake = Lake(market.stage.lake).load(THIN, "5m")
    return {THIN} if datetime.fromtimestamp(j * STEP, UTC) in lake.index else set()


@pytest.mark.req("ST1")
def test_what_the_venue_does_not_answer_makes_the_watermark_old_and_is_caught_up_later(tmp_path):
    with live(tmp_path) as market:
        k = to(market, at(market, 5))
        market.stage.fault("status_before", "public_candles", status=503)
        later = to(market, at(market, 10))
        stale = gather(market, later, {}, NEEDS)
        market.stage.direct("/faults", faults=[])
        healed = gather(market, to(market, at(market, 20)), {}, NEEDS)

    assert stale.health[BTC].watermark == market.time(k)
    assert not stale.exchange_down
    assert healed.health[BTC].watermark == market.time(later + 2)
    assert len(healed.bars[300, BTC].start) == 50
    assert set(np.diff(healed.bars[300, BTC].start)) == {300}


@pytest.mark.req("EX1")
@pytest.mark.parametrize("route", ["time", "public_products"])
def test_an_exchange_that_does_not_tell_the_time_or_its_products_is_down(tmp_path, route):
    with live(tmp_path) as market:
        market.stage.direct("/clock", step_seconds=600)
        market.stage.fault("status_before", route, status=503)
        market.advance(market.index_at_or_after(at(market, 5)))
        down = market.exchange_down
        market.stage.direct("/faults", faults=[])
        market.advance(market.index_at_or_after(at(market, 10)))

        assert down
        assert not market.exchange_down


@pytest.mark.req("ST1")
def test_a_snapshot_holds_what_was_quoted_at_its_instant_and_nothing_later(tmp_path):
    with live(tmp_path) as market:
        told = Told(market)
        told.quote(at(market, 5) - timedelta(seconds=1), "99", "101")
        told.quote(at(market, 5), "98", "102")
        told.quote(at(market, 5) + timedelta(seconds=1), "50", "51")
        snapshot = gather(market, to(market, at(market, 5)), {}, NEEDS)

        assert snapshot.quotes[BTC] == Quote(BTC, Decimal(98), Decimal(102), snapshot.as_of)
        assert THIN not in snapshot.quotes
        assert market.quote(BTC).bid == 50
        assert [float(mid) for _, mid in market.mids(BTC)] == [100, 100, 50.5]


@pytest.mark.req("ST1")
@pytest.mark.parametrize(
    ("after", "age_seconds"),
    [
        pytest.param("another quote", 0, id="the next one shows that it stood until then"),
        pytest.param("heartbeats", 20, id="heartbeats show nothing"),
        pytest.param("a gap", None, id="after a gap nobody knows"),
    ],
)
def test_how_old_a_quote_is_at_an_instant_after_it(tmp_path, after, age_seconds):
    with live(tmp_path) as market:
        told, time = Told(market), at(market, 5)
        told.quote(time - timedelta(seconds=20), "98", "102")
        if after == "a gap":
            told.number += 1
            market.streams.hear("1", replace(parse(ticker()), time=time + timedelta(seconds=1), sequence=told.number))
        elif after == "heartbeats":
            told.beat(time + timedelta(seconds=1))
        else:
            told.quote(time + timedelta(seconds=1), "50", "51")
        quote = gather(market, to(market, time), {}, NEEDS).quotes.get(BTC)

    assert (None if quote is None else (time - quote.time).total_seconds()) == age_seconds
    assert quote is None or quote.bid == 98


@pytest.mark.req("ST1")
@pytest.mark.parametrize(("moved", "age_seconds"), [("0", 0), ("0.01", 20)])
def test_a_quiet_quote_is_as_young_as_rest_says(tmp_path, moved, age_seconds):
    with live(tmp_path) as market:
        told, time = Told(market), at(market, 5)
        market.stage.direct("/clock", step_seconds=(time - market.rest.time()).total_seconds() + 2)
        real = market.rest.quote(BTC)
        told.quote(time - timedelta(seconds=20), str(real.bid - Decimal(moved)), str(real.ask))
        quote = gather(market, to(market, time), {}, NEEDS).quotes[BTC]

    assert (time - quote.time).total_seconds() == age_seconds


def test_the_watermark_moves_on_while_every_trade_is_heard_of(tmp_path):
    with live(tmp_path) as market:
        told = Told(market)
        told.listening(market.rest.time())
        k = to(market, at(market, 5))
        told.hear(traded(), at(market, 11))

        assert market.watermark(BTC) == at(market, 10)
        assert gather(market, k, {}, NEEDS).health[BTC].watermark == market.time(k)
        market.streams.closed("1")
        assert market.watermark(BTC) == market.time(k)


@pytest.mark.req("O1")
def test_a_jump_is_suspect_until_the_venue_bears_it_out_over_rest(tmp_path):
    with live(tmp_path) as market:
        told, time = Told(market), at(market, 5)
        market.stage.direct("/clock", step_seconds=(time - market.rest.time()).total_seconds())
        real = market.rest.quote(BTC)
        for second in range(3):
            told.quote(time + timedelta(seconds=second), str(real.bid), str(real.ask))
        assert market.health(BTC).suspect
        to(market, time)
        assert not market.health(BTC).suspect

        told.quote(time + timedelta(seconds=9), str(real.bid * 2), str(real.ask * 2))
        told.quote(time + timedelta(seconds=10), str(real.bid * 2), str(real.ask * 2))
        to(market, at(market, 10))

        assert market.health(BTC).suspect
        assert market.health(BTC).jump_sigmas > 6


@pytest.mark.req("EX1")
@pytest.mark.parametrize("flag", ["cancel_only", "post_only", "view_only", "limit_only", "auction_mode"])
def test_a_flag_that_goes_up_is_in_the_next_snapshot(tmp_path, flag):
    with live(tmp_path) as market:
        assert not market.products[THIN].flags
        market.stage.direct("/listings", product_id=THIN, **{flag: True})
        snapshot = gather(market, to(market, at(market, 5)), {}, NEEDS)

    assert snapshot.products[THIN].flags == {ProductFlag(flag.removesuffix("_mode"))}
    assert not snapshot.products[BTC].flags


def test_a_quiet_product_can_be_asked_for(tmp_path):
    with live(tmp_path) as market:
        market.feed.refresh([BTC], timedelta(seconds=3))
        asked = market.quote(BTC)
        market.feed.refresh([BTC], timedelta(seconds=3))

        assert asked.time == market.rest.time()
        assert market.quote(BTC) == asked


def calls_since(market, before):
    """Which questions the venue was asked since its log was *before* long."""
    return [row["route"] for row in market.stage.see("/log")["requests"]][before:]


@pytest.mark.req("RATE")
def test_the_venue_tells_its_time_once_for_all_quiet_products(tmp_path):
    with live(tmp_path) as market:
        market.feed.refresh([BTC, THIN], timedelta(seconds=3))
        market.stage.direct("/clock", step_seconds=10)
        before = len(calls_since(market, 0))
        market.feed.refresh([BTC, THIN], timedelta(seconds=3))
        asked = calls_since(market, before)
        market.feed.refresh([BTC, THIN], timedelta(seconds=3))
        again = calls_since(market, before + len(asked))

        assert sorted(asked) == ["public_book", "public_book", "time"]
        assert again == ["time"]
        assert market.quote(THIN).time == market.rest.time()


def test_one_product_that_is_not_answered_for_keeps_no_other_from_being_asked_for(tmp_path):
    with live(tmp_path) as market:
        market.stage.fault("status_before", "public_book", calls=[1], status=404)
        market.feed.refresh([BTC, THIN], timedelta(seconds=3))

        assert market.quote(BTC) is None
        assert market.quote(THIN) is not None
        assert not market.fill.down


def test_an_unknown_symbol_is_told_at_the_start(tmp_path):
    with pytest.raises(UnknownSymbol, match="did you mean BTC-USD"), live(tmp_path, symbols=("BTC-UDS",)):
        pass


def test_the_regimes_symbol_is_watched_and_not_traded(tmp_path):
    with live(tmp_path, symbols=(THIN,)) as market:
        snapshot = gather(market, to(market, at(market, 5)), {}, NEEDS)

        assert market.tradable == (THIN,)
        assert BTC in market.panel.symbols
        assert set(snapshot.membership) == {THIN}
        assert not any(symbol == BTC for _, symbol in snapshot.bars)


def test_a_book_counts_more_than_a_ticker_in_a_snapshot(tmp_path):
    with live(tmp_path) as market:
        told, time = Told(market), at(market, 5)
        told.hear(levels(("bid", "90", "1"), ("offer", "91", "1"), kind="snapshot"), time - timedelta(seconds=2))
        told.quote(time - timedelta(seconds=1))

        assert gather(market, to(market, time), {}, NEEDS).quotes[BTC].ask == 91
