"""
The products of a live market, as the venue has them now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trader.market.coinbase_rest import PublicRest, product_of
from trader.market.symbols import unknown_symbol
from trader.model.market import Product, ProductFlag


class LiveProducts:
    """*symbols* with increments and flags; raises `UnknownSymbol` for one that is not listed."""

    def __init__(self, rest: PublicRest, symbols: tuple[str, ...]) -> None:
        self._rest, self._symbols = rest, symbols
        states = rest.states(symbols)
        for symbol in symbols:
            if symbol not in states:
                raise unknown_symbol(symbol, rest.symbols(), rest.host)
        self.now: Mapping[str, Product] = {symbol: product_of(states[symbol]) for symbol in symbols}

    def look(self) -> None:
        """Flags may have gone up, increments may have changed; one that is listed no more is offline."""
        states = self._rest.states(self._symbols)
        self.now = {
            symbol: product_of(states[symbol]) if symbol in states else _gone(product)
            for symbol, product in self.now.items()
        }


def _gone(product: Product) -> Product:
    return replace(product, flags=product.flags | {ProductFlag.OFFLINE})
