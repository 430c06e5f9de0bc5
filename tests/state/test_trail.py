from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.backtest.worlds import World, job_of
from tests.builders import NOW, a_buy, a_fill, a_proposal, a_sell, a_verdict, an_intent, minutes
from trader.backtest.run import prepare
from trader.model.events import AccountOpened, Decided, IntentStored, OrderChanged, OrderFilled, StopMissing
from trader.model.money import ZERO
from trader.model.orders import OrderStatus
from trader.model.trading import ExitReason, Side
from trader.state.journal import SqliteJournal, verify
from trader.state.ledger import Ledger
from trader.state.trail import trails

OPENED = AccountOpened(NOW, "PAPER", "main", Decimal(10_000), "0.1", "ab")
ENTRY, EXIT = "t247-entry", "t247-exit"
LATER = NOW + minutes(60)


def an_order(order_id, side=Side.BUY, time=NOW, exit_reason=None, price="100", size="1", fill_time=None):
    """Everything that is recorded of an order that was proposed, approved, sent and filled."""
    sized = (a_buy if side is Side.BUY else a_sell)(exit_reason=exit_reason, as_of=time)
    wish = [a_proposal(side)] if exit_reason in (None, ExitReason.SIGNAL) else []
    intent = an_intent(side, client_order_id=order_id, as_of=time, exit_reason=exit_reason, size=Decimal(size))
    return [
        Decided(time, f"cycle-{order_id}", tuple(wish), (), (a_verdict(a_buy("7", "ETH-USD")), a_verdict(sized))),
        IntentStored(time, intent),
        OrderChanged(time, order_id, OrderStatus.SENT),
        OrderChanged(time, order_id, OrderStatus.OPEN, f"sim-{order_id}"),
        OrderFilled(
            a_fill(
                side, client_order_id=order_id, fill_id=f"fill-{order_id}", time=fill_time or time,
                price=Decimal(price), size=Decimal(size), exit_reason=exit_reason,
            )
        ),
    ]  # fmt: skip


BOUGHT = [OPENED, *an_order(ENTRY)]
SOLD = [*BOUGHT, *an_order(EXIT, Side.SELL, LATER, ExitReason.SIGNAL, "110")]


@pytest.mark.req("X2", "EXITS")
def test_the_entry_tells_when_no_stop_rested_for_what_it_bought():
    bare = StopMissing(LATER, "alpha", "BTC-USD", "it was not taken")
    other, well = replace(bare, symbol="ETH-USD"), replace(bare, why="")

    found = trails([*BOUGHT, bare, other, well])

    assert found[ENTRY].unprotected == [bare, well]
    assert found[ENTRY].gaps() == []


@pytest.mark.req("X2")
def test_an_order_is_followed_from_its_wish_to_its_profit():
    found = trails(SOLD)

    entry, exit_ = found[ENTRY], found[EXIT]
    assert list(found) == [ENTRY, EXIT]
    assert (entry.cycle_id, entry.order_id, entry.status) == (f"cycle-{ENTRY}", f"sim-{ENTRY}", "filled")
    assert entry.proposal == a_proposal()
    assert entry.verdict == a_verdict()
    assert [change.status.value for change in entry.changes] == ["sent", "open"]
    assert (entry.exits, exit_.entries) == ([EXIT], [ENTRY])
    assert entry.realized_usd is None
    assert exit_.realized_usd == Decimal("110") - 100 - Decimal("0.6") * 2
    assert entry.gaps() == exit_.gaps() == []


@pytest.mark.req("X2", "EXITS")
def test_an_exit_that_is_asked_for_again_goes_back_to_what_its_strategy_said():
    first = an_order("first", Side.SELL, LATER)[:2]
    unsent = OrderChanged(LATER, "first", OrderStatus.NOT_SENT)
    decided, *again = an_order("again", Side.SELL, LATER + minutes(1), ExitReason.SIGNAL)
    repeated = replace(decided, proposals=())

    found = trails([*BOUGHT, *first, unsent, repeated, *again])

    assert found["again"].proposal == a_proposal(Side.SELL)
    assert found["again"].gaps() == []
    assert trails([*BOUGHT, repeated, *again])["again"].gaps() == ["no strategy proposed it"]


