"""What a whole decision does when the feed, a product or the venue fails: no order, and the record says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import ALPHA, BTC, NOW, a_book, a_health, a_product, a_proposal, a_quote, a_snapshot
from tests.builders import a_universe_policy as a_universe
from tests.risk.worlds import every_rule
from trader.desk import Desk, dispose
from trader.model.codec import dumps, loads
from trader.model.decision import Proposals
from trader.model.events import Decided
from trader.model.market import NO_TIME, FeedHealth, ProductFlag, Quote, Regime, Snapshot
from trader.model.trading import Side
from trader.policy import ExecutionPolicy, ExitPolicy, RegimePolicy
from trader.registry import Registry
from trader.risk.engine import RiskEngine
from trader.risk.rules.stale_bar import StaleBar
from trader.risk.rules.stale_quote import StaleQuote

LENIENT = tuple(
    replace(rule, exits_when_stale="allow") if isinstance(rule, StaleQuote | StaleBar) else rule
    for rule in every_rule(40, 90)
)


def decided(snapshot, side, rules=None):
    """The decision on one proposal, on the snapshot as it comes back from the journal."""
    engine = RiskEngine(every_rule(40, 90) if rules is None else rules)
    weather = RegimePolicy(dict.fromkeys(Regime, Decimal(1)))
    desk = Desk(Registry([], None), {}, engine, a_universe(), weather, ExitPolicy(), ExecutionPolicy())
    proposals = Proposals("s", NOW, (a_proposal(side),))
    return dispose(desk, loads(Snapshot, dumps(snapshot)), a_book(position_usd=300), proposals)


def live(**changes):
    return a_snapshot(**{"health": {BTC: a_health()}, **changes})


def quoted(**changes):
    return live(quotes={BTC: a_quote(**changes)})


def watched(**changes):
    return live(health={BTC: a_health(**changes)})


def flagged(flag):
    return live(products={BTC: a_product(flags=frozenset({flag}))})


JUST_STALE = NOW - timedelta(seconds=5)
FAILURES = [
    pytest.param(quoted(time=JUST_STALE), ["stale_quote"], ["stale_quote"], [], id="quote at the threshold"),
    pytest.param(quoted(time=NO_TIME), ["stale_quote"], ["stale_quote"], [], id="quote without a time"),
    pytest.param(quoted(time=NOW + timedelta(seconds=1)), ["stale_quote"], ["stale_quote"], [], id="future quote"),
    pytest.param(watched(watermark=NOW - timedelta(seconds=90)), ["stale_bar"], ["stale_bar"], [], id="old bars"),
    pytest.param(watched(suspect=True, jump_sigmas=Decimal(30)), ["outlier"], [], [], id="a spike"),
    pytest.param(quoted(spread_bps=150), ["spread"], [], [], id="a wide spread"),
    pytest.param(live(quotes={BTC: Quote(BTC, Decimal(101), Decimal(99), NOW)}), ["spread"], [], [], id="crossed"),
    pytest.param(live(quotes={}), ["unknown_state"], ["unknown_state"], ["unknown_state"], id="no quote"),
    pytest.param(
        live(quotes={BTC: Quote(BTC, Decimal(0), Decimal(0), NOW)}),
        ["unknown_state"], ["unknown_state"], ["unknown_state"], id="a quote of nothing",
    ),
    pytest.param(live(exchange_down=True), ["exchange_down"], ["exchange_down"], ["exchange_down"], id="venue down"),
    pytest.param(live(health={}), ["stale_bar", "outlier"], ["stale_bar"], [], id="a feed that says nothing of it"),
    pytest.param(watched(watermark=None), ["stale_bar"], ["stale_bar"], [], id="no bar ever"),
    *(
        pytest.param(flagged(flag), *([["product_disabled"]] + [passes] * 2), id=flag.value)
        for flag in ProductFlag
        for passes in [[] if flag is ProductFlag.LIMIT_ONLY else ["product_disabled"]]
    ),
]  # fmt: skip


def said(decision):
    """Why nothing was ordered; empty where an order was planned."""
    [verdict] = decision.verdicts
    reasons = [objection.risk_reason.value for objection in verdict.objections]
    assert (len(decision.intents) == 0) == bool(reasons)
    return reasons


@pytest.mark.req("ST1", "EX1", "O1", "NF1")
@pytest.mark.parametrize(("snapshot", "entry", "an_exit", "lenient_exit"), FAILURES)
def test_no_order_is_planned_on_what_the_feed_does_not_vouch_for(snapshot, entry, an_exit, lenient_exit):
    assert said(decided(snapshot, Side.BUY)) == entry
    assert said(decided(snapshot, Side.SELL)) == an_exit
    assert said(decided(snapshot, Side.SELL, LENIENT)) == lenient_exit


@pytest.mark.req("ST1", "EX1", "O1")
@pytest.mark.parametrize("snapshot", [live(), a_snapshot()], ids=["a healthy feed", "history"])
@pytest.mark.parametrize("side", Side)
def test_on_a_healthy_feed_and_on_history_orders_are_planned(snapshot, side):
    """Negative control: it is the failure that stopped the others."""
    assert said(decided(snapshot, side)) == []


@pytest.mark.req("O1", "X2")
def test_the_record_has_the_metric_and_the_limit():
    decision = decided(watched(suspect=True, jump_sigmas=Decimal("30.07")), Side.BUY)

    event = Decided(NOW, "c", (), (), decision.verdicts)
    [verdict] = loads(Decided, dumps(event)).verdicts
    [objection] = verdict.objections
    assert (objection.observed, objection.limit, objection.unit) == (Decimal("30.07"), 6, "ratio")
    assert verdict.proposal.health == FeedHealth(NOW, 60, Decimal("30.07"), suspect=True)
    assert verdict.proposal.quote == a_quote()
    assert verdict.proposal.strategy == ALPHA
