"""Attached brackets as the SDK asks for them and finds them again."""

from __future__ import annotations

from tests.simulator.conftest import on_stage
from tests.simulator.test_sdk import BTC
from trader.simulator.settings import VenueSettings


def test_the_sdk_attaches_a_bracket_and_finds_it_by_its_parent(tmp_path):
    with on_stage(tmp_path) as stage:
        last = float(stage.venue.depth(stage.venue.listings[BTC]).last.price)
        legs = {"limit_price": f"{last * 1.2:.2f}", "stop_trigger_price": f"{last * 0.8:.2f}"}
        attached = {"attached_order_configuration": {"trigger_bracket_gtc": legs}}
        assert stage.sdk.preview_market_order_buy(BTC, quote_size="100", **attached).to_dict()["errs"] == []
        assert not stage.venue.orders

        made = stage.sdk.market_order_buy("parent", BTC, quote_size="100", **attached).to_dict()["success_response"]
        parent = stage.sdk.get_order(made["order_id"]).to_dict()["order"]
        child = stage.sdk.get_order(made["attached_order_id"]).to_dict()["order"]

        assert parent["attached_order_id"] == child["order_id"]
        assert parent["attached_order_configuration"] == {"trigger_bracket_gtc": legs}
        assert (child["originating_order_id"], child["side"], child["order_type"]) == (
            parent["order_id"], "SELL", "BRACKET",
        )  # fmt: skip
        assert (child["status"], child["trigger_status"]) == ("OPEN", "STOP_PENDING")
        assert child["outstanding_hold_amount"] == child["order_configuration"]["trigger_bracket_gtc"]["base_size"]

        bad = {"attached_order_configuration": {"trigger_bracket_gtc": {**legs, "base_size": "1"}}}
        refused = stage.sdk.market_order_buy("bad", BTC, quote_size="100", **bad).to_dict()["error_response"]
        assert refused["preview_failure_reason"] == "PREVIEW_ATTACHED_ORDER_SIZE_MUST_BE_NIL"
        assert stage.see("/")["audit"] == []


def test_the_attached_order_of_an_edit_can_be_cancelled(tmp_path):
    with on_stage(tmp_path, settings=VenueSettings(cancel_seconds=0)) as stage:
        last = float(stage.venue.depth(stage.venue.listings[BTC]).last.price)
        legs = {"limit_price": f"{last * 1.2:.2f}", "stop_trigger_price": f"{last * 0.5:.2f}"}
        made = stage.sdk.limit_order_gtc_buy(
            "parent", BTC, "0.001", f"{last * 0.9:.2f}",
            attached_order_configuration={"trigger_bracket_gtc": legs},
        ).to_dict()["success_response"]  # fmt: skip
        edited = stage.sdk.edit_order(
            made["order_id"], size="0.002", price=f"{last * 0.9:.2f}", cancel_attached_order=True
        )
        assert edited.to_dict()["success"] is True
        assert stage.sdk.get_order(made["attached_order_id"]).to_dict()["order"]["status"] == "CANCELLED"
        assert stage.sdk.get_order(made["order_id"]).to_dict()["order"]["status"] == "OPEN"
