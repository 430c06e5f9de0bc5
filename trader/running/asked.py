"""
What `trader run` was asked for, and the plain words for what cannot be had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trader.errors import TraderError
from trader.market.symbols import other_venue

FEEDS = ("sample", "lake", "coinbase")
NOTEBOOK = Path("notebooks/live_cycle.ipynb")


class CannotRun(TraderError):
    """A run that is not possible as asked."""


@dataclass(frozen=True, slots=True)
class RunAsked:
    """The options of a run; None is the configuration's or the feed's default.  *speed* None waits for nothing."""

    config_dir: Path = Path("config")
    overrides: tuple[str, ...] = ()
    strategies: tuple[str, ...] | None = None
    strategies_dir: Path = Path("strategies")
    mode: str | None = None
    feed: str = ""
    data: Path | None = None
    symbols: tuple[str, ...] | None = None
    granularity: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    seed: int | None = None
    cycles: int | None = None
    interval_seconds: int | None = None
    speed: float | None = None
    notebook: Path = NOTEBOOK
    kernels: int = 1
    segments: tuple[str, ...] = ()

    @property
    def all_overrides(self) -> tuple[str, ...]:
        """What is laid over the configuration: `--set`, then the options that name one of its keys."""
        named = [] if self.mode is None else [f"app.mode={self.mode.replace('-', '_')}"]
        named += [] if self.seed is None else [f"app.seed={self.seed}"]
        return (*self.overrides, *named)


def refuse(asked: RunAsked) -> None:
    """Raise CannotRun for what no configuration could make possible."""
    if asked.feed and asked.feed not in FEEDS:
        raise CannotRun(f"--feed {asked.feed}: unknown; there are {', '.join(FEEDS)}")
    if asked.feed in ("", "sample") and asked.data is not None:
        raise CannotRun(f"--data {asked.data}: the sample feed reads no bars from disk; use --feed lake")
    elsewhere = [symbol for symbol in asked.symbols or () if other_venue(symbol)]
    if elsewhere:
        raise CannotRun(f"--symbols {','.join(elsewhere)}: quoted in USDT, so of another venue: backtest only")
    if asked.cycles is not None and asked.cycles < 1:
        raise CannotRun(f"--cycles {asked.cycles}: must be 1 or more; leave it out to run to the end")
    if asked.speed is not None and not 0 < asked.speed < float("inf"):
        raise CannotRun(f"--speed {asked.speed:g}: must be above 0, or max to wait for nothing")


def on_feed(asked: RunAsked, mode: str) -> RunAsked:
    """*asked* with the feed of *mode* where it names none; live orders are decided on the exchange's own prices."""
    feed = asked.feed or ("coinbase" if mode == "live" else "sample")
    if mode == "live" and feed != "coinbase":
        raise CannotRun(
            f"--feed {feed}: live runs on --feed coinbase; use --mode paper on {feed} to rehearse on history"
        )
    if feed == "coinbase" and (asked.data is not None or asked.start is not None):
        raise CannotRun("--feed coinbase: its history is still being made; --data and --start belong to --feed lake")
    return replace(asked, feed=feed)


def interval_of(asked: RunAsked, granularity: str, step_seconds: int) -> int:
    """Market seconds from cycle to cycle: `--interval`, else one bar; a multiple of the bars."""
    wanted = asked.interval_seconds
    if wanted is None:
        return step_seconds
    if wanted < 1 or wanted % step_seconds:
        raise CannotRun(
            f"--interval {wanted}: must be a multiple of {step_seconds} seconds, the length of {granularity} bars"
        )
    return wanted