@pytest.mark.req("X2")
def test_the_profits_of_the_sales_are_the_round_trips_to_the_last_digit():
    events = [OPENED, *an_order(ENTRY, size="3"), *an_order("a", Side.SELL, LATER, ExitReason.SIGNAL, "110")]
    events += an_order("b", Side.SELL, LATER + minutes(1), ExitReason.STOP_LOSS, "90", size="2")
    ledger = Ledger()
    ledger.apply_all(events)

    found = trails(events)

    [trip] = ledger.round_trips
    assert found["a"].realized_usd + found["b"].realized_usd == trip.pnl_usd


@pytest.mark.req("X2")
def test_a_protective_exit_at_the_exchange_has_no_intent_but_names_its_entries():
    stop = a_fill(Side.SELL, client_order_id="stop", fill_id="s", time=LATER, exit_reason=ExitReason.STOP_LOSS)

    found = trails([*BOUGHT, OrderFilled(stop)])

    assert found["stop"].intent is None
    assert found["stop"].entries == [ENTRY]
    assert found["stop"].status == "filled"
    assert found["stop"].gaps() == []


@pytest.mark.req("X2")
def test_what_we_close_ourselves_needs_no_proposal():
    found = trails([*BOUGHT, *an_order(EXIT, Side.SELL, LATER, ExitReason.MAX_HOLD)])

    assert found[EXIT].proposal is None
    assert found[EXIT].gaps() == []


def without(events, *kinds):
    return [event for event in events if not isinstance(event, kinds)]


def changed(events, kind, **changes):
    return [replace(event, **changes) if isinstance(event, kind) else event for event in events]


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("events", "gap"),
    [
        pytest.param(without(BOUGHT, Decided), "no verdict approved it", id="no decision"),
        pytest.param(changed(BOUGHT, Decided, verdicts=()), "no verdict approved it", id="no verdict"),
        pytest.param(
            changed(BOUGHT, Decided, verdicts=(a_verdict(approved_usd=0),)),
            "its verdict permitted nothing",
            id="denied",
        ),
        pytest.param(changed(BOUGHT, Decided, proposals=()), "no strategy proposed it", id="no proposal"),
        pytest.param(without(BOUGHT, OrderChanged), "never recorded as sent", id="never sent"),
        pytest.param(
            [*BOUGHT[:-2], OrderChanged(NOW, ENTRY, OrderStatus.NOT_SENT), BOUGHT[-1]], "was not sent", id="not sent"
        ),
        pytest.param(without(BOUGHT, IntentStored, OrderChanged), "no intent of ours", id="a stranger's fill"),
    ],
)
def test_a_missing_link_is_named(events, gap):
    assert gap in " ".join(trails(events)[ENTRY].gaps())


def test_an_order_that_was_not_sent_is_complete_without_fills():
    events = [*BOUGHT[:3], OrderChanged(NOW, ENTRY, OrderStatus.NOT_SENT, reason="dry run")]

    found = trails(events)[ENTRY]

    assert (found.status, found.fills, found.gaps()) == ("not_sent", [], [])
    assert trails(BOUGHT[:3])[ENTRY].status == "stored"


@pytest.mark.req("X2")
def test_every_order_of_a_backtest_has_its_whole_chain(tmp_path):
    path = tmp_path / "state.sqlite"
    with SqliteJournal(path, mode="backtest", account="backtest") as journal:
        prepare(job_of(World(seed=3, bars=300, symbols=2, timeframes=(1, 2)))).walk(journal=journal)
    assert verify(path).damage == ""
    with SqliteJournal(path, mode="backtest", account="backtest") as journal:
        events = list(journal.replay())
    ledger = Ledger()
    ledger.apply_all(events)

    found = trails(events)

    filled = [trail for trail in found.values() if trail.fills]
    assert len(filled) >= 40
    assert any(trail.intent is None for trail in filled)
    assert [(trail.client_order_id, trail.gaps()) for trail in found.values() if trail.gaps()] == []
    realized = sum((trail.realized_usd or ZERO for trail in filled), ZERO)
    tied_up = sum((position.cost_usd + position.fees_usd for position in ledger.positions.values()), ZERO)
    assert abs(10_000 + realized - tied_up - ledger.cash_usd) < Decimal("1e-12")
