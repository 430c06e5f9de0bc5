"""What a strategy asked to sell and has not sold is remembered by the ledger, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from tests.builders import ALPHA, BETA, BTC, NOW, a_fill, a_proposal, a_sell, an_intent
from tests.state.test_ledger import histories
from trader.model.decision import Superseded
from trader.model.events import Decided, IntentStored, OrderChanged, OrderFilled
from trader.model.money import ZERO
from trader.model.orders import OrderStatus, OrderType
from trader.model.trading import Defect, ExitReason, Objection, RiskReason, Side, Unit, Verdict
from trader.state.ledger import Ledger
from trader.state.unsold import PASSES

KEY = (ALPHA, BTC)
STOP, SIGNAL = ExitReason.STOP_LOSS, ExitReason.SIGNAL
NOT_SENT, REJECTED, CANCELLED, FILLED = (
    OrderStatus.NOT_SENT,
    OrderStatus.REJECTED,
    OrderStatus.CANCELLED,
    OrderStatus.FILLED,
)
HELD = OrderFilled(a_fill(client_order_id="b"))


def stored(name="s", side=Side.SELL, size=1, **more):
    return IntentStored(NOW, an_intent(side, client_order_id=name, size=Decimal(str(size)), **more))


def ended(status, name="s"):
    return OrderChanged(NOW, name, status)


def filled(size, name="s", side=Side.SELL, **more):
    return OrderFilled(a_fill(side, fill_id=f"{name}{size}", client_order_id=name, size=Decimal(str(size)), **more))


def refused(*reasons, pct=100.0, exit_reason=None, defects=(), size=1):
    """A SELL of one's own, or one that is asked for again, and what spoke against it."""
    sized = replace(a_sell(exit_reason=exit_reason, defects=defects), size=Decimal(str(size)))
    objections = tuple(Objection(reason, ZERO, ZERO, ZERO, Unit.COUNT) for reason in reasons)
    asked = () if exit_reason is not None else (a_proposal(Side.SELL, notional_pct=pct),)
    return Decided(NOW, "cycle", asked, (), (Verdict(sized, ZERO, objections),))


def again(size, name="t"):
    """What is asked for again, and allowed."""
    sized = replace(a_sell(exit_reason=SIGNAL), size=Decimal(str(size)))
    approved = Decided(NOW, "cycle", (), (), (Verdict(sized, sized.notional_usd, ()),))
    return approved, stored(name, exit_reason=SIGNAL, size=size)


def gave_way(why, pct=100.0, winner=ALPHA):
    wish = a_proposal(Side.SELL, notional_pct=pct)
    return Decided(NOW, "cycle", (wish,), (), (), (Superseded(wish, winner, why),))


def unsold(*events):
    ledger = Ledger()
    ledger.apply_all([HELD, *events])
    return ledger.unsold.sizes.get(KEY, ZERO)


