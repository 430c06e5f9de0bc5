"""An order's audit chain in words: every number that was used, nothing that was not recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trader.model.codec import to_plain
from trader.model.events import StopMissing
from trader.model.orders import Fill, OrderIntent
from trader.model.scalars import write_time
from trader.model.trading import Objection, TradeProposal, Verdict
from trader.state.trail import Trail


def as_document(trail: Trail) -> dict[str, Any]:
    """The whole chain as JSON."""
    return {
        "client_order_id": trail.client_order_id,
        "order_id": trail.order_id,
        "cycle_id": trail.cycle_id,
        "status": trail.status,
        "proposal": _plain(trail.proposal),
        "verdict": _plain(trail.verdict),
        "intent": _plain(trail.intent),
        "changes": [to_plain(change) for change in trail.changes],
        "fills": [to_plain(fill) for fill in trail.fills],
        "entries": trail.entries,
        "exits": trail.exits,
        "realized_usd": None if trail.realized_usd is None else amount(trail.realized_usd),
        "unprotected": [to_plain(one) for one in trail.unprotected],
        "gaps": trail.gaps(),
    }


def listed(trails: list[Trail]) -> str:
    """One line an order."""
    if not trails:
        return "no orders yet"
    rows = [("order", "decided", "strategy", "side", "symbol", "size", "status", "profit USD", "")]
    for trail in trails:
        profit = "" if trail.realized_usd is None else amount(trail.realized_usd, "0.01")
        gap = "GAP" if trail.gaps() else ""
        rows.append((trail.client_order_id, *_facts(trail), trail.status, profit, gap))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    padded = [[f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def _facts(trail: Trail) -> tuple[str, str, str, str, str]:
    """When, who, which way, what and how much: as decided, or as filled where nothing was decided by us."""
    if trail.intent is not None:
        what: OrderIntent | Fill = trail.intent
        when = trail.intent.as_of
    elif trail.fills:
        what, when = trail.fills[0], trail.fills[0].time
    else:
        return ("",) * 5
    return write_time(when), what.strategy, what.side.value, what.symbol, amount(what.size)


def told(trail: Trail) -> str:
    """The whole chain, from wish to profit."""
    lines = [f"order {trail.client_order_id}: {trail.status}" + (f", cycle {trail.cycle_id}" if trail.cycle_id else "")]
    lines += _proposal(trail.proposal)
    lines += _verdict(trail.verdict)
    lines += _intent(trail.intent)
    for change in trail.changes:
        extra = " ".join(part for part in (change.order_id, change.reason) if part)
        lines.append(f"  order     {write_time(change.time)}  {change.status.value}  {extra}".rstrip())
    lines += [_fill(fill) for fill in trail.fills]
    lines += map(_unprotected, trail.unprotected)
    lines += [f"  closes    what {entry} bought" for entry in trail.entries]
    lines += [f"  closed by {exit_id}" for exit_id in trail.exits]
    if trail.realized_usd is not None:
        lines.append(f"  profit    {amount(trail.realized_usd)} USD after all fees")
    lines += [f"  GAP       {gap}" for gap in trail.gaps()]
    return "\n".join(lines)


def _proposal(proposal: TradeProposal | None) -> list[str]:
    if proposal is None:
        return []
    return [
        f"  proposal  {proposal.strategy} {proposal.side} {proposal.symbol} {proposal.notional_pct} %, "
        f"stop {proposal.stop_loss_pct} %, target {proposal.take_profit_pct} %, conviction {proposal.conviction}"
        + (f", {proposal.reason}" if proposal.reason else "")
    ]


def _verdict(verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return []
    wanted, word = verdict.proposal, "denied" if verdict.denied else "trimmed" if verdict.trimmed else "approved"
    why = f" ({wanted.exit_reason.value})" if wanted.exit_reason is not None else ""
    line = (
        f"  verdict   {word}: {amount(verdict.approved_usd)} of {amount(wanted.notional_usd)} USD "
        f"at {amount(wanted.reference_price)}, tier {wanted.tier or '-'}, theme {wanted.theme}, "
        f"regime multiplier {amount(wanted.multiplier)}{why}"
    )
    return [line, *(_objection(objection) for objection in verdict.objections)]


def _objection(objection: Objection) -> str:
    line = (
        f"  objection {objection.risk_reason.value}: permits {amount(objection.permitted_usd)} USD, "
        f"observed {amount(objection.observed)}, limit {amount(objection.limit)} {objection.unit.value}"
    )
    parts = [line]
    for name in ("cap_type", "current_pct", "proposed_pct", "field"):
        value = getattr(objection, name)
        if value is not None:
            parts.append(f"{name} {amount(value) if isinstance(value, Decimal) else value}")
    return ", ".join(parts)


def _intent(intent: OrderIntent | None) -> list[str]:
    if intent is None:
        return []
    line = (
        f"  intent    {write_time(intent.as_of)}  {intent.side.value} {amount(intent.size)} {intent.symbol} "
        f"{intent.order_type.value}, reference {amount(intent.reference_price)}, "
        f"worst case {amount(intent.worst_case_usd)} USD"
    )
    parts = [line]
    for name in ("limit_price", "stop_price", "take_profit_price"):
        value = getattr(intent, name)
        if value is not None:
            parts.append(f"{name.removesuffix('_price').replace('_', ' ')} {amount(value)}")
    return [", ".join(parts)]


def _fill(fill: Fill) -> str:
    why = f", {fill.exit_reason.value}" if fill.exit_reason is not None else ""
    return (
        f"  fill      {write_time(fill.time)}  {fill.side.value} {amount(fill.size)} at {amount(fill.price)} "
        f"({fill.liquidity.value.lower()}), fee {amount(fill.fee_usd)} USD, "
        f"slippage {amount(fill.slippage_usd)} USD{why}  [{fill.fill_id}]"
    )


def _unprotected(event: StopMissing) -> str:
    word, said = ("no stop", event.why) if event.why else ("stop", "rests at the venue again, or nothing is held")
    return f"  {word:<9} {write_time(event.time)}  {said}"


def amount(value: Decimal, step: str = "") -> str:
    """*value* in plain digits, at most 12 decimals, no trailing zeros; rounded to *step* where given."""
    rounded = value.quantize(Decimal(step)) if step else round(value, 12)
    text = f"{rounded:f}"
    return text if step or "." not in text else text.rstrip("0").rstrip(".")


def _plain(noun: object | None) -> Any:
    return None if noun is None else to_plain(noun)
