from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import NOW, a_book, a_buy, a_sell, minutes
from trader.model.trading import Defect, RiskReason, Side
from trader.risk.rules.schema import Schema

NAN, INFINITY = Decimal("NaN"), Decimal("Infinity")


@pytest.mark.req("R2")
@pytest.mark.parametrize("proposal", [a_buy(), a_buy(0), a_sell(), a_sell(stop_loss_pct=Decimal(0))])
def test_a_sound_proposal_passes_in_silence(proposal):
    assert Schema().check(proposal, a_book()) is None


@pytest.mark.req("R2")
@pytest.mark.parametrize("side", list(Side))
def test_a_defect_is_refused_naming_the_field_the_value_and_the_bound(side):
    defect = Defect("notional_pct", "-3.0", "above 0 to 100", observed=Decimal(-3), limit=Decimal(0))
    proposal = replace(a_buy() if side is Side.BUY else a_sell(), defects=(defect,))

    objection = Schema().check(proposal, a_book())

    assert objection.risk_reason is RiskReason.SCHEMA
    assert (objection.field, objection.observed, objection.limit) == ("notional_pct", Decimal(-3), Decimal(0))
    assert objection.permitted_usd == 0


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"product": None}, "product", id="unknown product"),
        pytest.param({"reference_price": Decimal(0)}, "reference_price", id="no price"),
        pytest.param({"reference_price": NAN}, "reference_price", id="price NaN"),
        pytest.param({"reference_price": INFINITY}, "reference_price", id="price infinite"),
        pytest.param({"notional_usd": NAN}, "notional_usd", id="notional NaN"),
        pytest.param({"notional_usd": Decimal(-1)}, "notional_usd", id="notional negative"),
        pytest.param({"notional_usd": INFINITY}, "notional_usd", id="notional infinite"),
        pytest.param({"size": NAN}, "size", id="size NaN"),
        pytest.param({"size": Decimal(-1)}, "size", id="size negative"),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_what_is_no_number_or_unknown_is_refused_on_both_sides(changes, field, side):
    proposal = replace(a_buy() if side is Side.BUY else a_sell(), **changes)

    objection = Schema().check(proposal, a_book(position_usd=100))

    assert (objection.field, objection.permitted_usd) == (field, 0)


@pytest.mark.req("R2")
@pytest.mark.parametrize("cost_factor", [NAN, INFINITY, Decimal(0), Decimal(-1)])
def test_a_buy_that_may_cost_nobody_knows_what_is_refused(cost_factor):
    assert Schema().check(a_buy(cost_factor=cost_factor), a_book()).field == "cost_factor"


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    "book",
    [
        pytest.param(a_book(as_of=NOW - minutes(1)), id="older than the proposal"),
        pytest.param(a_book(nlv="NaN", cash=100), id="NLV NaN"),
        pytest.param(a_book(cash="Infinity"), id="cash infinite"),
    ],
)
def test_a_book_that_cannot_be_trusted_refuses_entries_but_no_exit(book):
    objection = Schema().check(a_buy(), book)

    assert (objection.risk_reason, objection.field) == (RiskReason.UNKNOWN_STATE, "book")
    assert Schema().check(a_sell(), book) is None
