"""
The products listed here beside the 920 that the venue listed: the same fields, types and forms, increments of the same
classes.

The recording lies outside the repository, under $TRADER_TEST_DATA.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tests.simulator.shapes import differences, form_of
from trader.simulator.calls import Call
from trader.simulator.numbers import plain
from trader.simulator.routes_market import products
from trader.simulator.sources import SampleSource
from trader.simulator.venue import Venue

RECORDING = Path(os.environ.get("TRADER_TEST_DATA", "")) / "microstructure/coinbase_advtrade_ws_20260809.jsonl.zst"
pytestmark = pytest.mark.skipif(
    not (os.environ.get("TRADER_TEST_DATA") and RECORDING.is_file()),
    reason="no recorded products: set TRADER_TEST_DATA to a folder with microstructure",
)
LATER = {"hidden_from_discovery"}
"""Sent by the venue since the recording was made: live_ws_2026/rest_market_product_BTC-USD_2026-09-30.json."""
INCREMENTS = ("base_increment", "price_increment", "quote_increment", "base_min_size")
LIMITS = ("quote_min_size", "quote_max_size")


@pytest.fixture(scope="module")
def real():
    """What the venue listed, whole, as it came over the wire."""
    text = pa.CompressedInputStream(pa.OSFile(str(RECORDING)), "zstd").read().decode()
    for row in map(json.loads, text.splitlines()):
        if row.get("t") == "http":
            return json.loads(row["data"])["products"]
    raise AssertionError("the recording has no products")


@pytest.fixture(scope="module")
def ours():
    venue = Venue(SampleSource(7), datetime(2026, 1, 5, 12, tzinfo=UTC), {"USD": Decimal(1000)})
    return json.loads(json.dumps(products(venue, Call())["products"]))


def test_all_920_are_there(real):
    assert len(real) == 920


def test_every_product_has_the_recorded_fields_and_no_others(real, ours):
    (fields,) = {frozenset(row) for row in real}
    assert {frozenset(row) for row in ours} == {fields | LATER}


def test_every_product_has_the_recorded_types_and_forms(real, ours):
    seen = {name: {type(row[name]) for row in real} for name in real[0]}
    forms = {name: {form_of(row[name]) for row in real if isinstance(row[name], str) and row[name]} for name in real[0]}
    for row in ours:
        for name, types in seen.items():
            assert type(row[name]) in types, (row["product_id"], name)
            if isinstance(row[name], str) and row[name] and forms[name]:
                assert form_of(row[name]) in forms[name], (row["product_id"], name, row[name])


def test_every_product_has_its_like_among_the_real_ones(real, ours):
    """Of those that trade: one that never did says so with empty texts."""
    trading = [row for row in real if row["status"] == "online" and row["volume_24h"]]
    assert [min((differences(row, mine) for row in trading[:50]), key=len) for mine in ours] == [[]] * len(ours)


def test_increments_and_limits_are_of_the_real_classes(real, ours):
    for name in INCREMENTS:
        classes = {row[name] for row in real}
        assert {row[name] for row in ours} <= classes, name
    for name in LIMITS:
        classes = {row[name] for row in real if row["quote_currency_id"] in ("USD", "USDC")}
        assert {row[name] for row in ours} <= classes, name


def test_what_holds_of_the_real_ones_holds_of_ours(real, ours):
    """The recording is held to each law first."""
    for rows in (real, ours):
        for row in rows:
            assert row["quote_increment"] == row["price_increment"]
            assert 0 < Decimal(row["base_min_size"]) <= Decimal(row["base_max_size"])
            assert 0 < Decimal(row["quote_min_size"]) <= Decimal(row["quote_max_size"])
            assert all(row[name] == plain(Decimal(row[name])) for name in INCREMENTS)
            assert (row["display_name"], row["product_type"]) == (row["product_id"], "SPOT")


def twins(rows):
    """What is told of a product and its twin: how often each of a few relations holds."""
    by_id = {row["product_id"]: row for row in rows}
    pairs = [(row, by_id[row["alias"]]) for row in rows if row["alias"] in by_id]
    same = ("base_increment", "price_increment", "quote_display_symbol", "base_currency_id", "status")
    return len(pairs), Counter(name for twin, row in pairs for name in same if twin[name] == row[name])


def test_twins_are_told_as_the_real_ones_are(real, ours):
    for rows in (real, ours):
        count, same = twins(rows)
        assert count > 10
        assert all(held == count for held in same.values()), same
