"""
A strategy asked at many instants of history, outside any account, to see whether it is as pure as it reads.

Asked again it must answer the same: in another order of instants, with other
orders in its mappings, computed anew.  It must not fail, and where its screen
is False it must have nothing to say, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import numpy as np
import pandas as pd

from trader.backtest.bias import SECONDS_EACH, Fence
from trader.features import ColumnFeatures, FeaturesFailed
from trader.market.bars import epoch_seconds
from trader.model.market import Membership, Quote, Regime, Snapshot
from trader.model.money import exact
from trader.model.orders import Position
from trader.model.trading import TradeProposal
from trader.registry import FAILED, LoadedStrategy, Registry

INSTANTS = 150
PROBLEMS_MAX = 5
Answers = dict[int, tuple[TradeProposal, ...]]


@dataclass(frozen=True, slots=True)
class Stage:
    """The bars of a rehearsal: one frame a symbol, all of one timeframe."""

    frames: Mapping[str, pd.DataFrame]
    step: int

    def snapshot(self, at: int, holder: str, turned: bool) -> Snapshot:
        """What is known at epoch second *at*; each mix of symbols is held in turn, *turned* reverses the mappings."""
        symbols = sorted(self.frames, reverse=turned)
        time = datetime.fromtimestamp(at, UTC)
        last = {s: float(self.frames[s]["close"].iloc[max(0, self._row(s, at))]) for s in symbols}
        closed = tuple(s for s in symbols if self._closed(s, at))
        instant = at // self.step
        held = {
            s: _held(holder, s, exact(last[s]), time) for n, s in enumerate(sorted(symbols)) if instant >> n % 8 & 1
        }
        return Snapshot(
            id=f"{time:%Y%m%dT%H%M%SZ}",
            as_of=time,
            products={},
            quotes={s: Quote(s, exact(last[s]), exact(last[s]), time) for s in symbols},
            membership={s: Membership(s, "tier1", eligible=True) for s in symbols},
            regime=tuple(Regime)[instant % len(Regime)],
            closed={self.step: closed},
            positions={holder: {s: held[s] for s in symbols if s in held}},
            seed=7,
        )

    def _row(self, symbol: str, at: int) -> int:
        return int(np.searchsorted(epoch_seconds(self.frames[symbol]), at - self.step, "right")) - 1

    def _closed(self, symbol: str, at: int) -> bool:
        row = self._row(symbol, at)
        return row >= 0 and int(epoch_seconds(self.frames[symbol])[row]) == at - self.step


def _held(holder: str, symbol: str, price: Decimal, time: datetime) -> Position:
    return Position(symbol, holder, Decimal(1), price, Decimal(0), time)


def rehearse(reload: Callable[[], LoadedStrategy], stage: Stage, fence: Fence | None = None) -> tuple[str, ...]:
    """What is impure about the strategy that *reload* loads anew each time; empty when nothing is."""
    fence = fence or Fence()
    loaded = reload()
    try:
        features, anew = (_features(each, stage, fence) for each in (loaded, reload()))
    except FeaturesFailed as error:
        return (str(error),)
    name = loaded.stanza.name
    closes = np.unique(np.concatenate([epoch_seconds(frame) for frame in stage.frames.values()])) + stage.step
    loud = features.screen_closes(name)
    if not np.array_equal(loud, anew.screen_closes(name)):
        return ("its screen differs when computed again; a strategy keeps nothing from one call to the next",)
    asked = sorted({*_some(loud), *_some(closes)})
    problems: list[str] = []
    first = _ask(loaded, features, stage, asked, fence, problems)
    if not problems:
        again = _ask(loaded, anew, stage, asked[::-1], fence, problems)
        turned = _ask(reload(), features, stage, asked, fence, problems, turned=True)
        problems += _differences(first, again, "asked again; it keeps something from one call to the next")
        problems += _differences(first, turned, "with its mappings in another order; use sorted(…)")
        quiet = set(closes.tolist()) - set(loud.tolist())
        problems += [
            f"{_time(at)}: proposes {answer[0].side} {answer[0].symbol} where its screen is False"
            for at, answer in first.items()
            if answer and at in quiet
        ]
    return tuple(islice(dict.fromkeys(problems), PROBLEMS_MAX))


def _features(loaded: LoadedStrategy, stage: Stage, fence: Fence) -> ColumnFeatures:
    return ColumnFeatures.build(
        [loaded], lambda _: stage.frames, guard=fence.guard, timer=fence.timer, timeout_seconds=SECONDS_EACH
    )


def _ask(
    loaded: LoadedStrategy,
    features: ColumnFeatures,
    stage: Stage,
    instants: Iterable[int],
    fence: Fence,
    problems: list[str],
    turned: bool = False,
) -> Answers:
    """The answers at *instants*; failures go to *problems*."""
    registry = Registry([loaded], fence.timer, fence.guard, SECONDS_EACH)
    answers: Answers = {}
    for at in instants:
        proposals = registry.collect(stage.snapshot(at, loaded.stanza.name, turned), features)
        answers[at] = proposals.proposals
        problems += [f"{_time(at)}: {report.detail}" for report in proposals.reports if report.outcome == FAILED]
        if len(problems) >= PROBLEMS_MAX:
            break
    return answers


def _differences(first: Answers, second: Answers, when: str) -> list[str]:
    return [
        f"{_time(at)}: answers {_words(answer)}, and {_words(second[at])} when {when}"
        for at, answer in first.items()
        if at in second and second[at] != answer
    ]


def _words(answer: tuple[TradeProposal, ...]) -> str:
    said = [f"{p.side} {p.symbol} {p.notional_pct:g} % conviction {p.conviction:g}" for p in answer]
    return ", ".join(said) or "nothing"


def _some(closes: np.ndarray) -> list[int]:
    """Some of *closes*, the last among them."""
    few = closes[:: max(1, len(closes) // INSTANTS)] if len(closes) else closes
    return [*few.tolist(), *closes[-1:].tolist()]


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}Z"
