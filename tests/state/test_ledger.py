"""The ledger: exact money, and the same from the journal as from life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import ALPHA, BETA, BTC, ETH, NOW, a_fill, a_proposal, a_sell, an_intent
from trader.model.codec import dumps, loads_event
from trader.model.events import (
    AccountOpened,
    CashMoved,
    Decided,
    Event,
    IntentStored,
    Marked,
    OrderChanged,
    OrderFilled,
    StateMoved,
    StopTrailed,
)
from trader.model.money import ZERO
from trader.model.orders import OrderStatus
from trader.model.trading import ExitReason, Objection, RiskReason, Side, TradingState, Unit, Verdict
from trader.state.ledger import Ledger
from trader.state.performance import day_number, week_number

CASH = Decimal(10_000)
MARKS = {BTC: Decimal(100), ETH: Decimal(10)}


def opened(cash: Decimal = CASH, at: datetime = NOW) -> Ledger:
    ledger = Ledger()
    ledger.apply(AccountOpened(at, "paper", "test", cash, "1", "hash"))
    return ledger


def book(ledger: Ledger, marks=MARKS, at: datetime = NOW):
    return ledger.book(at, marks, {}, {})


def everything(ledger: Ledger) -> dict[str, Any]:
    """All a ledger knows, comparable."""
    known = {name: value for name, value in vars(ledger).items() if name not in ("_appliers", "_trips")}
    return known | {"trips": {key: trip.sums() for key, trip in ledger._trips.items()}}


def refused(time: datetime, strategy: str, symbol: str, pct: float) -> Decided:
    """A SELL that is refused for now."""
    sized = a_sell(symbol=symbol, strategy=strategy, exit_reason=None)
    stale = Objection(RiskReason.STALE_QUOTE, ZERO, ZERO, ZERO, Unit.SECONDS)
    wish = a_proposal(Side.SELL, symbol, strategy, notional_pct=pct)
    return Decided(time, "cycle", (wish,), (), (Verdict(sized, ZERO, (stale,)),))


ids = st.sampled_from([f"order-{n}" for n in range(6)])
sizes = st.integers(1, 500).map(lambda n: Decimal(n) / 100)
prices = st.integers(1, 20_000).map(lambda n: Decimal(n) / 100)
keys = st.tuples(st.sampled_from([ALPHA, BETA]), st.sampled_from([BTC, ETH]))


@st.composite
def histories(draw) -> list[Event]:
    """A history no sane venue would have, but one where nothing is sold that is not held."""
    events: list[Event] = [AccountOpened(NOW, "paper", "test", CASH, "1", "hash")]
    held: dict[tuple[str, str], Decimal] = {}
    time = NOW
    for n in range(draw(st.integers(0, 40))):
        time += timedelta(minutes=draw(st.integers(0, 3_000)))
        kinds = ["intent", "change", "buy", "sell", "refused", "mark", "trail", "cash", "state"]
        what = draw(st.sampled_from(kinds))
        key = draw(keys)
        named = {"strategy": key[0], "symbol": key[1], "client_order_id": draw(ids)}
        if what == "intent":
            events.append(IntentStored(time, an_intent(draw(st.sampled_from(Side)), as_of=time, **named)))
        elif what == "change":
            events.append(OrderChanged(time, named["client_order_id"], draw(st.sampled_from(OrderStatus))))
        elif what == "buy":
            size = draw(sizes)
            held[key] = held.get(key, ZERO) + size
            fill = a_fill(fill_id=str(n), size=size, price=draw(prices), time=time, fee_usd=draw(prices), **named)
            events.append(OrderFilled(fill))
        elif what == "sell" and held.get(key):
            size = min(draw(sizes), held[key])
            held[key] -= size
            reason = draw(st.sampled_from(ExitReason))
            fill = a_fill(
                Side.SELL, fill_id=str(n), size=size, price=draw(prices), time=time, exit_reason=reason, **named
            )
            events.append(OrderFilled(fill))
        elif what == "refused":
            events.append(refused(time, *key, draw(st.sampled_from([10.0, 100.0]))))
        elif what == "mark":
            events.append(Marked(time, draw(prices) * 100, draw(st.sampled_from([(), (), (BTC,)]))))
        elif what == "trail":
            events.append(StopTrailed(time, *key, draw(prices)))
        elif what == "cash":
            events.append(CashMoved(time, draw(prices)))
        elif what == "state":
            events.append(StateMoved(time, draw(st.sampled_from(TradingState)), "test", "operator"))
    return events


@pytest.mark.req("STOP", "NF3")
@given(histories())
def test_a_ledger_rebuilt_from_what_the_journal_stores_equals_the_live_one(events):
    live, rebuilt = Ledger(), Ledger()
    live.apply_all(events)
    rebuilt.apply_all(loads_event(dumps(event)) for event in events)

    assert everything(rebuilt) == everything(live)


@pytest.mark.req("X2")
@given(histories())
def test_cash_is_what_moved_to_the_last_digit(events):
    ledger = Ledger()
    ledger.apply_all(events)

    expected = CASH
    for event in events:
        if isinstance(event, CashMoved):
            expected += event.amount_usd
        elif isinstance(event, OrderFilled):
            fill = event.fill
            sign = -1 if fill.side is Side.BUY else 1
            expected += sign * fill.notional_usd - fill.fee_usd
    assert ledger.cash_usd == expected


@pytest.mark.req("R1")
@given(histories())
def test_no_position_is_ever_negative_and_none_is_empty(events):
    ledger = Ledger()
    for event in events:
        ledger.apply(event)
        assert all(position.size > ZERO for position in ledger.positions.values())


@pytest.mark.req("X2")
@given(histories())
def test_round_trips_and_open_positions_account_for_all_profit(events):
    """Closed profit + what the open positions moved so far + flows = the change of cash."""
    ledger = Ledger()
    ledger.apply_all(events)

    flows = sum((event.amount_usd for event in events if isinstance(event, CashMoved)), ZERO)
    closed = sum((trip.pnl_usd for trip in ledger.round_trips), ZERO)
    running = sum((trip.proceeds_usd - trip.cost_usd - trip.fees_usd for trip in ledger._trips.values()), ZERO)
    assert ledger.cash_usd == CASH + flows + closed + running


@pytest.mark.req("E2")
@pytest.mark.parametrize(
    ("status", "reserved"),
    [(status, "0" if status.terminal else "100.6") for status in OrderStatus],
)
def test_a_working_buy_reserves_its_worst_case_until_it_is_terminal(status, reserved):
    ledger = opened()
    ledger.apply(IntentStored(NOW, an_intent()))
    ledger.apply(OrderChanged(NOW, "t247-BTC-USD-1", status))

    assert book(ledger).reserved_usd == Decimal(reserved)
    assert book(ledger).total_exposure_usd == Decimal(reserved)


@pytest.mark.req("E2")
def test_a_partly_filled_order_is_not_counted_twice():
    ledger = opened()
    ledger.apply(IntentStored(NOW, an_intent()))
    ledger.apply(OrderFilled(a_fill(size=Decimal("0.25"))))

    seen = book(ledger)

    assert seen.exposure == {(ALPHA, BTC): Decimal(25) + Decimal("0.75") * Decimal("100.6")}


@pytest.mark.req("E2", "E1")
@pytest.mark.parametrize(("mark", "at_risk"), [(90, 101), (100, 101), (110, "111.1")])
def test_a_working_buy_is_at_risk_at_a_mark_that_has_risen_since(mark, at_risk):
    ledger = opened()
    ledger.apply(IntentStored(NOW, an_intent(worst_case_usd=Decimal(101))))

    after = book(ledger, {BTC: Decimal(mark)})

    assert after.exposure == {(ALPHA, BTC): Decimal(at_risk)}
    assert after.reserved_usd == 101


@pytest.mark.req("R1")
def test_a_working_sell_claims_what_it_would_sell():
    ledger = opened()
    ledger.apply(OrderFilled(a_fill(size=Decimal(2))))
    ledger.apply(IntentStored(NOW, an_intent(Side.SELL, size=Decimal("1.5"))))

    assert book(ledger).sellable(ALPHA, BTC) == Decimal("0.5")
    assert book(ledger).total_exposure_usd == Decimal(200)


@pytest.mark.req("DD1")
def test_a_deposit_is_not_profit_and_a_withdrawal_no_drawdown():
    ledger = opened()
    for amount, nlv in ((Decimal(5_000), 15_000), (Decimal(-12_000), 3_000)):
        ledger.apply(CashMoved(NOW, amount))
        ledger.apply(Marked(NOW, Decimal(nlv)))

    assert ledger.performance.nav == ledger.performance.peak == 1
    assert ledger.performance.drawdown_pct == 0


@pytest.mark.req("DD1")
def test_a_deposit_counted_as_profit_would_be_seen():
    """Negative control of the test above: without unitisation the peak moves with the deposit."""
    ledger = opened()
    ledger.cash_usd += 5_000
    ledger.apply(Marked(NOW, Decimal(15_000)))

    assert ledger.performance.peak != 1


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("marks", "daily", "weekly"),
    [
        pytest.param([("2025-01-01T23:00", 9_900), ("2025-01-02T00:00", 9_800)], "0", "2", id="midnight starts a day"),
        pytest.param(
            [("2025-01-01T23:00", 9_900), ("2025-01-02T01:00", 9_801)],
            "1",
            "1.99",
            id="a day starts where the last one ended",
        ),
        pytest.param([("2025-01-05T23:00", 9_900), ("2025-01-06T00:00", 9_800)], "0", "0", id="Monday starts a week"),
        pytest.param([("2025-01-01T23:00", 11_000)], "0", "0", id="a profit is no loss"),
    ],
)
def test_days_and_weeks_are_measured_from_their_start(marks, daily, weekly):
    ledger = opened(at=datetime(2025, 1, 1, tzinfo=UTC))
    for time, nlv in marks:
        ledger.apply(Marked(datetime.fromisoformat(time).replace(tzinfo=UTC), Decimal(nlv)))

    assert ledger.performance.daily_loss_pct == Decimal(daily)
    assert ledger.performance.weekly_loss_pct == Decimal(weekly)


@given(st.dates(datetime(1971, 1, 1).date(), datetime(2099, 1, 1).date()))
def test_weeks_begin_on_mondays(date):
    noon = datetime(date.year, date.month, date.day, 12, tzinfo=UTC)
    before = noon - timedelta(days=1)

    turned = week_number(day_number(noon)) != week_number(day_number(before))

    assert turned == (date.weekday() == 0)


@pytest.mark.req("EXITS")
def test_an_added_entry_never_loosens_the_protection():
    ledger = opened()
    for name, stop, target in (("order-1", 95, 110), ("order-2", 90, 120)):
        intent = an_intent(client_order_id=name, stop_price=Decimal(stop), take_profit_price=Decimal(target))
        ledger.apply(IntentStored(NOW, intent))
        ledger.apply(OrderFilled(a_fill(fill_id=name, client_order_id=name)))

    position = ledger.positions[ALPHA, BTC]

    assert (position.size, position.stop_price, position.take_profit_price) == (2, 95, 110)


@pytest.mark.req("PACE")
def test_losses_in_a_row_are_counted_and_a_win_ends_them():
    ledger = opened()
    streaks = []
    for n, price in enumerate((90, 95, 120, 80)):
        ledger.apply(OrderFilled(a_fill(fill_id=f"b{n}")))
        ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id=f"s{n}", price=Decimal(price))))
        streaks.append(ledger.losses_in_a_row)

    assert streaks == [1, 2, 0, 1]


@pytest.mark.req("X2", "R1")
@pytest.mark.parametrize("held", [True, False])
def test_what_is_sold_beyond_what_is_held_was_anothers_and_leaves_nothing_below_zero(held):
    """Whoever takes such a fill in halts; a record that could not be read again would help nobody."""
    ledger = opened()
    if held:
        ledger.apply(OrderFilled(a_fill()))
    cash = ledger.cash_usd

    sold = a_fill(Side.SELL, fill_id="s", size=Decimal(2))
    ledger.apply(OrderFilled(sold))

    assert ledger.positions == {}
    assert ledger.cash_usd == cash + sold.notional_usd - sold.fee_usd
    assert [trip.size for trip in ledger.round_trips] == ([Decimal(1)] if held else [])


@pytest.mark.req("EXITS", "STOP")
def test_a_stop_that_sold_a_part_is_remembered_as_triggered():
    ledger = opened()
    ledger.apply(OrderFilled(a_fill(size=Decimal(2))))
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="s", size=Decimal(1), exit_reason=ExitReason.STOP_LOSS)))

    assert ledger.positions[ALPHA, BTC].stop_triggered


@pytest.mark.req("EXITS")
def test_a_trailing_stop_only_rises_lives_as_long_as_its_position_and_survives_a_part_being_sold():
    ledger = opened()
    ledger.apply(OrderFilled(a_fill(size=Decimal(2))))
    for price, expected in ((90, 90), (95, 95), (93, 95)):
        ledger.apply(StopTrailed(NOW, ALPHA, BTC, Decimal(price)))
        assert ledger.positions[ALPHA, BTC].trail_price == expected

    ledger.apply(OrderFilled(a_fill(fill_id="2")))
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="3", size=Decimal(1))))
    assert ledger.positions[ALPHA, BTC].trail_price == 95
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="4", size=Decimal(2))))
    ledger.apply(StopTrailed(NOW, ALPHA, BTC, Decimal(99)))
    ledger.apply(OrderFilled(a_fill(fill_id="5")))
    assert ledger.positions[ALPHA, BTC].trail_price is None


@pytest.mark.req("CD1", "EXITS")
@pytest.mark.parametrize("reason", ExitReason)
def test_a_stop_out_of_either_kind_is_remembered_for_the_cooldown(reason):
    ledger = opened()
    ledger.apply(OrderFilled(a_fill()))
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="2", exit_reason=reason)))

    assert (BTC in ledger.last_stop_at) is reason.stops_out


@pytest.mark.req("CD1")
def test_an_earlier_fill_that_is_told_later_turns_no_cooldown_back():
    ledger, stop = opened(), ExitReason.STOP_LOSS
    earlier, later = NOW - timedelta(seconds=3), NOW
    ledger.apply(OrderFilled(a_fill(size=Decimal(3), time=earlier)))
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="2", exit_reason=stop, time=later)))
    ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id="3", exit_reason=stop, time=earlier)))

    assert ledger.last_fill_at == {BTC: later}
    assert ledger.last_stop_at == {BTC: later}


@pytest.mark.req("CD1")
def test_nor_does_an_earlier_loss_the_pause_after_losses():
    ledger = opened()
    for n, (symbol, seconds) in enumerate([(BTC, 0), (ETH, -3)]):
        at = NOW + timedelta(seconds=seconds)
        bought = a_fill(fill_id=f"{n}b", symbol=symbol, price=Decimal(100), time=at)
        ledger.apply(OrderFilled(bought))
        ledger.apply(OrderFilled(a_fill(Side.SELL, fill_id=f"{n}s", symbol=symbol, price=Decimal(90), time=at)))

    assert ledger.losses_in_a_row == 2
    assert ledger.last_loss_at == NOW


@pytest.mark.req("EXITS")
@given(histories())
def test_a_trailing_stop_never_falls_while_its_position_is_open(events):
    ledger = Ledger()
    for event in events:
        before = dict(ledger.positions)
        ledger.apply(event)
        for key, position in ledger.positions.items():
            level = before[key].trail_price if key in before else None
            assert level is None or (position.trail_price is not None and position.trail_price >= level)


@pytest.mark.req("NF1", "DD1")
@given(histories())
def test_marks_without_a_price_to_believe_might_as_well_not_have_been(events):
    told, untold = Ledger(), Ledger()
    told.apply_all(events)
    untold.apply_all(event for event in events if not (isinstance(event, Marked) and event.unmarked))

    assert told.performance == untold.performance
    assert (told.positions, told.state, told.cash_usd) == (untold.positions, untold.state, untold.cash_usd)
