from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, SOL, a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rule import beyond_cap
from trader.risk.rules.theme_cap import ThemeCap

TEN_PCT = ThemeCap(max_theme_exposure_pct=Decimal(10), overrides={"MEME": Decimal(2)})


class IgnoresPending(ThemeCap):
    """The negative control: a theme is what is held of it, and what is on its way is nobody's."""

    def check(self, proposal, book):
        held = (key for key in book.positions if book.themes[key[1]] == proposal.theme)
        exposure = sum((book.positions[key].size * book.marks[key[1]] for key in held), Decimal(0))
        limit_pct = self.overrides.get(proposal.theme, self.max_theme_exposure_pct) * proposal.multiplier
        return beyond_cap(RiskReason.THEME_CAP, "theme", proposal, book, exposure, limit_pct)


TABLE = [
    pytest.param({}, {}, SOL, 1000, None, id="exactly the cap"),
    pytest.param({(ALPHA, BTC): 400, (BETA, ETH): 500}, {}, SOL, 200, 100, id="held, over symbols and strategies"),
    pytest.param({(ALPHA, BTC): 400}, {(ALPHA, ETH): 500}, SOL, 200, 100, id="held and pending"),
    pytest.param({}, {(ALPHA, BTC): 1100}, SOL, 200, 0, id="pending alone is over"),
    pytest.param({(ALPHA, DOGE): 900}, {}, SOL, 200, None, id="another theme does not count"),
    pytest.param({(ALPHA, BTC): 900}, {}, DOGE, 300, 200, id="a theme with its own cap"),
    pytest.param({(ALPHA, "X-USD"): 950}, {}, "Y-USD", 100, 50, id="unlisted symbols share one theme"),
]


def permitted(rule, held, working, symbol, wanted):
    themes = {BTC: "LAYER1", ETH: "LAYER1", SOL: "LAYER1", DOGE: "MEME", "X-USD": "OTHER"}
    book = a_book(nlv=10_000, held=held, working=working, themes=themes)
    objection = rule.check(a_buy(wanted, symbol=symbol), book)
    assert objection is None or (objection.risk_reason, objection.cap_type) == (RiskReason.THEME_CAP, "theme")
    return None if objection is None else objection.permitted_usd


@pytest.mark.req("U2", "E2")
@pytest.mark.parametrize(("held", "working", "symbol", "wanted", "expected"), TABLE)
def test_a_theme_with_what_is_pending_and_proposed_stays_within_its_cap(held, working, symbol, wanted, expected):
    assert permitted(TEN_PCT, held, working, symbol, wanted) == expected


@pytest.mark.req("U2", "E2")
def test_a_rule_that_forgets_what_is_pending_fails_the_same_table():
    blind = IgnoresPending(TEN_PCT.max_theme_exposure_pct, TEN_PCT.overrides)

    assert any(permitted(blind, *row.values[:4]) != row.values[4] for row in TABLE)


@pytest.mark.req("U2")
def test_by_default_a_theme_may_hold_ten_per_cent():
    assert ThemeCap().check(a_buy(2000), a_book(nlv=10_000)).permitted_usd == 1000


@pytest.mark.req("U3")
@pytest.mark.parametrize(("multiplier", "cap_usd"), [("0.6", 600), ("1.0", 1000), ("1.2", 1200)])
def test_a_regime_scales_the_cap_both_ways(multiplier, cap_usd):
    assert TEN_PCT.check(a_buy(2000, multiplier=Decimal(multiplier)), a_book(nlv=10_000)).permitted_usd == cap_usd


@pytest.mark.req("U2")
def test_an_exit_is_never_capped():
    assert TEN_PCT.check(a_sell(20), a_book(nlv=10_000, position_usd=2000)) is None
