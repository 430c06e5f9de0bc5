"""
What risk refused, counted whole and shown in part.

The counts are over every refusal of the run; the events are a sample beyond
the stated number in which no reason is lost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from trader.reporting.canonical import Json, number, time_text
from trader.reporting.sampling import MAX_EVENTS, fair_sample

OPTIONAL_NUMBERS = ("wanted_usd", "permitted_usd")
OPTIONAL_TEXTS = ("unit", "outcome", "side")


def rejection_document(events: Sequence[Mapping[str, Any]]) -> Json:
    """Counts by reason, by strategy and by both, and at most `MAX_EVENTS` events with their numbers."""
    by_both: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        by_both[str(event["strategy"])][str(event["risk_reason"])] += 1
    sample = fair_sample(events, max_events=MAX_EVENTS)
    return {
        "by_reason": dict(sum(by_both.values(), Counter[str]())),
        "by_strategy": {strategy: counts.total() for strategy, counts in by_both.items()},
        "by_strategy_and_reason": {strategy: dict(counts) for strategy, counts in by_both.items()},
        "events": [_event(event) for event in sample],
        "events_total": len(events),
    }


def _event(event: Mapping[str, Any]) -> Json:
    document: Json = {
        "time": time_text(event["time"]),
        "symbol": str(event["symbol"]),
        "strategy": str(event["strategy"]),
        "risk_reason": str(event["risk_reason"]),
        "observed": number(event["observed"]),
        "limit": number(event["limit"]),
    }
    document |= {key: str(event[key]) for key in OPTIONAL_TEXTS if event.get(key) is not None}
    document |= {key: number(event[key]) for key in OPTIONAL_NUMBERS if event.get(key) is not None}
    return document
