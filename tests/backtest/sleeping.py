"""What a walk that sleeps and one that wakes at every bar have to agree on, and worlds to try it in."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.backtest.worlds import World, job_of
from trader.backtest.run import Prepared, prepare, report_run
from trader.backtest.walked import Walked
from trader.model.events import Decided, Event, Marked, StopTrailed
from trader.reporting.document import build_report, dumps
from trader.state.memory import MemoryJournal


def walked(prepared: Prepared) -> tuple[Walked, list[Event]]:
    """
    The walk, and every event but the marks and what they raise, of which sleeping needs fewer; a decision without the
    reports of the strategies, because one whose screen is down is not asked.
    """
    journal = MemoryJournal()
    found = prepared.walk(journal)
    kept = (event for event in journal.events if not isinstance(event, Marked | StopTrailed))
    return found, [replace(event, reports=()) if isinstance(event, Decided) else event for event in kept]


def differences(world: World) -> list[str]:
    """What differs between sleeping and waking at every bar, causes before effects; empty when nothing."""
    prepared = prepare(job_of(world))
    asleep, events = walked(prepared)
    awake, every_event = walked(prepare(job_of(world), every_bar=True))
    assert awake.wakes == awake.decisions
    pairs = {
        "verdicts": (asleep.verdicts, awake.verdicts),
        "fills": (asleep.fills, awake.fills),
        "events": (events, every_event),
        "round trips": (asleep.round_trips, awake.round_trips),
        "nlv": (asleep.nlv.tobytes(), awake.nlv.tobytes()),
        "cash": (asleep.cash.tobytes(), awake.cash.tobytes()),
        "holdings": (asleep.holdings, awake.holdings),
        "report": (report_bytes(prepared, asleep), report_bytes(prepared, awake)),
    }
    return [name for name, (one, other) in pairs.items() if one != other]


def report_bytes(prepared: Prepared, found: Walked) -> bytes:
    """The report of *found*, as it would be written."""
    return dumps(build_report(report_run(prepared, found)))


REGIME = "trend_bars: 10, trend_pct: 1, vol_bars: 8, crash_bars: 6, crash_fall_pct: 4"
CHOICES: dict[str, tuple[str, ...]] = {
    "policy.exits.max_hold_hours": ("null", "null", "1", "7", "30", "5.3"),
    "policy.exits.trailing_stop_pct": ("null", "null", "0.5", "2", "5", "15"),
    "policy.breakers.drawdown.max_drawdown_pct": ("99", "99", "0.5", "2", "5", "15"),
    "policy.breakers.drawdown.window_days": ("null", "1", "2", "5"),
    "policy.execution.entry_style": ("taker", "maker"),
    "policy.execution.maker_ttl_bars": ("1", "3", "20"),
    "policy.execution.max_volume_share_pct": ("100", "10", "1"),
    "policy.risk.min_notional.min_notional_usd": ("1", "10", "200"),
    "policy.risk.caps.on_breach": ("trim", "deny"),
    "policy.risk.max_open_positions.max_open_positions": ("8", "1", "2"),
    "policy.risk.cooldown": (
        "{cooldown_minutes: 0, cooldown_after_stop_minutes: 0}",
        "{cooldown_minutes: 90, cooldown_after_stop_minutes: 500}",
    ),
    "policy.risk.loss_streak": (
        "{max_losses_in_a_row: 1000, pause_minutes: 1}",
        "{max_losses_in_a_row: 2, pause_minutes: 600}",
    ),
    "policy.regime": tuple(
        f"{{pinned: {pinned}, timeframe: {timeframe}, {REGIME}}}"
        for pinned, timeframe in (("chop", "1h"), ("null", "1h"), ("null", "6h"), ("bull", "1h"), ("crash", "1h"))
    ),
    "universe.hysteresis": (
        "{enter_multiplier: 1, exit_multiplier: 1, confirm_cycles: 1}",
        "{enter_multiplier: 1.1, exit_multiplier: 0.8, confirm_cycles: 3}",
        "{enter_multiplier: 1.05, exit_multiplier: 0.95, confirm_cycles: 10}",
    ),
}


def _set(key: str, values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{key}={value}" for value in values])


loss_limits = st.sampled_from([(99, 99), (99, 99), (0.4, 1), (1, 1.5), (2, 6), (5, 5)]).map(
    lambda pair: (
        f"policy.breakers.daily_loss.max_daily_loss_pct={pair[0]}",
        f"policy.breakers.weekly_loss.max_weekly_loss_pct={pair[1]}",
    )
)
policies = st.tuples(st.tuples(*(_set(key, values) for key, values in CHOICES.items())), loss_limits).map(
    lambda both: both[0] + both[1]
)

worlds = st.builds(
    World,
    seed=st.integers(0, 100_000),
    bars=st.integers(60, 400),
    granularity=st.sampled_from(["1h", "1h", "15m", "6h"]),
    symbols=st.integers(1, 4),
    start_bar=st.integers(0, 50),
    vol_pct=st.sampled_from([1.0, 0.2, 3.0]),
    jump_share=st.sampled_from([0, 2, 10]),
    missing_share=st.sampled_from([0, 5, 40]),
    volume=st.sampled_from([5_000.0, 30.0, 1.0]),
    base_increment=st.sampled_from(["0.0001", "0.00000001", "0.01", "1"]),
    universe_share=st.sampled_from([0.0, 0.7, 1.0, 1.3]),
    timeframes=st.sampled_from([(1,), (1, 4), (4, 1, 1)]),
    screened=st.sampled_from([(True,), (True, False)]),
    act_share=st.sampled_from([10, 1, 3, 30]),
    sell_share=st.sampled_from([50, 10, 90]),
    stop_pct=st.sampled_from([3.0, 0.8, 9.0]),
    target_pct=st.sampled_from([4.0, 0.8, 20.0]),
    notional_pct=st.sampled_from([40.0, 5.0, 90.0]),
    overrides=policies,
)
