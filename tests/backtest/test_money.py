"""
Whatever a strategy wishes and a market does, the money adds up and no cap is passed by a decision.

Judged from the journal alone, folded again by a ledger of its own, and by arithmetic that asks no rule.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from tests.backtest.sleeping import worlds
from tests.backtest.worlds import World, job_of
from trader.backtest.run import Prepared, prepare
from trader.backtest.walked import Walked
from trader.market.replay import ReplayMarket
from trader.model.events import Decided, Event, OrderFilled
from trader.model.money import ONE, ZERO, exact
from trader.model.orders import Fill
from trader.model.trading import Side, Verdict
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal

CASH = Decimal(10_000)
TIERS = {"BTC-USD": "tier1", "ETH-USD": "tier1", "SOL-USD": "tier2", "AAVE-USD": "tier3"}
LOOSE_PCT = Decimal(90)
"""What `worlds` allows every tier and every strategy."""
A_HAIR = Decimal("1e-6")
"""USD: what the last of 28 digits may be off by, a hundred times over."""


def played(world: World) -> tuple[Prepared, Walked, list[Event]]:
    prepared, journal = prepare(job_of(world)), MemoryJournal()
    return prepared, prepared.walk(journal=journal), journal.events


def instants(events: list[Event]) -> Iterator[tuple[Ledger, Event]]:
    """The books just before each event."""
    ledger = Ledger()
    for event in events:
        yield ledger, event
        ledger.apply(event)


@pytest.mark.req("X2", "R1")
@given(worlds)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_the_money_adds_up(world: World):
    prepared, found, events = played(world)
    cash, held, invested = CASH, defaultdict(lambda: ZERO), defaultdict(lambda: ZERO)
    for fill in (event.fill for event in events if isinstance(event, OrderFilled)):
        key, sign = (fill.strategy, fill.symbol), 1 if fill.side is Side.BUY else -1
        money = sign * fill.notional_usd + fill.fee_usd
        cash, held[key], invested[key] = cash - money, held[key] + sign * fill.size, invested[key] + money
        assert cash >= ZERO
        assert held[key] >= ZERO

    last = prepared.market.last
    marks = {symbol: exact(prepared.market.mark(symbol, last)) for (_, symbol), size in held.items() if size}
    worth = cash + sum((size * marks[symbol] for (_, symbol), size in held.items() if size), ZERO)
    flat = {key for key, size in held.items() if not size}
    profit = sum((trip.pnl_usd for trip in found.round_trips if (trip.strategy, trip.symbol) in flat), ZERO)
    assert found.nlv[-1] == pytest.approx(float(worth), rel=1e-12)
    assert found.cash[-1] == float(cash)
    assert abs(profit + sum((invested[key] for key in flat), ZERO)) < A_HAIR


@pytest.mark.req("X2", "BT1")
@given(worlds)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_equity_at_every_instant_is_cash_and_holdings_at_the_last_close_known(world: World):
    prepared, found, events = played(world)
    market, cash, held = prepared.market, CASH, defaultdict(lambda: ZERO)
    fills = deque(event.fill for event in events if isinstance(event, OrderFilled))
    for k in range(market.first, market.last + 1):
        while fills and _known_at(fills[0], market) <= k:
            fill = fills.popleft()
            sign = 1 if fill.side is Side.BUY else -1
            cash -= sign * fill.notional_usd + fill.fee_usd
            held[fill.symbol] += sign * fill.size
        worth = cash + sum((size * exact(market.mark(symbol, k)) for symbol, size in held.items() if size), ZERO)
        assert found.nlv[k - market.first] == pytest.approx(float(worth), rel=1e-12)
    assert not fills


def _known_at(fill: Fill, market: ReplayMarket) -> int:
    """The end of the interval it happened in, whose opening its id ends with."""
    opens = datetime.fromtimestamp(int(fill.fill_id.rpartition(":")[2]), UTC)
    return market.index_at_or_after(opens) + 1


@pytest.mark.req("E1", "E2", "U2", "STR3", "X3")
@given(worlds)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_no_decision_takes_a_cap_or_the_cash_beyond_its_limit_at_worst_case(world: World):
    judge_every_decision(world)


def test_caps_half_as_wide_would_be_seen_to_be_passed():
    with pytest.raises(AssertionError):
        judge_every_decision(World(symbols=4, act_share=30, notional_pct=90.0), width=Decimal("0.5"))


def judge_every_decision(world: World, width: Decimal = ONE) -> None:
    prepared, _, events = played(world)
    for ledger, event in instants(events):
        if isinstance(event, Decided):
            k = prepared.market.index_at_or_after(event.time)
            marks = {symbol: exact(prepared.market.mark(symbol, k)) for _, symbol in ledger.positions}
            limits = {name: limit * width for name, limit in limits_pct(prepared, ledger).items()}
            stay_within(event.verdicts, ledger, marks, limits, prepared.market.themes)


def limits_pct(prepared: Prepared, ledger: Ledger) -> Mapping[str, Decimal]:
    """Per cent of NLV by kind of cap, in the regime of the moment."""
    config = prepared.job.config
    risk, regime = config.policy.risk, ledger.regime
    assert regime is not None
    multiplier = config.regime().multipliers[regime]
    hard = min(ONE, multiplier)
    return {
        "total": risk.total_cap.max_total_at_risk_pct * hard,
        "position": risk.position_cap.max_position_size_pct * hard,
        "theme": risk.theme_cap.max_theme_exposure_pct * multiplier,
        "tier": LOOSE_PCT * multiplier,
        "strategy": LOOSE_PCT * multiplier,
    }


def stay_within(
    verdicts: tuple[Verdict, ...],
    ledger: Ledger,
    marks: Mapping[str, Decimal],
    limits: Mapping[str, Decimal],
    themes: Mapping[str, str],
) -> None:
    """Every approved BUY, on top of what is held, working and approved before it."""
    nlv = ledger.nlv_usd(marks)
    exposure = {key: position.size * marks[key[1]] for key, position in ledger.positions.items()}
    free = ledger.cash_usd
    for order in ledger.working.values():
        intent = order.intent
        if intent.side is Side.BUY:
            worst = intent.worst_case_usd * order.remaining_size / intent.size
            key = (intent.strategy, intent.symbol)
            exposure[key], free = exposure.get(key, ZERO) + worst, free - worst
    for verdict in verdicts:
        wish = verdict.proposal
        if wish.side is not Side.BUY or verdict.approved_usd <= ZERO:
            continue
        cost, key = verdict.approved_usd * wish.cost_factor, (wish.strategy, wish.symbol)
        exposure[key], free = exposure.get(key, ZERO) + cost, free - cost
        same = {
            "total": list(exposure.values()),
            "position": [usd for (_, symbol), usd in exposure.items() if symbol == wish.symbol],
            "theme": [usd for (_, symbol), usd in exposure.items() if themes[symbol] == wish.theme],
            "tier": [usd for (_, symbol), usd in exposure.items() if TIERS[symbol] == wish.tier],
            "strategy": [usd for (strategy, _), usd in exposure.items() if strategy == wish.strategy],
        }
        assert free >= -A_HAIR
        for name, usd in same.items():
            assert sum(usd) <= nlv * limits[name] / 100 + A_HAIR, name


@pytest.mark.req("R1")
@given(worlds)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_the_record_alone_makes_the_same_books(world: World):
    _, found, events = played(world)
    ledger = Ledger()
    ledger.apply_all(events)

    assert ledger.round_trips == found.round_trips
    assert float(ledger.cash_usd) == found.cash[-1]
    assert all(position.size > ZERO for position in ledger.positions.values())
