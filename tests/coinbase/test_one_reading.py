"""The account's session and the public questions read a product alike, and trust alike."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from trader.errors import TraderError
from trader.exchange.coinbase_failures import Failed
from trader.exchange.coinbase_payloads import Products, read
from trader.market.coinbase_rest import PublicRest
from trader.ports import WireDown

TRADER = Path(__file__).resolve().parents[2] / "trader"
FLAGS = ("is_disabled", "trading_disabled", "cancel_only", "limit_only", "post_only", "auction_mode", "view_only")
ROW = {
    "product_id": "BTC-USD", "base_increment": "0.00000001", "quote_increment": "0.01", "price_increment": "0.01",
    "base_min_size": "0.00000001", "base_max_size": "3400", "quote_min_size": "1", "status": "online",
    **dict.fromkeys(FLAGS, False),
}  # fmt: skip


class Said:
    """Questions to which the venue always says the same."""

    host = "venue"

    def __init__(self, body):
        self.body = body

    def get(self, path, params=None, leaves=None):
        return json.dumps(self.body).encode()


def publicly(row):
    return PublicRest(Said({"products": [row]})).states()[row["product_id"]]


def in_session(row):
    answer = read(Products, {"products": [row]})
    if isinstance(answer, Failed):
        raise answer.down("venue", "products")
    return answer.products[0].state


@pytest.mark.req("EX1")
@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"price_increment": ""}, id="no price increment: the quote increment is meant"),
        pytest.param({"base_max_size": "", "quote_min_size": ""}, id="sizes the venue does not say"),
        pytest.param({"quote_min_size": "0"}, id="no smallest order in quote"),
        pytest.param({"status": "delisted"}, id="not online"),
        pytest.param({"view_only": None}, id="no word on view only"),
        *(pytest.param({flag: True}, id=flag) for flag in FLAGS),
    ],
)
def test_both_ways_read_a_product_alike(more):
    row = ROW | more

    assert publicly(row) == in_session(row)
    assert publicly(row).price_increment == Decimal("0.01")


@pytest.mark.req("EX1")
@pytest.mark.parametrize("missing", ["status", "base_increment", *FLAGS[:-1]])
def test_neither_way_guesses_what_is_not_there(missing):
    row = {name: value for name, value in ROW.items() if name != missing}

    with pytest.raises(TraderError, match=missing):
        publicly(row)
    with pytest.raises(WireDown, match=missing):
        in_session(row)


def test_a_product_is_read_and_authorities_are_chosen_in_one_place():
    ours = [path for path in TRADER.rglob("*.py") if path.relative_to(TRADER).parts[0] != "simulator"]

    def where(pattern):
        return [path.relative_to(TRADER).as_posix() for path in ours if re.search(pattern, path.read_text("utf-8"))]

    assert where(r"create_default_context\(") == ["coinbase/trust.py"]
    assert where(r"is_disabled: ") == ["coinbase/answers.py"]
