"""The feed over wss against the simulated venue, with all that goes wrong on a stream."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from coinbase.jwt_generator import build_ws_jwt

from tests.builders import a_universe_policy
from tests.market.venue import BTC, THIN, a_venue, asking
from trader.errors import TraderError
from trader.market.coinbase_feed import Feed, FeedSettings
from trader.market.coinbase_streams import NO_TWINS
from trader.market.live import LiveMarket, LiveWanted
from trader.model.market import Regime
from trader.policy import RegimePolicy

pytestmark = pytest.mark.slow

SYMBOLS = [BTC, THIN]
QUICK = {"silence_seconds": 2.5, "stall_seconds": 60.0, "back_off_seconds": 0.05}


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    """A venue whose clock runs, a minute a second."""
    with a_venue(tmp_path_factory.mktemp("venue"), 5, speed=60.0) as stage:
        yield stage


@contextmanager
def a_feed(venue, symbols=SYMBOLS, token=None, twins=NO_TWINS, **settings):
    url = f"wss://{venue.simulator.base_url}/"
    chosen = FeedSettings(**{"url": url, "ca_file": venue.simulator.papers.ca_file, **QUICK, **settings})
    feed = Feed(symbols, chosen, token, twins=twins)
    feed.start()
    try:
        yield feed
    finally:
        feed.close()
        venue.direct("/faults", faults=[])


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def told(feed):
    """Why connections were made anew, but for a handshake that a busy machine was late for: that is tried again."""
    return [note for note in feed.notes if "handshake" not in note]


def trusted(feed, symbol=BTC):
    """Quotes flow, and somebody has asked over REST."""
    until(lambda: feed.streams.quote(symbol) is not None)
    return feed.streams.clear(symbol, feed.streams.doubt_of(symbol))


def test_quotes_trades_and_silence_come_over_a_verified_connection(venue):
    with a_feed(venue) as feed:
        assert trusted(feed)
        first = feed.streams.quote(BTC)
        until(lambda: feed.streams.quote(BTC).time > first.time)
        until(lambda: feed.streams.last_trade(BTC) is not None)

        assert first.bid < first.ask
        assert feed.streams.mids(BTC)
        assert feed.alive
        assert not told(feed)
        assert feed.opened == 1


def test_a_twin_is_quoted_as_its_market_is_whose_streams_are_asked_for_once(venue):
    twin = "BTC-USDC"
    with closing(asking(venue)) as rest:
        aliases = {symbol: state.alias for symbol, state in rest.states([BTC, twin]).items()}
        assert aliases == {BTC: "", twin: BTC}
        for symbols in ([twin], [BTC, twin]):
            with a_feed(venue, symbols, twins={twin: BTC}) as feed:
                assert trusted(feed, twin)
                until(lambda feed=feed: feed.streams.last_trade(twin) is not None)
                assert feed.streams.quote(twin).symbol == twin
                assert feed.streams.heard_since(twin) is not None
                assert not told(feed)


def test_nothing_is_left_running_when_it_is_closed(venue):
    with a_feed(venue) as feed:
        until(lambda: feed.opened)

    assert not feed.alive
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("feed-")]


def test_a_certificate_that_does_not_verify_is_not_talked_to(venue):
    with a_feed(venue, ca_file=None) as feed:
        until(lambda: told(feed))

        assert "its certificate does not verify" in told(feed)[0]
        assert feed.opened == 0


def test_a_file_that_holds_no_certificate_stops_it_at_once(tmp_path):
    with pytest.raises(TraderError, match="no certificates in PEM there"):
        Feed(SYMBOLS, FeedSettings(ca_file=tmp_path / "none.pem"))


def test_a_token_is_made_for_every_message_and_the_user_is_heard(venue):
    made = []

    def token():
        made.append(build_ws_jwt(venue.key.name, venue.key.secret))
        return made[-1]

    url = f"wss://{venue.simulator.base_url}/user"
    with a_feed(venue, [BTC], token, user_url=url) as feed:
        until(lambda: feed.opened == 2)
        order_id = venue.limit_buy("heard-of", size="1", below=0.5).to_dict()["success_response"]["order_id"]
        heard = []
        until(lambda: heard.extend(feed.streams.orders()) or [row for row in heard if row.order_id == order_id])

        assert len(made) == len(set(made)) == 6
        assert not told(feed)
    venue.sdk.cancel_orders([order_id])


def test_a_token_that_is_refused_is_told(venue):
    with a_feed(venue, [BTC], lambda: "nonsense") as feed:
        until(lambda: told(feed))

        assert "authentication failure" in told(feed)[0]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param("1000", {"kind": "close", "status": 1000}, id="1000 idle"),
        pytest.param("1001", {"kind": "close", "status": 1001}, id="1001 idle"),
        pytest.param("1006", {"kind": "close", "status": 1006}, id="1006 idle"),
        pytest.param("1011", {"kind": "close", "status": 1011}, id="1011 idle"),
        pytest.param("silent", {"kind": "stall"}, id="silent death"),
    ],
)
def test_every_end_is_noticed_and_made_good(venue, kind, fault):
    with a_feed(venue) as feed:
        assert trusted(feed)
        before = feed.opened

        venue.direct("/streams", **fault)
        until(lambda: feed.opened > before)
        until(lambda: feed.streams.quote(BTC) is not None)

        assert feed.streams.doubt_of(BTC)
        assert kind in told(feed)[0] or kind == "1006"
        assert trusted(feed)
        assert trusted(feed, THIN)


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        pytest.param("1000", {"kind": "close", "status": 1000}, id="1000 right after a frame"),
        pytest.param("1001", {"kind": "close", "status": 1001}, id="1001 right after a frame"),
        pytest.param("", {"kind": "close", "status": 1006}, id="1006 right after a frame"),
        pytest.param("1011", {"kind": "close", "status": 1011}, id="1011 right after a frame"),
        pytest.param("1 frames are missing", {"kind": "gap"}, id="gap"),
        pytest.param("frames are missing", {"kind": "swap"}, id="out of order"),
        pytest.param("1009", {"kind": "oversize", "size_bytes": 17_000_000}, id="oversize frame"),
        pytest.param("silent for", {"kind": "stall"}, id="stall"),
    ],
)
def test_every_fault_of_a_stream_is_noticed_and_made_good(venue, says, fault):
    venue.direct("/faults", faults=[{"route": "ws_heartbeats", "calls": [2], **fault}])
    with a_feed(venue) as feed:
        until(lambda: feed.opened > 1)

        assert says in told(feed)[0]
        assert trusted(feed)


def test_a_frame_that_comes_twice_is_no_reason_to_start_anew(venue):
    venue.direct("/faults", faults=[{"route": "ws_ticker", "kind": "repeat", "times": 5}])
    with a_feed(venue) as feed:
        assert trusted(feed)
        until(lambda: venue.see("/faults")["faults"][0]["fired"] == 5)
        since = feed.streams.quote(BTC).time
        until(lambda: feed.streams.quote(BTC).time > since)

        assert feed.opened == 1


def test_heartbeats_alone_are_noticed(tmp_path):
    with a_venue(tmp_path, 20.5) as still, a_feed(still, stall_seconds=2.2) as feed:
        until(lambda: feed.opened > 1)

        assert "nothing but heartbeats" in told(feed)[0]


def test_a_thread_that_died_is_started_again(venue):
    with a_feed(venue) as feed:
        until(lambda: feed.opened == 1)
        connection = feed._lines["market-1"].connection
        connection.stop()
        until(lambda: feed.opened == 2)

        assert trusted(feed)


def test_a_venue_that_is_down_for_a_while_is_found_again(venue):
    with a_feed(venue) as feed:
        assert trusted(feed)
        before = feed.opened
        venue.direct("/restart", down_seconds=1)
        until(lambda: feed.opened > before)

        assert trusted(feed)


def test_many_symbols_have_several_connections():
    symbols = [f"A{number}-USD" for number in range(25)]
    feed = Feed(symbols, replace(FeedSettings(), url="ws://127.0.0.1:1"))

    assert [len(watched.symbols) for watched in feed._lines.values()] == [10, 10, 5]
    assert [symbol for watched in feed._lines.values() for symbol in watched.symbols] == symbols


def test_frames_that_find_no_room_are_missed_and_so_noticed(venue, monkeypatch):
    monkeypatch.setattr("trader.market.coinbase_feed.INBOX_MAX", 3)
    hold = threading.Event()
    with a_feed(venue) as feed:
        original = feed._heard
        feed._heard = lambda watched, news: (hold.wait(0.2), original(watched, news))
        until(lambda: any("missing" in note for note in told(feed)))
        hold.set()
        feed._heard = original

        assert trusted(feed)


def test_what_a_lost_connection_left_in_doubt_is_certain_again_after_the_back_fill(venue):
    def next_instant(market):
        k = market.index_at_or_after(market.rest.time())
        until(lambda: market.rest.time() >= market.time(k))
        market.advance(k)
        return k

    with a_feed(venue) as feed, closing(asking(venue)) as rest:
        until(lambda: feed.streams.quote(BTC) is not None)
        regime = RegimePolicy({}, pinned=Regime.CHOP)
        market = LiveMarket(rest, feed.streams, LiveWanted((BTC, THIN)), a_universe_policy(), regime)
        market.rest = rest
        first = next_instant(market)
        assert not feed.streams.doubt_of(BTC)

        before = feed.opened
        venue.direct("/streams", kind="close", status=1011)
        until(lambda: feed.opened > before)
        assert feed.streams.doubt_of(BTC)
        assert market.watermark(BTC) <= market.time(first)
        until(lambda: feed.streams.heard_since(BTC) is not None)
        second = next_instant(market)

        assert not feed.streams.doubt_of(BTC)
        assert market.watermark(BTC) >= market.time(second)
        assert all(BTC in market.bars_at(j) for j in range(first - 5, second))
