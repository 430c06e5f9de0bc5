"""
The venue's rows as our nouns.

Its spellings end here.  A row that cannot be turned is a sentence and no noun:
a side or a size that was guessed would be wrong in the books.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from trader.exchange.coinbase_payloads import Account, Fees, Fill, Order, OrderTerms, Permissions, ServerTime
from trader.model.money import Liquidity
from trader.model.trading import Side
from trader.model.wire import (
    Balance,
    FillKind,
    Terms,
    VenueFill,
    VenueOrder,
    VenueStatus,
    WireKind,
)
from trader.ports import WireDown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BPS_IN_ONE = 10_000
BASE_STEP = Decimal("1e-16")
"""The venue keeps base sizes of quote-sized fills to so many decimals."""
KINDS = {
    "sor_limit_ioc": WireKind.LIMIT_IOC,
    "limit_limit_gtc": WireKind.LIMIT_GTC,
    "limit_limit_gtd": WireKind.LIMIT_GTD,
    "stop_limit_stop_limit_gtc": WireKind.STOP_LIMIT_GTC,
}
STATUSES = {
    "PENDING": VenueStatus.PENDING,
    "QUEUED": VenueStatus.PENDING,
    "OPEN": VenueStatus.OPEN,
    "EDIT_QUEUED": VenueStatus.OPEN,
    "CANCEL_QUEUED": VenueStatus.CANCEL_QUEUED,
    "FILLED": VenueStatus.FILLED,
    "CANCELLED": VenueStatus.CANCELLED,
    "EXPIRED": VenueStatus.EXPIRED,
    "FAILED": VenueStatus.FAILED,
}
NO_REASON = frozenset({"", "REJECT_REASON_UNSPECIFIED"})
NOT_FOR_ORDERS = ("VAULT", "PERP_FUTURES")
"""Wallets no spot order pays from."""


def order_noun(row: Order) -> VenueOrder:
    """An order; a status we do not know is unknown, never final."""
    name, terms = _terms(row)
    words = (row.reject_message, row.reject_reason, row.cancel_message)
    return VenueOrder(
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        symbol=row.product_id,
        side=_side(row.side, f"order {row.order_id}"),
        kind=KINDS.get(name, ""),
        status=STATUSES.get(row.status, VenueStatus.UNKNOWN),
        created_at=row.created_time.astimezone(UTC),
        size=terms.base_size,
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        post_only=bool(terms.post_only),
        filled_size=row.filled_size,
        filled_value_usd=row.filled_value,
        fees_usd=row.total_fees,
        quote_size=terms.quote_size,
        end_time=terms.end_time.astimezone(UTC) if terms.end_time else None,
        reason=next((word for word in words if word not in NO_REASON), ""),
    )


def _terms(row: Order) -> tuple[str, OrderTerms]:
    configured = [(name, terms) for name, terms in (row.order_configuration or {}).items() if terms is not None]
    return configured[0] if len(configured) == 1 else ("", OrderTerms())


def fill_noun(row: Fill) -> VenueFill:
    """One row of the fills; a size in quote currency becomes base at the row's own price."""
    where = f"fill {row.entry_id}"
    kind = FillKind.__members__.get(row.trade_type, FillKind.OTHER)
    if row.price <= 0 or row.size < 0:
        raise WireDown(f"{where}: price {row.price} and size {row.size} cannot be of an execution")
    return VenueFill(
        entry_id=row.entry_id,
        trade_id=row.trade_id,
        order_id=row.order_id,
        time=row.trade_time.astimezone(UTC),
        symbol=row.product_id,
        side=_side(row.side, where),
        size=_base(row.size, row.price) if row.size_in_quote else row.size,
        price=row.price,
        fee_usd=row.commission,
        liquidity=Liquidity.MAKER if row.liquidity_indicator == "MAKER" else Liquidity.TAKER,
        kind=kind,
    )


def _base(quote_size: Decimal, price: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        return (quote_size / price).quantize(BASE_STEP, ROUND_HALF_EVEN).normalize()


def _side(text: str, where: str) -> Side:
    if text not in Side.__members__:
        raise WireDown(f"{where}: side {text[:40]!r} is neither BUY nor SELL")
    return Side[text]


def balances_by_currency(rows: list[Account]) -> dict[str, Balance]:
    """Wallets of one currency together; those that no spot order can use are left out."""
    found: dict[str, Balance] = {}
    for row in rows:
        if row.type.endswith(NOT_FOR_ORDERS):
            continue
        before = found.get(row.currency, Balance(row.currency, Decimal(0), Decimal(0)))
        available, hold = before.available + row.available_balance.value, before.hold + row.hold.value
        found[row.currency] = Balance(row.currency, available, hold)
    return found


def terms_noun(fees: Fees, may: Permissions) -> Terms:
    """What the account pays, and what its key may do."""
    return Terms(
        maker_bps=fees.fee_tier.maker_fee_rate * BPS_IN_ONE,
        taker_bps=fees.fee_tier.taker_fee_rate * BPS_IN_ONE,
        can_view=may.can_view,
        can_trade=may.can_trade,
        can_transfer=may.can_transfer,
        portfolio_id=may.portfolio_uuid,
    )


def time_noun(row: ServerTime) -> datetime:
    """The venue's clock, to the millisecond."""
    return EPOCH + timedelta(milliseconds=row.epochMillis)
