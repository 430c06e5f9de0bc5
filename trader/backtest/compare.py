"""
The regression gate: is the report still what the baseline says?

Five measures may move by a stated percentage of the baseline, no more; a rule
the baseline declares must still refuse.  A baseline that could not notice
anything (too few round trips, a declared rule that never refused, a measure
missing) is an error and never a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from trader.errors import TraderError
from trader.reporting.store import read_json, validate

Json = dict[str, Any]
MEASURES = ("total_pnl_usd", "max_drawdown_pct", "total_trades", "win_rate_pct", "profit_factor")
MIN_ROUND_TRIPS = 20
"""Fewer than this and a lost trade or two could pass for noise; a baseline may declare more."""

KIND = "247trader baseline"
KEPT = ("schema_version", "metadata", "summary", "fingerprint")


class BaselineUnusable(TraderError):
    """A baseline nothing can be held against."""


@dataclass(frozen=True, slots=True)
class Change:
    """One measure in baseline and report; *difference_pct* is relative to the baseline, None where it has none."""

    measure: str
    baseline: float
    now: float | None
    difference_pct: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every measure, the declared rules that fell silent, and whether every fill is equal."""

    tolerance_pct: float
    changes: tuple[Change, ...]
    silent_rules: tuple[str, ...]
    same_fills: bool
    different_inputs: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """All within tolerance and no rule silent."""
        return not self.silent_rules and all(change.passed for change in self.changes)

    def as_document(self) -> Json:
        """The comparison as JSON."""
        return asdict(self) | {"passed": self.passed}


def baseline_of(report: Json, entry_rules: Sequence[str], min_round_trips: int = MIN_ROUND_TRIPS) -> Json:
    """The small document to commit: *report* without its series, and what it declares to have exercised."""
    kept = {key: report[key] for key in KEPT}
    declares = {"entry_rules": sorted(entry_rules), "min_round_trips": min_round_trips}
    refusals = {"by_reason": report["rejections"]["by_reason"]}
    document = {"kind": KIND, "declares": declares, "rejections": refusals} | kept
    refuse_vacuous(document, "the baseline")
    return document


def read_baseline(path: Path, min_round_trips: int = MIN_ROUND_TRIPS) -> Json:
    """The baseline in *path*, made by `baseline_of` or a whole report; unusable ones are refused."""
    document = read_json(path / "report.json" if path.is_dir() else path)
    if document.get("kind") != KIND:
        validate(document, str(path))
    refuse_vacuous(document, str(path), min_round_trips)
    return document


def refuse_vacuous(baseline: Json, name: str, min_round_trips: int = MIN_ROUND_TRIPS) -> None:
    """Raise `BaselineUnusable` where *baseline* could not notice a change."""
    summary, declares = (_mapping(baseline, key, name) for key in ("summary", "declares"))
    counts = _mapping(_mapping(baseline, "rejections", name), "by_reason", name)
    missing = [measure for measure in MEASURES if not _is_number(summary.get(measure))]
    if missing:
        raise BaselineUnusable(f"{name}: has no {', '.join(missing)}, so there is nothing to hold a report against")
    floor, rules = declares.get("min_round_trips", 0), declares.get("entry_rules", [])
    if not isinstance(floor, int) or not isinstance(rules, list):
        raise BaselineUnusable(f"{name}: declares is {{entry_rules: [names], min_round_trips: whole number}}")
    floor = max(floor, min_round_trips)
    if summary["total_trades"] < floor:
        raise BaselineUnusable(
            f"{name}: {summary['total_trades']} round trips, fewer than {floor}: too few to notice a change; "
            "take a longer period or more symbols"
        )
    idle = [str(rule) for rule in rules if not counts.get(rule)]
    if idle:
        raise BaselineUnusable(
            f"{name}: declares {', '.join(idle)}, which never refused in it: a broken rule would go unnoticed"
        )


def compare(baseline: Json, report: Json, tolerance_pct: float = 2.0) -> Comparison:
    """Hold *report* against a usable *baseline*: each measure within ± *tolerance_pct* of the baseline's value."""
    refusals = report["rejections"]["by_reason"]
    before, now = baseline.get("metadata", {}), report["metadata"]
    inputs = ("data_hash", "config_hash", "engine_version", "symbols", "granularity", "start", "end", "seed")
    return Comparison(
        tolerance_pct=tolerance_pct,
        changes=tuple(
            _change(measure, baseline["summary"][measure], report["summary"][measure], tolerance_pct)
            for measure in MEASURES
        ),
        silent_rules=tuple(
            rule for rule in baseline.get("declares", {}).get("entry_rules", []) if not refusals.get(rule)
        ),
        same_fills=baseline.get("fingerprint") == report["fingerprint"],
        different_inputs=tuple(key for key in inputs if before.get(key) != now.get(key)),
    )


def _change(measure: str, before: float, now: float | None, tolerance_pct: float) -> Change:
    if now is None:
        return Change(measure, before, None, None, passed=False)
    moved = abs(_exact(now) - _exact(before))
    room = abs(_exact(before)) * _exact(tolerance_pct) / 100
    relative = float((_exact(now) - _exact(before)) / abs(_exact(before)) * 100) if before else None
    return Change(measure, before, now, relative, passed=moved <= room)


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mapping(document: Json, key: str, name: str) -> Json:
    found = document.get(key, {})
    if not isinstance(found, dict):
        raise BaselineUnusable(f"{name}: {key} is not an object")
    return found
