"""What the streams say of a symbol, and when they are not to be believed."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.test_coinbase_frames import BTC, NOON, frame, levels, ticker, traded
from trader.market.coinbase_frames import BadFrame, parse
from trader.market.coinbase_streams import Streams
from trader.model.market import Quote

EPOCH = int(NOON.timestamp())


def told(*texts, line="1"):
    streams = Streams([BTC])
    streams.opened(line, [BTC])
    return streams, [streams.hear(line, parse(text)) for text in texts]


def cleared(streams):
    assert streams.clear(BTC, streams.doubt_of(BTC))
    return streams


ACK = frame("subscriptions", subscriptions={"market_trades": [BTC]}, sequence=0)


def test_a_quote_has_the_venues_time():
    streams, _ = told(ticker(second=3))

    assert streams.quote(BTC) == Quote(BTC, Decimal(99), Decimal(101), NOON + timedelta(seconds=3))


def test_where_there_is_a_book_it_knows_better_than_a_ticker():
    streams, _ = told(
        levels(("bid", "50", "1"), ("offer", "60", "1"), kind="snapshot"), ticker(sequence=1), ticker(sequence=2)
    )

    assert streams.quote(BTC).bid == 50


TWIN = BTC + "C"


@pytest.mark.parametrize("symbols", [[TWIN], [BTC, TWIN]])
def test_what_is_told_of_a_market_is_told_of_its_twin(symbols):
    streams = Streams(symbols, twins={TWIN: BTC})
    streams.opened("1", symbols)
    for text in (ACK, ticker(sequence=1, second=3), traded(second=4, sequence=2)):
        assert streams.hear("1", parse(text)) == ""

    for symbol in symbols:
        assert streams.quote(symbol) == Quote(symbol, Decimal(99), Decimal(101), NOON + timedelta(seconds=3))
        assert streams.last_trade(symbol).symbol == symbol
        assert streams.heard_since(symbol) == NOON


def test_without_its_twin_nothing_is_told_of_it():
    streams = Streams([TWIN])
    streams.opened("1", [TWIN])
    streams.hear("1", parse(ticker()))

    assert streams.quote(TWIN) is None


def test_a_gap_leaves_both_twins_in_doubt():
    streams = Streams([BTC, TWIN], twins={TWIN: BTC})
    streams.opened("1", [BTC, TWIN])
    streams.hear("1", parse(ticker()))
    assert all(streams.clear(symbol, streams.doubt_of(symbol)) for symbol in (BTC, TWIN))

    assert "missing" in streams.hear("1", parse(ticker(sequence=5)))

    assert all(streams.doubt_of(symbol) for symbol in (BTC, TWIN))


@pytest.mark.req("ST1")
def test_heartbeats_alone_do_not_make_a_quote_younger():
    streams, _ = told(ticker(), *(frame("heartbeats", n, n, heartbeat_counter=n) for n in range(1, 30)))

    assert streams.quote(BTC).time == NOON


def test_an_older_quote_does_not_win():
    streams, _ = told(ticker(second=5))
    streams.offer(Quote(BTC, Decimal(1), Decimal(2), NOON))

    assert streams.quote(BTC).bid == 99


def test_mids_are_those_of_the_last_minute():
    streams, _ = told(*(ticker(bid=str(n), ask=str(n), sequence=n, second=n) for n in range(100)))

    assert [mid for _, mid in streams.mids(BTC)] == list(range(40, 100))


def test_a_number_that_is_none_is_no_mid():
    streams, _ = told(ticker(bid="NaN"))

    assert streams.mids(BTC) == ()


@pytest.mark.parametrize(
    ("sequences", "says"),
    [
        pytest.param([0, 1, 2], ["", "", ""], id="in order"),
        pytest.param([5, 6], ["", ""], id="from anywhere"),
        pytest.param([0, 1, 3], ["", "", "1 frames are missing before 3"], id="gap"),
        pytest.param([0, 1, 1, 2], ["", "", "", ""], id="twice"),
        pytest.param([0, 2, 1], ["", "1 frames are missing before 2", ""], id="out of order"),
    ],
)
def test_one_count_over_all_channels_of_a_connection(sequences, says):
    texts = [ticker(sequence=n) if n % 2 else frame("heartbeats", n, heartbeat_counter=n) for n in sequences]

    assert told(*texts)[1] == says


def test_after_a_gap_all_is_in_doubt_until_rest_was_asked():
    streams, _ = told(ticker(sequence=0))
    assert not cleared(streams).doubt_of(BTC)

    streams.hear("1", parse(frame("heartbeats", 5, heartbeat_counter=1)))

    assert streams.doubt_of(BTC)
    assert streams.quote(BTC) is None


def test_what_was_asked_before_a_newer_gap_clears_nothing():
    streams, _ = told(ticker())
    asked_for = streams.doubt_of(BTC)
    streams.closed("1")

    assert not streams.clear(BTC, asked_for)
    assert streams.doubt_of(BTC)


def test_a_late_or_repeated_frame_changes_nothing():
    streams, _ = told(ticker(sequence=3), ticker(bid="1", sequence=2), ticker(bid="1", sequence=3))

    assert streams.quote(BTC).bid == 99


def test_frames_of_a_connection_that_is_gone_change_nothing():
    streams, _ = told(ticker())
    streams.closed("1")
    streams.hear("1", parse(ticker(sequence=1)))

    assert streams.quote(BTC) is None


def test_a_complaint_of_the_venue_is_passed_on():
    _, says = told('{"type":"error","message":"authentication failure"}')

    assert says == ["the venue says: authentication failure"]


@pytest.mark.parametrize(
    ("texts", "asked", "answer"),
    [
        pytest.param([ACK, ticker(sequence=1, second=63)], (0, 60), True, id="heard all, nothing there"),
        pytest.param([ACK, ticker(sequence=1, second=61)], (0, 60), False, id="trades may be on their way"),
        pytest.param([ACK, ticker(sequence=1, second=30)], (0, 60), False, id="not over"),
        pytest.param([ACK, ticker(sequence=1, second=63)], (-60, 60), False, id="not heard from the beginning"),
        pytest.param([ACK, traded(30, sequence=1, second=63)], (0, 60), False, id="a trade"),
        pytest.param([ACK, traded(60, sequence=1, second=63)], (0, 60), True, id="a trade after"),
        pytest.param([ACK, ticker(sequence=7, second=63)], (0, 60), False, id="a gap"),
        pytest.param([ticker(sequence=1, second=63)], (0, 60), False, id="never subscribed"),
    ],
)
def test_silence_is_told_from_not_having_listened(texts, asked, answer):
    streams, says = told()
    for text in texts:
        says.append(streams.hear("1", parse(text)))
        if not any(says):
            cleared(streams)

    assert streams.silent(BTC, EPOCH + asked[0], EPOCH + asked[1]) is answer


def test_words_on_orders_are_given_once():
    row = {"order_id": "o", "client_order_id": "c", "product_id": BTC, "status": "OPEN", "cumulative_quantity": "1"}
    streams, _ = told(frame("user", second=4, type="update", orders=[row]))

    assert [order.order_id for order in streams.orders()] == ["o"]
    assert streams.orders() == []


GOOD = [
    ticker(), traded(), ACK, levels(("bid", "1", "2"), ("offer", "3", "1"), kind="snapshot"),
    frame("heartbeats", heartbeat_counter=1),
    frame("user", orders=[{"order_id": "o", "product_id": BTC, "status": "OPEN", "cumulative_quantity": "1"}]),
    frame("status", products=[{"id": BTC, "status": "online"}]),
]  # fmt: skip
ODD = st.sampled_from(
    ["", "NaN", "sNaN", "-1", "1e999", "x", "0001-01-01T00:00:00+14:00", 7, -1.5, None, [], {}, [[]], True]
)


def spoilt(value, path, odd):
    """*value* with one thing in it replaced; *path* says which."""
    if isinstance(value, dict | list) and value and path:
        key = list(value)[path[0] % len(value)] if isinstance(value, dict) else path[0] % len(value)
        copy = value.copy()
        copy[key] = spoilt(value[key], path[1:], odd)
        return copy
    return odd


@given(st.lists(st.tuples(st.sampled_from(GOOD), st.lists(st.integers(0, 9), min_size=1, max_size=7), ODD), max_size=8))
def test_whatever_comes_the_reader_survives_it(rows):
    streams, _ = told()
    for text, path, odd in rows:
        try:
            streams.hear("1", parse(json.dumps(spoilt(json.loads(text), path, odd))))
        except BadFrame:
            continue
        streams.hear("1", parse(ticker()))
    streams.quote(BTC), streams.mids(BTC), streams.silent(BTC, 0, 60), streams.jump(BTC)
