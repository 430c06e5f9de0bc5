"""Each flag the exchange may put on a product, for an entry and for an exit."""

from itertools import combinations

import pytest

from tests.builders import a_book, a_buy, a_product, a_sell
from trader.model.market import ProductFlag
from trader.model.trading import RiskReason
from trader.risk.rules.product_health import ProductHealth

RULE = ProductHealth()
EXIT_PASSES = {
    ProductFlag.OFFLINE: False,
    ProductFlag.DISABLED: False,
    ProductFlag.CANCEL_ONLY: False,
    ProductFlag.LIMIT_ONLY: True,
    ProductFlag.POST_ONLY: False,
    ProductFlag.AUCTION: False,
    ProductFlag.VIEW_ONLY: False,
}


def said(wish, *flags):
    return RULE.check(wish(product=a_product(flags=frozenset(flags))), a_book(position_usd=300))


def test_the_table_has_every_flag():
    assert EXIT_PASSES.keys() == set(ProductFlag)


@pytest.mark.req("EX1")
@pytest.mark.parametrize("flag", ProductFlag)
def test_any_flag_stops_an_entry(flag):
    objection = said(a_buy, flag)

    assert (objection.risk_reason, objection.permitted_usd) == (RiskReason.PRODUCT_DISABLED, 0)
    assert (objection.observed, objection.limit, objection.field) == (1, 0, flag.value)


@pytest.mark.req("EX1")
@pytest.mark.parametrize(("flag", "passes"), EXIT_PASSES.items())
def test_an_exit_passes_where_its_limit_ioc_is_still_taken(flag, passes):
    objection = said(a_sell, flag)

    assert (objection is None) is passes
    if objection is not None:
        assert (objection.risk_reason, objection.field) == (RiskReason.PRODUCT_DISABLED, flag.value)


@pytest.mark.req("EX1")
@pytest.mark.parametrize("flags", list(combinations(ProductFlag, 2)))
def test_one_flag_never_excuses_another(flags):
    stopping = [flag for flag in flags if not EXIT_PASSES[flag]]

    assert said(a_buy, *flags).observed == 2
    assert said(a_sell, *flags).field == ",".join(sorted(stopping))


@pytest.mark.req("EX1")
@pytest.mark.parametrize("wish", [a_buy, a_sell])
def test_a_product_without_flags_is_open_and_an_unknown_one_is_the_schemas(wish):
    assert said(wish) is None
    assert RULE.check(wish(product=None), a_book()) is None