FAILED = (stored(), ended(NOT_SENT))
NO_PRICE = Defect("symbol", BTC, "a symbol with a known price", RiskReason.UNKNOWN_STATE)
STALE = refused(RiskReason.STALE_QUOTE)


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param((stored(),), 0, id="an order at work answers for itself"),
        pytest.param(FAILED, 1, id="not sent"),
        pytest.param((stored(), ended(REJECTED)), 1, id="refused by the venue"),
        pytest.param((stored(), filled("0.3"), ended(CANCELLED)), "0.7", id="filled in part"),
        pytest.param((stored(), filled("0.9"), ended(FILLED)), 0, id="filled to its last increment"),
        pytest.param((stored(), filled(1), ended(CANCELLED)), 0, id="filled"),
        pytest.param((stored(size=2), ended(NOT_SENT)), 1, id="never more than is held"),
        pytest.param((stored(exit_reason=STOP), ended(NOT_SENT)), 0, id="a stop of ours is asked for while it holds"),
        pytest.param((stored(exit_reason=SIGNAL), ended(NOT_SENT)), 1, id="what was asked for again and failed again"),
        pytest.param(
            (stored(exit_reason=STOP, order_type=OrderType.STOP_LIMIT), ended(CANCELLED)), 0, id="what rests"
        ),
        pytest.param((stored(strategy=BETA), ended(NOT_SENT)), 0, id="of what another holds"),
        pytest.param((*FAILED, *again(1)), 0, id="the next try answers for itself"),
        pytest.param((*FAILED, *again("0.4")), "0.6", id="of what an exit of ours claims, nothing was asked"),
        pytest.param(
            (*FAILED, *again("0.4"), filled("0.4", "t"), ended(FILLED, "t")), "0.6",
            id="and it is asked for when that fails",
        ),
        pytest.param(
            (*FAILED, *again("0.4"), ended(NOT_SENT, "t")), 1, id="both failed, both are asked for"
        ),
        pytest.param(
            (*FAILED, *again("0.4"), filled(1, "u", exit_reason=STOP)), 0, id="or sold by the exit of ours"
        ),
        pytest.param(
            (*FAILED, refused(RiskReason.MIN_NOTIONAL, exit_reason=SIGNAL, size="0.4")), "0.6",
            id="a rest too small is given up, and no more than that",
        ),
        pytest.param(
            (*FAILED, stored("t", exit_reason=SIGNAL), ended(NOT_SENT, "t"), stored("u", exit_reason=SIGNAL),
             filled("0.4", "u"), ended(CANCELLED, "u")), "0.6", id="and leaves what it leaves",
        ),
        pytest.param((*FAILED, stored("t", exit_reason=STOP)), 1, id="a stop of ours is no word of the strategy"),
        pytest.param((*FAILED, filled("0.4", "t", exit_reason=STOP)), "0.6", id="what a stop has sold is not held"),
        pytest.param((*FAILED, filled(1, "t", exit_reason=STOP)), 0, id="nothing held, nothing to sell"),
        pytest.param((*FAILED, stored("t", size="0.5"), ended(REJECTED, "t")), "0.5", id="the newest word counts"),
        pytest.param(
            (stored(size="0.5"), stored("t", size="0.5"), ended(NOT_SENT), ended(NOT_SENT, "t")), 1,
            id="two words at work add up",
        ),
        pytest.param((*FAILED, stored("c", Side.BUY)), 0, id="who buys wants to hold"),
        pytest.param((*FAILED, stored("c", Side.BUY, strategy=BETA)), 1, id="another's purchase says nothing"),
        pytest.param((*FAILED, stored("c", Side.BUY, replaces="b")), 1, id="nor what goes on for an older one"),
        pytest.param((*FAILED, filled("0.5", "c", Side.BUY)), 1, id="nor a late fill of it"),
        pytest.param((stored(), stored("c", Side.BUY), ended(CANCELLED, "c"), ended(REJECTED)), 0, id="bought since"),
        pytest.param(
            (stored(), stored("c", Side.BUY), stored("t", size="0.5"), ended(REJECTED), ended(REJECTED, "t")), 1,
            id="and sold again since then",
        ),
        pytest.param((STALE,), 1, id="refused for now"),
        pytest.param((refused(RiskReason.STALE_QUOTE, pct=50.0),), "0.5", id="half of it refused"),
        pytest.param((stored(size="0.4"), STALE), "0.6", id="less what is being sold"),
        pytest.param((stored(exit_reason=STOP), refused(RiskReason.SHORTING_DISALLOWED)), 1, id="by itself, that is"),
        pytest.param((stored(), refused(RiskReason.SHORTING_DISALLOWED)), 0, id="all is being sold"),
        pytest.param((*FAILED, refused(RiskReason.HALTED, exit_reason=SIGNAL)), 1, id="asked again, refused for now"),
        pytest.param((*FAILED, refused(RiskReason.MIN_NOTIONAL, exit_reason=SIGNAL)), 0, id="too small: for good"),
        pytest.param((refused(RiskReason.STALE_QUOTE, RiskReason.MIN_NOTIONAL),), 0, id="too small anyway"),
        pytest.param((refused(RiskReason.UNKNOWN_STATE, defects=(NO_PRICE,)),), 1, id="no price known"),
        pytest.param(
            (refused(RiskReason.UNKNOWN_STATE, defects=(replace(NO_PRICE, risk_reason=RiskReason.SCHEMA),)),), 0,
            id="a defect of its own",
        ),
        pytest.param((refused(RiskReason.STALE_QUOTE, pct=float("nan")),), 0, id="no share of anything"),
        pytest.param((gave_way("stop_loss"),), 1, id="gave way to a stop, which may fail"),
        pytest.param((gave_way("stop_loss", 25.0), filled("0.9", "t", exit_reason=STOP)), "0.1", id="or sell a part"),
        pytest.param((gave_way("repeated"),), 0, id="lost against itself"),
    ],
)  # fmt: skip
def test_what_is_left_to_sell(events, expected):
    assert unsold(*events) == Decimal(expected)


@pytest.mark.req("EXITS")
@pytest.mark.parametrize("reason", RiskReason)
def test_every_reason_to_refuse_an_exit_passes_or_is_for_good(reason):
    """A new rule that may stop a sale has to say which: these are all that can (the fifth law of risk)."""
    for_good = {RiskReason.SCHEMA, RiskReason.MIN_NOTIONAL}

    assert (unsold(refused(reason)) > 0) is (reason in PASSES)
    assert not for_good & PASSES


@pytest.mark.req("EXITS")
def test_nothing_is_left_of_an_exit_where_nothing_is_held():
    ledger = Ledger()
    ledger.apply_all([*FAILED, STALE, gave_way("stop_loss")])

    assert ledger.unsold.sizes == {}


@pytest.mark.req("EXITS", "R1")
@given(histories())
def test_what_is_left_to_sell_is_held_and_no_more(events):
    ledger = Ledger()
    for event in events:
        ledger.apply(event)
        for key, size in ledger.unsold.sizes.items():
            assert ZERO < size <= ledger.positions[key].size
