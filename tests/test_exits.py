from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    ALPHA,
    BETA,
    BTC,
    ETH,
    NOW,
    PRICE,
    a_book,
    a_health,
    a_position,
    a_product,
    a_quote,
    a_snapshot,
)
from trader.exits import ExitWish, exits, trailed
from trader.model.events import StopTrailed
from trader.model.market import Quote
from trader.model.trading import ExitReason
from trader.policy import ExitPolicy

FOREVER, A_DAY = ExitPolicy(), ExitPolicy(max_hold_hours=Decimal(24))


def holding(*positions, **book):
    owned = {(position.strategy, position.symbol): position for position in positions}
    return replace(a_book(**book), positions=owned)


def reasons(snapshot, book, policy=FOREVER):
    return [wish.exit_reason for wish in exits(snapshot, book, policy)]


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("mid", "stop", "target", "expected"),
    [
        pytest.param("100", 97, 106, [], id="in between"),
        pytest.param("97.01", 97, 106, [], id="just above the stop"),
        pytest.param("97", 97, 106, [ExitReason.STOP_LOSS], id="at the stop"),
        pytest.param("80", 97, 106, [ExitReason.STOP_LOSS], id="through the stop"),
        pytest.param("105.99", 97, 106, [], id="just below the target"),
        pytest.param("106", 97, 106, [ExitReason.TAKE_PROFIT], id="at the target"),
        pytest.param("100", 101, 99, [ExitReason.STOP_LOSS], id="both: the stop counts"),
        pytest.param("1", None, None, [], id="without protection nothing is due"),
    ],
)
def test_stop_and_target_are_read_off_the_mid(mid, stop, target, expected):
    book = holding(a_position(stop=stop, target=target))

    assert reasons(a_snapshot({BTC: mid}), book) == expected


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("hours", "policy", "expected"),
    [
        pytest.param(23.99, A_DAY, [], id="young"),
        pytest.param(24, A_DAY, [ExitReason.MAX_HOLD], id="a day old"),
        pytest.param(9_999, FOREVER, [], id="no limit"),
    ],
)
def test_a_position_may_grow_only_so_old(hours, policy, expected):
    book = holding(a_position(opened_at=NOW - timedelta(hours=hours)))

    assert reasons(a_snapshot(), book, policy) == expected


@pytest.mark.req("EXITS")
def test_a_stop_is_named_before_the_age():
    book = holding(a_position(stop=101, opened_at=NOW - timedelta(days=9)))

    assert reasons(a_snapshot(), book, A_DAY) == [ExitReason.STOP_LOSS]


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    "quotes",
    [
        pytest.param({}, id="no quote"),
        pytest.param({BTC: replace(a_quote(), bid=Decimal("NaN"))}, id="a quote that is no number"),
        pytest.param({BTC: replace(a_quote(), bid=Decimal(0), ask=Decimal(0))}, id="a quote of nothing"),
        pytest.param({BTC: Quote(BTC, Decimal("100.1"), Decimal("99.9"), NOW)}, id="a crossed quote"),
    ],
)
def test_without_a_price_only_the_age_is_known(quotes):
    old = a_position(stop=101, target=90, opened_at=NOW - timedelta(days=9))
    snapshot = a_snapshot(quotes=quotes)

    assert reasons(snapshot, holding(old)) == []
    assert reasons(snapshot, holding(old), A_DAY) == [ExitReason.MAX_HOLD]


@pytest.mark.req("EXITS", "R1")
@pytest.mark.parametrize(("claimed", "due"), [(0, True), ("0.4", True), (1, False), (2, False)])
def test_what_working_sells_claim_whole_is_left_alone(claimed, due):
    book = holding(a_position(size=1, stop=101), claimed={(ALPHA, BTC): claimed})

    assert bool(exits(a_snapshot(), book, FOREVER)) is due


@pytest.mark.req("EXITS")
def test_every_position_is_looked_at_in_one_order():
    book = holding(a_position(ETH, BETA, stop=PRICE), a_position(BTC, BETA, stop=PRICE), a_position(ETH, stop=PRICE))

    wishes = exits(a_snapshot({BTC: 99, ETH: 99}), book, FOREVER)

    stop = ExitReason.STOP_LOSS
    assert wishes == (ExitWish(ALPHA, ETH, stop), ExitWish(BETA, BTC, stop), ExitWish(BETA, ETH, stop))


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("unsold", "claimed", "mid", "expected"),
    [
        pytest.param("1", 0, 100, (ExitReason.SIGNAL, "1"), id="all of it, asked for again"),
        pytest.param("0.3", 0, 100, (ExitReason.SIGNAL, "0.3"), id="a part of it"),
        pytest.param("0.8", "0.5", 100, (ExitReason.SIGNAL, "0.5"), id="no more than nobody sells yet"),
        pytest.param("0.8", 1, 100, None, id="all is being sold"),
        pytest.param("0.3", 0, 97, (ExitReason.STOP_LOSS, None), id="the stop counts, and means all"),
    ],
)
def test_what_a_strategy_could_not_sell_is_asked_for_again(unsold, claimed, mid, expected):
    book = holding(a_position(stop=97), claimed={(ALPHA, BTC): claimed}, unsold={(ALPHA, BTC): Decimal(unsold)})

    found = exits(a_snapshot({BTC: mid}), book, FOREVER)

    assert [(wish.exit_reason, wish.size) for wish in found] == (
        [] if expected is None else [(expected[0], None if expected[1] is None else Decimal(expected[1]))]
    )


