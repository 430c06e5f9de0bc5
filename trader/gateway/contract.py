"""
What a cycle saw and decided, in canonical text.

The same snapshot and the same strategies give the same text on every machine:
times that were measured are left out, and prices and sizes lie on increments.
"""

from __future__ import annotations

import json
import re
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
    """One line for the market, and one for each strategy, proposal, verdict and order."""
    members = sorted(snapshot.membership.values(), key=lambda member: member.symbol)
    eligible = [member.symbol for member in members if member.eligible]
    out = [
        f"out       {_word(member.symbol)}: {_word(member.exclusion_reason)}"
        for member in members
        if not member.eligible
    ]
    when = f"{snapshot.as_of:%Y-%m-%dT%H:%MZ}"
    lines = [
        f"market    {when} {snapshot.regime.value}, {len(eligible)} of {len(members)} eligible",
        *out,
        *(f"strategy  {_word(one.strategy)} {_word(one.outcome)} {one.proposals_count}" for one in proposals.reports),
        *map(_proposal, proposals.proposals),
        *(f"verdict   {line}" for one in decision.verdicts for line in _verdict(one)),
        *map(_order, decision.intents),
    ]
    return "\n".join(lines)


def _proposal(one: TradeProposal) -> str:
    numbers = (one.notional_pct, one.stop_loss_pct, one.take_profit_pct, one.conviction)
    size, stop, target, conviction = map(_number, numbers)
    wish = f"{_word(one.strategy)} {_word(one.side)} {_word(one.symbol)}"
    wish += f" {size} % stop {stop} % target {target} % conviction {conviction}"
    return f"proposal  {wish}: {json.dumps(str(one.reason))}"


def _word(value: object) -> str:
    """A name as it is; what is no plain word is quoted, so that it stays on its line."""
    return str(value) if re.fullmatch(r"[\w.:-]+", str(value), re.ASCII) else json.dumps(str(value))


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else json.dumps(str(value))


def _verdict(one: Verdict) -> Iterable[str]:
    wish = one.proposal
    yield (
        f"{_word(wish.strategy)} {wish.side.value} {_word(wish.symbol)} "
        f"wanted {wish.notional_usd:.2f} approved {one.approved_usd:.2f} USD"
    )
    for said in one.objections:
        yield f"  {said.risk_reason.value}: {said.observed:.4f} against {said.limit:.4f} {said.unit.value}"


def _order(one: OrderIntent) -> str:
    prices = (("about", one.reference_price), ("stop", one.stop_price), ("target", one.take_profit_price))
    levels = " ".join(f"{name} {decimal_text(price)}" for name, price in prices if price is not None)
    what = f"{one.side.value} {decimal_text(one.size)} {one.symbol} {one.order_type.value}"
    return f"order     {one.client_order_id} {what} {levels}"
