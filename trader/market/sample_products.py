"""
The products of the built-in market: real names, made-up prices.

Increments, spreads, activity and how a product moves with BTC are set from
what was measured on Coinbase (docs/MARKET.md); the numbers are statistics, no
real price is in here.  A product never changes because another is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trader.model.market import Product


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """
    One product and the character of its bars.

    *vol* is annualised (0.5 means 50 %); *corr_btc* and *corr_alts* are the shares of movement taken from BTC and
    from the factor all other products have in common; *trades* is the mean number of trading moments a minute, which
    decides how many minutes have no bar; *one_print* the chance that such a moment alone is a single price; *still*
    the chance that a quiet minute closes where the one before did.  *volume_usd* is the typical minute's.
    """

    symbol: str
    tier: str
    theme: str
    price: float
    quote_increment: str
    base_increment: str
    vol: float
    corr_btc: float
    corr_alts: float
    spread_bps: float
    trades: float
    one_print: float
    volume_usd: float
    volume_noise: float
    still: float
    bursts: float = 1.0
    """How strongly quiet and busy spells differ; above 1 more than usual."""
    jumps_a_day: float = 0.06

    @property
    def product(self) -> Product:
        """The exchange's metadata, as a planner needs it."""
        step = Decimal(self.base_increment)
        return Product(self.symbol, step, Decimal(self.quote_increment), base_min_size=step)


def _table(*rows: SampleProduct) -> Mapping[str, SampleProduct]:
    return MappingProxyType({row.symbol: row for row in sorted(rows, key=lambda row: row.symbol)})


_P = SampleProduct
# symbol, tier, theme, price, increments, vol, corr btc and alts, spread, trades, one print, volume, noise, still
# fmt: off
PRODUCTS: Final = _table(
    _P("BTC-USD", "tier1", "LAYER1", 42_000, "0.01", "1e-8", 0.50, 1.00, 0.00, 0.20, 400, 0.00, 310e3, 0.62, 0.003),
    _P("ETH-USD", "tier1", "LAYER1", 2_250, "0.01", "1e-8", 0.57, 0.83, 0.65, 0.35, 250, 0.00, 130e3, 0.70, 0.005),
    _P("SOL-USD", "tier2", "LAYER1", 80, "0.01", "1e-8", 1.10, 0.64, 0.50, 1.20, 50, 0.30, 85e3, 0.95, 0.02),
    _P("XRP-USD", "tier2", "PAYMENTS", 0.62, "1e-4", "1e-6", 0.72, 0.67, 0.60, 1.80, 35, 0.30, 19e3, 1.05, 0.08),
    _P("ADA-USD", "tier2", "LAYER1", 0.55, "1e-4", "1e-8", 0.97, 0.67, 0.60, 2.20, 15, 0.30, 11e3, 1.25, 0.02),
    _P("DOGE-USD", "tier2", "MEME", 0.09, "1e-5", "0.1", 0.84, 0.68, 0.58, 1.30, 12, 0.30, 12e3, 1.45, 0.03),
    _P("LINK-USD", "tier2", "DEFI", 15, "1e-3", "0.01", 0.88, 0.70, 0.65, 1.40, 14, 0.25, 17e3, 1.10, 0.01),
    _P("AVAX-USD", "tier2", "LAYER1", 35, "0.01", "1e-8", 1.18, 0.62, 0.50, 3.50, 10, 0.35, 38e3, 1.15, 0.03),
    _P("MATIC-USD", "tier2", "LAYER2", 0.85, "1e-4", "0.1", 0.92, 0.67, 0.65, 1.80, 11, 0.30, 8e3, 1.45, 0.03),
    _P("UNI-USD", "tier3", "DEFI", 6.2, "1e-3", "1e-6", 0.93, 0.56, 0.52, 2.50, 2.4, 0.20, 2.9e3, 1.65, 0.005),
    _P("AAVE-USD", "tier3", "DEFI", 100, "0.01", "1e-3", 0.96, 0.60, 0.52, 2.50, 3.2, 0.20, 3.3e3, 1.30, 0.01),
    _P("CHZ-USD", "tier3", "GAMING", 0.06, "1e-4", "0.1", 0.92, 0.78, 0.50, 17, 0.25, 0.45, 190, 2.45, 0.16, 1.0, 0.08),
    _P("OCEAN-USD", "tier3", "AI", 0.32, "1e-4", "0.1", 1.30, 0.45, 0.35, 30.0, 0.20, 0.20, 220, 2.0, 0.12, 1.3, 0.15),
    _P("SHIB-USD", "tier3", "MEME", 0.000012, "1e-8", "1", 0.90, 0.72, 0.58, 6.0, 4.0, 0.30, 2.5e3, 1.6, 0.06),
    _P("SKL-USD", "tier3", "LAYER2", 0.06, "1e-5", "0.1", 1.10, 0.65, 0.50, 12.6, 0.7, 0.35, 400, 1.9, 0.05, 1.0, 0.08),
)
# fmt: on
"""By symbol, in order."""
