"""What a strategy could not sell goes through the whole decision again, like anything else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import ALPHA, BTC, NOW, a_book, a_proposal, a_snapshot, a_universe_policy
from tests.risk.worlds import every_rule
from trader.desk import Desk, dispose
from trader.model.decision import Proposals
from trader.model.market import Regime
from trader.model.trading import ExitReason, RiskReason, Side, TradingState
from trader.policy import ExecutionPolicy, ExitPolicy, RegimePolicy
from trader.registry import Registry
from trader.risk.engine import RiskEngine

DESK = Desk(
    Registry([], None), {}, RiskEngine(every_rule(40, 90)), a_universe_policy(),
    RegimePolicy(dict.fromkeys(Regime, Decimal(1))), ExitPolicy(), ExecutionPolicy(),
)  # fmt: skip
HALF = Decimal("1.5")


def decided(*wishes, state=TradingState.ACTIVE, size=HALF, **named):
    """On three of the symbol held, of which *size* could not be sold."""
    book = replace(a_book(position_usd=300, state=state), unsold={(ALPHA, BTC): Decimal(size)})
    return dispose(DESK, a_snapshot(), book, Proposals("s", NOW, wishes), **named)


@pytest.mark.req("EXITS")
@pytest.mark.parametrize("exit_due", [True, False])
def test_it_is_judged_and_planned_also_where_no_level_is_reached(exit_due):
    decision = decided(exit_due=exit_due)

    (intent,) = decision.intents
    assert (intent.side, intent.size, intent.exit_reason) == (Side.SELL, HALF, ExitReason.SIGNAL)
    assert [verdict.approved_usd for verdict in decision.verdicts] == [HALF * 100]


@pytest.mark.req("EXITS")
def test_it_has_another_name_than_what_it_repeats_and_the_same_when_it_is_decided_again():
    (again,), (first,) = decided().intents, decided(a_proposal(Side.SELL)).intents

    assert again.client_order_id != first.client_order_id
    assert decided().intents == (again,)


@pytest.mark.req("EXITS", "K1")
@pytest.mark.parametrize(
    ("state", "planned", "objections"),
    [
        (TradingState.REDUCING, 1, []),
        (TradingState.HALTED, 0, [RiskReason.HALTED]),
        (TradingState.KILLED, 0, [RiskReason.KILLED]),
    ],
)
def test_it_leaves_while_reducing_and_waits_while_nothing_is_sent(state, planned, objections):
    decision = decided(state=state)

    assert len(decision.intents) == planned
    assert [one.risk_reason for verdict in decision.verdicts for one in verdict.objections] == objections


@pytest.mark.req("EXITS")
def test_its_strategys_newest_word_is_decided_on_instead():
    (verdict,) = decided(a_proposal(Side.SELL, notional_pct=10.0)).verdicts

    assert (verdict.proposal.size, verdict.proposal.exit_reason) == (Decimal("0.3"), None)


@pytest.mark.req("EXITS", "X3")
def test_a_rest_too_small_to_sell_is_refused_and_planned_by_nobody():
    decision = decided(size="0.00000001")

    assert decision.intents == ()
    assert [one.risk_reason for verdict in decision.verdicts for one in verdict.objections] == [RiskReason.MIN_NOTIONAL]
