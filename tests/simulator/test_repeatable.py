"""The same seed, the same start and the same asking give the same rehearsal, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from tests.simulator.conftest import on_stage
from trader.simulator.settings import VenueSettings

pytestmark = pytest.mark.slow

START = datetime(2025, 3, 3, 12, tzinfo=UTC)
STORM = [
    {"kind": "drop_after", "route": "create_order", "probability": 0.3},
    {"kind": "status_before", "route": "create_order", "probability": 0.2},
    {"kind": "lost_cancel", "route": "cancel_orders", "probability": 0.5},
]


def rehearsed(folder, seed, storm=()):
    """A morning of steps, orders of every kind, cancels and faults; what the desk says of it in the end."""
    settings = VenueSettings(seed=seed, pending_seconds=1, cancel_seconds=2, edit_seconds=3)
    with on_stage(folder, settings=settings, start=START, speed=0.0) as stage:
        stage.direct("/deposit", currency="USDC", amount="500")
        stage.direct("/faults", faults=list(storm), seed=seed)
        for hour in range(6):
            last = stage.venue.depth(stage.venue.listings["BTC-USD"]).last.price
            near = f"{float(last) * 0.999:.2f}"
            legs = {"limit_price": f"{float(last) * 1.004:.2f}", "stop_trigger_price": f"{float(last) * 0.99:.2f}"}
            attached = {"trigger_bracket_gtc": legs}
            asked = [
                lambda n=hour: stage.sdk.market_order_buy(f"a{n}", "BTC-USD", quote_size="50"),
                lambda n=hour: stage.sdk.market_order_buy(f"b{n}", "BTC-USDC", quote_size="20"),
                lambda n=hour, p=near: stage.sdk.limit_order_gtc_buy(f"c{n}", "BTC-USD", "0.01", p),
                lambda n=hour, p=near, a=attached: stage.sdk.limit_order_gtc_buy(
                    f"d{n}", "BTC-USD", "0.002", p, attached_order_configuration=a
                ),
            ]
            for ask in asked:
                try:
                    ask()
                except requests.exceptions.RequestException:
                    continue
            stage.direct("/clock", step_seconds=600)
            stage.sdk.cancel_orders([order.order_id for order in stage.venue.orders.values() if not order.done][:3])
            stage.direct("/clock", step_seconds=3000)
        assert stage.see("/")["audit"] == []
        return stage._admin.get("/truth").content


@pytest.mark.parametrize("storm", [(), STORM], ids=["calm", "storm"])
def test_two_runs_of_one_script_end_in_the_same_truth_to_the_byte(tmp_path, storm):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = rehearsed(tmp_path / "one", 11, storm)
    assert one == rehearsed(tmp_path / "two", 11, storm)
    assert one.count(b'"trade_id"') > 10
    assert b'"FILLED"' in one
    assert b'"CANCELLED"' in one


def test_another_seed_is_another_rehearsal(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert rehearsed(tmp_path / "one", 11) != rehearsed(tmp_path / "two", 12)


def test_one_long_step_is_as_good_as_many_short_ones(tmp_path):
    def stepped(name, steps):
        (tmp_path / name).mkdir()
        with on_stage(tmp_path / name, settings=VenueSettings(seed=3), start=START, speed=0.0) as stage:
            last = stage.venue.depth(stage.venue.listings["BTC-USD"]).last.price
            stage.sdk.limit_order_gtc_buy("rests", "BTC-USD", "0.05", f"{float(last) * 0.998:.2f}")
            stage.sdk.limit_order_gtc_buy("far", "BTC-USD", "0.01", f"{float(last) * 0.99:.2f}")
            for _ in range(steps):
                stage.direct("/clock", step_seconds=7200 / steps)
            return stage._admin.get("/truth").content

    assert stepped("one", 1) == stepped("many", 48)
