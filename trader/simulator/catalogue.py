"""
What is listed: increments, limits, and the flags that open and close a product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trader.model.market import Product
from trader.simulator.bounds import demand

CHANGEABLE = (
    "base_increment", "price_increment", "quote_increment", "base_min_size", "base_max_size", "quote_min_size",
    "quote_max_size", "spread_bps", "status", "is_disabled", "cancel_only", "limit_only", "post_only",
    "trading_disabled", "auction_mode", "view_only",
)  # fmt: skip
"""What of a listing may change under way; its name, its currencies and its market may not."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One product as the venue trades it; `dataclasses.replace` changes a flag under way."""

    product_id: str
    base: str
    quote: str
    base_increment: Decimal
    price_increment: Decimal
    quote_increment: Decimal
    base_min_size: Decimal
    base_max_size: Decimal
    quote_min_size: Decimal
    quote_max_size: Decimal
    spread_bps: Decimal
    status: str = "online"
    is_disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    trading_disabled: bool = False
    auction_mode: bool = False
    view_only: bool = False
    alias: str = ""
    """The product whose market this one trades on with another wallet: BTC-USDC is BTC-USD, paid in USDC."""

    def __post_init__(self) -> None:
        demand(self.product_id, {name: getattr(self, name) for name in CHANGEABLE})

    @property
    def market_id(self) -> str:
        """Whose prices, trades and book it has."""
        return self.alias or self.product_id


TWIN_OF, TWIN_QUOTE = "USD", "USDC"
SPREAD_BPS = Decimal(5)
"""Where the market does not say."""
SIZE_MAX, QUOTE_MAX = Decimal(1_000_000_000_000), Decimal(10_000_000)
QUOTE_MAX_OF = dict.fromkeys(("BTC-USD", "ETH-USD"), Decimal(150_000_000))
"""Of the few that take more; the largest base size, a coin of a hundred-thousandth of a dollar must be able to have."""


def listing_of(product: Product, spread_bps: float | None = None) -> Listing:
    """The venue's listing of one of the house's products."""
    base, _, quote = product.symbol.partition("-")
    return Listing(
        product_id=product.symbol,
        base=base,
        quote=quote,
        base_increment=product.base_increment,
        price_increment=product.quote_increment,
        quote_increment=min(product.quote_increment, Decimal("0.01")),
        base_min_size=product.base_min_size,
        base_max_size=SIZE_MAX,
        quote_min_size=product.quote_min_usd,
        quote_max_size=QUOTE_MAX_OF.get(product.symbol, QUOTE_MAX),
        spread_bps=SPREAD_BPS if spread_bps is None else Decimal(str(spread_bps)),
    )


def catalogue_of(products: Mapping[str, Product], spreads_bps: Mapping[str, float]) -> dict[str, Listing]:
    """Listings by product id, in order."""
    return {symbol: listing_of(product, spreads_bps.get(symbol)) for symbol, product in sorted(products.items())}


def with_twins(listings: Mapping[str, Listing]) -> dict[str, Listing]:
    """*listings*, and behind each of USD its twin that is paid in USDC."""
    found: dict[str, Listing] = {}
    for product_id, listing in listings.items():
        found[product_id] = listing
        twin = f"{listing.base}-{TWIN_QUOTE}"
        if listing.quote == TWIN_OF and twin not in listings:
            found[twin] = replace(listing, product_id=twin, quote=TWIN_QUOTE, alias=product_id)
    return found
