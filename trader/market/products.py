"""
Increments and smallest orders of the products in a lake.

They come from `products.json` beside the bars where it is; for the rest there
are defaults one can predict: sizes to 1e-8, orders from 1 USD, prices to five
significant digits and never coarser than a cent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from trader.errors import sentences
from trader.market.lake_files import BadLake
from trader.model.market import Product

FILE: Final = "products.json"
FIELDS: Final = ("base_increment", "quote_increment", "base_min_size", "quote_min_usd")
HINTS: Final = ("tier", "theme")


@dataclass(frozen=True, slots=True)
class ProductDefaults:
    """What is assumed of a product that `products.json` does not describe."""

    base_increment: Decimal = Decimal("0.00000001")
    base_min_size: Decimal = Decimal("0.00000001")
    quote_min_usd: Decimal = Decimal(1)
    significant_digits: int = 5
    coarsest_quote_increment: Decimal = Decimal("0.01")

    def quote_increment(self, price: float) -> Decimal:
        """A power of ten that gives *price* five significant digits: 0.62 moves by 0.00001, 42000 by 0.01."""
        exponent = math.floor(math.log10(price)) - self.significant_digits + 1
        return min(self.coarsest_quote_increment, Decimal(1).scaleb(exponent))

    def product(self, symbol: str, price: float) -> Product:
        """The assumed metadata of *symbol*, which costs about *price*."""
        return Product(symbol, self.base_increment, self.quote_increment(price), self.base_min_size, self.quote_min_usd)


DEFAULTS: Final = ProductDefaults()


class ProductBook:
    """The products of a lake: as described, else by default."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._rows = _rows(self._path)

    def product(self, symbol: str, price: float) -> Product:
        """The metadata of *symbol*, which costs about *price*."""
        row = self._rows.get(symbol, {})
        told: dict[str, Any] = {name: Decimal(str(row[name])) for name in FIELDS if name in row}
        return replace(DEFAULTS.product(symbol, price), **told)

    def hints(self, what: str) -> Mapping[str, str]:
        """Symbol to *what* (tier or theme), for those that have one."""
        return {symbol: str(row[what]) for symbol, row in self._rows.items() if what in row}


def _rows(path: Path) -> Mapping[str, Mapping[str, Any]]:
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadLake(f"{path}: is not JSON ({error})") from error
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise BadLake(f'{path}: wanted one object, symbol to fields: {{"BTC-USD": {{"quote_increment": "0.01"}}}}')
    problems = [f"{path}: {symbol}: {problem}" for symbol, row in rows.items() for problem in _problems(row)]
    if problems:
        raise BadLake(sentences(problems))
    return rows


def _problems(row: Mapping[str, Any]) -> Iterator[str]:
    known = (*FIELDS, *HINTS)
    unknown = sorted(set(row) - set(known))
    if unknown:
        yield f"unknown field {', '.join(unknown)}; allowed are {', '.join(known)}"
    for name in FIELDS:
        if name in row and not _is_positive(row[name]):
            yield f"{name} is {row[name]!r}; wanted a number above 0"


def _is_positive(value: Any) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and number > 0
