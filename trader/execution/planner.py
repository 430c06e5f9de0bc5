"""
Verdicts become order intents the exchange accepts.

Sizes go down to the product's increment, protective prices away from us, and
the id of an order follows from what it is for: planned twice, it is the same
order, never a second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

from trader.model.market import Snapshot
from trader.model.money import HUNDRED, ZERO, ceil_to, floor_to
from trader.model.orders import OrderIntent, OrderType
from trader.model.quick import maker
from trader.model.trading import Side, SizedProposal, Verdict
from trader.policy import ExecutionPolicy

make_intent = maker(OrderIntent)


def plan(verdicts: Sequence[Verdict], snapshot: Snapshot, policy: ExecutionPolicy) -> tuple[OrderIntent, ...]:
    """One intent for every verdict that permits something, in the verdicts' order."""
    intents = []
    for verdict in verdicts:
        if verdict.approved_usd > ZERO:
            intent = _intent(verdict, snapshot, policy)
            if intent is not None:
                intents.append(intent)
    return tuple(intents)


def order_size(verdict: Verdict) -> Decimal:
    """Base size of *verdict* on the product's increment; a SELL approved whole sells its exact size."""
    proposal = verdict.proposal
    assert proposal.product is not None, "an approved proposal has a product"
    if proposal.side is Side.SELL and verdict.approved_usd >= proposal.notional_usd:
        return floor_to(proposal.size, proposal.product.base_increment)
    return floor_to(verdict.approved_usd / proposal.reference_price, proposal.product.base_increment)


def _intent(verdict: Verdict, snapshot: Snapshot, policy: ExecutionPolicy) -> OrderIntent | None:
    proposal = verdict.proposal
    product = proposal.product
    assert product is not None
    size = order_size(verdict)
    if size < product.base_min_size or size <= ZERO:
        return None
    buying = proposal.side is Side.BUY
    maker = buying and policy.entry_style == "maker"
    price = proposal.reference_price
    return make_intent(
        client_order_id(proposal, policy.bot_id),
        snapshot.as_of,
        proposal.symbol,
        proposal.side,
        proposal.strategy,
        size,
        OrderType.LIMIT_MAKER if maker else OrderType.MARKET,
        limit_price=floor_to(snapshot.quotes[proposal.symbol].bid, product.quote_increment) if maker else None,
        reference_price=price,
        worst_case_usd=size * price * proposal.cost_factor if buying else ZERO,
        stop_price=floor_to(price * (1 - proposal.stop_loss_pct / HUNDRED), product.quote_increment)
        if buying
        else None,
        take_profit_price=ceil_to(price * (1 + proposal.take_profit_pct / HUNDRED), product.quote_increment)
        if buying
        else None,
        exit_reason=proposal.exit_reason,
        reason=proposal.reason,
    )


def client_order_id(proposal: SizedProposal, bot_id: str) -> str:
    """
    `<botId>-<symbol>-<epoch seconds>-<nonce>` (X1), the nonce being derived from strategy, side and purpose.

    One instant gives at most one order per strategy, symbol and side, so the id is unique by construction
    and the same again after a restart.
    """
    symbol, epoch = proposal.symbol, str(int(proposal.as_of.timestamp()))
    purpose = "|".join((proposal.strategy, symbol, proposal.side, epoch, proposal.exit_reason or "None"))
    return f"{bot_id}-{symbol}-{epoch}-{sha256(purpose.encode()).hexdigest()[:12]}"
