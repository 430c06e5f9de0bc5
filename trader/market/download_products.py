"""
What the venue says of a product, kept beside its bars.

A backtest on downloaded bars then rounds as the venue would.  What stands in
`products.json` already is somebody's choice, and stays.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trader.market.lake_files import BadLake
from trader.market.products import FILE, ProductBook
from trader.model.wire import ProductState


def remember_products(lake: Path, states: Iterable[ProductState]) -> None:
    """Add increments and smallest orders of *states* to the lake's `products.json`, where they are missing."""
    path = lake / FILE
    ProductBook(lake)  # says what is wrong with the file, if anything is
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    rows = {symbol: dict(row) for symbol, row in known.items()}
    for state in states:
        told = {
            "base_increment": str(state.base_increment),
            "quote_increment": str(state.price_increment),
            "base_min_size": str(state.base_min_size),
            "quote_min_usd": str(state.quote_min_usd),
        }
        rows[state.symbol] = {**told, **rows.get(state.symbol, {})}
    if rows != known:
        write_json(path, rows)


def write_json(path: Path, content: Any) -> None:
    """Put *content* at *path*, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise BadLake(f"{path}: cannot be written ({error.strerror}); the lake is as it was") from error
