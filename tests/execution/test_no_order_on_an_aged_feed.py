"""The last look with a feed behind it: what went stale between the decision and the send does not leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, a_buy, a_health, a_quote, a_verdict, an_intent
from tests.execution.test_engine import FakeExchange, Trace
from trader.execution.engine import ExecutionEngine
from trader.model.decision import Decision, Proposals
from trader.model.events import AccountOpened, OrderChanged
from trader.model.market import FeedHealth, ProductFlag, Quote
from trader.model.orders import ExitReason, OrderIntent, OrderStatus
from trader.model.trading import Side
from trader.risk.freshness import Freshness, SendFacts, forbids
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal

QUOTE, HEALTHY = a_quote(), a_health()
BUY = an_intent(client_order_id="t247-BTC-USD-1")
SELL = an_intent(Side.SELL, client_order_id="t247-BTC-USD-2", exit_reason=ExitReason.STOP_LOSS)


@dataclass
class FrozenFeed:
    """A feed that has stopped: its clock goes on, what it knows does not."""

    now: datetime = NOW
    quote: Quote | None = QUOTE
    health: FeedHealth = HEALTHY
    flags: frozenset[ProductFlag] = frozenset()
    exchange_down: bool = False

    def last_look(self, intent: OrderIntent) -> str | None:
        facts = SendFacts(intent.side, self.now, self.quote, self.health, self.flags, self.exchange_down)
        objection = forbids(facts, Freshness())
        return None if objection is None else f"{objection.risk_reason}: {objection.observed} against {objection.limit}"


def never_looks(intent: OrderIntent) -> str | None:
    return None


def sent(intent, feed, last_look=None):
    """What left for the exchange, and what the record says of the rest."""
    trace: Trace = []
    journal, ledger = MemoryJournal(), Ledger()
    engine = ExecutionEngine(journal, ledger, FakeExchange(trace), last_look or feed.last_look)
    engine.record(AccountOpened(NOW, "PAPER", "main", Decimal(10_000), "0.1", "ab"))
    decision = Decision(NOW, "s", verdicts=(a_verdict(a_buy(100)),), intents=(intent,))
    engine.carry_out(decision, Proposals("s", NOW), "c")
    changes = [event for event in journal.replay() if isinstance(event, OrderChanged)]
    return [call[1] for call in trace if call[0] == "submit"], [
        change.reason for change in changes if change.status is OrderStatus.NOT_SENT
    ]


SLOW = [0, 1, 4.999999, 5, 5.000001, 20, 120]


@pytest.mark.req("ST1", "NF1")
@pytest.mark.parametrize("delay_seconds", SLOW)
@pytest.mark.parametrize("intent", [BUY, SELL], ids=["entry", "exit"])
def test_a_quote_that_ages_on_the_way_stops_the_send_at_the_threshold(intent, delay_seconds):
    submitted, held_back = sent(intent, FrozenFeed(now=NOW + timedelta(seconds=delay_seconds)))

    if delay_seconds < 5:
        assert (submitted, held_back) == ([intent.client_order_id], [])
    else:
        assert (submitted, held_back) == ([], [f"stale_quote: {Decimal(str(delay_seconds))} against 5"])


@pytest.mark.req("ST1")
def test_without_the_last_look_the_stale_order_leaves():
    """Negative control."""
    submitted, _ = sent(BUY, FrozenFeed(now=NOW + timedelta(seconds=20)), never_looks)

    assert submitted == [BUY.client_order_id]


WENT_WRONG = [
    pytest.param({"health": a_health(watermark=NOW - timedelta(seconds=90))}, "stale_bar", "stale_bar", id="old bars"),
    pytest.param({"health": a_health(suspect=True, jump_sigmas=Decimal(9))}, "outlier", None, id="a spike"),
    pytest.param({"quote": a_quote(spread_bps=300)}, "spread", None, id="a spread that opened"),
    pytest.param({"quote": replace(a_quote(), bid=Decimal(0))}, "spread", None, id="a bid that vanished"),
    pytest.param({"quote": None}, "stale_quote", "stale_quote", id="a quote that was withdrawn"),
    pytest.param({"exchange_down": True}, "exchange_down", "exchange_down", id="a venue that went down"),
    *(
        pytest.param(
            {"flags": frozenset({flag})},
            "product_disabled",
            None if flag is ProductFlag.LIMIT_ONLY else "product_disabled",
            id=flag.value,
        )
        for flag in ProductFlag
    ),
]


@pytest.mark.req("ST1", "EX1", "O1", "NF1")
@pytest.mark.parametrize(("known", "entry", "an_exit"), WENT_WRONG)
def test_what_went_wrong_since_the_decision_holds_the_order_back(known, entry, an_exit):
    for intent, reason in ((BUY, entry), (SELL, an_exit)):
        submitted, held_back = sent(intent, FrozenFeed(**known))

        assert submitted == ([] if reason else [intent.client_order_id])
        assert [said.partition(":")[0] for said in held_back] == ([reason] if reason else [])