@pytest.mark.req("EXITS")
@pytest.mark.parametrize("quotes", [{}, {BTC: replace(a_quote(), bid=Decimal("NaN"))}])
def test_also_without_a_price_for_risk_to_judge(quotes):
    book = holding(a_position(), unsold={(ALPHA, BTC): Decimal(1)})

    assert reasons(a_snapshot(quotes=quotes), book) == [ExitReason.SIGNAL]


@pytest.mark.req("EXITS")
def test_nothing_held_nothing_due():
    assert exits(a_snapshot(), a_book(), A_DAY) == ()


@pytest.mark.req("O1", "EXITS")
@pytest.mark.parametrize(
    ("health", "expected"),
    [
        pytest.param(None, [ExitReason.STOP_LOSS], id="history"),
        pytest.param({BTC: a_health()}, [ExitReason.STOP_LOSS], id="an accepted mid"),
        pytest.param({BTC: a_health(jump_sigmas=Decimal(9), suspect=True)}, [ExitReason.MAX_HOLD], id="a suspect mid"),
        pytest.param({}, [ExitReason.MAX_HOLD], id="a feed that does not vouch for the symbol"),
    ],
)
def test_a_bad_tick_triggers_no_stop_and_no_target(health, expected):
    book = holding(a_position(stop=97, opened_at=NOW - timedelta(days=9)))

    assert reasons(a_snapshot({BTC: 80}, health=health), book, A_DAY) == expected


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("mid", "stop", "trail", "target", "expected"),
    [
        pytest.param("98.01", 90, 98, 120, [], id="just above the trailing stop"),
        pytest.param("98", 90, 98, 120, [ExitReason.TRAILING_STOP], id="at it"),
        pytest.param("91", 90, 98, 120, [ExitReason.TRAILING_STOP], id="through it"),
        pytest.param("90", 90, 98, 120, [ExitReason.STOP_LOSS], id="through both: the stop counts"),
        pytest.param("90", None, 98, None, [ExitReason.TRAILING_STOP], id="alone"),
        pytest.param("98", 90, 98, 97, [ExitReason.TRAILING_STOP], id="before the target"),
    ],
)
def test_a_trailing_stop_is_read_off_the_mid(mid, stop, trail, target, expected):
    book = holding(a_position(stop=stop, trail=trail, target=target))

    assert reasons(a_snapshot({BTC: mid}), book) == expected


@pytest.mark.req("EXITS", "O1")
def test_a_bad_tick_triggers_no_trailing_stop():
    book = holding(a_position(trail=98))
    suspect = {BTC: a_health(jump_sigmas=Decimal(9), suspect=True)}

    assert reasons(a_snapshot({BTC: 80}, health=suspect), book) == []


TRAIL = ExitPolicy(trailing_stop_pct=Decimal(10))
PRODUCTS = {BTC: a_product(BTC), ETH: a_product(ETH)}


def risen(position, high, policy=TRAIL):
    highs = {} if high is None else {position.symbol: Decimal(high)}
    return trailed({(position.strategy, position.symbol): position}, highs, PRODUCTS, policy, NOW)


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("trail", "high", "expected"),
    [
        pytest.param(None, "120", "108", id="it begins below the first price"),
        pytest.param(None, "90", "90", id="and not below what was paid, less the share"),
        pytest.param("90", "110", "99", id="it rises with the price"),
        pytest.param("90", "100.0199", "90.01", id="on the increment, away from us"),
        pytest.param("90", "100.01", None, id="by less than an increment it does not"),
        pytest.param("90", "100", None, id="where the price stays, it stays"),
        pytest.param("99", "50", None, id="where the price falls, it stays"),
        pytest.param("95", "100", None, id="a looser policy than it came by loosens nothing"),
        pytest.param("90", None, None, id="no sound price, no move"),
    ],
)
def test_a_trailing_stop_follows_the_highest_price(trail, high, expected):
    found = risen(a_position(trail=trail), high)

    assert found == ([] if expected is None else [StopTrailed(NOW, ALPHA, BTC, Decimal(expected))])


@pytest.mark.req("EXITS")
def test_without_the_policy_nothing_trails():
    assert risen(a_position(), "120", FOREVER) == []


@pytest.mark.req("EXITS")
@given(
    st.lists(st.decimals("0.01", "1000", places=2), min_size=1, max_size=30),
    st.lists(st.integers(1, 60), min_size=30, max_size=30),
)
def test_a_trailing_stop_never_falls_and_is_never_reached_by_the_price_that_raised_it(prices, shares):
    """Not even where the policy changes on the way."""
    position, highest = a_position(), Decimal(0)
    for price, share in zip(prices, shares, strict=False):
        for event in risen(position, price, ExitPolicy(trailing_stop_pct=Decimal(share))):
            first = position.trail_price is None
            assert event.trail_price > (position.trail_price or 0)
            assert event.trail_price < max(price, position.entry_price if first else price)
            position = replace(position, trail_price=event.trail_price)
        assert (position.trail_price or 0) >= highest
        highest = position.trail_price or highest


@pytest.mark.req("CD1")
@pytest.mark.parametrize("reason", ExitReason)
def test_a_stop_that_trails_stops_out_like_any_other(reason):
    assert reason.stops_out is (reason in (ExitReason.STOP_LOSS, ExitReason.TRAILING_STOP))
