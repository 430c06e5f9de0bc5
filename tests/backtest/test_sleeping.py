"""Sleeping is an optimisation: nothing anyone can see may tell whether the walk slept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.backtest.sleeping import differences, walked, worlds
from tests.backtest.worlds import World, job_of
from trader.backtest.held import Held
from trader.backtest.path import Path
from trader.backtest.quiet import NEVER, Quiet
from trader.backtest.run import prepare
from trader.backtest.trailing import Trailing
from trader.model.trading import ExitReason
from trader.state.unsold import Unsold


def losing(daily_pct: float, weekly_pct: float) -> tuple[str, ...]:
    return (
        f"policy.breakers.daily_loss.max_daily_loss_pct={daily_pct}",
        f"policy.breakers.weekly_loss.max_weekly_loss_pct={weekly_pct}",
    )


WIDE: dict[str, Any] = {"bars": 120, "act_share": 2, "stop_pct": 9.0, "target_pct": 30.0, "notional_pct": 90.0}
DUST = ("policy.execution.max_volume_share_pct=1", "policy.risk.min_notional.min_notional_usd=1")
SCENARIOS = {
    "stops and targets inside the bar": World(seed=1, bars=60, act_share=4),
    "a touch long after the decision": World(
        seed=2, bars=600, act_share=1, sell_share=5, stop_pct=9.0, target_pct=12.0
    ),
    "a position gets too old": World(seed=1, bars=60, act_share=4, overrides=("policy.exits.max_hold_hours=7",)),
    "a trailing stop is fallen through between two decisions": World(
        seed=5,
        bars=600,
        act_share=2,
        sell_share=5,
        stop_pct=9.0,
        target_pct=60.0,
        notional_pct=60.0,
        jump_share=2,
        overrides=("policy.exits.trailing_stop_pct=5",),
    ),
    "a breaker trips between two decisions": World(seed=14, **WIDE, overrides=losing(0.4, 3)),
    "the peak comes just before the fall that trips": World(
        seed=1, **WIDE, overrides=("policy.breakers.drawdown.max_drawdown_pct=2",)
    ),
    "the rest of a stop is too small to sell and no bar comes": World(
        seed=1, bars=300, missing_share=40, volume=1.0, target_pct=3.0, base_increment="0.01", overrides=DUST
    ),
    "an exit is more than its bar's volume takes": World(
        seed=4,
        bars=300,
        act_share=5,
        sell_share=60,
        stop_pct=9.0,
        target_pct=30.0,
        volume=500.0,
        base_increment="0.01",
        overrides=DUST,
    ),
    "a day starts while nothing is held": World(seed=3, bars=120, notional_pct=60.0, overrides=losing(0.6, 5)),
    "several timeframes, one without a screen": World(
        seed=5, symbols=3, missing_share=10, timeframes=(4, 1, 1), screened=(False, True, True), act_share=3
    ),
    "maker entries rest for some bars": World(
        seed=5,
        symbols=2,
        overrides=("policy.execution.entry_style=maker", "policy.execution.maker_ttl_bars=5"),
    ),
    "the universe flaps": World(
        seed=4,
        symbols=4,
        universe_share=1.0,
        missing_share=5,
        overrides=("universe.hysteresis={enter_multiplier: 1, exit_multiplier: 1, confirm_cycles: 1}",),
    ),
}


def no_touches(self: Quiet, k: int, ahead: int) -> int:
    return ahead


def no_age(self: Quiet, k: int) -> bool:
    self._too_old_at = NEVER
    return DISTURBED(self, k)


def no_falls(self: Held, k: int, ahead: int) -> int:
    return ahead


def follow_from_the_last(self: Held, k: int) -> None:
    """A stop that forgets how high it has been."""
    self._level = 0.0
    FOLLOW(self, k)


def no_catching_up(self: Trailing, k: int) -> None:
    """The marks between two looks are passed over."""
    self._since = dict.fromkeys(self._since, k)
    CATCH_UP(self, k)


def no_breakers(self: Quiet, nlv: object, highest: float) -> None:
    return None


def no_peaks(self: Quiet, since: int, nlv: object) -> None:
    return None


def no_exit_is_due(self: Quiet, k: int, ahead: int) -> int:
    self.exit_due = False
    return UNTIL(self, k, ahead)


def no_exit_is_told(self: Quiet, k: int) -> bool:
    """What wakes is seen, and the decision is told that no exit is due."""
    found = DISTURBED(self, k)
    self.exit_due = False
    return found


def nothing_is_unsold(self: Quiet, k: int) -> bool:
    """What a strategy could not sell wakes nobody."""
    kept, self._ledger.unsold = self._ledger.unsold, Unsold()
    try:
        return DISTURBED(self, k)
    finally:
        self._ledger.unsold = kept


def calm(self: Quiet, least_usd: float, most_usd: float) -> bool:
    return True


def the_next_block_alone(self: Path, since: int, until: int) -> tuple[float, float, int]:
    """Bounds of the first block, told of all that was asked about."""
    return *BOUNDS(self, since, since + 1)[:2], until


def no_midnights(self: Quiet, k: int, ahead: int) -> int:
    self._midnight = NEVER
    return UNTIL(self, k, ahead)


DISTURBED, UNTIL = Quiet.disturbed, Quiet.until
BOUNDS = Path.bounds
FOLLOW, CATCH_UP = Held._follow, Trailing.catch_up
TRAILS = "a trailing stop is fallen through between two decisions"
TRAIL_FAULTS = [
    pytest.param(Held, "falls_out", no_falls, id="falls"),
    pytest.param(Held, "_follow", follow_from_the_last, id="forgotten highs"),
    pytest.param(Trailing, "catch_up", no_catching_up, id="marks in between"),
]
FAULTS = [
    pytest.param("_touch", no_touches, "stops and targets inside the bar", id="touches"),
    pytest.param("disturbed", no_age, "a position gets too old", id="age"),
    pytest.param("_could_trip", no_breakers, "a breaker trips between two decisions", id="breakers"),
    pytest.param("_is_calm", calm, "a breaker trips between two decisions", id="calm"),
    pytest.param("_is_calm", calm, "the peak comes just before the fall that trips", id="calm peaks"),
    pytest.param("_remember_peak", no_peaks, "the peak comes just before the fall that trips", id="peaks"),
    pytest.param("until", no_exit_is_due, "the rest of a stop is too small to sell and no bar comes", id="dust"),
    pytest.param("disturbed", no_exit_is_told, "a position gets too old", id="exits"),
    pytest.param("disturbed", nothing_is_unsold, "an exit is more than its bar's volume takes", id="unsold"),
    pytest.param("until", no_midnights, "a day starts while nothing is held", id="midnights"),
]


@pytest.mark.req("BT1", "EXITS", "DD1")
@given(worlds)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
def test_a_walk_that_sleeps_differs_in_nothing_from_one_that_wakes_at_every_bar(world: World):
    assert differences(world) == []


@pytest.mark.prove
@pytest.mark.timeout(900)
@given(worlds)
@settings(max_examples=4_000, suppress_health_check=[HealthCheck.too_slow])
def test_nor_does_it_in_thousands_of_worlds(world: World):
    assert differences(world) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_nor_does_it_where_it_once_did_or_easily_might(name: str):
    world = SCENARIOS[name]
    found, _ = walked(prepare(job_of(world)))

    assert found.fills
    assert found.wakes < found.decisions, "it never slept, so it proves nothing"
    assert differences(world) == []


@pytest.mark.parametrize(("part", "fault", "name"), FAULTS)
def test_a_quiet_that_overlooks_something_is_caught(
    part: str, fault: Callable[..., Any], name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Quiet, part, fault)

    assert differences(SCENARIOS[name]) != []


def test_bounds_that_do_not_reach_as_far_as_they_tell_are_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "bounds", the_next_block_alone)

    assert differences(SCENARIOS["a touch long after the decision"]) != []


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(("kind", "part", "fault"), TRAIL_FAULTS)
def test_a_trailing_stop_that_overlooks_something_is_caught(
    kind: type, part: str, fault: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kind, part, fault)

    assert differences(SCENARIOS[TRAILS]) != []


@pytest.mark.req("EXITS")
def test_a_trailing_stop_sells_at_the_next_open_wherever_that_is():
    found, _ = walked(prepare(job_of(SCENARIOS[TRAILS])))

    fallen = [trip for trip in found.round_trips if trip.exit_reason is ExitReason.TRAILING_STOP]
    assert len(fallen) >= 3
    assert any(trip.pnl_usd > 0 for trip in fallen), "it keeps gains, too"


@pytest.mark.req("EXITS")
def test_what_a_bars_volume_did_not_take_of_an_exit_is_sold_at_the_next():
    found, _ = walked(prepare(job_of(SCENARIOS["an exit is more than its bar's volume takes"])))

    rests = [fill for fill in found.fills if fill.exit_reason is ExitReason.SIGNAL]
    assert len(rests) >= 3


def test_a_walk_in_which_nothing_is_ever_filled_makes_a_report():
    world = World(overrides=("policy.risk.min_conviction.min_conviction_to_propose=1",))
    found, _ = walked(prepare(job_of(world)))

    assert not found.fills and found.verdicts
    assert differences(world) == []
