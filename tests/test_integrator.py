import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bench_integrator import a_crowd, everything_held
from tests.builders import ALPHA, BETA, BTC, ETH, SOL, a_book, a_proposal
from trader.exits import ExitWish
from trader.integrator import integrate
from trader.model.trading import ExitReason, Side

BUY, SELL = Side.BUY, Side.SELL
NO_PRIORITIES = {}
FLAT = a_book()
HELD = a_book(held={(name, symbol): 100 for name in (ALPHA, BETA, "gamma") for symbol in (BTC, ETH, SOL)})


def buy(strategy=ALPHA, symbol=BTC, conviction=0.5, **changes):
    return a_proposal(BUY, symbol, strategy, conviction=conviction, **changes)


def sell(strategy=ALPHA, symbol=BTC, conviction=0.5):
    return a_proposal(SELL, symbol, strategy, conviction=conviction)


def due(strategy=ALPHA, symbol=BTC, reason=ExitReason.STOP_LOSS):
    return ExitWish(strategy, symbol, reason)


@pytest.mark.req("STR4")
@pytest.mark.parametrize(
    ("one", "other", "priorities", "winner", "why"),
    [
        pytest.param(buy(ALPHA, conviction=0.6), buy(BETA, conviction=0.7), {}, BETA, "conviction", id="conviction"),
        pytest.param(buy(ALPHA), buy(BETA), {ALPHA: 20, BETA: 10}, BETA, "priority", id="then the lower priority"),
        pytest.param(buy(BETA), buy(ALPHA), {ALPHA: 10, BETA: 10}, ALPHA, "name", id="then the name"),
        pytest.param(buy(ALPHA), buy(BETA), {BETA: 99}, BETA, "priority", id="unconfigured is 100"),
        pytest.param(
            buy(ALPHA, conviction=0.6), buy(BETA, conviction=0.7), {ALPHA: 1}, BETA, "conviction",
            id="priority does not beat conviction",
        ),
        pytest.param(buy(ALPHA, conviction=7.0), buy(BETA, conviction=0.1), {}, BETA, "conviction", id="out of bounds"),
        pytest.param(buy(ALPHA, conviction=None), buy(BETA, conviction=0.1), {}, BETA, "conviction", id="no number"),
        pytest.param(
            buy(ALPHA, conviction=float("nan")), buy(BETA, conviction=0.0), {}, BETA, "conviction", id="not a number"
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("swap", [False, True])
def test_one_buy_a_symbol_wins(one, other, priorities, winner, why, swap):
    candidates, superseded = integrate((), [other, one] if swap else [one, other], priorities, FLAT)

    assert [candidate.strategy for candidate in candidates] == [winner]
    assert [(lost.winner, lost.why) for lost in superseded] == [(winner, why)]


@pytest.mark.req("STR4")
def test_of_a_strategys_own_repetitions_the_first_counts():
    small, large = buy(notional_pct=1.0), buy(notional_pct=2.0)

    candidates, superseded = integrate((), [small, large], NO_PRIORITIES, HELD)

    assert candidates == (small,)
    assert [(lost.proposal, lost.why) for lost in superseded] == [(large, "repeated")]


AGAIN = due(reason=ExitReason.SIGNAL)


@pytest.mark.req("STR4", "EXITS")
@pytest.mark.parametrize(
    ("proposals", "kept", "lost"),
    [
        pytest.param([sell()], [sell()], [], id="a newer sell"),
        pytest.param([buy()], [buy()], [], id="a second thought"),
        pytest.param([buy(BETA)], [AGAIN], [(buy(BETA), "exit")], id="another's purchase has to wait"),
        pytest.param([sell(symbol=ETH)], [AGAIN, sell(symbol=ETH)], [], id="of another symbol"),
        pytest.param([sell(BETA)], [AGAIN, sell(BETA)], [], id="of another strategy"),
        pytest.param([buy(notional_pct=-1.0)], [AGAIN], [(buy(notional_pct=-1.0), "exit")], id="no sound word"),
    ],
)
def test_an_exit_asked_for_again_gives_way_to_its_strategys_newest_word(proposals, kept, lost):
    candidates, superseded = integrate([AGAIN], proposals, NO_PRIORITIES, HELD)

    assert list(candidates) == kept
    assert [(one.proposal, one.why) for one in superseded] == lost


@pytest.mark.req("STR4")
@pytest.mark.parametrize(
    ("exits", "proposals", "kept", "lost"),
    [
        pytest.param([due()], [buy()], [due()], [(buy(), "exit")], id="a due exit beats a buy"),
        pytest.param([due(BETA)], [buy(ALPHA)], [due(BETA)], [(buy(), "exit")], id="also another strategy's"),
        pytest.param([], [buy(), sell(BETA)], [sell(BETA)], [(buy(), "exit")], id="a sell beats a buy"),
        pytest.param([due()], [sell()], [due()], [(sell(), "stop_loss")], id="a due exit beats its strategy's sell"),
        pytest.param([due()], [sell(BETA)], [due(), sell(BETA)], [], id="each strategy sells its own position"),
        pytest.param([due(), due(BETA)], [], [due(), due(BETA)], [], id="every due exit is kept"),
        pytest.param([due(), due(reason=ExitReason.MAX_HOLD)], [], [due()], [], id="the first reason is enough"),
        pytest.param([due(symbol=ETH)], [buy()], [due(symbol=ETH), buy()], [], id="other symbols are not concerned"),
        pytest.param(
            [], [sell(conviction=0.2), sell(conviction=0.9)], [sell(conviction=0.9)],
            [(sell(conviction=0.2), "conviction")], id="one sell a position",
        ),
    ],
)  # fmt: skip
def test_exits_win_over_entries(exits, proposals, kept, lost):
    candidates, superseded = integrate(exits, proposals, NO_PRIORITIES, HELD)

    assert list(candidates) == kept
    assert [(each.proposal, each.why) for each in superseded] == lost


@pytest.mark.req("STR4", "R1")
@pytest.mark.parametrize(
    ("held", "changes"),
    [
        pytest.param({}, {}, id="nothing is held"),
        pytest.param({(ALPHA, BTC): 100}, {}, id="another strategy holds it"),
        pytest.param({(BETA, ETH): 100}, {}, id="another symbol is held"),
        pytest.param({(BETA, BTC): 100}, {"notional_pct": 0.0}, id="a sell of nothing"),
        pytest.param({(BETA, BTC): 100}, {"notional_pct": -5.0}, id="a negative sell"),
        pytest.param({(BETA, BTC): 100}, {"notional_pct": 150.0}, id="a sell of more than all"),
        pytest.param({(BETA, BTC): 100}, {"notional_pct": float("nan")}, id="no number"),
        pytest.param({(BETA, BTC): 100}, {"notional_pct": None}, id="no size"),
    ],
)
def test_a_sell_that_leaves_nothing_pushes_no_buy_aside_and_still_goes_to_risk(held, changes):
    phantom, wish = a_proposal(SELL, BTC, BETA, **changes), buy(ALPHA, conviction=0.1)
    book = a_book(held=held or {(BETA, BTC): 0})

    assert integrate((), [wish, phantom], NO_PRIORITIES, book) == ((phantom, wish), ())
    assert integrate((), [wish, sell(BETA)], NO_PRIORITIES, HELD)[0] == (sell(BETA),)


@pytest.mark.req("STR4")
def test_exits_come_first_then_conviction_decides_who_gets_scarce_room():
    wishes = [buy(BETA, SOL, 0.9), buy(ALPHA, BTC, 0.95), sell(BETA, ETH, 0.1), buy(ALPHA, "ADA-USD", 0.9)]

    candidates, _ = integrate([due(BETA, "XRP-USD")], wishes, {ALPHA: 1}, HELD)

    assert [candidate.symbol for candidate in candidates] == ["XRP-USD", ETH, BTC, "ADA-USD", SOL]


@pytest.mark.req("STR4")
def test_a_side_that_is_none_goes_to_risk_last_of_all():
    """The registry lets it through so that risk can name the field; it must not push a sound wish aside."""
    junk, sound = replace(buy(ALPHA, conviction=0.9), side="LONG"), buy(BETA, conviction=0.1)

    assert integrate((), [junk, sound], NO_PRIORITIES, HELD)[0] == (sound,)
    assert integrate((), [junk], NO_PRIORITIES, HELD)[0] == (junk,)


def is_true_sell(wish, book):
    held = book.position(wish.strategy, wish.symbol) is not None
    return wish.side is SELL and held and wish.conviction == wish.conviction


wishes = st.lists(
    st.builds(
        a_proposal,
        st.sampled_from(Side),
        st.sampled_from([BTC, ETH, SOL]),
        st.sampled_from([ALPHA, BETA, "gamma"]),
        conviction=st.sampled_from([0.0, 0.5, 1.0, float("nan")]),
    ),
    max_size=12,
    unique_by=lambda wish: (wish.strategy, wish.symbol, wish.side),
)
due_exits = st.lists(st.builds(due, st.sampled_from([ALPHA, BETA]), st.sampled_from([BTC, ETH])), max_size=3)


@pytest.mark.req("STR4")
@given(due_exits, wishes, st.sampled_from([FLAT, HELD]), st.randoms(use_true_random=False))
def test_nothing_vanishes_nothing_conflicts_and_the_order_of_asking_is_irrelevant(exits, proposals, book, rng):
    candidates, superseded = integrate(exits, proposals, {BETA: 1}, book)

    entries = [one for one in candidates if not isinstance(one, ExitWish)]
    buying = [one.symbol for one in entries if one.side is BUY]
    leaving = {one.symbol for one in candidates if isinstance(one, ExitWish) or is_true_sell(one, book)}
    assert len(entries) + len(superseded) == len(proposals)
    assert len(buying) == len(set(buying))
    assert not leaving & set(buying)
    assert repr((candidates, superseded)) == repr(
        integrate(exits, rng.sample(proposals, len(proposals)), {BETA: 1}, book)
    )


def test_integrating_changes_no_proposal():
    wish = buy()
    before = replace(wish)

    assert integrate((), [wish], NO_PRIORITIES, HELD)[0][0] is wish
    assert wish == before


@pytest.mark.req("STR4")
def test_fifty_strategies_and_a_hundred_symbols_take_less_than_100_ms():
    exits, proposals, priorities = a_crowd(strategies=50, symbols=100)
    book = everything_held(proposals)
    random.Random(7).shuffle(proposals)

    seconds = min(timed(exits, proposals, priorities, book) for _ in range(5))

    assert len(proposals) == 5_000
    assert seconds < 0.1


def timed(exits, proposals, priorities, book):
    began = time.perf_counter()
    integrate(exits, proposals, priorities, book)
    return time.perf_counter() - began
