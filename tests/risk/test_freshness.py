"""The last look asks what the rules asked, of what is known by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings

from tests.builders import NOW, a_book, a_buy, a_health, a_quote, a_sell
from tests.risk.worlds import reported_buys, sells
from trader.model.market import FeedHealth, ProductFlag
from trader.model.trading import RiskReason, Side
from trader.risk.freshness import Freshness, SendFacts, forbids
from trader.risk.rules.exchange_down import ExchangeDown
from trader.risk.rules.outlier import Outlier
from trader.risk.rules.product_health import ProductHealth
from trader.risk.rules.spread import Spread
from trader.risk.rules.stale_bar import StaleBar
from trader.risk.rules.stale_quote import StaleQuote

POLICY = Freshness()
LENIENT = Freshness(stale_quote_stops_exits=False, stale_bar_stops_exits=False)
FINE = SendFacts(Side.BUY, NOW, a_quote(), a_health(), frozenset(), exchange_down=False)
SUSPECT = a_health(jump_sigmas=Decimal(9), suspect=True)
TICK = timedelta(microseconds=1)


def reason(facts, policy=POLICY):
    objection = forbids(facts, policy)
    assert objection is None or objection.permitted_usd == 0
    return None if objection is None else objection.risk_reason.value


def seconds(count):
    return timedelta(seconds=count)


@pytest.mark.req("ST1", "EX1", "O1", "NF1")
@pytest.mark.parametrize(
    ("known", "entry", "an_exit", "lenient_exit"),
    [
        pytest.param({}, None, None, None, id="all is well"),
        pytest.param({"quote": a_quote(time=NOW - seconds(5) + TICK)}, None, None, None, id="a tick before stale"),
        pytest.param({"quote": a_quote(time=NOW - seconds(5))}, "stale_quote", "stale_quote", None, id="stale"),
        pytest.param({"quote": a_quote(time=NOW + TICK)}, "stale_quote", "stale_quote", None, id="from the future"),
        pytest.param({"quote": None}, "stale_quote", "stale_quote", None, id="no quote"),
        pytest.param({"health": a_health(watermark=NOW - seconds(90))}, "stale_bar", "stale_bar", None, id="old bars"),
        pytest.param({"health": FeedHealth()}, "stale_bar", "stale_bar", None, id="a feed that vouches for nothing"),
        pytest.param({"health": SUSPECT}, "outlier", None, None, id="an unconfirmed jump"),
        pytest.param({"quote": a_quote(spread_bps=101)}, "spread", None, None, id="a wide spread"),
        pytest.param({"exchange_down": True}, "exchange_down", "exchange_down", "exchange_down", id="exchange down"),
    ],
)
def test_one_fact_at_a_time(known, entry, an_exit, lenient_exit):
    selling = replace(FINE, side=Side.SELL, **known)

    assert reason(replace(FINE, **known)) == entry
    assert reason(selling) == an_exit
    assert reason(selling, LENIENT) == lenient_exit


SHUT = {"entry": False, "exit": False, "resting exit": False}
TAKEN = {
    ProductFlag.OFFLINE: SHUT,
    ProductFlag.DISABLED: SHUT,
    ProductFlag.CANCEL_ONLY: SHUT,
    ProductFlag.LIMIT_ONLY: {**SHUT, "exit": True, "resting exit": True},
    ProductFlag.POST_ONLY: {**SHUT, "resting exit": True},
    ProductFlag.AUCTION: SHUT,
    ProductFlag.VIEW_ONLY: SHUT,
}


@pytest.mark.req("EX1")
@pytest.mark.parametrize(("flag", "taken"), TAKEN.items())
def test_a_flag_that_goes_up_after_the_decision_stops_what_it_does_not_take(flag, taken):
    closed = replace(FINE, flags=frozenset({flag}))
    orders = {
        "entry": closed,
        "exit": replace(closed, side=Side.SELL),
        "resting exit": replace(closed, side=Side.SELL, post_only=True),
    }

    assert {name: reason(facts) is None for name, facts in orders.items()} == taken
    assert reason(replace(closed, post_only=True)) == "product_disabled"


@pytest.mark.req("ST1")
def test_what_was_fresh_when_decided_ages_on_the_way():
    """A slow preview: the decision's instant finds the quote fresh, the send's does not."""
    quote = a_quote(time=NOW - seconds(4))
    decided = StaleQuote().check(a_buy(quote=quote), a_book())

    assert decided is None
    assert reason(replace(FINE, quote=quote)) is None
    assert reason(replace(FINE, quote=quote, now=NOW + seconds(1))) == "stale_quote"


RULES = (ExchangeDown(), ProductHealth(), StaleQuote(), StaleBar(), Outlier(), Spread())


def agrees(forbid, proposal):
    """The last look on a proposal's own facts says what the first rule that objects says, and nothing else."""
    assert proposal.product is not None
    if proposal.health is None:
        return
    facts = SendFacts(
        proposal.side,
        proposal.as_of,
        proposal.quote,
        proposal.health,
        proposal.product.flags,
        exchange_down=proposal.exchange_down,
    )
    objections = [rule.check(proposal, a_book()) for rule in RULES]
    assert forbid(facts, POLICY) == next((one for one in objections if one is not None), None)


@pytest.mark.slow
@pytest.mark.req("ST1", "EX1", "O1")
@pytest.mark.parametrize("proposals", [reported_buys, sells])
def test_rules_and_last_look_are_one_measure(proposals):
    settings(max_examples=300, deadline=None)(given(proposals)(lambda one: agrees(forbids, one)))()


@pytest.mark.req("ST1")
def test_a_last_look_with_another_measure_is_seen():
    """Negative control: halting one tick later."""

    def late(facts, policy):
        return forbids(replace(facts, now=facts.now - TICK), policy)

    at_the_threshold = a_sell(quote=a_quote(time=NOW - seconds(5)), health=a_health(watermark=NOW - seconds(10)))
    agrees(forbids, at_the_threshold)
    with pytest.raises(AssertionError):
        agrees(late, at_the_threshold)


def test_the_shared_limits_default_to_those_of_the_rules():
    assert POLICY.max_quote_age_seconds == StaleQuote().max_quote_age_seconds
    assert POLICY.max_ohlcv_age_seconds == StaleBar().max_ohlcv_age_seconds
    assert POLICY.max_jump_sigmas == Outlier().max_jump_sigmas
    assert POLICY.max_spread_bps == Spread().max_spread_bps
    assert RiskReason.OUTLIER.value == "outlier"
