"""
What the key may see and what the account has: wallets, fees, permissions.
"""

from __future__ import annotations

from typing import Any

from trader.simulator.calls import Call, behind, cursor_of
from trader.simulator.keys import TRADE, TRANSFER, VIEW, ApiKey
from trader.simulator.numbers import ZERO, exactly, plain
from trader.simulator.refusal import BadRequest
from trader.simulator.shapes_orders import account_id, account_shape, portfolio_id
from trader.simulator.venue import Venue

ACCOUNTS, ACCOUNTS_MAX = 49, 250


def accounts(venue: Venue, call: Call) -> dict[str, Any]:
    """Wallets, 49 a page."""
    limit = call.number("limit", ACCOUNTS, ACCOUNTS_MAX) or ACCOUNTS
    currencies = list(venue.wallets)
    first = 0
    if call.one("cursor"):
        ids = [account_id(venue, currency) for currency in currencies]
        after = behind(call.one("cursor"))
        if after not in ids:
            raise BadRequest(400, "INVALID_ARGUMENT", "cursor is invalid")
        first = ids.index(after) + 1
    page = currencies[first : first + limit]
    more = first + len(page) < len(currencies)
    return {
        "accounts": [account_shape(venue, currency, venue.wallets[currency]) for currency in page],
        "has_next": more,
        "cursor": cursor_of(account_id(venue, page[-1])) if more else "",
        "size": len(page),
    }


def account(venue: Venue, call: Call) -> dict[str, Any]:
    """One wallet."""
    for currency, created in venue.wallets.items():
        if account_id(venue, currency) == call.path["account_id"]:
            return {"account": account_shape(venue, currency, created)}
    raise BadRequest(404, "NOT_FOUND", "account was not found")


@exactly
def transaction_summary(venue: Venue, call: Call) -> dict[str, Any]:
    """The fee tier, and what was traded and paid so far."""
    volume = float(sum((fill.sign * fill.quote for fill in venue.fills), ZERO))
    fees = float(sum((fill.sign * fill.fee for fill in venue.fills), ZERO))
    tier = {
        "pricing_tier": "Intro 1",
        "usd_from": "0",
        "usd_to": "10000",
        "taker_fee_rate": plain(venue.settings.taker_rate),
        "maker_fee_rate": plain(venue.settings.maker_rate),
        "aop_from": "",
        "aop_to": "",
        "volume_types_and_range": [],
    }
    return {
        "total_volume": volume,
        "total_fees": fees,
        "fee_tier": tier,
        "fee_tier_without_promotion": tier,
        "margin_rate": None,
        "goods_and_services_tax": None,
        "advanced_trade_only_volume": volume,
        "advanced_trade_only_fees": fees,
        "coinbase_pro_volume": 0,
        "coinbase_pro_fees": 0,
        "total_balance": plain(venue.ledger.total("USD")),
        "volume_breakdown": [],
        "has_cost_plus_commission": False,
    }


def key_permissions(venue: Venue, key: ApiKey) -> dict[str, Any]:
    """What *key* may do."""
    return {
        "can_view": VIEW in key.scopes,
        "can_trade": TRADE in key.scopes,
        "can_transfer": TRANSFER in key.scopes,
        "portfolio_uuid": portfolio_id(venue),
        "portfolio_type": "DEFAULT",
    }


def portfolios(venue: Venue, call: Call) -> dict[str, Any]:
    """The one portfolio there is."""
    row = {"name": "Default", "uuid": portfolio_id(venue), "type": "DEFAULT", "deleted": False}
    return {"portfolios": [row]}
