"""
What a cycle saw and decided, in canonical text.

The same snapshot and the same strategies give the same text on every machine:
times that were measured are left out, and prices and sizes lie on increments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trader.model.decision import Decision, Proposals
from trader.model.market import Snapshot
from trader.model.orders import OrderIntent
from trader.model.trading import TradeProposal, Verdict
from trader.reporting.canonical import decimal_text


def summary(proposals: Proposals, decision: Decision) -> Mapping[str, Any]:
    """The cycle in a few numbers."""
    return {
        "proposals": len(proposals.proposals),
        "failed": sum(report.outcome == "failed" for report in proposals.reports),
        **verdict_counts(decision.verdicts),
        "orders": len(decision.intents),
    }


def verdict_counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts let all, some and nothing of a proposal pass."""
    counts = {"approved": 0, "trimmed": 0, "denied": 0}
    for verdict in verdicts:
        counts["denied" if verdict.denied else "trimmed" if verdict.trimmed else "approved"] += 1
    return counts


def text(snapshot: Snapshot, proposals: Proposals, decision: Decision) -> str:
    """One line of JSON for the market, and one for each strategy, proposal, verdict and order."""
    members = snapshot.membership.values()
    market = {
        "as_of": snapshot.as_of.isoformat(),
        "closed_bars": {f"{seconds} s": len(symbols) for seconds, symbols in sorted(snapshot.closed.items())},
        "eligible": sorted(member.symbol for member in members if member.eligible),
        "excluded": {member.symbol: member.exclusion_reason for member in members if not member.eligible},
        "regime": snapshot.regime.value,
    }
    lines: list[Mapping[str, Any]] = [
        {"market": market},
        *({"strategy": one.strategy, "outcome": one.outcome, "proposals": one.proposals_count}
          for one in proposals.reports),
        *({"proposal": _proposal(one)} for one in proposals.proposals),
        *({"verdict": _verdict(one)} for one in decision.verdicts),
        *({"order": _order(one)} for one in decision.intents),
    ]  # fmt: skip
    return "\n".join(json.dumps(line, sort_keys=True, default=str) for line in lines)


def _proposal(one: TradeProposal) -> dict[str, Any]:
    return {
        "strategy": one.strategy,
        "symbol": one.symbol,
        "side": str(one.side),
        "notional_pct": one.notional_pct,
        "stop_loss_pct": one.stop_loss_pct,
        "take_profit_pct": one.take_profit_pct,
        "conviction": _rounded(one.conviction),
        "reason": one.reason,
    }


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "strategy": one.proposal.strategy,
        "symbol": one.proposal.symbol,
        "side": one.proposal.side.value,
        "wanted_usd": f"{one.proposal.notional_usd:.2f}",
        "approved_usd": f"{one.approved_usd:.2f}",
        "objections": [objection.risk_reason.value for objection in one.objections],
    }


def _order(one: OrderIntent) -> dict[str, Any]:
    prices = {"reference": one.reference_price, "stop": one.stop_price, "target": one.take_profit_price}
    return {
        "id": one.client_order_id,
        "side": one.side.value,
        "symbol": one.symbol,
        "size": decimal_text(one.size),
        "type": one.order_type.value,
        **{name: decimal_text(price) for name, price in prices.items() if price is not None},
    }
